"""The directory: areas that lie in one another, and resources that serve them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.resources.hours import Hours

_EARTH_KM = 6371.0
_DEEPEST = 12  # areas within areas; more is a circle


@dataclass(frozen=True, slots=True)
class Area:
    """A grid, community, town or county. `aliases`: names of estates, villages and roads that lie in it."""

    id: str
    name: str
    level: str
    parent: str = ""
    aliases: tuple[str, ...] = ()
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """Somebody or something that can help. `skills` are codes of labels (neighbour, domestic_violence …); no origin, no belief, no ethnicity."""

    id: str
    name: str
    kind: str
    area: str = ""
    address: str = ""
    point: tuple[float, float] | None = None  # latitude, longitude
    phone: str = ""
    hours: Hours | None = None
    hours_told: str = ""
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    gender: str = ""
    force: str = ""  # of the three mediation forces: 公安, 司法, 人民
    at: str = ""  # the unit where a person works
    cover: str = ""  # who stands in out of hours
    verified: dt.date | None = None
    note: str = ""

    def stale(self, today: dt.date, days: int) -> int | None:
        """Days since the entry was checked, where that is too long ago; None where it is fresh. Never checked counts as a century."""
        age = (today - self.verified).days if self.verified is not None else 36_500
        return age if age >= days else None


@dataclass(frozen=True, slots=True)
class Directory:
    """All areas and resources of one place."""

    areas: Mapping[str, Area] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    _names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, areas: Iterable[Area], resources: Iterable[Resource]) -> Directory:
        """A directory with its names indexed; ids must be unique (the reader sees to it)."""
        known = {area.id: area for area in areas}
        names: dict[str, tuple[str, ...]] = {}
        for area in known.values():
            for name in (area.name, *area.aliases):
                names[name] = (*names.get(name, ()), area.id)
        return cls(known, {resource.id: resource for resource in resources}, names)

    def line(self, area: str) -> tuple[str, ...]:
        """The area and all that it lies in, from small to large; empty where it is unknown."""
        found: list[str] = []
        while area in self.areas and area not in found and len(found) < _DEEPEST:
            found.append(area)
            area = self.areas[area].parent
        return tuple(found)

    def locate(self, *texts: str) -> str:
        """The smallest area that these texts name, earlier texts first; "" where none does.

        A name that several areas have (幸福小区 in two towns) is settled by what else is said, else it stands for the smallest area around all of them.
        """
        for text in texts:
            named = [name for name in self._names if name in text]
            named = [name for name in named if not any(name != other and name in other for other in named)]
            if named:
                return self._smallest(named)
        return ""

    def _smallest(self, named: list[str]) -> str:
        lines = [[self.line(area) for area in self._names[name]] for name in named]
        lines.sort(key=lambda options: -max(len(line) for line in options))
        certain = {line[0] for options in lines if len(options) == 1 for line in options if line}
        for options in lines:
            fitting = [line for line in options if certain <= set(line)] or options
            if len(fitting) == 1:
                return fitting[0][0]
            common = [area for area in fitting[0] if all(area in line for line in fitting)]
            if common:
                return common[0]
        return ""


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two (latitude, longitude) points.

    >>> round(kilometres((0.0, 160.0), (0.0, 161.0)))
    111
    """
    lat, lon = math.radians(b[0] - a[0]), math.radians(b[1] - a[1])
    part = math.sin(lat / 2) ** 2 + math.cos(math.radians(a[0])) * math.cos(math.radians(b[0])) * math.sin(lon / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, part)))
