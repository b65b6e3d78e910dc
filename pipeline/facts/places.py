"""Where: names are found from their last characters (市, 小区, 路, 医院) backwards, joined with house, building, unit and room numbers."""

from __future__ import annotations

import re
from typing import Any

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.facts.model import Fact
from pipeline.facts.numbers import Number
from pipeline.facts.scan import Atom, Scan

_ROOM = re.compile(r"([0-9]{3,4})(?![0-9])(?:室|号房|房)?")  # 2单元501

_PUNCTUATION = " ,.;:!?()[]<>\"'/|+=*&#%$@~-_\n。、《》【】“”…·"
NO_NAME = frozenset(_PUNCTUATION)
_NONE: tuple[str, ...] = ()


class PlaceReader:
    """Reads places by places.yaml. There is no gazetteer: a name goes back to the last pause, function word, other word or place."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._spans: dict[str, tuple[int, int]] = {level: (row["low"], row["high"]) for level, row in told["suffixes"].items()}
        stops = dict.fromkeys((*_PUNCTUATION, *told["stops"], *told["stop_words"]), True) | dict.fromkeys(told["keep"], False)
        self._stopping = list(stops.values())
        self._stops = CharwiseDoubleArrayAhoCorasick(list(stops), MATCH_KIND_LEFTMOST_LONGEST)
        self._generic = frozenset(told["generic"])
        self._not_after = {suffix: tuple(words) for suffix, words in told["not_after"].items()}
        self.parts = {term: part for part, terms in told["parts"].items() for term in terms}
        self._strong = frozenset(told["strong"])
        self._rank = {level: rank for rank, level in enumerate(told["levels"])}

    def province(self, scan: Scan, start: int, end: int, level: str) -> None:
        """A province by name."""
        scan.places.append(Atom(start, end, level, scan.text[start:end]))

    def suffix(self, scan: Scan, start: int, end: int, level: str) -> None:
        """An end of a place name: walk back to where the name begins."""
        text = scan.text
        if not start or text[start - 1] in NO_NAME or text.startswith(self._not_after.get(text[start:end], _NONE), end):
            return
        low, high = self._spans[level]
        last = scan.places[-1] if scan.places else None
        known = max(last.end if last else 0, scan.mentions[-1][1] if scan.mentions else 0, scan.times[-1][1] if scan.times else 0)
        floor = max(known, start - high, 0)
        at = self.begin(text, floor, start) if start > floor else start
        name = text[at:start]
        if last is not None and last.part == "province" and at == last.end and (not name or name in self._generic) and level in ("city", "road"):
            scan.places[-1] = Atom(last.start, end, level, text[last.start : end])  # 吉林市, 北京东路
            return
        if last is not None and not name and last.end == start and last.part == level:  # 翰林苑 + 小区
            scan.places[-1] = Atom(last.start, end, level, text[last.start : end])
            return
        if (len(name) < low and not name.isascii()) or not name or name in self._generic or (name.isdigit() and level not in ("school", "hospital")):
            return
        scan.places.append(Atom(at, end, level, text[at:end]))

    def begin(self, text: str, floor: int, start: int) -> int:
        """Where the name before `start` begins, no earlier than `floor`."""
        at = start
        while at > floor and text[at - 1].isascii() and text[at - 1].isalnum():
            at -= 1
        if at < start:  # a市, b3区: masked names are Latin throughout
            return at
        begin = floor
        for _first, last, word in self._stops.find(text[floor:start]):
            if self._stopping[word]:
                begin = floor + last
        return begin

    def read(self, scan: Scan, start: int, end: int, stop: int, number: Number, part: str) -> int:
        """号楼, 单元, 室, 组 after a number: kept where it is strong by itself or follows a place."""
        text = scan.text
        follows = bool(scan.places) and scan.places[-1].end == start
        if not follows and (
            part not in self._strong or number.vague or text[start - 1 : start] == "第" or (text[end:stop] == "座" and not text[start].isascii())
        ):
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
