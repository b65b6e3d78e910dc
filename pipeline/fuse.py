"""Rules hold the floor, models find what rules miss: how a classifier's opinion and the rules' findings become one answer.

A model may rank categories and dispute types anew, add a factor or a script that no rule found, leave out one that rests on nothing else, and raise
the colour, with one axis. A category that names what rules must see of it (`proposed`) it may not put first without that. It can neither raise a gate, nor lower a colour or an axis that the rules have set, nor take a factor away on which the colour rests.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pipeline.advice import Opinion
from pipeline.decide import Ranked
from pipeline.grade import TOP, Grade, Reason, colour_level
from pipeline.match.hit import Hit
from pipeline.match.reading import Reading
from pipeline.rulepack.pack import Pack, RuleSpec

MODEL = "model"  # the axis under which a colour raised by a model is told


class Labels(msgspec.Struct, frozen=True):
    """What is proposed for one narrative, before it is settled."""

    categories: list[Ranked]
    disputes: list[Ranked]
    scripts: list[Ranked]
    stage: RuleSpec | None


def fuse(pack: Pack, reading: Reading, rules: Labels, opinion: Opinion) -> Labels:
    """The labels of rules and model together; records factors that the model adds. Of a text that cannot be read the model's opinion is a guess, and not taken. Sets the `meta.*` values that review conditions ask."""
    bounds = pack.settings["models"]
    if any(reading.value(name) for name in bounds["unread"]):
        return rules
    if opinion.adds:
        _add_factors(pack, reading, opinion.factors, bounds)
    known = not any(reading.value(name) for name in bounds["ask"])  # a kind of text that rules and tier 1 know
    ranked = _reranked(pack, "categories", rules.categories, opinion.category, bounds["least_share"])
    told = (chance for code, chance in opinion.scripts.items() if code in pack.rules["scripts"] and not pack.rules["scripts"][code].data["rest"])
    reading.values["meta.script"] = max(told, default=0.0)
    supported = _supported(reading, rules.categories, ranked)
    categories = _led(rules.categories, ranked, *bounds["rules_sure"]) if known and supported is ranked else supported
    fused = Labels(
        categories,
        _reranked(pack, "disputes", rules.disputes, opinion.dispute, bounds["least_share"]),
        _scripts(pack, reading, rules.scripts, opinion, told=bool(categories) and categories[0].rule.data["scripts"])
        if categories is ranked
        else list(rules.scripts),
        _stage(pack, rules.stage, opinion, bounds),
    )
    _tell(reading, rules, ranked, opinion)
    return fused


def _supported(reading: Reading, rules: Sequence[Ranked], ranked: list[Ranked]) -> list[Ranked]:
    """The categories with the model's first one second, where rules did not put it first and see nothing of what it asks for (`proposed`), or
    where what rules put first stays (`kept`)."""
    own, first = rules[0] if rules else None, ranked[0] if ranked else None
    if first is None or (own is not None and own.rule.id == first.rule.id):
        return ranked
    reading.values["meta.share"] = first.share  # how sure the model is of it: the conditions may ask
    if own is not None and own.rule.kept is not None and reading.holds(own.rule, own.rule.kept):
        return [next((entry for entry in ranked if entry.rule.id == own.rule.id), own), *(entry for entry in ranked if entry.rule.id != own.rule.id)]
    if first.rule.proposed is None or reading.holds(first.rule, first.rule.proposed):
        return ranked
    others = ranked[1:] or [entry for entry in rules if entry.rule.id != first.rule.id]
    return [others[0], first, *others[1:]] if others else []


def _led(rules: Sequence[Ranked], ranked: list[Ranked], sure: float, unsure: float) -> list[Ranked]:
    """The model's order, but that what rules put first changes places with what the model puts first, where rules are sure of it and the model is not of its
    own: in a kind of text that it has not learned from it is wrong more often than they are."""
    if not rules or not ranked or rules[0].share < sure or ranked[0].share >= unsure or ranked[0].rule.id == rules[0].rule.id:
        return ranked
    own, first = rules[0], ranked[0]
    theirs = next((entry.share for entry in ranked if entry.rule.id == own.rule.id), 0.0)
    rest = [entry for entry in ranked[1:] if entry.rule.id != own.rule.id]
    change = msgspec.structs.replace
    return [change(own, share=first.share), *sorted([*rest, change(first, share=theirs)], key=lambda entry: -entry.share)]


def _reranked(pack: Pack, family: str, ranked: Sequence[Ranked], shares: Mapping[str, float], least: float) -> list[Ranked]:
    """The rules' labels and the model's in the order of the model's shares, which have seen the rules' scores."""
    if not shares:
        return list(ranked)
    known = {entry.rule.id: entry for entry in ranked}
    kept = {code: share for code, share in shares.items() if code in pack.rules[family] and share >= least}
    made = []
    for code, share in sorted(kept.items(), key=lambda item: (-item[1], item[0])):
        old = known.get(code)
        made.append(Ranked(pack.rules[family][code], old.score if old else 0.0, share, old.hits if old else ()))
    return made or list(ranked)


def _scripts(pack: Pack, reading: Reading, ranked: Sequence[Ranked], opinion: Opinion, *, told: bool) -> list[Ranked]:
    """Scripts that rules found, less those that the model doubts while another stands and that are not told in so many words, and those that it adds.
    `told`: the matter is one with scripts, so that some script there must be."""
    if not opinion.scripts:
        return list(ranked)
    chances, bounds = opinion.scripts, pack.settings["models"]
    trusted = [
        entry
        for entry in ranked
        if chances.get(entry.rule.id, 1.0) >= bounds["script_doubt"] or (entry.rule.sure is not None and reading.holds(entry.rule, entry.rule.sure))
    ]
    doubts = bool(ranked) and not trusted
    more = _more(pack, chances, bounds["script_instead" if doubts else "script_add"], trusted) if opinion.adds else []
    if doubts:  # what is none of the others takes no other's place
        more = [entry for entry in more if not entry.rule.data["rest"]]
    if told and opinion.adds and not ranked and not more:  # rather the likeliest than the rest class
        more = _more(pack, chances, bounds["script_alone"], ())[:1]
    trusted = [*trusted, *more] or list(ranked[:1])
    return [entry for entry in trusted if not entry.rule.data["rest"]] or trusted


def _more(pack: Pack, chances: Mapping[str, float], least: float, beside: Sequence[Ranked]) -> list[Ranked]:
    """The scripts that the model holds likely, best first, each only where it may stand beside one of the others (`beside`)."""
    made: list[Ranked] = []
    for chance, code in sorted(((chance, code) for code, chance in chances.items() if chance >= least), reverse=True):
        rule, others = pack.rules["scripts"].get(code), [entry.rule for entry in (*beside, *made)]
        if rule is None or any(other.id == code for other in others):
            continue
        if not others or any(code in other.data["beside"] or other.id in rule.data["beside"] for other in others):
            made.append(Ranked(rule, 0.0, chance, ()))
    return made


def _stage(pack: Pack, stage: RuleSpec | None, opinion: Opinion, bounds: Mapping[str, Any]) -> RuleSpec | None:
    """The stage that the model holds most likely, which has seen the rules' own. To a less urgent one it must be surer; else the rules' stands."""
    if not opinion.adds or not opinion.stage:
        return stage
    share, code = max((share, code) for code, share in opinion.stage.items())
    told = pack.rules["stages"].get(code)
    if told is None:
        return stage
    calmer = stage is not None and told.data["rank"] < stage.data["rank"]
    return told if share >= bounds["stage_calmer" if calmer else "stage_share"] else stage


def _add_factors(pack: Pack, reading: Reading, chances: Mapping[str, float], bounds: Mapping[str, Any]) -> None:
    factors = pack.rules["factors"]
    for code in sorted(chances):
        rule = factors.get(code)
        if rule is not None and chances[code] >= bounds["factor_add"] and f"factor.{code}" not in reading.decided:
            reading.propose(rule, chances[code], counts=chances[code] >= bounds["factor_grades"])
            reading.values[f"meta.seen.{code}"] = 1.0  # routing may ask what the model alone sees


def _tell(reading: Reading, rules: Labels, ranked: Sequence[Ranked], opinion: Opinion) -> None:
    values = reading.values
    differ = bool(rules.categories and ranked and rules.categories[0].rule.id != ranked[0].rule.id)
    values["meta.model_disagree"] = float(differ)
    values["meta.category_set"], values["meta.dispute_set"] = float(len(opinion.category_set)), float(len(opinion.dispute_set))


def higher(base: Grade, after: Grade) -> Grade:
    """Axis by axis the higher of two grades: what rules alone have set stays."""
    if base.level <= after.level and all(base.axes[axis] <= value for axis, value in after.axes.items()):
        return after
    seen = {(reason.axis, reason.id) for reason in after.reasons}
    reasons = [*after.reasons, *(reason for reason in base.reasons if (reason.axis, reason.id) not in seen)]
    reasons.sort(key=lambda reason: -reason.to)
    axes = {axis: max(value, after.axes[axis]) for axis, value in base.axes.items()}
    return Grade(axes, max(base.level, after.level), base.profile, tuple(reasons))


def settles(pack: Pack, opinion: Opinion, levels: Sequence[float]) -> bool:
    """Whether a classifier that has read the whole text knows what the matter is, and holds it calm, where rules only found too little (`settles`)."""
    sure, calm, severe = pack.settings["models"]["settles"]
    return opinion.adds and max(opinion.category.values(), default=0.0) >= sure and sum(levels[1:]) <= calm and sum(levels[2:]) <= severe


def undoubted(pack: Pack, reading: Reading, result: Grade) -> Grade:
    """A grade without the statements of mere doubt. Whatever says that something is wrong stays."""
    doubts = {(statement.axis, statement.entry["id"]) for statement in pack.statements.items if statement.entry["doubt"]}
    reasons = tuple(reason for reason in result.reasons if (reason.axis, reason.id) not in doubts)
    if len(reasons) == len(result.reasons):
        return result
    axes = {axis: max((reason.to for reason in reasons if reason.axis == axis), default=0) for axis in result.axes}
    return Grade(axes, colour_level(pack, axes, result.profile, reading), result.profile, reasons)


def raised(pack: Pack, reading: Reading, result: Grade, levels: Sequence[float]) -> Grade:
    """Raise the colour to the highest level whose chance of being reached lies over its bound (`raise_at`, lowest level first).

    Where rules already stand one below the top, the model must be surer of it (`raise_next`): what is wrong there costs trust, and little time is lost.
    Where a level well above what is then answered stays possible (`ask_at`: the top, or two levels up), a person shall look: `meta.worse_possible`; and the
    answer is not the lowest level.
    """
    settings = pack.settings["models"]
    top = len(levels) - 1
    reached = [sum(levels[level:]) for level in range(top + 1)]
    bounds = [*settings["raise_at"][:top], settings["raise_next"] if result.level == top - 1 else settings["raise_at"][top]]
    to = next((level for level in range(top, result.level, -1) if reached[level] >= bounds[level]), result.level)
    likely = next((level for level in range(top, to, -1) if (level == top or level > to + 1) and reached[level] >= settings["ask_at"][level]), 0)
    reading.values["meta.worse_possible"] = float(likely > 0)
    if likely and not to:  # doubt is never the calmest
        return _lifted(pack, reading, result, 1, reached[likely], "raised_doubt")
    return _lifted(pack, reading, result, to, reached[to]) if to > result.level else result


def _lifted(pack: Pack, reading: Reading, result: Grade, level: int, reached: float, says_by: str = "raised_says") -> Grade:
    """The grade at a level that only the model asks for: one axis goes with the colour, so that route, time limit and mediation follow it."""
    settings = pack.settings["models"]
    blind = max(result.axes.values()) <= settings["raised_blind"]  # rules know of nothing that would explain it
    axes, axis = result.axes, settings["raised_axis"]
    top = next(
        (value for value in range(result.axes[axis], TOP + 1) if colour_level(pack, axes | {axis: value}, result.profile, reading) >= level),
        TOP,
    )
    reading.values["meta.model_raised"] = 1.0
    reading.values["meta.raised_blind"] = float(blind)
    says = settings[says_by].format(percent=math.floor(100 * reached))
    then = _after_raising(reading, result, level, settings, blind=blind)
    reason = Reason(MODEL, MODEL, top, says + (f"；{then}" if then else ""), "", ())
    return msgspec.structs.replace(result, axes=axes | {axis: top}, level=level, reasons=(reason, *result.reasons))


def _after_raising(reading: Reading, result: Grade, level: int, settings: Mapping[str, Any], *, blind: bool) -> str:
    """What is said beside a raised colour: what rules see of it, or that they see nothing, what the model itself sees, and what comes first."""
    if not blind:
        return str(settings["raised_known"]).format(known=result.reasons[0].says)
    seen = [held.rule.name for held in reading.decided.values() if held.model and held.rule.data["group"] in settings["raised_groups"]]
    return str(settings["raised_then"][level]).format(seen=settings["raised_seen"].format("、".join(seen)) if seen else "")


def doubted(pack: Pack, opinion: Opinion, against: frozenset[str]) -> frozenset[str]:
    """Factors, as `factor.x`, that the model doubts, or that the signs speak against and the model does not hold likely."""
    bounds = pack.settings["models"]
    low = {f"factor.{code}" for code, chance in opinion.factors.items() if chance < bounds["factor_doubt"]}
    likely = {f"factor.{code}" for code, chance in opinion.factors.items() if chance >= bounds["factor_add"]}
    return frozenset(low | (against - likely))


def unrested(reading: Reading, result: Grade, factors: Iterable[str]) -> frozenset[str]:
    """Those of the factors, as `factor.x`, on which neither a gate nor the grade rests, and that no model proposed."""
    resting: set[Hit] = {hit for reason in result.reasons for hit in reason.hits}
    out = set()
    for name in factors:
        held = reading.decided.get(name)
        if held is not None and not held.model and not held.rule.data["gate"] and resting.isdisjoint(held.hits):
            out.add(name)
    return frozenset(out)
