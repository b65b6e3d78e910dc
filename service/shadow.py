"""Comparing the machine's colours with those of the process beside which it runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.metrics import kappa


@dataclass(frozen=True, slots=True)
class Comparison:
    """Agreement of two gradings. `lower`: how often the machine was below the person, `higher`: above."""

    agreed: int
    agreement: float | None
    weighted_kappa: float | None
    lower: int
    higher: int


def compare(pairs: Sequence[tuple[str, str]], levels: Sequence[str]) -> Comparison:
    """(machine, person) colours on an ordered scale. Kappa is weighted quadratically (Cohen 1968); None where it is not defined.

    >>> compare([("green", "green"), ("red", "red"), ("green", "red")], ["green", "red"]).lower
    1
    """
    ranks = [(levels.index(machine), levels.index(person)) for machine, person in pairs]
    agreed = sum(machine == person for machine, person in ranks)
    lower = sum(machine < person for machine, person in ranks)
    weighted = kappa([machine for machine, _ in ranks], [person for _, person in ranks], quadratic=True)
    return Comparison(agreed, agreed / len(ranks) if ranks else None, None if math.isnan(weighted) else weighted, lower, len(ranks) - agreed - lower)
