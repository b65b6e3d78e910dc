"""Keeping what ships while heads are trained anew: some heads as they are, the others as the mean of both.

A question that new narratives teach nothing about need not pay for the others; and two heads that were fitted on other texts err on other texts
(gold_dev, ub, ua, yf, mb, zc, 2026-11-24: of the old, the new and the mean of both the mean was never the worst, and its chances were the truest).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models import store
from models.errors import ModelError
from models.heads import Heads, Task

Parts = tuple[npt.NDArray[Any], ...]  # weights by column: rules, their bias, n-grams; the encoder, its bias
_FAST = 3  # how many of the parts belong to tier 1
_WHOLE = 127  # largest whole number of a stored n-gram weight


def keep(folder: Path, shipped: Path, tasks: Sequence[str], *, mean: bool = False) -> None:
    """Put the heads of `tasks` from `shipped` in the place of those of `folder`, with their calibration; with `mean` the other heads become the mean of
    both. Raises ModelError where both do not read the same encoder or do not answer the same labels."""
    about, before = store.manifest(folder), store.manifest(shipped)
    heads, old = store.load(folder, "fast").heads, store.load(shipped, "fast").heads
    same = about["files"].get(store.ENCODER) == before["files"].get(store.ENCODER)
    asked = list(dict.fromkeys([*tasks, *heads.tasks])) if mean else tasks
    odd = [name for name in asked if name not in heads.tasks or name not in old.tasks or _place(heads, name) != _place(old, name)]
    if odd or not same:
        raise ModelError(
            "FQ4010",
            "随附的头不能照搬",
            "a shipped head does not fit these",
            seen="、".join(odd) or store.ENCODER,
            remedy="去掉 --keep, 或用随附的编码器与规则",
        )
    kept = {name: before["cross_fit"][name] for name in tasks}
    rest = {name: value for name, value in about.items() if name not in ("format", "tasks", "files")}
    made = mixed(heads, old, tasks, [name for name in heads.tasks if name not in tasks] if mean else ())
    store.save(folder, made, rest | {"cross_fit": about["cross_fit"] | kept, "kept": list(tasks), "mean": mean})


def mixed(heads: Heads, old: Heads, tasks: Iterable[str], halves: Iterable[str] = ()) -> Heads:
    """Heads with some tasks of others, and some as the mean of both; both have the same columns."""
    names = list(dict.fromkeys([*heads.names, *old.names]))
    mine, others = _parts(heads, names), _parts(old, names)
    kept = dict(heads.tasks)
    for task in tasks:
        columns = old.tasks[task].columns
        kept[task] = old.tasks[task]
        for part, other in zip(mine, others, strict=True):
            part[..., columns] = other[..., columns]  # of tasks without n-grams this is empty
    for task in halves:
        kept[task] = _half(heads.tasks[task], old.tasks[task], mine, others)
    rule, bias, grams, encoder, encoder_bias = mine
    scale = np.abs(grams).max(axis=0, initial=0) / _WHOLE
    scale[scale == 0] = 1
    whole = np.rint(grams / scale).astype(np.int8)
    return Heads(
        tasks=kept, names=names, rule=rule.astype(np.float32), bias=bias.astype(np.float32), grams=whole, gram_scale=scale.astype(heads.gram_scale.dtype),
        encoder=encoder.astype(np.float32), encoder_bias=encoder_bias.astype(np.float32),
    )  # fmt: skip


def _half(task: Task, old: Task, mine: Parts, others: Parts) -> Task:
    """The mean of two calibrated heads, written into the columns of `mine`: what each adds to the score with the encoder asked counts half."""
    columns = task.columns
    tier_1, tier_2 = (task.full[0] + old.full[0]) / 2, (task.full[1] + old.full[1]) / 2
    for at, (part, other) in enumerate(zip(mine, others, strict=True)):
        place, scale = (0, tier_1) if at < _FAST else (1, tier_2)
        part[..., columns] = (task.full[place] * part[..., columns] + old.full[place] * other[..., columns]) / (2 * scale)
    each = (_mean(task.each[0], old.each[0]), _mean(task.each[1], old.each[1]))
    fast = (task.fast[0] + old.fast[0]) / 2, (task.fast[1] + old.fast[1]) / 2
    sets = (task.sets[0] + old.sets[0]) / 2, (task.sets[1] + old.sets[1]) / 2
    return replace(task, fast=fast, full=(tier_1, tier_2, (task.full[2] + old.full[2]) / 2), sets=sets, each=each)


def _mean(first: Sequence[float], second: Sequence[float]) -> tuple[float, ...]:
    return tuple((a + b) / 2 for a, b in zip(first, second, strict=True))


def _parts(heads: Heads, names: Sequence[str]) -> Parts:
    """Weights by column: rule features in the order of `names` (zero where one is not known), bias, n-grams, encoder, its bias."""
    rule = np.zeros((len(names), heads.rule.shape[1]))
    place = {name: row for row, name in enumerate(names)}
    rule[[place[name] for name in heads.names]] = heads.rule
    grams = heads.grams.astype(np.float64) * heads.gram_scale
    return rule, heads.bias.astype(np.float64), grams, heads.encoder.astype(np.float64), heads.encoder_bias.astype(np.float64)


def _place(heads: Heads, task: str) -> tuple[int, tuple[str, ...]]:
    return heads.tasks[task].start, heads.tasks[task].labels
