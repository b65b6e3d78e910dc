"""The scratch pad of one extraction: the text, and what the readers have found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.facts.model import Fact
from pipeline.facts.numbers import Number

Mention = tuple[int, int, str, bool]
"""A person or body named in the text: span, role code, and whether the words are a name."""

_RANGE = frozenset(("到", "至", "-", "~", "或"))


class Atom(NamedTuple):
    """A piece of a time or a place before neighbours are joined: span and what it fixes."""

    start: int
    end: int
    part: str
    value: object


@dataclass(slots=True)
class Scan:
    """Mutable, lives for one call. `skip` is the end of what a number reader has consumed; `bare` are numbers still without a unit."""

    text: str
    skip: int = 0
    bare: list[tuple[int, int, Number]] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    acts: list[tuple[int, int, str]] = field(default_factory=list)
    money: list[Fact] = field(default_factory=list)
    times: list[tuple[int, int, dict[str, float]]] = field(default_factory=list)
    places: list[Atom] = field(default_factory=list)
    counts: list[Fact] = field(default_factory=list)
    identifiers: list[Fact] = field(default_factory=list)
    apps: list[Fact] = field(default_factory=list)
    weapons: list[Fact] = field(default_factory=list)
    injuries: list[Fact] = field(default_factory=list)
    ages: list[Fact] = field(default_factory=list)

    def low_of_range(self, start: int) -> tuple[int, float] | None:
        """Start and value of a bare number that a range joins to the number at `start` (3-4人, 三到五户)."""
        if self.bare:
            begin, end, number = self.bare[-1]
            if self.text[end:start] in _RANGE:
                return begin, number.value
        return None
