"""What the settings of repeats may say: windows, thresholds, how places fall into three granularities, what counts as one event."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.rulepack.schema_base import Identified, Model

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Days = Annotated[int, Field(ge=1, le=3660)]


class Windows(Model):
    """Days back from the call, one figure per kind of repeat."""

    person: Days
    place: Days
    kind: Days


class Flag(Model):
    """From how many events (this one included) a repeat is shown as a key incident, under which name, and what is the same."""

    least: int = Field(ge=2)
    name: str
    same: str


class Flags(Model):
    """One flag per thing that may be the same."""

    person: Flag
    party: Flag
    household: Flag
    building: Flag
    estate: Flag
    kind: Flag


class Surge(Model):
    """When a kind in an area is more than usual: all three of count, ratio and chance must say so."""

    windows: int = Field(ge=1, le=104)
    least_windows: int = Field(ge=1)
    least_count: int = Field(ge=1)
    ratio: float = Field(gt=1.0)
    chance: Share


class Join(Model):
    """When two calls tell of one event. `needs`: what is shared → least likeness where the kind is the same, and where it differs."""

    minutes: int = Field(ge=0)
    least_characters: int = Field(ge=0)
    unknown: Share
    needs: dict[str, tuple[Share, Share]]


class Similar(Model):
    """Hashed vectors: length, least cosine, how many are shown, among how many of the newest."""

    dimensions: int = Field(ge=64, le=4096)
    least: Share
    most: int = Field(ge=0)
    candidates: int = Field(ge=0)


class Places(Model):
    """How the parts of a place make estate, building and household."""

    sites: list[str]
    told_sites: list[str] = []
    areas: list[str]
    stand_alone: list[str] = []
    premises: list[str] = []


class Repeats(Identified):
    """The settings of repeats."""

    windows: Windows
    look_back: Days
    entries: int = Field(ge=1)
    flags: Flags
    surge: Surge
    join: Join
    similar: Similar
    places: Places
    not_names: list[str]
    name_after: list[str]
    results: dict[str, str]
    not_graded: list[str] = []
    failed: list[str]
    note: str
    boilerplate: list[str]
