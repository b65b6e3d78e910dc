"""Comparing the machine's colours with those of the process beside which it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


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
    return Comparison(agreed, agreed / len(ranks) if ranks else None, _kappa(ranks), lower, len(ranks) - agreed - lower)


def _kappa(ranks: Sequence[tuple[int, int]]) -> float | None:
    total = len(ranks)
    machine, person = Counter(rank for rank, _ in ranks), Counter(rank for _, rank in ranks)
    seen = sum((a - b) ** 2 for a, b in ranks)
    expected = sum((a - b) ** 2 * machine[a] * person[b] for a in machine for b in person)
    return None if expected == 0 else 1 - seen * total / expected
