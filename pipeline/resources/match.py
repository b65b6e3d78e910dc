"""Who fits best: a sum of a few parts, each shown; ties by distance, then by id. The same question always gets the same list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.resources.model import Directory, Resource, kilometres

Settings = Mapping[str, Any]  # the data of pipeline/rules/resources/default.yaml
_FAR = 1e9  # kilometres, where a place is not known


@dataclass(frozen=True, slots=True)
class Need:
    """What is looked for. `skills`: code → how much it matters (1 = the matter itself). `at`: local time; None leaves hours out of account."""

    kinds: tuple[str, ...]
    skills: tuple[tuple[str, float], ...] = ()
    area: str = ""
    point: tuple[float, float] | None = None
    at: dt.datetime | None = None
    languages: tuple[str, ...] = ()
    gender: str = ""
    most: int = 3
    need_skill: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A resource, its score and the parts of it, in words and in figures."""

    resource: Resource
    score: float
    parts: tuple[tuple[str, float], ...]  # part → points
    why: str
    open: bool | None
    opens_in: int | None  # minutes
    km: float | None
    stale_days: int | None
    fallback: bool = False


def match(directory: Directory, need: Need, settings: Settings) -> list[Match]:
    """The best resources for a need, best first. Where none of them is open, who stands in comes first, marked `fallback`."""
    scored = (_scored(directory, resource, need, settings) for resource in directory.resources.values() if resource.kind in need.kinds)
    found = sorted((entry for entry in scored if entry is not None), key=_order)
    best = found[: need.most]
    if need.at is None or not best or any(entry.open for entry in best):
        return best
    cover = _cover(directory, best, found, need, settings)
    return ([cover] if cover else []) + best


def _order(entry: Match) -> tuple[float, float, str]:
    return -entry.score, entry.km if entry.km is not None else _FAR, entry.resource.id


def _cover(directory: Directory, best: list[Match], found: list[Match], need: Need, settings: Settings) -> Match | None:
    """Out of hours: who stands in for the best, else the best of the same kind that is open, else a kind that always is."""
    anyone = replace(need, need_skill=False)
    named = [directory.resources[entry.resource.cover] for entry in best if entry.resource.cover in directory.resources]
    always = [resource for resource in directory.resources.values() if resource.kind in settings["fallback_kinds"]]
    groups = ([_scored(directory, resource, anyone, settings) for resource in named], found)
    for group in groups:
        chosen = next((entry for entry in group if entry is not None and entry.open), None)
        if chosen is not None:
            return replace(chosen, why=f"其余不在班, 由其先接; {chosen.why}", fallback=True)
    scored = (_scored(directory, resource, anyone, settings) for resource in always)
    last = min((entry for entry in scored if entry is not None and entry.open), key=_order, default=None)
    return replace(last, why=f"其余不在班, 由其先接; {last.why}", fallback=True) if last else None


def _scored(directory: Directory, resource: Resource, need: Need, settings: Settings) -> Match | None:
    """The score of one resource; None where it serves another place or, if asked for, lacks the skill."""
    if need.need_skill and not any(code in resource.skills for code, _ in need.skills):
        return None
    area = _area(directory, resource, need, settings)
    if area is None:
        return None
    km = _distance(directory, resource, need)
    shares = {"skill": _skill(resource, need, settings), "focus": _focus(resource, need), "area": area} | _person(resource, need)
    if km is not None and (near := settings["near_km"] / (settings["near_km"] + km)) > area[0]:
        shares["area"] = (near, f"相距约{km:.1f}公里")
    opens = resource.hours.opens_in(need.at) if resource.hours is not None and need.at is not None else None
    if opens is not None:
        shares["hours"] = (1.0, "在班") if opens == 0 else (0.5 if opens <= settings["soon_hours"] * 60 else 0.0, f"{opens}分钟后上班")
    stale = resource.stale(need.at.date(), settings["stale_days"]) if need.at is not None else None
    if stale is not None:
        shares["stale"] = (1.0, "信息从未核对" if resource.verified is None else f"信息已{stale}天未核对")
    parts = tuple((name, round(settings["weights"][name] * share, 2)) for name, (share, _) in shares.items() if share)
    why = " · ".join(f"{shares[name][1]}({points:+.2f})" for name, points in parts)
    open_now = None if need.at is None or resource.hours is None else opens == 0
    return Match(resource, round(sum(points for _, points in parts), 2), parts, why or "仅类别相符", open_now, opens, km, stale)


Share = tuple[float, str]  # 0 to 1, and why


def _skill(resource: Resource, need: Need, settings: Settings) -> Share:
    total = sum(weight for _, weight in need.skills)
    if not total:
        return 0.0, ""
    share = sum(weight for code, weight in need.skills if code in resource.skills) / total
    if share < settings["generalist"] and settings["all_skills"] in resource.skills:
        return settings["generalist"], "综合受理"
    return share, "专长相符"


def _focus(resource: Resource, need: Need) -> Share:
    """Of two with the skill, the one that does nothing else."""
    had = sum(code in resource.skills for code, _ in need.skills)
    return (had / len(resource.skills) if resource.skills else 0.0), "专办"


def _person(resource: Resource, need: Need) -> dict[str, Share]:
    both = sorted(set(need.languages) & set(resource.languages))
    shares = {"language": (len(both) / len(need.languages), "会" + "、".join(both))} if need.languages else {}
    return shares | ({"gender": (1.0, "性别相宜")} if need.gender and resource.gender == need.gender else {})


def _area(directory: Directory, resource: Resource, need: Need, settings: Settings) -> Share | None:
    """How close the resource's area is to the area of the matter; None where the resource serves another place altogether."""
    if not resource.area:
        return settings["everywhere"], "不限辖区"
    here, theirs = directory.line(need.area), directory.line(resource.area)
    if not here or not theirs:
        return 0.0, ""
    name = directory.areas[resource.area].name
    if resource.area in here:  # it serves an area that contains this one
        up = here.index(resource.area)
        return max(0.1, 1.0 - 0.15 * up), f"本{name}" if up == 0 else f"辖{name}"
    common = next((area for area in here if area in theirs), None)
    if common is None:
        return None
    steps = here.index(common) + theirs.index(common)
    return 1.0 / (1 + steps), f"同属{directory.areas[common].name}"


def _distance(directory: Directory, resource: Resource, need: Need) -> float | None:
    """Kilometres between the matter and the resource's own place; an area stands for its middle. None where either is not known."""
    area, theirs = directory.areas.get(need.area), directory.areas.get(resource.area)
    here = need.point or (area.point if area else None)
    there = resource.point or (theirs.point if theirs else None)
    return kilometres(here, there) if here and there else None
