"""One pass over the labelled files: every record becomes a few numbers, so that millions fit (about 400 bytes each, 256 of them what it was about).

Persons are 64-bit keyed hashes (HMAC-SHA256) from the first moment; narratives leave a length, a hash and a vector behind (pipeline.repeats.vectors).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.repeats.keys import Keyer, person_term
from pipeline.repeats.place import NOWHERE, Place, read_place
from pipeline.repeats.settings import Settings as Rules
from pipeline.repeats.vectors import vectors
from service.report import readers
from service.report.columns import roles_of
from service.report.knowledge import Headers
from service.report.moments import moment
from service.report.readers import Batch, FileFacts

WORDS = {  # column of the frame → role; kept as a code and a list of the different texts
    "area": "area", "category": "fq_category", "type": "fq_dispute_type", "colour": "fq_risk", "factors": "fq_factors", "scripts": "fq_fraud_scripts",
    "stage": "fq_fraud_stage", "route": "fq_route", "codes": "fq_review_codes", "status": "status", "satisfaction": "satisfaction", "admonition": "admonition",
    "initial": "initial_label", "filed": "final_label", "filed_type": "dispute_label", "filed_level": "level_label", "initial_level": "initial_level_label",
}  # fmt: skip
_TRUE = frozenset({"true", "1", "是", "yes", "y", "需要", "需复核"})
_GARBLED = re.compile("\ufffd|锟斤拷|烫烫烫|屯屯屯|ï»¿|[ÃÂäåæçèé][\x80-\xbf]")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?[eE]\+\d+$")
_CHUNK = 1_024  # narratives turned to vectors at once: some 10 MB
_ADDRESSES = 1 << 16  # different addresses remembered while a file is read
_NO_MOMENT = np.iinfo(np.int64).min
Array = NDArray[Any]


class Words:
    """Texts of one column as codes; 0 is the empty text."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {"": 0}

    def encode(self, values: Sequence[str]) -> Array:
        """Codes of the values, new ones added."""
        known = self.codes
        return np.fromiter((known.setdefault(value, len(known)) for value in values), np.uint32, len(values))


class Keys:
    """Keyed hashes by the rules of pipeline.repeats: with the secret of the repeat store the ids here are the first half of its keys.

    Masked numbers and names identify nobody: 0, as for an empty cell. A name counts only together with the place.
    """

    def __init__(self, secret: bytes, rules: Rules) -> None:
        self._keyer, self.rules = Keyer(secret), rules
        self.place = lru_cache(_ADDRESSES)(self._place)

    def person(self, phone: str, caller: str, place: Place) -> int:
        """The telephone where it is whole, else the name at its place."""
        term = (person_term(phone, place, self.rules) if phone else "") or (person_term(caller, place, self.rules) if caller else "")
        return self._half("person", term) if term else 0

    def _place(self, address: str) -> tuple[Place, int]:
        """An address at its granularities, and the key of the household."""
        place = read_place(address, self.rules)
        return place, self._half("household", place.household) if place.household else 0

    def _half(self, kind: str, term: str) -> int:
        return int.from_bytes(self._keyer.key(kind, term)[:8], "big") or 1


def short_id(prefix: str, key: int) -> str:
    """A person's id as shown: eight characters of the keyed hash."""
    return f"{prefix}-{key:016x}"[: len(prefix) + 9]


class Gathered:
    """Columns of numbers, one entry per record, and the words behind the codes."""

    def __init__(self, usual: Headers, keys: Keys, named: dict[str, str] | None = None) -> None:
        self.words = {column: Words() for column in WORDS}
        self.places = tuple(Words() for _ in range(2))
        self.files: list[FileFacts] = []
        self.roles: dict[str, str] = {}
        self._usual, self._named = usual, named
        self._keys = keys
        self._parts: dict[str, list[Array]] = {}

    def read(self, paths: Sequence[Path], progress: Callable[[int], None] | None = None) -> None:
        """Read all files. Raises InputError where one cannot be used."""
        for number, path in enumerate(readers.input_files(paths)):
            facts = FileFacts(path.name, readers.KINDS[path.suffix.lower()])
            self.files.append(facts)
            for batch in readers.batches(path, number, facts, self._pick):
                self._add(batch)
                if progress is not None:
                    progress(batch.size)

    def _pick(self, header: Sequence[str]) -> dict[str, str]:
        roles = roles_of(header, self._usual, self._named)
        self.roles |= {role: column for role, column in roles.items() if role not in self.roles}
        return roles

    def column(self, name: str) -> Array:
        """One column of numbers over all records."""
        parts = self._parts.get(name, [])
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def take(self, name: str) -> Array:
        """One column, given away: the parts are freed."""
        found = self.column(name)
        self._parts.pop(name, None)
        return found

    def parts(self, name: str) -> list[Array]:
        """One column in the pieces it was read in, given away: the largest is never there twice."""
        return self._parts.pop(name, [])

    def _put(self, name: str, values: Array) -> None:
        self._parts.setdefault(name, []).append(values)

    def _add(self, batch: Batch) -> None:
        size, blank = batch.size, [""] * batch.size
        told = batch.columns
        self._put("file", np.full(size, batch.file, np.uint16))
        self._put("row", np.arange(batch.first, batch.first + size, dtype=np.uint32))
        for column, role in WORDS.items():
            self._put(column, self.words[column].encode([value.strip() for value in told[role]]) if role in told else np.zeros(size, np.uint32))
        for name, role in (("time", "time"), ("due", "due_at"), ("closed", "closed_at")):
            self._moments(name, told.get(role, blank))
        self._put("review", np.fromiter((value.strip().lower() in _TRUE for value in told.get("fq_needs_review", blank)), np.bool_, size))
        self._put("loss", np.fromiter((_number(value) for value in told.get("fq_loss_yuan", blank)), np.float64, size))
        self._persons(told, self._addresses(told.get("place", blank)))
        self._ids(told.get("id", blank))
        self._texts(told, size)

    def _moments(self, name: str, values: Sequence[str]) -> None:
        found = [moment(value) if value else None for value in values]
        self._put(name, np.fromiter((_NO_MOMENT if m is None else m[0] for m in found), np.int64, len(found)))
        if name == "time":
            self._put("clock", np.fromiter((m is not None and m[1] for m in found), np.bool_, len(found)))
            self._put("time_told", np.fromiter((bool(value.strip()) for value in values), np.bool_, len(found)))

    def _persons(self, told: dict[str, list[str]], places: Sequence[Place]) -> None:
        size, of = len(places), self._keys.person
        phones, callers = told.get("phone", [""] * size), told.get("caller", [""] * size)
        self._put("person", np.fromiter(map(of, phones, callers, places), np.uint64, size))

    def _addresses(self, values: Sequence[str]) -> list[Place]:
        read = [self._keys.place(value) if value.strip() else (NOWHERE, 0) for value in values]
        self._put("community", self.places[0].encode([place.estate for place, _ in read]))
        self._put("building", self.places[1].encode([place.building.replace("|", "·") for place, _ in read]))
        self._put("household", np.fromiter((key for _, key in read), np.uint64, len(read)))
        return [place for place, _ in read]

    def _ids(self, values: Sequence[str]) -> None:
        self._put("id", np.fromiter((_digest(value.strip()) if value.strip() else 0 for value in values), np.uint64, len(values)))
        self._put("id_damaged", np.fromiter((_SCIENTIFIC.match(value.strip()) is not None for value in values), np.bool_, len(values)))

    def _texts(self, told: dict[str, list[str]], size: int) -> None:
        given = narratives(told, size)
        texts = ["".join(narrative.split()) for narrative in given]
        self._put("length", np.fromiter(map(len, texts), np.uint32, size))
        self._put("text", np.fromiter((_digest(text) if text else 0 for text in texts), np.uint64, size))
        self._put("garbled", np.fromiter((_GARBLED.search(text) is not None for text in texts), np.bool_, size))
        for start in range(0, size, _CHUNK):
            self._put("vector", vectors(given[start : start + _CHUNK], self._keys.rules))


def narratives(told: dict[str, list[str]], size: int) -> list[str]:
    """What was said and what was found, one text per record."""
    call, outcome = told.get("text"), told.get("outcome_text")
    if call is None or outcome is None:
        return call or outcome or [""] * size
    return [f"{said}\n{found}" if found.strip() else said for said, found in zip(call, outcome, strict=True)]


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") or 1


def _number(value: str) -> float:
    try:
        number = float(value) if value else math.nan
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
