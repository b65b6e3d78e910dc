"""The settings of repeats as the code uses them: plain frozen values made once per pack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.rulepack.pack import Pack

DAY = 86_400  # seconds
_MADE = "made"  # where the settings are kept in the rule's data
FILE = "default"  # pipeline/rules/repeats/default.yaml, or the local file of that name


@dataclass(frozen=True, slots=True)
class Settings:
    """Windows in days, join limits in seconds, the rest as in the settings file."""

    person_days: int
    place_days: int
    kind_days: int
    look_back: int
    entries: int
    flags: Mapping[str, Mapping[str, Any]]
    surge: Mapping[str, float]
    join_seconds: int
    join_characters: int
    join_unknown: float
    join_needs: Mapping[str, tuple[float, float]]
    dimensions: int
    similar: Mapping[str, float]
    places: Mapping[str, tuple[str, ...]]
    not_names: tuple[str, ...]
    name_after: tuple[str, ...]
    results: Mapping[str, str]
    not_graded: frozenset[str]
    failed: frozenset[str]
    note: str
    boilerplate: re.Pattern[str]

    def days(self, shared: str) -> int:
        """The window, in days, in which what is shared (person, party, household, building, estate) counts."""
        return self.person_days if shared in ("person", "party") else self.place_days


def settings_of(pack: Pack) -> Settings:
    """The settings of a pack, made once."""
    rule = pack.rules["repeats"][FILE]
    known: Settings | None = rule.data.get(_MADE)
    if known is None:
        known = rule.data[_MADE] = made(rule.data)
    return known


def made(data: Mapping[str, Any]) -> Settings:
    """Settings from a validated settings file."""
    windows, join, similar = data["windows"], data["join"], data["similar"]
    phrases = sorted(data["boilerplate"], key=len, reverse=True)
    return Settings(
        windows["person"],
        windows["place"],
        windows["kind"],
        data["look_back"],
        data["entries"],
        dict(data["flags"]),
        dict(data["surge"]),
        join["minutes"] * 60,
        join["least_characters"],
        float(join["unknown"]),
        {name: (float(same), float(other)) for name, (same, other) in join["needs"].items()},
        similar["dimensions"],
        {key: similar[key] for key in ("least", "most", "candidates")},
        {name: tuple(levels) for name, levels in data["places"].items()},
        tuple(data["not_names"]),
        tuple(data["name_after"]),
        dict(data["results"]),
        frozenset(data["not_graded"]),
        frozenset(data["failed"]),
        data["note"],
        re.compile("|".join(map(re.escape, phrases)) or r"(?!)"),
    )
