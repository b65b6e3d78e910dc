"""One pass over the labelled files: every record becomes a few numbers, so that millions fit (about 200 bytes each, sketch included).

Persons are 64-bit keyed hashes (HMAC-SHA256) from the first moment; narratives leave a length, a hash and a sketch behind.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.repeats.keys import Keyer, person_term
from pipeline.repeats.place import Place
from pipeline.repeats.settings import Settings as RepeatSettings
from service.report import readers
from service.report.columns import roles_of
from service.report.knowledge import Headers, Settings
from service.report.moments import moment
from service.report.places import Places
from service.report.readers import Batch, FileFacts
from service.report.sketch import Sketches, sketches

WORDS = {  # column of the frame → role; kept as a code and a list of the different texts
    "area": "area", "category": "fq_category", "type": "fq_dispute_type", "colour": "fq_risk", "factors": "fq_factors", "scripts": "fq_fraud_scripts",
    "stage": "fq_fraud_stage", "route": "fq_route", "codes": "fq_review_codes", "status": "status", "satisfaction": "satisfaction", "admonition": "admonition",
    "initial": "initial_label", "filed": "final_label", "filed_type": "dispute_label", "filed_level": "level_label", "initial_level": "initial_level_label",
}  # fmt: skip
_TRUE = frozenset({"true", "1", "是", "yes", "y", "需要", "需复核"})
_GARBLED = re.compile("\ufffd|锟斤拷|烫烫烫|屯屯屯|ï»¿|[ÃÂäåæçèé][\x80-\xbf]")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?[eE]\+\d+$")
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

    def __init__(self, secret: bytes, rules: RepeatSettings) -> None:
        self._keyer, self._rules = Keyer(secret), rules

    def person(self, phone: str, caller: str, community: str) -> int:
        """The telephone where it is whole, else the name at its place."""
        place = Place(estate=community)
        term = (person_term(phone, place, self._rules) if phone else "") or (person_term(caller, place, self._rules) if caller else "")
        return self._half("person", term) if term else 0

    def household(self, address: str) -> int:
        """An address down to the door."""
        return self._half("household", address) if address else 0

    def _half(self, kind: str, term: str) -> int:
        return int.from_bytes(self._keyer.key(kind, term)[:8], "big") or 1


def short_id(prefix: str, key: int) -> str:
    """A person's id as shown: eight characters of the keyed hash."""
    return f"{prefix}-{key:016x}"[: len(prefix) + 9]


class Gathered:
    """Columns of numbers, one entry per record, and the words behind the codes."""

    def __init__(self, usual: Headers, settings: Settings, keys: Keys, named: dict[str, str] | None = None) -> None:
        self.words = {column: Words() for column in WORDS}
        self.places = tuple(Words() for _ in range(2))
        self.files: list[FileFacts] = []
        self.roles: dict[str, str] = {}
        self._usual, self._settings, self._named = usual, settings, named
        self._keys = keys
        self._cut = Places(settings.places.community, settings.places.building)
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

    def _persons(self, told: dict[str, list[str]], communities: Sequence[str]) -> None:
        size, of = len(communities), self._keys.person
        phones, callers = told.get("phone", [""] * size), told.get("caller", [""] * size)
        self._put("person", np.fromiter(map(of, phones, callers, communities), np.uint64, size))

    def _addresses(self, values: Sequence[str]) -> list[str]:
        cut = [self._cut.cut(value) or ("", "", "") if value else ("", "", "") for value in values]
        for name, words, column in zip(("community", "building"), self.places, zip(*cut, strict=True) if cut else ((), ()), strict=False):
            self._put(name, words.encode(column))
        self._put("household", np.fromiter((self._keys.household(full) for _, _, full in cut), np.uint64, len(cut)))
        return [community for community, _, _ in cut]

    def _ids(self, values: Sequence[str]) -> None:
        self._put("id", np.fromiter((_digest(value.strip()) if value.strip() else 0 for value in values), np.uint64, len(values)))
        self._put("id_damaged", np.fromiter((_SCIENTIFIC.match(value.strip()) is not None for value in values), np.bool_, len(values)))

    def _texts(self, told: dict[str, list[str]], size: int) -> None:
        texts = ["".join(narrative.split()) for narrative in narratives(told, size)]
        self._put("length", np.fromiter(map(len, texts), np.uint32, size))
        self._put("text", np.fromiter((_digest(text) if text else 0 for text in texts), np.uint64, size))
        self._put("garbled", np.fromiter((_GARBLED.search(text) is not None for text in texts), np.bool_, size))
        self._put("sketch", sketches(texts))

    def sketches(self) -> Sketches:
        """The sketches, given away."""
        parts = self._parts.pop("sketch", [])
        return np.concatenate(parts) if parts else np.empty((0, 0), np.uint16)


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
