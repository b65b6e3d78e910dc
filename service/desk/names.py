"""Chinese names of the codes that the desk shows: from the rules that stand, and from `desk.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from pipeline.engine import Engine
from pipeline.values import Evidence

FAMILIES = {"category": "categories"}


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """`desk.yaml`."""
    told: dict[str, Any] = yaml.safe_load(files("service.desk").joinpath("desk.yaml").read_text("utf-8"))
    return told


def person(actor: str) -> str:
    """Who did something, as people read it: `演示账号/警员甲` of the demo's `demo/警员甲`."""
    system, mark, officer = actor.partition("/")
    return f"{words()['actors'].get(system, system)}{mark}{officer}"


@dataclass(frozen=True, slots=True)
class Level:
    """One colour of a profile. `rank` counts from 0, the lowest."""

    code: str
    name: str
    rank: int
    of: int
    handling: str = ""

    @property
    def mark(self) -> str:
        """A shape, so that the colour is not told by colour alone."""
        share = (self.rank + 1) / self.of if self.of else 0
        return "▲" if share >= 1 else "◆" if share > 0.7 else "◐" if share > 0.3 else "○"

    @property
    def short(self) -> str:
        """The first character of the name, for narrow places."""
        return self.name[:1]


@dataclass(frozen=True, slots=True)
class Names:
    """Names for one engine."""

    engine: Engine

    def of(self, family: str, code: str) -> str:
        """The name of a code of a family of rules; the code where the rules do not know it."""
        rule = self.engine.pack.rules.get(family, {}).get(code)
        return rule.name if rule is not None else code

    def level(self, profile: str, code: str) -> Level:
        """A colour of a profile."""
        return next((level for level in self.levels(profile) if level.code == code), Level(code, code, 0, 0))

    def levels(self, profile: str) -> list[Level]:
        """The colours of a profile, lowest first."""
        rule = self.engine.pack.rules["profiles"].get(profile)
        told = rule.data["levels"] if rule is not None else []
        return [Level(item["code"], item["name"], rank, len(told), str(item.get("handling") or "")) for rank, item in enumerate(told)]

    def evidence(self, by: str) -> str:
        """What a piece of evidence speaks for: `因素 持械` of `factor.weapon/held`; never a code, which says nothing to who reads it."""
        kind, _, rest = by.partition(".")
        rule = self.engine.pack.rules.get(FAMILIES.get(kind, f"{kind}s"), {}).get(rest.partition("/")[0])
        return f"{words()['families'].get(kind, '')} {rule.name if rule is not None else ''}".strip() or words()["other_evidence"]

    def spoken(self, piece: Evidence) -> str:
        """What a piece of evidence speaks for and how: `因素 持械 · 否定`."""
        return f"{self.evidence(piece.by)} · {words()['statuses'].get(piece.status, piece.status)}"

    def person(self, actor: str) -> str:
        """Who did something, as people read it."""
        return person(actor)

    def kind(self, category: str, dispute: str, script: str) -> str:
        """What an incident is, in few words."""
        finer = self.of("disputes", dispute) if dispute else self.of("scripts", script) if script else ""
        return finer or self.of("categories", category)
