"""Keeping a head as it ships while the others are trained anew: a question that new narratives teach nothing about need not pay for the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models import store
from models.errors import ModelError
from models.heads import Floats, Heads


def keep(folder: Path, shipped: Path, tasks: Sequence[str]) -> None:
    """Put the heads of `tasks` from `shipped` in the place of those of `folder`, with their calibration. Raises ModelError where both do not read the
    same encoder or do not answer the same labels."""
    about, before = store.manifest(folder), store.manifest(shipped)
    heads, old = store.load(folder, "fast").heads, store.load(shipped, "fast").heads
    same = about["files"].get(store.ENCODER) == before["files"].get(store.ENCODER)
    odd = [name for name in tasks if name not in heads.tasks or name not in old.tasks or _place(heads, name) != _place(old, name)]
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
    store.save(folder, mixed(heads, old, tasks), rest | {"cross_fit": about["cross_fit"] | kept, "kept": list(tasks)})


def mixed(heads: Heads, old: Heads, tasks: Iterable[str]) -> Heads:
    """Heads with some tasks of others; both have the same columns."""
    names = list(dict.fromkeys([*heads.names, *old.names]))
    rule, other = _laid(heads, names), _laid(old, names)
    arrays = {name: value.copy() for name, value in heads.arrays().items() if name not in ("names", "rule")}
    before, kept = old.arrays(), dict(heads.tasks)
    for task in tasks:
        columns = old.tasks[task].columns
        kept[task] = old.tasks[task]
        rule[:, columns] = other[:, columns]
        for name, value in arrays.items():
            value[..., columns] = before[name][..., columns]  # of tasks without n-grams this is empty
    told: dict[str, Any] = arrays | {"rule": rule, "names": names}
    return Heads(tasks=kept, **told)


def _place(heads: Heads, task: str) -> tuple[int, tuple[str, ...]]:
    return heads.tasks[task].start, heads.tasks[task].labels


def _laid(heads: Heads, names: Sequence[str]) -> Floats:
    """The weights of the rule features in the order of `names`, zero where a feature is not known; shape (names, T)."""
    made = np.zeros((len(names), heads.rule.shape[1]), np.float32)
    place = {name: row for row, name in enumerate(names)}
    made[[place[name] for name in heads.names]] = heads.rule
    return made
