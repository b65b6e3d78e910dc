"""From hits to labels: each family in its order, rules only. Nothing here knows a label by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from pipeline.match.context import resolve
from pipeline.match.hit import Hit
from pipeline.match.reading import Reading
from pipeline.match.scan import Spans
from pipeline.rulepack.pack import Pack, RuleSpec
from pipeline.text.document import Document
from pipeline.weigh import chosen, signs, weigh_factors, weigh_scripts, weigh_stage


class Ranked(msgspec.Struct, frozen=True):
    """One label of a scored family with its score and the hits that speak for it."""

    rule: RuleSpec
    score: float
    share: float  # 0–1 among the family's labels
    hits: tuple[Hit, ...]


def read_narrative(pack: Pack, document: Document, spans: Spans, values: dict[str, float], channel: str = "") -> Reading:
    """Take the spans found in a narrative, settle who tells and when, then how each hit is meant. `values` are the fact operands."""
    reading = Reading(pack, document, spans, values)
    told_by_channel = pack.settings["channel_frames"].get(channel)
    live = False
    for rule in reading.asked(pack.rules["frames"].values(), told_by_channel):
        score, hits = reading.score(rule)
        if rule.id == told_by_channel or (score >= rule.data["floor"] and reading.holds(rule)):
            reading.decide(rule, score, hits)
            values[f"frame.{rule.id}"] = max(score, 1.0)
            live = live or rule.data["fresh"]
    reading.context = resolve(pack, document, reading.found, lambda rule: not rule.data["when"] or reading.holds(rule), live=live)
    return reading


def decide_factors(pack: Pack, reading: Reading) -> None:
    """Factors in the order of their references."""
    for rule in reading.asked(pack.factors):
        if reading.holds(rule):
            reading.decide(rule, 1.0, reading.support(rule))


def settle_factors(pack: Pack, reading: Reading) -> frozenset[str]:
    """Ask the factors again that depend on what kind of matter it is, now that category and type are fixed. What a model proposed stays.
    Then weigh them; returns those that the sum of signs speaks against and those that mean nothing in such a matter."""
    for rule in reading.asked(pack.settling):
        held = reading.decided.get(f"factor.{rule.id}")
        if rule.once_settled is None or (held is not None and held.model):
            continue
        if not reading.holds(rule, rule.once_settled):
            reading.drop(rule)
        elif held is None:
            own = set(rule.groups.values())
            reading.decide(rule, 1.0, tuple(hit for hit in reading.support(rule, rule.once_settled) if hit.signal in own))
    against = weigh_factors(pack, reading)
    return against | _misplaced(pack, reading)


def _misplaced(pack: Pack, reading: Reading) -> frozenset[str]:
    """The factors, as `factor.x`, that mean nothing in a matter of this kind. What rules found of them may still be what the grade rests on; what a model
    proposed is dropped."""
    found = set()
    for rule in pack.placed:
        held = reading.decided.get(f"factor.{rule.id}")
        if held is None or any(reading.value(f"category.{code}") for code in rule.data["matters"]):
            continue
        if held.model:
            reading.drop(rule)
        else:
            found.add(f"factor.{rule.id}")
    return frozenset(found)


def decide_scripts(pack: Pack, reading: Reading) -> list[Ranked]:
    """Fraud scripts whose condition holds and whose score reaches the floor, best first."""
    scores: dict[str, float] = {}
    hits: dict[str, tuple[Hit, ...]] = {}
    asked = reading.asked(pack.rules["scripts"].values())
    _hold(reading, asked, scores, hits)
    if scores:  # once more for those that hold only beside another (a romance that leads to a platform)
        reading.values.update({f"script.{name}": 1.0 for name in scores})
        reading.values["script.count"] = float(len(scores))
    else:  # what is only likely is asked where nothing surer is known, so that it displaces nothing
        reading.values["script.none"] = 1.0
    _hold(reading, [rule for rule in asked if rule.id not in scores and "script" in rule.condition.kinds], scores, hits)
    _give_way(pack, reading, scores)
    least = float(pack.settings["second_script"]) * max(scores.values(), default=0.0)
    for name in [name for name, score in scores.items() if score < least]:
        del scores[name]
        reading.values[f"script.{name}"] = 0.0
    ranked = _weighed(pack, reading, _ranked(pack, "scripts", scores, hits))
    for entry in ranked:
        reading.decide(entry.rule, entry.score, entry.hits)
    reading.values["scripts.best"] = reading.values["script.best"] = ranked[0].score if ranked else 0.0
    reading.values["script.any"] = 1.0 if ranked else 0.0
    reading.values["script.none"] = 0.0 if ranked else 1.0
    reading.values["script.count"] = float(len(ranked))
    return ranked


def _hold(reading: Reading, rules: Iterable[RuleSpec], scores: dict[str, float], hits: dict[str, tuple[Hit, ...]]) -> None:
    """Keep the score and the hits of each rule whose condition holds and whose score reaches the floor."""
    for rule in rules:
        if reading.holds(rule):
            score, found = reading.score(rule)
            if score >= rule.data["floor"]:
                scores[rule.id], hits[rule.id] = score, found


def _give_way(pack: Pack, reading: Reading, scores: dict[str, float]) -> None:
    """Read the conditions of the scripts found once more, the weakest first, so that one may give way to another (`not script.x`, `script.count < 2`)."""
    reading.values["script.count"] = float(len(scores))
    reading.values.update({f"script.{name}": 1.0 for name in scores})
    for name in sorted(scores, key=lambda name: (scores[name], name)):
        if not reading.holds(pack.rules["scripts"][name]):
            del scores[name]
            reading.values[f"script.{name}"] = 0.0
            reading.values["script.count"] -= 1.0


def _weighed(pack: Pack, reading: Reading, ranked: list[Ranked]) -> list[Ranked]:
    """The scripts that the sum of all signs bears out, and the likeliest where conditions found none and the signs are many."""
    weighed = weigh_scripts(pack, reading)
    if weighed is None:
        return ranked
    known = {entry.rule.id: entry for entry in ranked}
    kept = chosen(pack, reading, weighed, known)
    if kept == list(known):
        return ranked
    reading.values.update({f"script.{name}": 0.0 for name in known if name not in kept})
    made = []
    for name in kept:
        rule = pack.rules["scripts"][name]
        old = known.get(name)
        made.append(Ranked(rule, old.score if old else max(weighed.odds, 1.0), weighed.shares[name], old.hits if old else signs(pack, reading, rule)))
    return made


def decide_stage(pack: Pack, reading: Reading) -> RuleSpec | None:
    """The most urgent stage that holds."""
    best: RuleSpec | None = None
    for rule in reading.asked(pack.rules["stages"].values()):
        if reading.holds(rule):
            reading.decide(rule, float(rule.data["rank"]), reading.support(rule))
            if best is None or rule.data["rank"] > best.data["rank"]:
                best = rule
    best = weigh_stage(pack, reading, best)
    if best is not None and f"stage.{best.id}" not in reading.decided:
        reading.decide(best, float(best.data["rank"]), reading.support(best))
    _alone(reading, best)
    return best


def hold_stage(reading: Reading, stage: RuleSpec) -> None:
    """Let a stage hold that the rules did not settle on, and no other."""
    if not reading.values.get(f"stage.{stage.id}"):
        held = reading.decided.get(f"stage.{stage.id}")
        reading.decide(stage, float(stage.data["rank"]), held.hits if held is not None else ())
        _alone(reading, stage)


def _alone(reading: Reading, best: RuleSpec | None) -> None:
    for name in [name for name in reading.values if name.startswith("stage.")]:
        if best is None or name.split(".")[1] != best.id:
            reading.values[name] = 0.0


def decide_scored(pack: Pack, reading: Reading, family: str) -> list[Ranked]:
    """All labels of a scored family that reach their floor, best first."""
    scores: dict[str, float] = {}
    hits: dict[str, tuple[Hit, ...]] = {}
    for rule in reading.asked(pack.rules[family].values()):
        score, found = reading.score(rule)
        if score >= rule.data["floor"] and (not rule.data.get("condition") or reading.holds(rule)):
            scores[rule.id], hits[rule.id] = score, found
    ranked = _ranked(pack, family, scores, hits)
    reading.values[f"{family}.best"] = ranked[0].score if ranked else 0.0
    return ranked


def _ranked(pack: Pack, family: str, scores: Mapping[str, float], hits: Mapping[str, tuple[Hit, ...]]) -> list[Ranked]:
    if not scores:
        return []
    temperature = float(pack.settings["score_temperature"])
    top = max(scores.values())
    weights = {name: math.exp((score - top) / temperature) for name, score in scores.items()}
    total = sum(weights.values())
    order = sorted(scores, key=lambda name: (-scores[name], name))
    return [Ranked(pack.rules[family][name], scores[name], weights[name] / total, hits[name]) for name in order]


def margin(ranked: list[Ranked]) -> float:
    """How far the best stands before the second, in score at temperature 1 (the logarithm of the ratio of their shares)."""
    if len(ranked) > 1:
        return math.log(max(ranked[0].share, 1e-12) / max(ranked[1].share, 1e-12))
    return ranked[0].score if ranked else 0.0
