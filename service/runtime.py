"""Putting an engine together for a process that will answer many narratives: rules from `pipeline`, classifiers from `models`."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from pipeline.engine import Engine
from pipeline.rulepack.store import load_pack


class Tier(StrEnum):
    """How much learned classification joins the rules. `fast` never loads the encoder, `cascade` asks it where rules and tier 1 are unsure."""

    RULES = "rules"
    FAST = "fast"
    CASCADE = "cascade"
    FULL = "full"


def load_engine(
    rules: Sequence[Path] | None = None, *, profile: str | None = None, playbook: str | None = None, tier: str = Tier.RULES, models: Path | None = None
) -> Engine:
    """An engine whose rule pack the garbage collector leaves alone: half a million objects that live as long as the process.

    Without this every full collection walks them again, a fifth of all time (measured 2026-11-22 on 150 narratives).
    """
    engine = make_engine(rules, profile=profile, playbook=playbook, tier=tier, models=models)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)  # an answer is a few thousand objects without circles: at the default 700 a collection ran many times within one
    return engine


def make_engine(
    rules: Sequence[Path] | None = None, *, profile: str | None = None, playbook: str | None = None, tier: str = Tier.RULES, models: Path | None = None
) -> Engine:
    """Rules and, but for the tier `rules`, the classifiers of the folder `models` (default: those shipped).

    Classifiers that do not load leave the rules standing: the engine answers, marked as degraded. Raises RuleError for rules that do not load.
    """
    pack = load_pack(rules or ())
    if tier == Tier.RULES:
        return Engine(pack, profile=profile, playbook=playbook)
    from models.errors import ModelError
    from models.store import load, shipped

    kind = Tier(tier)
    try:
        adviser = load(models or shipped(), "fast" if kind is Tier.FAST else "full" if kind is Tier.FULL else "cascade")
    except ModelError:
        return Engine(pack, profile=profile, playbook=playbook, degraded=True)
    return Engine(pack, profile=profile, playbook=playbook, adviser=adviser)
