"""What the codes of an answer are called, their order and gates: from the rule pack, so that no label stands in code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.playbook.compose import compose
from pipeline.rulepack.pack import Pack

UNTOLD = "未填"


@dataclass(frozen=True, slots=True)
class Names:
    """Code → Chinese name per family, colours from low to high, gates."""

    families: dict[str, dict[str, str]]
    profile: str
    profile_name: str
    levels: tuple[tuple[str, str], ...]  # (code, name), lowest first
    gates: frozenset[str]
    external: frozenset[str]
    rules: str

    def of(self, family: str, code: str) -> str:
        """The Chinese name, the code itself where unknown, 未填 where empty."""
        return self.families[family].get(code, code) or UNTOLD

    def level(self, rank: int) -> str:
        """The name of a grade, short (红色)."""
        return self.levels[rank][1].partition("（")[0]

    def rank(self, code: str) -> int | None:
        """Place of a colour, lowest 0."""
        return next((rank for rank, (known, _) in enumerate(self.levels) if known == code), None)

    def joined(self, family: str, codes: Iterable[str]) -> str:
        """Several names with 、 between."""
        return "、".join(self.of(family, code) for code in codes if code)


def _routes(pack: Pack) -> dict[str, str]:
    """Steps of the playbooks by name, for files that tell only the code; where two name a step differently, as the usual playbook has it."""
    told = {code: rule.name for code, rule in pack.rules["routes"].items()}
    usual = compose(pack, str(pack.settings["default_playbook"]))["steps"]
    for step in (*(step for rule in pack.rules["playbooks"].values() for step in rule.data["steps"]), *usual):
        told[step["id"]] = step["name"] or told.get(step["route"], step["id"])
    return told


def names_of(pack: Pack, colours: Iterable[str], profile: str | None = None) -> Names:
    """Names from a pack. Without `profile`, the default's if it knows all `colours`, else the first that does."""
    known = {code: {str(level["code"]) for level in rule.data["levels"]} for code, rule in pack.rules["profiles"].items()}
    told = set(colours)
    default = str(pack.settings["default_profile"])
    order = [profile] if profile in known else [default, *known]
    chosen = next((code for code in order if code is not None and told <= known[code]), order[0] or default)
    rule = pack.rules["profiles"][chosen]
    factors = pack.rules["factors"]
    return Names(
        families={family: {code: r.name for code, r in pack.rules[family].items()} for family in ("categories", "disputes", "factors", "scripts", "review")}
        | {"routes": _routes(pack)}
        | {"stages": {code: r.name for code, r in sorted(pack.rules["stages"].items(), key=lambda item: item[1].data["rank"])}},
        profile=chosen,
        profile_name=rule.name,
        levels=tuple((str(level["code"]), str(level["name"])) for level in rule.data["levels"]),
        gates=frozenset(code for code, r in factors.items() if r.data["gate"]),
        external=frozenset(code for code, r in factors.items() if not r.data["internal"]),
        rules=pack.digest,
    )
