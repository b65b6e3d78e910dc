"""A place at three granularities (小区 / 楼 / 户), written so that the same place is the same string however it was told.

3栋, 三幢 and 3号楼 are one building; province, city and town are left out, because callers leave them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline import facts
from pipeline.facts.model import Fact
from pipeline.facts.numbers import parse
from pipeline.repeats.settings import Settings
from pipeline.text.document import read

Parts = Sequence[tuple[str, str]]
NAMED = "estate"  # what the first granularity is called in answers, whatever kind of site it is


class Place(NamedTuple):
    """One place. Each granularity contains the one before it; empty where the text does not tell it. `area`: the town, empty where not told."""

    estate: str = ""
    building: str = ""
    household: str = ""
    area: str = ""


NOWHERE = Place()


def place_of(parts: Parts, settings: Settings, *, told: bool = False) -> Place:
    """The place that the parts of a `place` fact make; `told` for what stood in the field of the record.

    >>> from pipeline.engine import Engine
    >>> from pipeline.repeats.settings import settings_of
    >>> place_of([("town", "城东街道"), ("estate", "桃园小区"), ("building", "三"), ("unit", "2"), ("room", "501")], settings_of(Engine.default().pack))
    Place(estate='桃园小区', building='桃园小区|3', household='桃园小区|3|2-501', area='城东街道')
    """
    rules = settings.places
    by_level: dict[str, str] = {}
    for level, value in parts:
        by_level[level] = value  # the last one told is the nearest
    area = next((by_level[level] for level in rules["areas"] if level in by_level), "")
    sites = rules["sites"] + (rules["told_sites"] if told else ())
    level = next((level for level in sites if level in by_level), "")
    if not level:
        return Place(area=area)
    number = {name: _number(by_level[name]) for name in ("building", "unit", "room", "number", "group", "lane", "floor") if name in by_level}
    site = by_level[level]
    if level in rules["premises"]:
        site += number.pop("lane", "") or number.pop("number", "")
    building = number.get("building") or (number.get("group", "") if level in rules["stand_alone"] else number.get("number", ""))
    room = number.get("room") or (number.get("number", "") if level in rules["stand_alone"] else "")
    unit = number.get("unit", "")
    block = f"{site}|{building}" if building else ""
    house = f"{site}|{building}|{unit}-{room}" if room and (building or level in rules["stand_alone"]) else ""
    return Place(site, block, house, area)


def best_place(found: Iterable[Fact], settings: Settings, *, told: bool = False) -> Place:
    """The place that is told most exactly; the first of equals."""
    best, depth = NOWHERE, 0
    for fact in found:
        place = place_of([(level, str(value)) for level, value in fact.extra], settings, told=told)
        deep = 8 * bool(place.household) + 4 * bool(place.building) + 2 * bool(place.estate) + bool(place.area)
        if deep > depth:
            best, depth = place, deep
    return best


def read_place(text: str, settings: Settings) -> Place:
    """The place in the field of a record; a name that is not recognised as one counts as a site."""
    if not text.strip():
        return NOWHERE
    document = read(text[:200])
    place = best_place(facts.extract(document).places, settings, told=True)
    if place.estate:
        return place
    plain = "".join(char for char in document.text if not char.isspace())
    return place._replace(estate=plain.removeprefix(place.area))


def _number(told: str) -> str:
    """三 → 3, 03 → 3, a → a."""
    if told.isdigit():
        return told.lstrip("0") or "0"
    number = parse(told)
    if number is not None and number.value == int(number.value):
        return str(int(number.value))
    return told.lower()
