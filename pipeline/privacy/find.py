"""`Deidentifier`: find what points at persons, and treat it. Pure: no I/O after load, no state of a text, safe to share between threads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import Literal

from pipeline.errors import InputError
from pipeline.facts.lexicon import load_list
from pipeline.privacy.addresses import AddressReader
from pipeline.privacy.job import Job
from pipeline.privacy.load import Recognisers, load
from pipeline.privacy.model import MODES, Finding, Mode, Treated
from pipeline.privacy.nameless import Nameless, NamesTaken
from pipeline.privacy.names import NameReader
from pipeline.privacy.patterns import Hit, PatternReader
from pipeline.privacy.persons import Persons
from pipeline.privacy.second import Reader, SecondReader, added, lac_reader
from pipeline.privacy.treat import Treatment
from pipeline.rulepack.store import uncollected
from pipeline.text.normalise import fold, normalise

Strictness = Literal["auto", "on", "off"]
_REPEATED = 0.8  # score of a name from which it is also taken where it stands without a context of its own
_USUAL = 2  # step from which a word is a word before it is a given name
_SURE, _GIVEN_AGAIN = 0.9, 0.7


class Deidentifier:
    """Finds and treats by the recogniser files. Raises RuleError at load where a file cannot be used, never on any text.

    >>> [(f.kind, f.quote) for f in Deidentifier.default().find("报警人王建国电话13800138000")]
    [('name', '王建国'), ('mobile', '13800138000')]
    """

    def __init__(self, told: Recognisers, folders: Sequence[Path] = ()) -> None:
        self.digest = told.digest
        self.headers = told.headers
        self._second: SecondReader | None = None
        self._patterns = PatternReader(told.patterns)
        self._names = NameReader(told.name)
        self._addresses = AddressReader(told.address, load_list("places", folders))
        self._treatment = Treatment(told, self._addresses)
        self._strict = {
            reason: (frozenset(row.factors), re.compile("|".join([*(re.escape(fold(word)) for word in row.words), *row.patterns])))
            for reason, row in told.strict.reasons.items()
        }
        self._with_work = frozenset(reason for reason, row in told.strict.reasons.items() if row.workplaces)
        self.persons = Persons(told.name, told.invented)
        kinds, levels = self._addresses.kinds, self._treatment.place_levels
        named = [word for word, level in kinds.items() if level in levels]
        self._taken = NamesTaken(self.persons, told.name, told.invented, self._treatment.place, kinds, named)

    @classmethod
    @cache
    def default(cls) -> Deidentifier:
        """Over the shipped recognisers, made once per process (about half a second)."""
        with uncollected():
            return cls(load())

    @classmethod
    @cache
    def reading(cls, reader: Reader) -> Deidentifier:
        """The default with a reader of names: `rules` alone, or `lac` besides. Raises InputError FQ7006 where lac is not installed."""
        return cls.default() if reader == "rules" else cls.default().with_second(lac_reader())

    def with_second(self, reader: SecondReader) -> Deidentifier:
        """The same with a second reader of names, which adds what the rules have not found."""
        made = copy(self)
        made._second = reader
        return made

    def find(self, text: str) -> tuple[Finding, ...]:
        """Everything that points at a person, in order, none overlapping."""
        plain, offsets = normalise(text)
        return self._told(text, offsets, self._hits(plain))

    def _hits(self, plain: str) -> list[Hit]:
        identifiers = self._patterns.find(plain)
        addresses = self._addresses.find(plain, identifiers)
        names = self._names.find(plain)
        again: list[Hit] = []
        if names:
            again = _repeated(plain, names, self._names.known)
            if addresses:  # 当事人庄|晓梦: a name with good reason is no village
                addresses = [hit for hit in addresses if hit.part == "exact" or not any(_outweighs(name, hit) for name in (*names, *again))]
        hits = _merged(len(plain), identifiers, addresses, names, again)
        if self._second is not None:
            more = added(self._second, plain, hits, self._names.may_name)
            hits = _merged(len(plain), hits, more, _repeated(plain, more, self._names.known))
        return hits

    def nameless(self, plain: str) -> Nameless:
        """A normalised text with one word for every name of a person and one sign for every named place, whatever de-identification has left of them.

        >>> {Deidentifier.default().nameless(text).text for text in ("报警人王建国说", "报警人李小明说", "报警人***说")}
        {'报警人某某说'}
        >>> {Deidentifier.default().nameless(text).text for text in ("家住双桥镇锦绣花园", "家住枫林镇翠竹花园", "家住*镇*花园")}
        {'家住*花园'}
        """
        return self._taken.read(plain, self._hits(plain))

    def reasons(self, text: str, factors: Iterable[str] = ()) -> tuple[str, ...]:
        """Why the stricter rules apply to a text: `minor`, `sexual_violence`, `informant`, by its words or by factors of its assessment."""
        told, plain = frozenset(factors), fold(text)
        return tuple(reason for reason, (codes, words) in self._strict.items() if codes & told or words.search(plain))

    def treat(
        self, text: str, mode: Mode = "mask", job: Job | None = None, *, strict: Strictness = "auto", factors: Iterable[str] = (), also: Sequence[Finding] = ()
    ) -> Treated:
        """Find and treat. Without a job one is made up for this text alone. `strict="auto"` looks for minors, sexual violence and informants.

        `also` are findings of the caller's own (a cell that is a name by its header); they win over what is found. Raises InputError for an unknown mode.
        """
        if mode not in MODES:
            raise InputError("FQ7002", "没有这种处理方式", "no such mode", seen=str(mode), remedy="、".join(MODES))
        reasons = self.reasons(text, factors) if strict == "auto" else ("asked",) if strict == "on" else ()
        plain, offsets = normalise(text)
        hits = self._hits(plain)
        if reasons:
            hits = _merged(len(plain), hits, self._surroundings(plain, work=strict == "on" or not self._with_work.isdisjoint(reasons)))
        findings = self._told(text, offsets, hits)
        if also:
            apart = (finding for finding in findings if all(finding.end <= own.start or finding.start >= own.end for own in also))
            findings = tuple(sorted((*also, *apart), key=_start))
        made, changes = self._treatment.apply(text, findings, mode, job or Job.random(), strict=bool(reasons))
        return Treated(made, findings, changes, mode, reasons)

    def _surroundings(self, plain: str, *, work: bool) -> list[Hit]:
        """Under the stricter rules: named schools, and for minors the named places where they work."""
        hits: list[Hit] = []
        for kind, group in (("school", "places"), ("workplace", "work")) if work else (("school", "places"),):
            for start, end in self._addresses.places_of(plain, group):
                if all(end <= other.start or start >= other.end for other in hits):
                    hits.append(Hit(start, end, kind, f"address/{kind}", 0.7, plain[start:end], (), 20))
        return hits

    @staticmethod
    def _told(text: str, offsets: Sequence[int] | None, hits: list[Hit]) -> tuple[Finding, ...]:
        if offsets is None:
            return tuple([Finding(h.kind, h.start, h.end, text[h.start : h.end], h.score, h.recogniser, h.value, h.context, h.part) for h in hits])
        made = []
        for hit in hits:
            start, end = offsets[hit.start], offsets[hit.end - 1] + 1
            made.append(Finding(hit.kind, start, end, text[start:end], hit.score, hit.recogniser, hit.value, hit.context, hit.part))
        return tuple(made)


def _start(finding: Finding) -> int:
    return finding.start


def _repeated(plain: str, names: list[Hit], known: Mapping[str, int]) -> list[Hit]:
    """A full name found with good reason is the same name wherever it stands again, and so is its given name alone: 王建国 … 建国说."""
    more: list[Hit] = []
    for name in names:
        size = name.end - name.start
        if name.part != "full" or name.score < _REPEATED or size <= 2:
            continue
        more += [name._replace(start=at, end=at + size, recogniser="name/repeated", context=()) for at in _places(plain, name.value) if at != name.start]
        given = name.value[-2:]
        if name.score >= _SURE and plain.count(given) > 1 and known.get(given, 0) < _USUAL:
            more += [
                Hit(at, at + 2, "name", "name/given_again", _GIVEN_AGAIN, given, (name.value,), name.priority, "given")
                for at in _places(plain, given)
                if at + 2 != name.end and known.get(plain[at - 1 : at + 1], 0) < _USUAL and known.get(plain[at + 1 : at + 3], 0) < _USUAL
            ]
    return more


def _places(plain: str, word: str) -> Iterator[int]:
    at = plain.find(word)
    while at >= 0:
        yield at
        at = plain.find(word, at + len(word))


def _outweighs(name: Hit, place: Hit) -> bool:
    return place.start < name.start < place.end < name.end and name.score > place.score


def _merged(size: int, *lists: list[Hit]) -> list[Hit]:
    """Hits in a text of so many characters; earlier lists win over later ones where spans overlap; sorted by position."""
    told = [hits for hits in lists if hits]
    if len(told) < 2:
        return told[0] if told else []
    taken, kept = bytearray(size), []
    for hits in told:
        for hit in hits:
            if taken.find(1, hit.start, hit.end) < 0:
                taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
                kept.append(hit)
    kept.sort()
    return kept
