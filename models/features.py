"""What the linear heads look at: what the rules heard in a narrative, and hashed character 1–4-grams. One code for training and serving."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.advice import View

BUCKETS = 1 << 16  # of the hashed n-grams; a power of two
READ = 1200  # characters that the n-grams cover: what a matter is stands early
LONGEST = 4
Indices = npt.NDArray[np.int64]

# facts are told by the bounds that the labelling guide and the laws on filing a case draw
BOUNDS: Mapping[str, tuple[float, ...]] = {
    "fact.money": (1, 3000, 50000), "fact.loss": (1, 3000), "fact.people": (2, 5, 10), "fact.households": (2, 3), "fact.calls": (1, 2, 3),
    "fact.length": (10, 25, 60, 150, 400), "fact.victim_age": (18, 60, 200), "fact.common": (0.6,),
}  # fmt: skip
_KINDS = ("factor.", "frame.", "stage.")


def ngrams(text: str) -> Indices:
    """Bucket of each character 1–4-gram of the normalised text, doubles kept; shape (number of n-grams,)."""
    c = np.frombuffer(("\x02" + text[:READ] + "\x03").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    parts = [c * np.uint32(0x9E3779B1)]
    for n in range(2, min(LONGEST, len(c)) + 1):
        parts.append(parts[-1][:-1] * np.uint32(0x85EBCA6B) + c[n - 1 :] + np.uint32(n))
    h = np.concatenate(parts)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x2C1B3C6D)
    h ^= h >> np.uint32(12)
    return (h & np.uint32(BUCKETS - 1)).astype(np.int64)


def rule_features(view: View) -> Iterator[tuple[str, float]]:
    """Named signals of the rules: scores and bests of the scored families, labels that hold, facts by bounds, and how often each group was heard."""
    values = view.reading.values
    for kind, ranked in (("category", view.categories), ("dispute", view.disputes), ("script", view.scripts)):
        if not ranked:
            yield f"none.{kind}", 1.0
            continue
        yield f"best.{kind}.{ranked[0].rule.id}", 1.0
        for entry in ranked:
            yield f"score.{kind}.{entry.rule.id}", max(min(entry.score, 8.0), -4.0) / 4
    for name, value in values.items():
        if value and name.startswith(_KINDS):
            yield name, min(value, 4.0) / 4 if name.startswith("frame.") else 1.0
    for name, bounds in BOUNDS.items():
        value = values.get(name, 0.0)
        for bound in bounds:
            if value >= bound:
                yield f"{name}>={bound:g}", 1.0
    signals = view.pack.signals
    for signal, count in view.reading.heard():
        spec = signals[signal]
        yield f"heard.{spec.family}.{spec.rule}/{spec.group}", math.sqrt(min(count, 3)) / 2


def grade_features(axes: Mapping[str, int], level: int) -> Iterator[tuple[str, float]]:
    """The rules' grade as features of the colour head."""
    yield f"level={level}", 1.0
    for axis, value in axes.items():
        for bound in range(1, value + 1):
            yield f"axis.{axis}>={bound}", 1.0


def gather(features: Iterator[tuple[str, float]], index: Mapping[str, int]) -> tuple[list[int], list[Any]]:
    """Known features as parallel lists of indices and values."""
    places, amounts = [], []
    for name, value in features:
        place = index.get(name)
        if place is not None:
            places.append(place)
            amounts.append(value)
    return places, amounts
