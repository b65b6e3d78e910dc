"""Near-duplicates by MinHash over character 5-grams, so that a corpus says nothing twice and no text stands on both sides of a split."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

BANDS, ROWS = 32, 3  # pairs of similarity 0.5 meet in a band with a chance of 0.986, those of 0.2 with 0.23: every meeting is then counted out
_PRIME = (1 << 61) - 1
_MARKS = re.compile(r"\W+")


def shingles(text: str, length: int = 5) -> frozenset[str]:
    """The character runs of a text without its punctuation.

    >>> sorted(shingles("他说, 别来找我!", 5))
    ['他说别来找', '说别来找我']
    """
    bare = _MARKS.sub("", text)
    return frozenset(bare[at : at + length] for at in range(max(1, len(bare) - length + 1)))


def likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard similarity, 0–1."""
    return len(a & b) / len(a | b) if a or b else 1.0


def signatures(parts: Sequence[frozenset[str]], seed: int = 7) -> npt.NDArray[np.uint64]:
    """MinHash signatures, shape (texts, BANDS * ROWS)."""
    chance = np.random.default_rng(seed)
    scale = chance.integers(1, 1 << 31, size=BANDS * ROWS, dtype=np.uint64)
    shift = chance.integers(0, 1 << 31, size=BANDS * ROWS, dtype=np.uint64)
    made = np.empty((len(parts), BANDS * ROWS), dtype=np.uint64)
    for number, part in enumerate(parts):
        codes = np.fromiter((zlib.crc32(run.encode("utf-8", "surrogatepass")) for run in part), dtype=np.uint64, count=len(part))
        made[number] = ((codes[:, None] * scale + shift) % np.uint64(_PRIME)).min(axis=0)
    return made


def pairs(texts: Sequence[str], least: float = 0.5) -> Iterator[tuple[int, int, float]]:
    """Places of the texts that are alike at least so much, with the exact similarity; each pair once."""
    parts = [shingles(text) for text in texts]
    marks = signatures(parts)
    seen: set[tuple[int, int]] = set()
    for band in range(BANDS):
        buckets: defaultdict[bytes, list[int]] = defaultdict(list)
        for number in range(len(texts)):
            buckets[marks[number, band * ROWS : (band + 1) * ROWS].tobytes()].append(number)
        for members in buckets.values():
            for place, first in enumerate(members):
                for second in members[place + 1 :]:
                    if (first, second) not in seen:
                        seen.add((first, second))
                        alike = likeness(parts[first], parts[second])
                        if alike >= least:
                            yield first, second, alike
