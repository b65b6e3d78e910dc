"""Exact addresses: a place name (found by the engine's own place reader) and what is numbered behind it, down to the room."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.facts.places import NO_NAME, PlaceReader
from pipeline.facts.scan import Atom, Scan
from pipeline.privacy.patterns import Hit
from pipeline.privacy.schema import AddressFile

_PRIORITY = 32
_UNIT = "unit of a number"
_GAP = 8  # characters of a name of unknown kind between a region or road and a house number
_HAN = re.compile("[\u4e00-\u9fff]+")
_SHORT = frozenset("户房座室铺床区")  # these begin a tail only after a room number or a letter
_NUMERALS = frozenset("0123456789零一二三四五六七八九十百甲乙丙丁东西南北中左右abcdefghijklmnopqrstuvwxyz")
_HEADS = _NUMERALS | frozenset(" 、-第附")  # with these begins what is numbered behind a name
_SHORT_TAIL = 2
_REACH = 3  # characters before a name where a word that no name holds may begin
_NAME, _LONG_NAME, _LEAST_NAME = 10, 14, 2  # characters of a name before a numbered tail
_NUMBER = r"(?:第?[东西南北]?[0-9]{1,5}(?:[-之~][0-9]{1,4}){0,3}|第?[零一二三四五六七八九十百]{1,6}|[甲乙丙丁a-z][0-9]{0,4}|[东西南北左右中])"
_DASHED = re.compile(r"[0-9]{1,3}(?:-[0-9]{1,4}){1,3}(?![0-9-])")
_ROOM = re.compile(r"[a-z]?[0-9]{3,4}(?![0-9年月元块万人])|[零一二三四五六七八九]{3,4}(?![零一二三四五六七八九十百千万点块元年月])")
_HALL = re.compile("[\u4e00-\u9fff][a-z]")  # 商城|b区: a part of what stands before
_ROOM_AS_FLOOR = re.compile("[0-9]{3,}[楼层]")  # 38#1504|楼下
_FLAT = re.compile(r"(?<=[\u4e00-\u9fff])[0-9]{1,3}-[0-9]{1,2}-[0-9]{3,4}(?![0-9-])")  # 碧水湾|26-1-2402
_HOUSES = re.compile(r"[0-9一二三四五六七八九十]")
_BEFORE_ESTATE = frozenset(("city", "county", "town", "road", "number", "province"))
_ROOM_AFTER = frozenset(("building", "unit", "floor"))


def _no_begin(told: AddressFile, places: dict[str, Any], ends: Iterable[str]) -> frozenset[str]:
    """Characters behind which no name can have begun where a village or estate ends: 该|小区, 和|小区."""
    kept = {char for word in (*places["keep"], *told.keep) for char in word} | {word[-1] for word in ends}
    return NO_NAME | {stop for stop in (*places["stops"], *places["stop_words"]) if len(stop) == 1 and stop not in kept}


class Piece(NamedTuple):
    """A part of an address: span in the text, level (estate, road, unit, …) and where its type word (小区, 单元) begins."""

    start: int
    end: int
    level: str
    kind_at: int


class AddressReader:
    """Reads addresses by address.yaml and places.yaml."""

    def __init__(self, told: AddressFile, places: dict[str, Any]) -> None:
        leads = [word for word in (*told.lead, *told.cues) if len(word) > 1]
        generic = [word for word in places["generic"] if word not in told.not_generic]
        self._places = PlaceReader({**places, "keep": [*places["keep"], *told.keep], "generic": generic, "stop_words": [*places["stop_words"], *leads]})
        words: dict[str, str] = dict.fromkeys(places["provinces"], "province")
        for level, row in places["suffixes"].items():
            words |= dict.fromkeys(row["terms"], level)
        words |= dict.fromkeys((term for term in told.roads if term not in words), "road")
        words |= dict.fromkeys((term for term in told.whole if term not in words), "county")
        words |= {term: level for level, terms in told.more.items() for term in terms if term not in words}
        self._suffixes = {word: level for word, level in words.items() if level != "province" or word in ("省", "自治区")}
        units = {unit: level for level, row in told.numbered.items() for unit in row}
        self._units = units
        any_unit = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
        after = "|".join(told.not_after_unit)
        placed_after = "|".join(word for word in told.not_after_unit if word not in told.after_placed)
        self._before_whole, self._in_no_name = frozenset(told.before_whole) | {""}, tuple(told.in_no_name)
        self._piece = re.compile(rf"附?({_NUMBER})({any_unit})(?!{after})")
        self._placed_piece = re.compile(rf"附?({_NUMBER})({any_unit})(?!{placed_after})")  # 坪山村88号|人
        words |= {unit: _UNIT for unit in (*units, "室") if unit not in words and (units.get(unit) in told.alone)}
        self._terms, self._levels = list(words), list(words.values())
        self._automaton = CharwiseDoubleArrayAhoCorasick(self._terms, MATCH_KIND_LEFTMOST_LONGEST)
        begins = {level: [unit for unit, own in units.items() if own == level and unit not in _SHORT] for level in (*told.alone, *told.begin)}
        starts = "|".join(re.escape(unit) for unit in sorted((unit for own in begins.values() for unit in own), key=len, reverse=True))
        self._alone = re.compile(rf"(?<![0-9a-z.])(?:{_NUMBER}(?:{starts})|[a-z]?[0-9]{{3,4}}(?:室|房|铺)|[a-z](?:座|区)(?=[0-9]))(?!{after})")
        self._tails, self._begin_only = frozenset(told.tails), frozenset(told.begin)
        self._estate = re.compile(
            rf"[\u4e00-\u9fff]{{1,8}}?(?:{'|'.join(map(re.escape, told.estates))})(?=[0-9一二三四五六七八九十东西南北a-z,。;、:()\n ]|门口|内|附近|发生|楼下|$)"
        )
        self._whole, self._roads = frozenset(told.whole), frozenset(told.roads)
        self._stop_words = re.compile("|".join(sorted(map(re.escape, {*told.stop_words, *leads}), key=len, reverse=True)))
        self._no_names = frozenset(told.no_names)
        self._loose = frozenset(("estate",))  # levels whose names have at least two characters
        self._exact, self._named = frozenset(told.exact), frozenset(told.named)
        self._whole_levels = self._exact | self._named
        self._unit_terms = frozenset(i for i, level in enumerate(self._levels) if level == _UNIT)
        self._hopeful = frozenset(i for i, level in enumerate(self._levels) if level in self._whole_levels)
        self._no_begin = _no_begin(told, places, words)
        self._before_estate = frozenset(i for i, level in enumerate(self._levels) if level in _BEFORE_ESTATE)
        self._public, self._regions = frozenset(told.public), frozenset(told.regions)
        self._not_before = frozenset(told.not_before)
        self._cues = tuple(told.cues)
        self._no_place = frozenset(told.no_place)
        self._minor = {
            group: re.compile(f"(?:{'|'.join(sorted(map(re.escape, terms), key=len, reverse=True))})(?!{'|'.join(told.not_after_place)})")
            for group, terms in told.minor_places.items()
        }

    @property
    def kinds(self) -> dict[str, str]:
        """Words for kinds of places, numbered and named, each with its level."""
        return self._units | self._suffixes

    def find(self, text: str, taken: list[Hit]) -> list[Hit]:
        """Addresses in a normalised text; `taken` are spans that belong to identifiers."""
        hits: list[Hit] = []
        found = self._terms_of(text)
        if not self._promises(text, found):
            return hits
        for chain in self._chains(text, found):
            hit = self._judge(text, chain)
            if hit is not None and not any(hit.start < other.end and other.start < hit.end for other in taken):
                hits.append(hit)
        return hits

    def pieces(self, text: str) -> list[Piece]:
        """The pieces of one address."""
        return [piece for chain in self._chains(text, self._terms_of(text)) for piece in chain]

    def _terms_of(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, number of the term) of the ends of place names and units."""
        try:
            return self._automaton.find(text)
        except UnicodeEncodeError:  # lone surrogates
            return []

    def _promises(self, text: str, found: list[tuple[int, int, int]]) -> bool:
        """Whether the terms may make an address at all: a village with a name, a numbered unit, a number or an estate right behind; most texts have none."""
        hopeful, units, none = self._hopeful, self._unit_terms, self._no_begin
        for start, end, term in found:
            if term in units:
                if text[start - 1] in _NUMERALS:
                    return True
                continue
            if term in hopeful and (text[start - 1] not in none or self._terms[term] in self._whole):
                return True
            if text[end : end + 1] in _HEADS and self._goes_on(text, end, numbered=True):
                return True
            if term in self._before_estate and self._goes_on(text, end, numbered=False):
                return True
        return "-" in text and _FLAT.search(text) is not None

    def _goes_on(self, text: str, end: int, *, numbered: bool) -> bool:
        """Whether a number with a unit, numbers joined by dashes, or an estate may follow what ends here."""
        gap = end + (text[end : end + 1] in (" ", "、", "-"))
        for at in (end, gap) if gap > end else (end,):
            if (numbered and (self._placed_piece.match(text, at) or _DASHED.match(text, at))) or self._estate.match(text, at):
                return True
        return False

    def _chains(self, text: str, found: list[tuple[int, int, int]]) -> list[list[Piece]]:
        chains: list[list[Piece]] = []
        flat = "-" in text and _FLAT.search(text) is not None
        if not found and not flat:
            return []
        for piece in self._names(text, found):
            if chains and chains[-1][-1].end == piece.start:
                chains[-1].append(piece)
            elif not chains or piece.start >= chains[-1][-1].end:
                chains.append([piece])
            elif piece.end > chains[-1][-1].end:
                chains[-1].append(piece._replace(start=chains[-1][-1].end))
            self._numbered(text, chains[-1])
        if flat or (any(self._levels[term] == _UNIT and text[start - 1] in _NUMERALS for start, _end, term in found) and self._alone.search(text)):
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
                and (text[start - 1 : start] in self._before_whole or (last is not None and last.end == start))
            ):
                scan.places.append(Atom(start, end, "road" if terms[term] in self._roads else "county", terms[term]))
            elif levels[term] == _UNIT or (terms[term] == "区" and _HALL.fullmatch(text, max(0, start - 2), start)):
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
        if level in self._regions or kind_at == end or text[start:end] in self._whole:
            return Piece(start, end, level, kind_at)
        for stop in self._stop_words.finditer(text, max(0, start - _REACH), kind_at):  # 发|展乡村: a word over its begin too
            start = max(start, stop.end())
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
            found = (self._placed_piece if chain[-1].level in self._whole_levels else self._piece).match(text, gap)
            if found is not None and not _ROOM_AS_FLOOR.fullmatch(found[0]):
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
        return any(word in name for word in self._in_no_name)

    def _with_alone(self, text: str, chains: list[list[Piece]]) -> list[list[Piece]]:
        """Numbered pieces without a place that is known as one right before them: D座3003室, 17楼17床, 26-1-2402; with the name that stands there."""
        made = list(chains)
        flats = _FLAT.finditer(text) if "-" in text else ()
        for found in (*self._alone.finditer(text), *flats):
            if any(chain[0].start <= found.start() < chain[-1].end for chain in made) or text[found.start() - 1 : found.start()] in self._not_before:
                continue
            chain = self._tail(text, found.start(), found.end(), flat=found.re is _FLAT)
            levels = {piece.level for piece in chain}
            if chain[0].level in self._begin_only and not levels & self._tails:
                continue
            before = next((other for other in made if 0 < chain[0].start - other[-1].end <= _GAP), None)
            gap = text[before[-1].end : chain[0].start] if before else ""
            if before is not None and (before[-1].level in _BEFORE_ESTATE or levels & self._tails) and _HAN.fullmatch(gap) and not self._stopped(gap):
                before += [Piece(before[-1].end, chain[0].start, "estate", chain[0].start), *chain]
                continue
            if chain[0].level in self._begin_only and (len(chain) == 1 or chain[-1].end - chain[-1].start <= _SHORT_TAIL):  # 一楼一户, 三楼
                continue
            if levels & self._tails or len(chain) > 1:
                chain = self._with_name(text, chain, max((other[-1].end for other in made if other[-1].end <= chain[0].start), default=0))
            if found.re is _FLAT and len(chain) == 1:  # 3-2-101 by itself: a score, a part of a number
                continue
            follows = next((other for other in made if other[0].start == chain[-1].end), None)
            if follows is not None:
                made.remove(follows)
                chain += follows
            made.append(chain)
        return sorted(made)

    def _tail(self, text: str, start: int, end: int, *, flat: bool) -> list[Piece]:
        piece = None if flat else self._placed_piece.match(text, start)
        bare = Piece(start, end, "room", end if flat else end - 1)
        chain = [bare if piece is None else Piece(start, piece.end(), self._units[piece[2]], piece.start(2))]
        self._numbered(text, chain)
        return chain

    def _with_name(self, text: str, chain: list[Piece], floor: int) -> list[Piece]:
        """The name before a tail goes back to the last pause, function word or other word."""
        start = chain[0].start
        low = max(floor, start - _NAME)
        at = self._places.begin(text, low, start) if start > low else start
        for stop in self._stop_words.finditer(text, at, start):
            at = stop.end()
        name = text[at:start]
        if len(name) < _LEAST_NAME or name in self._no_names or not _HAN.fullmatch(name):
            return chain
        return [Piece(at, start, "estate", start), *chain]

    def _judge(self, text: str, chain: list[Piece]) -> Hit | None:
        """Whether a chain is an address of somebody: numbered behind a name, two numbers by themselves, or the name of a village or estate."""
        levels = {piece.level for piece in chain}
        if levels.isdisjoint(self._whole_levels):  # most chains: a town, a road
            return None
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

    def kind_word(self, place: str, group: str) -> str:
        """The word at the end of a school or work place that says what it is: 小学, 有限公司."""
        return max((found[0] for found in self._minor[group].finditer(place) if found.end() == len(place)), key=len, default="")

    def places_of(self, text: str, group: str) -> list[tuple[int, int]]:
        """Named schools or work places (groups of `minor_places`), for the stricter rules: spans with the region before them."""
        found: list[tuple[int, int]] = []
        chains = self._chains(text, self._terms_of(text))
        for term in self._minor[group].finditer(text):
            joined = next((chain for chain in chains if chain[-1].end == term.end()), None)
            near = next((chain for chain in chains if 0 <= term.start() - chain[-1].end <= _NAME and {p.level for p in chain} & self._regions), None)
            low = max(0, term.start() - _LONG_NAME, near[-1].end if near else 0, found[-1][1] if found else 0)
            at = self._places.begin(text, low, term.start()) if term.start() > low else term.start()
            for stop in self._stop_words.finditer(text, at, term.start()):
                at = stop.end() if stop.end() < term.start() else at
            name = text[at : term.start()]
            start = min(near[0].start if near and at == near[-1].end else at, joined[0].start if joined else at)
            if (name and name not in self._no_place and _HAN.fullmatch(name)) or (near is not None and start < at):
                found.append((start, term.end()))
            elif found and found[-1][1] == term.start():  # 江南大学|附属中学
                found[-1] = found[-1][0], term.end()
        return found
