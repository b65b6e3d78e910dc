"""What a learned classifier may say to the engine. The engine defines this; `models` implements it; `service` puts the two together.

A classifier reads what the rules made of a narrative and answers with probabilities. What becomes of them is decided in `pipeline.fuse`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from pipeline.decide import Ranked
from pipeline.grade import Grade
from pipeline.match.reading import Reading
from pipeline.rulepack.pack import Pack, RuleSpec
from pipeline.text.document import Document


class View(msgspec.Struct, frozen=True):
    """A narrative as the rules have read it, before anything is settled."""

    pack: Pack
    document: Document
    reading: Reading
    categories: Sequence[Ranked]
    disputes: Sequence[Ranked]
    scripts: Sequence[Ranked]
    stage: RuleSpec | None
    grade: Grade | None = None  # what the rules alone make of it, where the adviser speaks of the same profile


class Opinion(msgspec.Struct, frozen=True):
    """Calibrated probabilities by code. An empty mapping is no opinion; `sure` lists are conformal sets."""

    category: Mapping[str, float] = msgspec.field(default_factory=dict)
    dispute: Mapping[str, float] = msgspec.field(default_factory=dict)
    factors: Mapping[str, float] = msgspec.field(default_factory=dict)
    scripts: Mapping[str, float] = msgspec.field(default_factory=dict)
    stage: Mapping[str, float] = msgspec.field(default_factory=dict)  # given that there is a script
    category_set: Sequence[str] = ()  # the smallest set that holds the right one as often as the model promises
    dispute_set: Sequence[str] = ()
    adds: bool = False  # whether factors and scripts that no rule found may be added on this opinion
    degraded: bool = False  # a part of the classifier could not be loaded
    state: Any = None  # the classifier's own, for `levels` and `evidence`


class Adviser(Protocol):
    """A learned classifier. Holds no state of a narrative; same narrative, same answer."""

    @property
    def version(self) -> str:
        """What made the opinion: goes into the answer's versions."""

    @property
    def profile(self) -> str:
        """The colour profile whose levels `levels` speaks of."""

    def labels(self, view: View) -> Opinion:
        """Probabilities of the labels. Never raises on any narrative."""

    def levels(self, opinion: Opinion, axes: Mapping[str, int], level: int) -> Sequence[float]:
        """Probability of each level of the profile, given what the rules made of it; empty: no opinion."""

    def evidence(self, view: View, opinion: Opinion, label: str) -> Sequence[tuple[int, int]]:
        """Half-open spans of the normalised text that speak for a label (`factor.x`, `category.x`, …), best first."""
