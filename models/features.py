"""What the linear heads look at: what the rules heard in a narrative, and hashed character 1–4-grams. One code for training and serving."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.advice import View
from pipeline.rulepack.pack import Pack

BUCKETS = 1 << 16  # of the hashed n-grams; a power of two
READ = 1200  # characters that the n-grams cover: what a matter is stands early
LONGEST = 4
Indices = npt.NDArray[np.int64]
Row = TypeVar("Row")  # what a feature goes by: its name in training, its row in the heads in serving

# facts are told by the bounds that the labelling guide and the laws on filing a case draw
BOUNDS: Mapping[str, tuple[float, ...]] = {
    "fact.money": (1, 3000, 50000), "fact.loss": (1, 3000), "fact.people": (2, 5, 10), "fact.households": (2, 3), "fact.calls": (1, 2, 3),
    "fact.length": (10, 25, 60, 150, 400), "fact.victim_age": (18, 60, 200), "fact.common": (0.6,),
}  # fmt: skip
_KINDS = ("factor.", "frame.", "stage.")
_LOUD = tuple(math.sqrt(count) / 2 for count in range(4))  # a group heard so often; more than three times is no louder
_FIRST, _NEXT, _MIX = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B), np.uint32(0x2C1B3C6D)
_FAR, _NEAR, _MASK = np.uint32(15), np.uint32(12), np.uint32(BUCKETS - 1)
_LENGTHS = tuple(np.uint32(n) for n in range(LONGEST + 1))


def ngrams(text: str) -> Indices:
    """Bucket of each character 1–4-gram of the normalised text, doubles kept; shape (number of n-grams,)."""
    c = np.frombuffer(f"\x02{text[:READ]}\x03".encode("utf-32-le", "surrogatepass"), np.uint32)
    parts = [c * _FIRST]
    for n in range(2, min(LONGEST, len(c)) + 1):
        longer = parts[-1][:-1] * _NEXT
        longer += c[n - 1 :]
        longer += _LENGTHS[n]
        parts.append(longer)
    h = np.concatenate(parts)
    h ^= h >> _FAR
    h *= _MIX
    h ^= h >> _NEAR
    h &= _MASK
    return h.astype(np.int64)


class _Kept(dict[Any, Row | None]):
    """What each key goes by, worked out when first asked and then kept: a call makes no names."""

    def __init__(self, made: Callable[[Any], Row | None]) -> None:
        self._made = made

    def __missing__(self, key: Any) -> Row | None:
        row = self[key] = self._made(key)
        return row


class Index(Generic[Row]):
    """What the features of a pack go by. `row` turns a feature's name into that; None where nobody asks for it."""

    def __init__(self, pack: Pack, row: Callable[[str], Row | None]) -> None:
        self.pack, self._row = pack, row
        self.kinds = tuple((row(f"none.{kind}"), self._coded(f"best.{kind}."), self._coded(f"score.{kind}.")) for kind in ("category", "dispute", "script"))
        self.labels: _Kept[Row] = _Kept(lambda name: row(name) if name.startswith(_KINDS) else None)
        self.bounds = tuple((name, tuple((bound, row(f"{name}>={bound:g}")) for bound in bounds)) for name, bounds in BOUNDS.items())
        self.heard: _Kept[Row] = _Kept(self._heard)

    def _coded(self, head: str) -> _Kept[Row]:
        return _Kept(lambda code: self._row(head + code))

    def _heard(self, signal: int) -> Row | None:
        spec = self.pack.signals[signal]
        return self._row(f"heard.{spec.family}.{spec.rule}/{spec.group}")


def rule_features(view: View, index: Index[Row]) -> tuple[list[Row], list[float]]:
    """What the rules heard, as parallel lists of features and amounts: scores and bests of the scored families, labels that hold, facts by bounds,
    and how often each group was heard. Features that the index does not know are left out."""
    values = view.reading.values
    rows: list[Row] = []
    amounts: list[float] = []
    found: list[tuple[Row | None, float]] = []
    for (none, best, score), ranked in zip(index.kinds, (view.categories, view.disputes, view.scripts), strict=True):
        if not ranked:
            found.append((none, 1.0))
            continue
        found.append((best[ranked[0].rule.id], 1.0))
        found += [(score[entry.rule.id], max(min(entry.score, 8.0), -4.0) / 4) for entry in ranked]
    labels, heard = index.labels, index.heard
    for row, amount in found:
        if row is not None:
            rows.append(row)
            amounts.append(amount)
    for name, value in values.items():
        if value and (row := labels[name]) is not None:
            rows.append(row)
            amounts.append(min(value, 4.0) / 4 if name.startswith("frame.") else 1.0)
    for name, bounds in index.bounds:
        value = values.get(name, 0.0)
        for bound, row in bounds:
            if row is not None and value >= bound:
                rows.append(row)
                amounts.append(1.0)
    for signal, count in view.reading.heard():
        if (row := heard[signal]) is not None:
            rows.append(row)
            amounts.append(_LOUD[count if count < 3 else 3])
    return rows, amounts


def grade_features(axes: Mapping[str, int], level: int) -> Iterator[tuple[str, float]]:
    """The rules' grade as features of the colour head."""
    yield f"level={level}", 1.0
    for axis, value in axes.items():
        for bound in range(1, value + 1):
            yield f"axis.{axis}>={bound}", 1.0
