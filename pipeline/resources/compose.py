"""From an assessment to the resources that it calls for: what is looked for in which case stands in the rules, who there is in the directory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from pipeline.resources.match import Match, Need, Settings, match
from pipeline.resources.model import Directory
from pipeline.rulepack.pack import Pack
from pipeline.values import Assessment, Incident

FILE = "default"  # pipeline/rules/resources/default.yaml, or the local file of that name


def settings_of(pack: Pack) -> Settings:
    """The settings of matching in a pack."""
    return pack.rules["resources"][FILE].data


def with_resources(answer: Assessment, incident: Incident, directory: Directory, settings: Settings, *, at: dt.datetime | None = None) -> Assessment:
    """The answer with its resources. `at` is the time at which somebody is needed; the time of the call where it is not given."""
    return replace(answer, resources=tuple(resources_for(answer, incident, directory, settings, at=at)))


def resources_for(answer: Assessment, incident: Incident, directory: Directory, settings: Settings, *, at: dt.datetime | None = None) -> list[dict[str, Any]]:
    """One entry per resource, each resource once, in the order of the wants."""
    where = directory.locate(incident.place, *_places(answer))
    found: dict[str, dict[str, Any]] = {}
    for want in settings["wants"]:
        if not _applies(want["for_"], answer) or (want["need_area"] and not where):
            continue
        need = Need(
            tuple(want["kinds"]), skills_of(answer, settings, want["skills"]), where, None, at or incident.occurred_at,
            gender=_gender(answer, settings), most=want["most"], need_skill=want["need_skill"],
        )  # fmt: skip
        for entry in match(directory, need, settings):
            told = shown(entry, want["says"], settings)
            known = found.setdefault(entry.resource.id, told)
            if known is not told and entry.fallback:  # listed already, and stands in here besides
                found[entry.resource.id] = known | {"fallback": True, "why": f"{known['why']}; {want['says']}: 不在班, 由其先接"}
    return list(found.values())


def shown(entry: Match, says: str, settings: Settings) -> dict[str, Any]:
    """A match in the shape of the contract: id, name, kind, why; the rest is besides."""
    resource = entry.resource
    return {
        "id": resource.id, "name": resource.name, "kind": resource.kind, "why": f"{says}: {entry.why}",
        "kind_name": settings["kinds"].get(resource.kind, resource.kind), "score": entry.score, "parts": dict(entry.parts),
        "phone": resource.phone, "hours": resource.hours_told, "open": entry.open, "opens_in_minutes": entry.opens_in,
        "km": None if entry.km is None else round(entry.km, 2), "stale_days": entry.stale_days, "fallback": entry.fallback,
    }  # fmt: skip


def skills_of(answer: Assessment, settings: Settings, which: str = "matter") -> tuple[tuple[str, float], ...]:
    """What the matter calls for: its type first, then what is special about the persons; or only the latter (`persons`)."""
    persons = {factor.code: 0.5 for factor in answer.risk.factors if factor.code in settings["skill_factors"]}
    if which == "persons":
        return tuple((code, 1.0) for code in persons)
    skills: dict[str, float] = {}
    if answer.dispute is not None:
        skills[answer.dispute.type] = 1.0
    if answer.fraud is not None:
        skills |= {answer.category.code: 1.0} | {script.code: 0.5 for script in answer.fraud.scripts[:1]}
    if not skills:
        skills[answer.category.code] = 1.0
    return tuple((persons | skills).items())


def _applies(case: Mapping[str, Any], answer: Assessment) -> bool:
    gates = set(answer.risk.gates)
    wanted = case["gates"]
    return (
        (not case["categories"] or answer.category.code in case["categories"])
        and (not case["types"] or (answer.dispute is not None and answer.dispute.type in case["types"]))
        and (not case["colours"] or answer.risk.colour in case["colours"])
        and (not case["factors"] or any(factor.code in case["factors"] for factor in answer.risk.factors))
        and (not wanted or (bool(gates) if wanted == "any" else bool(gates & set(wanted))))
        and not (case["not_gates"] and gates)
    )


def _gender(answer: Assessment, settings: Settings) -> str:
    told = {factor.code for factor in answer.risk.factors}
    return next((gender for gender, factors in settings["gender"].items() if told & set(factors)), "")


def _places(answer: Assessment) -> list[str]:
    return [str(place["quote"]) for place in answer.facts.get("places", ())]
