"""Scores against hand labels. Small, exact, no dependency; intervals are Wilson's at 95 %."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Label = TypeVar("_Label", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Share:
    """k of n, with its 95 % interval."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson score interval."""
        if not self.total:
            return math.nan, math.nan
        z, n, p = 1.959964, self.total, self.hits / self.total
        centre, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (centre - spread) / (1 + z * z / n)), min(1.0, (centre + spread) / (1 + z * z / n))


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, false positives, false negatives of one label."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def precision(self) -> float:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else math.nan

    @property
    def recall(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else math.nan

    @property
    def f1(self) -> float:
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp + self.fp + self.fn else math.nan


def accuracy(gold: Sequence[Hashable], seen: Sequence[Hashable]) -> Share:
    """Share of equal answers."""
    return Share(sum(a == b for a, b in zip(gold, seen, strict=True)), len(gold))


def per_label(gold: Sequence[Iterable[str]], seen: Sequence[Iterable[str]]) -> dict[str, Counts]:
    """Counts of each label over sets of labels."""
    tp: Counter[str] = Counter()
    fp: Counter[str] = Counter()
    fn: Counter[str] = Counter()
    for a, b in zip(gold, seen, strict=True):
        left, right = set(a), set(b)
        tp.update(left & right)
        fp.update(right - left)
        fn.update(left - right)
    return {label: Counts(tp[label], fp[label], fn[label]) for label in sorted(tp.keys() | fp.keys() | fn.keys())}


def micro(counts: Iterable[Counts]) -> Counts:
    """All labels together."""
    listed = list(counts)
    return Counts(sum(c.tp for c in listed), sum(c.fp for c in listed), sum(c.fn for c in listed))


def macro_f1(counts: Iterable[Counts]) -> float:
    """Mean F1 of the labels that occur in the gold answers."""
    scores = [c.f1 for c in counts if c.tp + c.fn]
    return sum(scores) / len(scores) if scores else math.nan


def kappa(gold: Sequence[int], seen: Sequence[int], *, quadratic: bool) -> float:
    """Cohen's κ over ordered levels, plain or with quadratic weights; NaN where it is not defined."""
    return kappa_of_pairs(Counter(zip(gold, seen, strict=True)), squared if quadratic else unequal)


def kappa_of_pairs(pairs: Mapping[tuple[_Label, _Label], int], cost: Callable[[_Label, _Label], float]) -> float:
    """Cohen's κ (1968) of counted pairs of labels with the cost of taking one for the other; NaN without pairs or where both never vary."""
    total = sum(pairs.values())
    left: Counter[_Label] = Counter()
    right: Counter[_Label] = Counter()
    for (a, b), n in pairs.items():
        left[a] += n
        right[b] += n
    observed = sum(cost(a, b) * n for (a, b), n in pairs.items())
    expected = sum(cost(a, b) * n * m for a, n in left.items() for b, m in right.items())
    return 1 - observed * total / expected if expected else math.nan


def squared(a: float, b: float) -> float:
    """Quadratic weights."""
    return (a - b) ** 2


def unequal(a: object, b: object) -> float:
    """No weights: any disagreement costs the same."""
    return float(a != b)


def confusions(gold: Sequence[str | None], seen: Sequence[str | None]) -> list[tuple[str, str, int]]:
    """Wrong pairs, most frequent first."""
    wrong = Counter((a or "—", b or "—") for a, b in zip(gold, seen, strict=True) if a != b)
    return [(a, b, n) for (a, b), n in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))]
