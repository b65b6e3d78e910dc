"""Factors → urgency, danger, difficulty → colour through a profile, with the reasons on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pipeline.errors import RuleError
from pipeline.match.hit import Hit
from pipeline.match.reading import Reading
from pipeline.rulepack.pack import Pack

AXES = ("urgency", "danger", "difficulty")
TOP = 3  # the highest value of an axis
QUOTES = 2  # most quotes that a reason is told with
CONDITIONS = 3  # most conditions of the next level that are told


class Reason(msgspec.Struct, frozen=True):
    """One grading statement that held."""

    axis: str
    id: str
    to: int
    says: str
    basis: str
    hits: tuple[Hit, ...]


class Grade(msgspec.Struct, frozen=True):
    """The three axes (0–3), the level of the profile, and what each rests on."""

    axes: dict[str, int]
    level: int
    profile: str
    reasons: tuple[Reason, ...]


def grade(pack: Pack, reading: Reading, profile: str) -> Grade:
    """Grade a reading whose labels are decided. Axes only ever rise: no statement can take back another."""
    axes = dict.fromkeys(AXES, 0)
    reasons: list[Reason] = []
    for statement in pack.statements.holding(reading.values.get):
        axis, entry = statement.axis, statement.entry
        axes[axis] = max(axes[axis], entry["to"])
        hits = tuple(dict.fromkeys(statement.condition.support(reading)))
        reasons.append(Reason(axis, entry["id"], entry["to"], entry["says"], entry["basis"], hits))
    reasons.sort(key=lambda reason: (-reason.to, AXES.index(reason.axis), reason.id))
    return Grade(axes, colour_level(pack, axes, profile, reading), profile, tuple(reasons))


def colour_level(pack: Pack, axes: dict[str, int], profile: str, reading: Reading) -> int:
    """Index into the profile's levels. Raises RuleError for an unknown profile."""
    profile_data(pack, profile)
    for axis, value in axes.items():
        reading.values[f"axis.{axis}"] = float(value)
    reading.values["axis.max"] = float(max(axes.values()))
    found, look = reading.found, reading.values.get
    return next((level for condition, level in pack.maps[profile] if condition is None or condition.test(found, look, reading)), 0)


def profile_data(pack: Pack, profile: str) -> dict[str, Any]:
    """The profile's own data. Raises RuleError where it does not exist."""
    rule = pack.rules["profiles"].get(profile)
    if rule is None:
        known = "、".join(sorted(pack.rules["profiles"]))
        raise RuleError("FQ1301", "没有这个分级方案", "unknown colour profile", seen=profile, remedy=f"可用 available: {known}")
    return rule.data


def why_not_lower(result: Grade, quotes: dict[Hit, str]) -> str:
    """What holds the colour where it is."""
    if result.level == 0:
        return "已是最低一级。"
    top = max(result.axes.values())
    parts: list[str] = []
    for reason in result.reasons:
        if reason.to == top and reason.says not in [part.partition("(")[0] for part in parts]:
            said = dict.fromkeys(quotes[hit] for hit in reason.hits if hit in quotes)  # two hits may rest on the same words, or one's within the other's
            shown = [quote for quote in said if not any(quote != other and quote in other for other in said)][:QUOTES]
            parts.append(reason.says + (f"(“{'”“'.join(shown)}”)" if shown else ""))
    return "因为: " + "; ".join(parts[:4]) + "。"


def why_not_higher(pack: Pack, result: Grade, aside: list[str], told: Callable[[str], float]) -> str:
    """What the next level would have needed, the conditions that are nearest to the matter first, and what was said but does not count."""
    levels = profile_data(pack, result.profile)["levels"]
    if result.level + 1 >= len(levels):
        return "已是最高一级。"
    upper = levels[result.level + 1]
    scored = [(sum(told(name) for name in entry["near"]), entry["says"]) for entry in upper["typical"]]
    near = sorted((entry for entry in scored if entry[0] > 0), key=lambda entry: -entry[0]) or scored  # what is nowhere near is told where nothing is nearer
    text = "、".join(says for _, says in near[:CONDITIONS])
    said = f"未见“{upper['name']}”所需的情形" + (f"(如{text})" if text else "") + "。"
    return said + (f"叙述中不计入的: {'; '.join(list(dict.fromkeys(aside))[:CONDITIONS])}。" if aside else "")


def handling(level: Mapping[str, Any], *, category: str, script: str, barred: bool, unverified: bool = False) -> str:
    """What a level of a profile asks for in a matter of this kind: by the leading script, then where only a model asks for it (`unverified`), by the
    category, where nothing may be mediated (`barred`), else for all."""
    told = level["handling_for"]
    asked = (f"script.{script}", "unverified" if unverified else "", category, "barred" if barred else "")
    return str(next((told[name] for name in asked if name in told), level["handling"]))
