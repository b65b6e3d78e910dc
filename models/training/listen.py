"""Running the rules over training texts to record what the heads will see.

The rules were written while looking at these very texts, so their signals look better here than on a text nobody has read. Training therefore sees
each text a second time with a share of its phrases struck out, as if the rules did not know them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from models.features import Index, grade_features, rule_features
from pipeline.advice import Opinion, View
from pipeline.engine import Engine
from pipeline.match.scan import Spans
from pipeline.privacy import Deidentifier
from pipeline.rulepack.pack import Pack
from pipeline.text.document import Document
from pipeline.values import Incident


@dataclass(slots=True)
class Heard:
    """What the rules made of one narrative, and its text without names, as serving reads it."""

    text: str = ""
    features: list[tuple[str, float]] = field(default_factory=list)
    grade: list[tuple[str, float]] = field(default_factory=list)
    typed: bool = False  # the rules propose a dispute type


class _Recorder:
    """An adviser without opinion that keeps what it is shown."""

    version, profile = "recorder", ""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.heard = Heard()
        self._index: Index[str] | None = None  # training calls each feature by its name

    def labels(self, view: View) -> Opinion:
        if self._index is None:
            self._index = Index(view.pack, str)
        self.heard = Heard(
            Deidentifier.default().nameless(view.document.text).text, list(zip(*rule_features(view, self._index), strict=True)), [], _typed(view)
        )
        return Opinion()

    def levels(self, opinion: Opinion, axes: Mapping[str, int], level: int) -> Sequence[float]:
        self.heard.grade = list(grade_features(axes, level))
        return ()

    def evidence(self, view: View, opinion: Opinion, label: str) -> Sequence[tuple[int, int]]:
        return ()


def _typed(view: View) -> bool:
    """Whether the rules' best category always has a dispute type, and they propose one."""
    return bool(view.disputes and view.categories and view.categories[0].rule.data["dispute_type"] == "always")


class _Thinned(Engine):
    """An engine that overlooks a share of the phrases it knows; cues of context stay."""

    def __init__(self, pack: Pack, recorder: _Recorder, share: float, seed: int) -> None:
        super().__init__(pack, adviser=recorder)
        self._share, self._chance = share, random.Random(seed)

    def spans(self, document: Document) -> Spans:
        found = super().spans(document)
        if not self._share:
            return found
        lost: dict[tuple[int, int], bool] = {}
        kept: Spans = {}
        for signal, spans in found.items():
            if self.pack.signals[signal].family != "context":
                spans = [span for span in spans if not lost.setdefault(span, self._chance.random() < self._share)]
            if spans:
                kept[signal] = spans
        return kept


def listen(engine: Engine, incidents: Iterable[Incident], *, share: float = 0.0, seed: int = 0) -> list[Heard]:
    """What the rules make of each narrative with `share` (0-1) of the phrases overlooked."""
    recorder = _Recorder(engine.profile)
    thinned = _Thinned(engine.pack, recorder, share, seed)
    made = []
    for incident in incidents:
        thinned.assess(incident)
        made.append(recorder.heard)
    return made
