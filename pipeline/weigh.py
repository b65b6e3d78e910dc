"""Sums of signs: what each group of phrases weighs for a label, in log-odds, where conditions find nothing and where they find too much.

Conditions ask for certain groups side by side. A story told in other words shows the same joints one by one; each speaks a little, and together they
decide. The weights are data (rules/weights/), fitted on labelled texts by models/training/weights.py. Nothing here knows a label by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.match.hit import Hit
from pipeline.match.reading import Reading
from pipeline.rulepack.pack import Pack, RuleSpec, Scale

SHOWN = 6  # phrases that a script rests on which no condition found
_STEP, _LONGEST = 60, 6  # characters of one step of length, and the last step (set 2026-11-22, not searched)
_MOST = 3.0  # log-odds beyond which later conditions and scores see no difference (set 2026-11-22, not searched)


class Weighed(msgspec.Struct, frozen=True):
    """What the signs of a narrative say: log-odds that it is a case of a script at all, and the share of each script."""

    odds: float
    shares: dict[str, float]

    @property
    def chance(self) -> float:
        """Probability, 0–1, that it is a case."""
        return 1 / (1 + math.exp(-self.odds))


def _asked(scale: Scale, reading: Reading) -> bool:
    """Whether a scale may be asked of this narrative."""
    return scale.condition is None or scale.condition.test(reading.found, reading.values.get, reading)


def _odds(chance: float) -> float:
    return math.log(chance / (1 - chance))


def sums(scale: Scale, signals: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Log-odds of each label of a scale, (labels,), before they are set against each other. `signals`: those that stand in the text."""
    totals: npt.NDArray[np.float64] = scale.base + np.add.reduce(scale.weights.take(signals, axis=0), axis=0)
    return totals


def shares(scale: Scale, signals: npt.NDArray[np.intp]) -> dict[str, float]:
    """Share of each label of a scale, summing to 1."""
    totals = sums(scale, signals)
    powers = np.exp(totals - totals.max())
    return dict(zip(scale.labels, (powers / powers.sum()).tolist(), strict=True))


def weigh_scripts(pack: Pack, reading: Reading) -> Weighed | None:
    """How the signs stand, where the pack has weights and they may be asked here; `weighed.<category>` is told to later conditions and scores."""
    case, scripts = pack.scales.get("category"), pack.scales.get("script")
    if case is None or scripts is None or not _asked(case, reading):
        return None
    odds = float(sums(case, reading.signals)[0])
    reading.values[f"weighed.{case.labels[0]}"] = max(-_MOST, min(_MOST, odds))
    return Weighed(odds, shares(scripts, reading.signals))


def weigh_matter(pack: Pack, reading: Reading) -> None:
    """Tell later scores, as `matter.<category>`, how far the signs of all families together lean to each category: log-odds against the mean of all."""
    scale = pack.scales.get("matter")
    if scale is None or not _asked(scale, reading):
        return
    totals = sums(scale, reading.signals)
    leaning = np.minimum(np.maximum(totals - totals.mean(), -_MOST), _MOST).tolist()
    reading.values.update({f"matter.{label}": total for label, total in zip(scale.labels, leaning, strict=True)})


def chosen(pack: Pack, reading: Reading, weighed: Weighed, held: Iterable[str]) -> list[str]:
    """The scripts of a narrative, given those whose conditions hold: none where the signs speak against a case, else those that the signs bear out,
    and where conditions found none but the signs are many, the likeliest. What stands in where no script is known displaces none that is,
    and one that is told in so many words (`sure`) stays."""
    bounds = pack.settings["weighed"]
    held = list(held)
    plain = [name for name in held if (rule := pack.rules["scripts"][name]).sure is not None and reading.holds(rule, rule.sure)]
    if weighed.chance < (bounds["drop"] if held else bounds["add"]):
        return plain
    best = max(weighed.shares, key=lambda name: weighed.shares[name])
    share = weighed.shares[best]
    if not held:
        return [best] if share >= bounds["least"] and told(pack, reading, pack.rules["scripts"][best]) else []
    if best == _fallback(pack):
        return held
    kept = [name for name in held if name in plain or weighed.shares.get(name, 0.0) >= bounds["doubt"]]
    return kept if kept and (share < bounds["besides"] or best in kept) else [*kept, best]


def _fallback(pack: Pack) -> str | None:
    code = pack.rules["categories"][pack.scales["category"].labels[0]].data["default_script"]
    return str(code) if code else None


def likeliest(pack: Pack, reading: Reading) -> RuleSpec | None:
    """The script that the signs most speak for in a narrative that is known to be a case; none where they do not speak for a case or for none clearly."""
    case, scripts = pack.scales.get("category"), pack.scales.get("script")
    bounds = pack.settings["weighed"]
    if case is None or scripts is None or reading.values.get(f"weighed.{case.labels[0]}", 0.0) < _odds(bounds["add"]):
        return None
    parts = shares(scripts, reading.signals)
    best = max(parts, key=lambda name: parts[name])
    return pack.rules["scripts"].get(best) if parts[best] >= bounds["besides"] else None


def told(pack: Pack, reading: Reading, rule: RuleSpec) -> bool:
    """Whether the narrative itself tells something of a script's own: what is denied, supposed or another's matter does not carry it alone."""
    return any(pack.signals[signal].counts is not None and reading.counted(signal) for signal in rule.groups.values() if signal in reading.found)


def signs(pack: Pack, reading: Reading, rule: RuleSpec) -> tuple[Hit, ...]:
    """The hits that speak for a script which no condition found: those of its own groups and, of others, those that weigh most."""
    scale = pack.scales["script"]
    place = scale.labels.index(rule.id)
    own = set(rule.groups.values())
    column = scale.weights[reading.signals, place].tolist()
    weights = {signal: weight for signal, weight in zip(reading.found, column, strict=True) if weight > 0}
    best = sorted(weights, key=lambda signal: (signal not in own, -weights[signal]))
    hits = [hit for signal in best for hit in reading.counted(signal)[:2]]
    return tuple(sorted(set(hits[:SHOWN])))


def weigh_stage(pack: Pack, reading: Reading, stage: RuleSpec | None) -> RuleSpec | None:
    """The stage by conditions, unless the signs speak for another; for a calmer one they must speak more clearly, since the next steps follow the stage."""
    scale, case = pack.scales.get("stage"), pack.scales.get("category")
    if stage is None or scale is None or case is None or f"weighed.{case.labels[0]}" not in reading.values:
        return stage
    parts = shares(scale, reading.signals)
    best = pack.rules["stages"].get(max(parts, key=lambda name: parts[name]), stage)
    bounds = pack.settings["weighed"]
    if best.data["lost"] == "never" and stage.data["lost"] != "never":  # that nothing can be lost any more is for conditions to say, never for a sum
        return stage
    calmer = best.data["rank"] <= stage.data["rank"]
    needed = bounds["stage_calmer"] if calmer else bounds["stage_add"]
    return best if parts.get(stage.id, 0.0) < bounds["stage_doubt"] and parts.get(best.id, 0.0) >= needed else stage


def held(reading: Reading) -> list[str]:
    """The labels that hold in a settled reading, and how long the text is (`length.0` … in steps of 60 characters): what factors are weighed by besides signs."""
    return [*reading.decided, f"length.{min(_LONGEST, int(reading.value('fact.characters')) // _STEP)}"]


def _placed(reading: Reading, rule: RuleSpec) -> bool:
    """Whether a factor means something in a matter of this kind (`matters`; all where none is named)."""
    return not rule.data["matters"] or any(reading.value(f"category.{code}") for code in rule.data["matters"])


def weigh_factors(pack: Pack, reading: Reading) -> frozenset[str]:
    """Add the factors that the signs together speak for; a gate, and what calms, is then only told. Returns those that conditions found and the signs
    speak against, as `factor.x`: the answer may leave them out where nothing rests on them; no gate, and none that a model proposed."""
    scale, bounds = pack.scales.get("factor"), pack.settings["weighed"]
    if scale is None:
        return frozenset()
    totals = sums(scale, reading.signals) + sum(scale.held[name] for name in held(reading) if name in scale.held)
    add, drop = _odds(bounds["factor_add"]), _odds(bounds["factor_drop"])
    against = set()
    for label, odds in zip(scale.labels, totals.tolist(), strict=True):
        rule, name = pack.rules["factors"][label], f"factor.{label}"
        known = reading.decided.get(name)
        if known is None and odds >= add and _placed(reading, rule):
            hits = tuple(sorted({hit for signal in rule.groups.values() if signal in reading.found for hit in reading.counted(signal)}))
            if hits:
                reading.decide(rule, 1.0, hits[:SHOWN], counts=not rule.data["gate"] and rule.data["group"] not in bounds["only_told"])
        elif known is not None and odds < drop and not known.model and not rule.data["gate"]:
            against.add(name)
    return frozenset(against)
