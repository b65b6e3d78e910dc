"""Exact addresses: a place name (found by the engine's own place reader) and what is numbered behind it, down to the room."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.facts.places import PlaceReader
from pipeline.facts.scan import Atom, Scan
from pipeline.privacy.patterns import Hit
from pipeline.privacy.schema import AddressFile

_PRIORITY = 32
_UNIT = "unit of a number"
_GAP = 8  # characters of a name of unknown kind between a region or road and a house number
_NO_NAME = frozenset(("", *" ,。、;:!?()在住到于至是"))
_HAN = re.compile("[\u4e00-\u9fff]+")
_NUMBER = r"(?:第?[0-9]{1,5}(?:[-之~][0-9]{1,4}){0,3}|第?[零一二三四五六七八九十百]{1,6}|[甲乙丙丁a-z][0-9]{0,4}|[东西南北左右中])"
_DASHED = re.compile(r"[0-9]{1,3}(?:-[0-9]{1,4}){1,3}(?![0-9-])")
_ROOM = re.compile(r"[0-9]{3,4}(?![0-9年月元块万人])")
_HOUSES = re.compile(r"[0-9一二三四五六七八九十]")
_BEFORE_ESTATE = frozenset(("city", "county", "town", "road", "number", "province"))
_ROOM_AFTER = frozenset(("building", "unit", "floor"))


class Piece(NamedTuple):
    """A part of an address: span in the text, level (estate, road, unit, …) and where its type word (小区, 单元) begins."""

    start: int
    end: int
    level: str
    kind_at: int


class AddressReader:
    """Reads addresses by address.yaml and places.yaml."""

    def __init__(self, told: AddressFile, places: dict[str, Any]) -> None:
        self._places = PlaceReader({**places, "keep": [*places["keep"], *told.keep]})
        words: dict[str, str] = dict.fromkeys(places["provinces"], "province")
        for level, row in places["suffixes"].items():
            words |= dict.fromkeys(row["terms"], level)
        words |= dict.fromkeys((term for term in told.roads if term not in words), "road")
        self._suffixes = {word: level for word, level in words.items() if level != "province" or word in ("省", "自治区")}
        units = {unit: level for level, row in told.numbered.items() for unit in row}
        self._units = units
        any_unit = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
        self._piece = re.compile(rf"附?({_NUMBER})({any_unit})(?!线|令|学|人|钱|员|长的)")
        strong = "|".join(
            re.escape(unit) for unit in sorted((u for u, level in units.items() if level in told.alone and u not in "户房座室"), key=len, reverse=True)
        )
        words |= {unit: _UNIT for unit in (*units, "室") if unit not in words and (units.get(unit) in told.alone)}
        self._terms, self._levels = list(words), list(words.values())
        self._automaton = CharwiseDoubleArrayAhoCorasick(self._terms, MATCH_KIND_LEFTMOST_LONGEST)
        self._alone = re.compile(rf"({_NUMBER})({strong})|[0-9]{{3,4}}()室")
        self._estate = re.compile(
            rf"[\u4e00-\u9fff]{{1,8}}?(?:{'|'.join(map(re.escape, told.estates))})(?=[0-9一二三四五六七八九十东西南北a-z,。;、:()\n ]|门口|内|附近|发生|楼下|$)"
        )
        self._whole = frozenset(told.whole)
        self._stop_words = re.compile("|".join(sorted(map(re.escape, told.stop_words), key=len, reverse=True)))
        self._no_names = frozenset(told.no_names)
        self._loose = frozenset(("estate",))  # levels whose names have at least two characters
        self._exact, self._named = frozenset(told.exact), frozenset(told.named)
        self._public, self._regions = frozenset(told.public), frozenset(told.regions)
        self._not_before = frozenset(told.not_before)
        self._cues = tuple(told.cues)

    def find(self, text: str, taken: list[Hit]) -> list[Hit]:
        """Addresses in a normalised text; `taken` are spans that belong to identifiers."""
        hits = []
        for chain in self._chains(text):
            hit = self._judge(text, chain)
            if hit is not None and not any(hit.start < other.end and other.start < hit.end for other in taken):
                hits.append(hit)
        return hits

    def pieces(self, text: str) -> list[Piece]:
        """The pieces of one address."""
        return [piece for chain in self._chains(text) for piece in chain]

    def _chains(self, text: str) -> list[list[Piece]]:
        chains: list[list[Piece]] = []
        try:
            found = self._automaton.find(text)
        except UnicodeEncodeError:  # lone surrogates
            return []
        if not found:
            return []
        for piece in self._names(text, found):
            if chains and chains[-1][-1].end == piece.start:
                chains[-1].append(piece)
            elif not chains or piece.start >= chains[-1][-1].end:
                chains.append([piece])
            elif piece.end > chains[-1][-1].end:
                chains[-1].append(piece._replace(start=chains[-1][-1].end))
            self._numbered(text, chains[-1])
        if any(self._levels[term] == _UNIT for _start, _end, term in found) and self._alone.search(text):
            chains = self._with_alone(text, chains)
        return chains

    def _names(self, text: str, found: list[tuple[int, int, int]]) -> list[Piece]:
        scan = Scan(text)
        read, terms, levels = self._places, self._terms, self._levels
        for start, end, term in found:
            last = scan.places[-1] if scan.places else None
            if (
                terms[term] in self._whole
                and (last is None or last.end <= start)
                and (text[start - 1 : start] in _NO_NAME or (last is not None and last.end == start))
            ):
                scan.places.append(Atom(start, end, "county", terms[term]))
            elif levels[term] == _UNIT:
                continue
            elif terms[term] in self._suffixes:
                read.suffix(scan, start, end, levels[term])
            else:
                read.province(scan, start, end, "province")
        pieces = (self._trimmed(text, atom.start, atom.end, atom.part) for atom in scan.places)
        return [piece for piece in pieces if piece is not None]

    def _trimmed(self, text: str, start: int, end: int, level: str) -> Piece | None:
        """A name from behind the last word in it that no name holds; None where nothing is left of it."""
        kind_at = self._kind_at(text, start, end)
        if level in self._regions or kind_at == end:
            return Piece(start, end, level, kind_at)
        for stop in self._stop_words.finditer(text, start, kind_at):
            start = stop.end()
        name = text[start:kind_at]
        if not name or name in self._no_names or (len(name) == 1 and level in self._loose):
            return None
        return Piece(start, end, level, kind_at)

    def _kind_at(self, text: str, start: int, end: int) -> int:
        """Where the type word at the end of a name begins; provinces by name have none."""
        for at in range(start + 1, end):
            if text[at:end] in self._suffixes:
                return at
        return end

    def _numbered(self, text: str, chain: list[Piece]) -> None:
        """Append 18号, 3号楼, 2单元, 501室 and the like that follow the chain."""
        while True:
            end = chain[-1].end
            gap = end + (text[end : end + 1] in (" ", "、", "-") and bool(_HOUSES.match(text, end + 1)))
            found = self._piece.match(text, gap)
            if found is not None:
                chain.append(Piece(gap, found.end(), self._units[found[2]], found.start(2)))
                continue
            estate = self._estate.match(text, gap) if chain[-1].level in _BEFORE_ESTATE else None
            if estate is not None and not self._stopped(estate[0]):
                chain.append(Piece(gap, estate.end(), "estate", estate.end() - 1))
                continue
            dashed = _DASHED.match(text, gap) or (_ROOM.match(text, gap) if chain[-1].level in _ROOM_AFTER else None)
            if dashed is None or chain[-1].level in ("city", "province", "county", "town"):
                return
            chain.append(Piece(gap, dashed.end(), "room", dashed.end()))

    def _stopped(self, name: str) -> bool:
        """Whether a would-be name holds a word that no name has."""
        return any(word in name for word in ("的", "了", "在", "是", "有", "与", "被", "人", "将", "称", "说"))

    def _with_alone(self, text: str, chains: list[list[Piece]]) -> list[list[Piece]]:
        made = list(chains)
        for found in self._alone.finditer(text):
            if any(chain[0].start <= found.start() < chain[-1].end for chain in made) or text[found.start() - 1 : found.start()] in self._not_before:
                continue
            level = self._units[found[2]] if found[2] else "room"
            before = next((other for other in made if 0 < found.start() - other[-1].end <= _GAP and other[-1].level in _BEFORE_ESTATE), None)
            if before is not None and _HAN.fullmatch(text, before[-1].end, found.start()) and not self._stopped(text[before[-1].end : found.start()]):
                before.append(Piece(before[-1].end, found.start(), "estate", found.start()))
                self._numbered(text, before)
                continue
            chain = [Piece(found.start(), found.end(), level, found.start(2) if found[2] else found.end() - 1)]
            self._numbered(text, chain)
            follows = next((other for other in made if other[0].start == chain[-1].end), None)
            if follows is not None:
                made.remove(follows)
                chain += follows
            made.append(chain)
        return sorted(made)

    def _judge(self, text: str, chain: list[Piece]) -> Hit | None:
        """Whether a chain is an address of somebody: numbered behind a name, two numbers by themselves, or the name of a village or estate."""
        levels = {piece.level for piece in chain}
        numbered = [piece for piece in chain if piece.level in self._units.values()]
        named = [piece for piece in chain if piece.level in self._named]
        placed = levels - self._regions - {piece.level for piece in numbered}
        exact = levels & self._exact
        if exact and (placed or len(numbered) > 1 or "room" in levels):
            part, score = "exact", 0.95 if placed else 0.75
        elif named:
            part, score = "named", 0.7
        else:
            return None
        start, end = chain[0].start, chain[-1].end
        detail = next((piece.start for piece in chain if piece.level not in self._regions), start)
        before = text[max(0, start - 6) : start]
        cue = next((cue for cue in self._cues if cue in before), "")
        return Hit(start, end, "address", f"address/{part}", min(1.0, score + (0.04 if cue else 0)), text[detail:end], (cue,) if cue else (), _PRIORITY, part)

    def places_of(self, text: str, levels: frozenset[str]) -> list[Piece]:
        """Named places of given levels (schools, work places), for the stricter rules."""
        return [piece for chain in self._chains(text) for piece in chain if piece.level in levels]
