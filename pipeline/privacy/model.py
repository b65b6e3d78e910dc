"""What de-identification hands out: findings that explain themselves, and treated texts with a map of offsets."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

Mode = Literal["mask", "replace", "hash", "remove"]
MODES: tuple[Mode, ...] = ("mask", "replace", "hash", "remove")


class Finding(msgspec.Struct, frozen=True):
    """One piece of a text that points at a person.

    `start` and `end` are half-open code points of the text as it came in, and `text[start:end] == quote`. `score` lies in 0..1;
    `recogniser` is file id and pattern (`mobile/plain`); `context` are the words beside it that counted; `value` is the plain form
    (digits without spaces, a name without its title) that makes two ways of writing one thing.
    """

    kind: str
    start: int
    end: int
    quote: str
    score: float
    recogniser: str
    value: str
    context: tuple[str, ...] = ()
    part: str = ""
    """What of its kind it is: full · masked · titled · little · nick of a name, exact · named of an address."""

    def explain(self) -> str:
        """One line on why this was found, without the words themselves.

        >>> Finding("mobile", 2, 13, "13800138000", 0.9, "mobile/plain", "13800138000", ("电话",)).explain()
        'mobile/plain 0.90 · 旁词 电话'
        """
        beside = f" · 旁词 {'、'.join(self.context)}" if self.context else ""
        return f"{self.recogniser} {self.score:.2f}{beside}"

    def to_json(self, *, quote: bool = True) -> dict[str, Any]:
        """A JSON object; without `quote` it holds nothing of the text (for logs of what was done)."""
        told: dict[str, Any] = {"kind": self.kind, "start": self.start, "end": self.end, "score": round(self.score, 3), "recogniser": self.recogniser}
        if self.context:
            told["context"] = list(self.context)
        if self.part:
            told["part"] = self.part
        return told | {"quote": self.quote, "value": self.value} if quote else told


@dataclass(frozen=True, slots=True)
class Change:
    """A span of the original and the span of the treated text that stands for it."""

    start: int
    end: int
    new_start: int
    new_end: int
    finding: int


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Positions of the treated text ↔ positions of the original; inside a change a span widens to the whole change."""

    changes: tuple[Change, ...] = ()

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """Map a half-open span of the treated text to the original.

        >>> OffsetMap((Change(3, 5, 3, 6, 0),)).to_original(4, 8)
        (3, 7)
        """
        return _map([(c.new_start, c.new_end, c.start, c.end) for c in self.changes], start, end)

    def to_treated(self, start: int, end: int) -> tuple[int, int]:
        """Map a half-open span of the original to the treated text."""
        return _map([(c.start, c.end, c.new_start, c.new_end) for c in self.changes], start, end)


def _map(rows: list[tuple[int, int, int, int]], start: int, end: int) -> tuple[int, int]:
    begin, stop = _edge(rows, start, last=False), _edge(rows, end, last=True)
    return begin, max(begin, stop)


def _edge(rows: list[tuple[int, int, int, int]], at: int, *, last: bool) -> int:
    """A position on the other side; inside a change it moves out to its begin, or to its end for the last edge of a span."""
    index = bisect_right(rows, at - 1 if last else at, key=_first) - 1
    if index < 0:
        return at
    _start, end, new_start, new_end = rows[index]
    if at < end:
        return new_end if last else new_start
    return at - end + new_end


def _first(row: tuple[int, int, int, int]) -> int:
    return row[0]


@dataclass(frozen=True, slots=True)
class Treated:
    """A treated text, what was found in the original, which of it was changed, and the map between the two."""

    text: str
    findings: tuple[Finding, ...]
    offsets: OffsetMap
    mode: Mode
    strict: tuple[str, ...] = ()
    """Why the stricter rules applied (reasons of strict.yaml), empty where they did not."""
