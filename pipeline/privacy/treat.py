"""Treating what was found: mask, replace by invented values, keyed hash, remove; always with a map of offsets, in sentences that still read."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.privacy.addresses import AddressReader
from pipeline.privacy.invent import Inventor, rewrite
from pipeline.privacy.job import Job
from pipeline.privacy.load import Recognisers
from pipeline.privacy.model import Change, Finding, Mode, OffsetMap
from pipeline.privacy.persons import Persons
from pipeline.text.normalise import fold

_GROUPS = {"school": "places", "workplace": "work"}  # kind → group of minor_places
_LETTERS = str.maketrans("0123456789abcdef", "ghijklmnopabcdef")
_HEX = 10  # characters of a hash that are shown: 40 bits, enough to tell apart the persons of a job


class Treatment:
    """Turns findings into new words. Holds no state of a text."""

    def __init__(self, told: Recognisers, addresses: AddressReader) -> None:
        self._files = {file.kind: file for file in told.patterns}
        self._generic = told.invented.generic | {file.kind: file.generic for file in told.patterns}
        self.place_levels = frozenset((*told.address.named, *told.address.public, "road"))
        self._inventor = Inventor(told.invented.numbers)
        self._places, self._gone = told.invented.places, told.invented.removed.place
        self._addresses = addresses
        self._persons = Persons(told.name, told.invented)

    def apply(self, text: str, findings: tuple[Finding, ...], mode: Mode, job: Job, *, strict: bool) -> tuple[str, OffsetMap]:
        """The treated text and its map. Findings are in order and do not overlap."""
        makers: dict[Mode, Callable[[Finding], str]] = {
            "mask": self._masker(findings, strict=strict),
            "replace": self._replacer(findings, job),
            "hash": lambda finding: self._hash(finding, job),
            "remove": self._removed,
        }
        make = makers[mode]
        pieces, changes, at, length = [], [], 0, 0
        for index, finding in enumerate(findings):
            pieces.append(text[at : finding.start])
            length += finding.start - at
            new = make(finding)
            pieces.append(new)
            changes.append(Change(finding.start, finding.end, length, length + len(new), index))
            at, length = finding.end, length + len(new)
        pieces.append(text[at:])
        return "".join(pieces), OffsetMap(tuple(changes))

    def _masker(self, findings: tuple[Finding, ...], *, strict: bool) -> Callable[[Finding], str]:
        masked = self._persons.masked(findings, strict=strict)

        def make(finding: Finding) -> str:
            if finding.kind == "name":
                return masked[finding.value]
            if finding.kind in ("address", "school", "workplace"):
                return self._kept(finding) + self._mask_place(finding)
            file = self._files[finding.kind]
            head, tail = (0, 0) if strict else (file.mask.head, file.mask.tail)
            return _starred(finding.quote, head, tail)

        return make

    def _replacer(self, findings: tuple[Finding, ...], job: Job) -> Callable[[Finding], str]:
        renamed = self._persons.renamed(findings, job)

        def make(finding: Finding) -> str:
            if finding.kind == "name":
                return renamed[finding.value]
            if finding.kind in ("address", "school", "workplace"):
                return self._kept(finding) + self._invent_place(finding, job)
            return self._inventor.make(job, finding)

        return make

    def _removed(self, finding: Finding) -> str:
        """What is left when all that points at somebody is gone: the role (某女士), the kind (×小区, ×中学), or a general word."""
        if finding.kind == "name":
            return self._persons.removed(finding)
        if finding.kind in _GROUPS:
            return self._mask_place(finding)
        if finding.kind != "address":
            return self._generic[finding.kind]
        return self._kept(finding) + self.place(finding.value)

    def place(self, detail: str) -> str:
        """What is left of the part of an address that is a person's when its names and numbers are gone: the kind of place (×小区)."""
        named = [piece for piece in self._addresses.pieces(detail) if piece.level in self.place_levels and piece.kind_at < piece.end]
        return f"{self._gone}{detail[named[-1].kind_at : named[-1].end]}" if named else self._generic["address"]

    def _hash(self, finding: Finding, job: Job) -> str:
        """The same with a keyed hash behind it: in letters, so that nothing reads it as a number or a sum; the engine passes over the mark."""
        return f"{self._removed(finding)}〔{job.digest(finding.kind, finding.value).hex()[:_HEX].translate(_LETTERS)}〕"

    @staticmethod
    def _kept(finding: Finding) -> str:
        """The part of an address that is no person's: province, city, county."""
        if finding.kind != "address":
            return ""
        return finding.quote[: len(finding.quote) - len(finding.value)] if fold(finding.quote).endswith(finding.value) else ""

    def _mask_place(self, finding: Finding) -> str:
        """锦绣花园3号楼2单元501室 → ×花园×号楼×单元×室"""
        detail = finding.value
        if finding.kind in _GROUPS:
            word = self._addresses.kind_word(detail, _GROUPS[finding.kind])
            return self._gone + word if word else self._generic[finding.kind]
        made, at = [], 0
        for piece in self._addresses.pieces(detail):
            made.append(self._gone + detail[piece.kind_at : piece.end])
            at = piece.end
        return "".join(made) + (self._gone if at < len(detail) else "") if made else self._generic[finding.kind]

    def _invent_place(self, finding: Finding, job: Job) -> str:
        """The same shape with other names and numbers; one name is always turned into the same other name."""
        detail = finding.value
        if finding.kind in _GROUPS:
            word = self._addresses.kind_word(detail, _GROUPS[finding.kind])
            return job.pick("place", detail, self._places["estate"]) + word if word else self._generic[finding.kind]
        made, at = [], 0
        for piece in self._addresses.pieces(detail):
            old, kind = detail[piece.start : piece.kind_at], detail[piece.kind_at : piece.end]
            pool = self._places.get(piece.level)
            made.append(detail[at : piece.start] if not at else "")
            made.append((job.pick(piece.level, old, pool) if pool and not old.isascii() else _renumber(old, job, piece.level)) + kind)
            at = piece.end
        return "".join(made) + detail[at:] if made else self._generic[finding.kind]


def _renumber(old: str, job: Job, level: str) -> str:
    """Other digits of the same count, the first not zero; Chinese numerals likewise."""
    if not any(char.isdigit() or char in "一二三四五六七八九" for char in old):
        return old
    number = job.digits(level, old, len(old))
    plain = "".join(digit if digit != "0" else "1" for digit in number)
    if old.isascii():
        return rewrite(old, "".join(new if char.isdigit() else char for char, new in zip(old, plain, strict=True) if char.isalnum()))
    return "".join("一二三四五六七八九"[int(new) - 1] if char in "一二三四五六七八九" else char for char, new in zip(old, plain, strict=True))


def _starred(quote: str, head: int, tail: int) -> str:
    """Stars for all but `head` and `tail` letters and digits; separators stay.

    >>> _starred("138-0013-8000", 3, 0)
    '138-****-****'
    """
    count = sum(char.isalnum() for char in quote)
    made, seen = [], 0
    for char in quote:
        if char.isalnum():
            made.append(char if seen < head or seen >= count - tail else "*")
            seen += 1
        else:
            made.append(char)
    return "".join(made)
