"""Where: names are found from their last characters (市, 小区, 路, 医院) backwards, joined with house, building, unit and room numbers."""

from __future__ import annotations

import re
from typing import Any

from pipeline.facts.cues import Beside
from pipeline.facts.model import Fact
from pipeline.facts.numbers import Number
from pipeline.facts.scan import Atom, Scan

_ROOM = re.compile(r"([0-9]{3,4})(?![0-9])(?:室|号房|房)?")  # 2单元501


class PlaceReader:
    """Reads places by places.yaml. There is no gazetteer: a name goes back to the last pause, function word or end of another place."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._spans: dict[str, tuple[int, int]] = {level: (row["low"], row["high"]) for level, row in told["suffixes"].items()}
        self._stops = frozenset(told["stops"])
        self._keep = frozenset(told["keep"])
        self._strip = Beside(told["strip"])
        self._generic = frozenset(told["generic"])
        self.parts = {term: part for part, terms in told["parts"].items() for term in terms}
        self._strong = frozenset(told["strong"])
        self._rank = {level: rank for rank, level in enumerate(told["levels"])}

    def province(self, scan: Scan, start: int, end: int, level: str) -> None:
        """A province by name."""
        scan.places.append(Atom(start, end, level, scan.text[start:end]))

    def suffix(self, scan: Scan, start: int, end: int, level: str) -> None:
        """An end of a place name: walk back to where the name begins."""
        text = scan.text
        low, high = self._spans[level]
        floor = max(scan.places[-1].end if scan.places else 0, start - high, 0)
        at = start
        while at > floor:
            char = text[at - 1]
            if not ("\u4e00" <= char <= "\u9fff" or char.isalnum()) or (char in self._stops and not self._kept(text, at - 1)):
                break
            at -= 1
        if at > 0 and at == start - high and scan.places and scan.places[-1].end > at:
            at = scan.places[-1].end
        at = self._stripped(text, at, start)
        name = text[at:start]
        if len(name) < low or name in self._generic or (name.isdigit() and level not in ("school", "hospital", "road")):
            return
        scan.places.append(Atom(at, end, level, text[at:end]))

    def _kept(self, text: str, at: int) -> bool:
        return text[at : at + 2] in self._keep or text[at - 1 : at + 1] in self._keep or text[at : at + 3] in self._keep

    def _stripped(self, text: str, at: int, start: int) -> int:
        """Drop words before the name that belong to the sentence (现住, 家住, 附近)."""
        for _ in range(2):
            word = self._strip.after(text, at)
            if not word or at + len(word) >= start or text[at : at + len(word) + 1] in self._keep:
                break
            at += len(word)
        return at

    def read(self, scan: Scan, start: int, end: int, stop: int, number: Number, part: str) -> int:
        """号楼, 单元, 室, 组 after a number: kept where it is strong by itself or follows a place."""
        text = scan.text
        follows = bool(scan.places) and scan.places[-1].end == start
        if not follows and (part not in self._strong or number.vague or text[start - 1 : start] == "第" or (text[end:stop] == "座" and not text[start].isascii())):
            return 0
        scan.places.append(Atom(start, stop, part, text[start:end]))
        room = _ROOM.match(text, stop) if part == "unit" else None
        if room is not None:
            scan.places.append(Atom(stop, room.end(), "room", room[1]))
            return room.end()
        return stop

    def facts(self, scan: Scan) -> tuple[Fact, ...]:
        """Join neighbouring pieces into one place each; a place of which nothing but a floor or number is known is none."""
        atoms = sorted(scan.places, key=_span)
        facts: list[Fact] = []
        i = 0
        while i < len(atoms):
            first = atoms[i]
            group = [first]
            i += 1
            while i < len(atoms) and atoms[i].start <= group[-1].end:
                if atoms[i].start == group[-1].end:
                    group.append(atoms[i])
                elif atoms[i].end > group[-1].end and atoms[i].part in self._rank:  # an overlapping, longer reading
                    group[-1] = atoms[i]._replace(start=group[-1].start)
                i += 1
            end = group[-1].end
            parts = tuple((atom.part, str(atom.value)) for atom in group)
            facts.append(Fact("place", first.start, end, scan.text[first.start : end], parts))
        return tuple(facts)


def _span(atom: Atom) -> tuple[int, int]:
    return atom.start, -atom.end
