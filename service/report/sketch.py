"""One event told by several callers: MinHash sketches of three-character pieces, compared with what came shortly before in the same area.

A sketch is 32 × 16 bits (64 bytes a record), made for a whole batch in a few numpy passes: on 100-character narratives about a tenth of what
datasketch's MinHash takes one by one, and no index is kept: records are compared along the time axis, so memory grows by the sketches alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH = 32
_GENERATOR = np.random.default_rng(20261122)  # fixed: the same text is the same sketch everywhere
_SEEDS = _GENERATOR.integers(1, 2**32, WIDTH, dtype=np.uint32)
_ODDS = _GENERATOR.integers(1, 2**31, WIDTH, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
Sketches = NDArray[np.uint16]


def sketches(texts: Sequence[str]) -> Sketches:
    """(n, 32) sketches. The share of equal places of two rows estimates the Jaccard similarity of their three-character pieces."""
    if not texts:
        return np.empty((0, WIDTH), np.uint16)
    joined = "".join(f"{text}\0\0" for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter((len(text) + 2 for text in texts), np.int64, len(texts))
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    padded = np.concatenate((codes, np.zeros(2, np.uint32)))
    first, second, third = padded[:-2], padded[1:-1], padded[2:]
    pieces = first * np.uint32(0x9E3779B1) ^ second * np.uint32(0x85EBCA77) ^ third * np.uint32(0xC2B2AE3D)
    broken = (first == 0) | (second == 0) | (third == 0)
    found = np.empty((len(texts), WIDTH), np.uint16)
    for place, (seed, odd) in enumerate(zip(_SEEDS, _ODDS, strict=True)):
        mixed = (pieces ^ seed) * odd
        mixed ^= mixed >> np.uint32(15)
        mixed *= np.uint32(0x2C1B3C6D)
        mixed[broken] = np.uint32(0xFFFFFFFF)
        found[:, place] = np.minimum.reduceat(mixed, starts).astype(np.uint16)
    return found


def join_events(
    times: NDArray[np.int64], areas: NDArray[np.int64], rows: Sketches, usable: NDArray[np.bool_], *, window: int, similarity: float, neighbours: int
) -> NDArray[np.int64]:
    """The event of each record: the index of its first record. `times` in seconds; `usable` False leaves a record alone.

    Records of one area, no more than `window` seconds apart and similar, are one event; each is compared with at most `neighbours` before it.
    """
    events = np.arange(len(times), dtype=np.int64)
    order = np.flatnonzero(usable)
    order = order[np.lexsort((order, times[order], areas[order]))]
    at, area, sketch = times[order], areas[order], rows[order]
    least = int(np.ceil(similarity * WIDTH))
    for shift in range(1, min(neighbours, len(order) - 1) + 1):
        close = np.flatnonzero((area[shift:] == area[:-shift]) & (at[shift:] - at[:-shift] <= window))
        if not len(close):
            break
        alike = close[(sketch[close + shift] == sketch[close]).sum(axis=1) >= least]
        for index in alike.tolist():
            _union(events, int(order[index]), int(order[index + shift]))
    for index in np.flatnonzero(events != np.arange(len(events))).tolist():
        events[index] = _root(events, index)
    return events


def _root(events: NDArray[np.int64], index: int) -> int:
    while events[index] != index:
        events[index] = events[events[index]]
        index = int(events[index])
    return index


def _union(events: NDArray[np.int64], left: int, right: int) -> None:
    a, b = _root(events, left), _root(events, right)
    events[max(a, b)] = min(a, b)
