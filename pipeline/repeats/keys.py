"""By what an incident can be known again: reporter, other parties, place; and the keyed hashes that stand for them in any store."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.errors import InputError
from pipeline.facts.model import Fact, Facts
from pipeline.repeats.place import NOWHERE, Place, best_place, read_place
from pipeline.repeats.settings import Settings
from pipeline.text.normalise import fold
from pipeline.values import Incident

REPORTER, PARTY, HOUSEHOLD, BUILDING, ESTATE = 0, 1, 2, 3, 4  # roles of a key in a store
ROLE_NAMES = ("person", "party", "household", "building", "estate")
_NUMBERS = frozenset(("mobile", "landline", "id_card", "qq", "wechat", "alipay", "bank_card"))
_NEAR = 16  # characters after the reporter's mention within which a number is taken to be the reporter's
_KEY_BYTES = 16  # 128 of the 256 bits: no collision to be expected below 2**64 keys
LEAST_SECRET = 16


class Cues(NamedTuple):
    """In clear, for the moment of one call only: never stored, never logged."""

    persons: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Keys:
    """The same, hashed: what a store sees. `links` pairs a role (REPORTER …) with a 16-byte key; `area` is a name of a town, not of a person."""

    links: tuple[tuple[int, bytes], ...]
    area: str = ""

    def of(self, *roles: int) -> tuple[bytes, ...]:
        """The keys in these roles."""
        return tuple(key for role, key in self.links if role in roles)


def cues(incident: Incident, found: Facts, settings: Settings) -> Cues:
    """Who and where, from the fields of the record first and from what the narrative tells besides."""
    place = read_place(incident.place, settings) if incident.place else NOWHERE
    told = best_place(found.places, settings) if found.places and not place.household else NOWHERE
    if not place.estate or (told.estate == place.estate and told.building and place.building in ("", told.building)):
        place = told._replace(area=place.area or told.area)
    persons: dict[str, None] = {}
    own = person_term(incident.caller, place, settings)
    if own:
        persons[own] = None
    parties: dict[str, None] = {}
    reporter_at = [fact.end for fact in found.parties if fact.value == "reporter"]
    for fact in found.identifiers:
        term = _number_term(fact)
        if term:
            near = any(0 <= fact.start - end <= _NEAR for end in reporter_at)
            (persons if (near and not own) or term in persons else parties)[term] = None
    for fact in found.parties:
        name = fact.get("name")
        term = _name_term(str(name), place, settings) if name else ""
        if term:
            (persons if fact.value == "reporter" else parties)[term] = None
    return Cues(tuple(persons), tuple(term for term in parties if term not in persons), place)


def person_term(told: str, place: Place, settings: Settings) -> str:
    """The caller's field as a term: a telephone or identity number, a whole name together with the place, or a key that the other system made.

    Masked numbers and names (138****0000, 张某) identify nobody and give no term.
    """
    plain = fold(told).replace(" ", "").replace("-", "")
    if not plain or "*" in plain or "\x00" in plain:
        return ""
    plain = plain.removeprefix("+86")
    if plain.isdigit():
        plain = plain[2:] if len(plain) == 13 and plain.startswith("86") else plain
        return f"mobile:{plain}" if len(plain) == 11 and plain[0] == "1" else f"number:{plain}" if len(plain) >= 7 else ""
    if len(plain) == 18 and plain[:17].isdigit():
        return f"id_card:{plain}"
    if all("\u4e00" <= char <= "\u9fff" for char in plain):
        return _name_term(plain, place, settings)
    return f"key:{plain}" if len(plain) >= 6 else ""


def _number_term(fact: Fact) -> str:
    value = str(fact.value or "")
    return f"{fact.kind}:{value}" if fact.kind in _NUMBERS and value and "*" not in value else ""


def _name_term(name: str, place: Place, settings: Settings) -> str:
    """A name alone is many people; with the place it is told at it is nearly always one."""
    whole = 2 <= len(name) <= 4 and place.estate and name[0] not in settings.name_after and not any(word in name for word in settings.not_names)
    return f"name:{name}@{place.estate}" if whole else ""


class Keyer:
    """Turns cues into keys with one secret of the place that runs it (HMAC-SHA256): without the secret no key leads back to a name,
    and two places with different secrets cannot compare theirs. Raises InputError for a secret under 16 bytes."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < LEAST_SECRET:
            raise InputError("FQ2501", "重复警情的密钥太短", "the secret for repeat keys is too short", seen=f"{len(secret)} 字节", remedy="至少 16 字节随机数")
        self._secret = secret

    def key(self, kind: str, term: str) -> bytes:
        """16 bytes that stand for a term; different for the same term under another kind."""
        return hmac.digest(self._secret, f"{kind}\x00{term}".encode("utf-8", "surrogatepass"), "sha256")[:_KEY_BYTES]

    def keys(self, told: Cues) -> Keys:
        """The keys of one incident. Reporter and party share one kind, so that who reports today is found as party of yesterday."""
        links = [(REPORTER, self.key("person", term)) for term in told.persons]
        links += [(PARTY, self.key("person", term)) for term in told.parties]
        place = told.place
        links += [(role, self.key(ROLE_NAMES[role], at)) for role, at in _levels(place) if at]
        return Keys(tuple(links), place.area)


def _levels(place: Place) -> Iterable[tuple[int, str]]:
    return (HOUSEHOLD, place.household), (BUILDING, place.building), (ESTATE, place.estate)
