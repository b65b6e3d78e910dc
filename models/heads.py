"""Linear heads over rule signals, hashed n-grams and encoder states, and how their scores become calibrated probabilities.

Stored as one npz of plain arrays (no pickle) and a manifest in JSON. Shapes: F rule features, B buckets, G columns that read n-grams (the first
ones), T columns in all, D width of the encoder, which pools three of its layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_ONES: Floats = np.ones(4096, np.float32)


@dataclass(frozen=True)
class Task:
    """One question: the columns that answer it and its calibration. `one`: exactly one label is right; else each label by itself."""

    name: str
    one: bool
    labels: tuple[str, ...]
    start: int
    fast: tuple[float, float]  # scale of the tier-1 score, shift
    full: tuple[float, float, float]  # scale of tier 1, scale of the encoder's score, shift
    sets: tuple[float, float]  # least probability of a member of the conformal set, tier 1 alone and with the encoder
    each: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())  # a shift of each label besides, tier 1 alone and with the encoder; empty for `one`

    @property
    def columns(self) -> slice:
        """The task's columns."""
        return slice(self.start, self.start + len(self.labels))

    def probabilities(self, fast: Floats, encoder: Floats | None) -> Floats:
        """Calibrated probabilities, shape (labels,) or (rows, labels), of the tasks' own columns of scores."""
        alone, both = self.shifts
        z = self.fast[0] * fast + alone if encoder is None else self.full[0] * fast + self.full[1] * encoder + both
        return _shares(z) if self.one else _chances(z)

    @cached_property
    def shifts(self) -> tuple[Any, Any]:
        """What is added to each label's score, tier 1 alone and with the encoder; a number or shape (labels,)."""
        alone, both = (np.float32(common) + np.array(each or 0.0, np.float32) for common, each in zip((self.fast[-1], self.full[-1]), self.each, strict=True))
        return alone, both


def _chances(z: npt.NDArray[np.floating[Any]]) -> Floats:
    """Each label by itself."""
    made: Floats = (1 / (1 + np.exp(-np.minimum(np.maximum(z, -30), 30)))).astype(np.float32, copy=False)
    return made


def _shares(z: npt.NDArray[np.floating[Any]]) -> Floats:
    """One label of each row; the ufuncs themselves, as the methods of an array cost more than the work on so few numbers."""
    z = np.exp(z - np.maximum.reduce(z, axis=-1, keepdims=True))
    made: Floats = (z / np.add.reduce(z, axis=-1, keepdims=True)).astype(np.float32, copy=False)
    return made


@dataclass(frozen=True)
class Heads:
    """All heads together. Immutable after loading."""

    tasks: Mapping[str, Task]
    names: Sequence[str]  # of the rule features, (F,)
    rule: Floats  # (F, T)
    bias: Floats  # (T,)
    grams: npt.NDArray[np.int8]  # (B, G)
    gram_scale: Floats  # (G,)
    encoder: Floats  # (3 D + M, T), for what the encoder pools and what M labels found; only the colour reads more than the last layer
    encoder_bias: Floats  # (T,)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Row of each rule feature."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def _calibration(self) -> tuple[Floats, ...]:
        """Of each column: scale and shift of tier 1 alone, scales of tier 1 and of the encoder and shift of both; shapes (T,)."""
        made = np.zeros((5, len(self.bias)), np.float32)
        for task in self.tasks.values():
            made[:, task.columns] = np.array((*task.fast, *task.full))[:, None]
            for row, each in zip((1, 4), task.each, strict=True):
                made[row, task.columns] += np.array(each or 0.0, np.float32)
        return tuple(made)

    @cached_property
    def _one(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp], tuple[slice, ...]]:
        """Of the tasks of which exactly one label is right: their columns one task after another, where each begins there, which each column is of,
        and where each stands there."""
        tasks = [task for task in self.tasks.values() if task.one]
        sizes = [len(task.labels) for task in tasks]
        ends = np.cumsum([0, *sizes])
        columns = np.concatenate([np.arange(task.start, task.start + size) for task, size in zip(tasks, sizes, strict=True)])
        stands = tuple(slice(int(start), int(end)) for start, end in pairwise(ends))
        return columns, ends[:-1].astype(np.intp), np.repeat(np.arange(len(tasks)), sizes), stands

    def probabilities(self, fast: Floats, encoder: Floats | None) -> Floats:
        """Those of all tasks at once, as each task would work them out; shape (T,)."""
        scale, shift, tier_1, tier_2, both = self._calibration
        z = fast * scale + shift if encoder is None else tier_1 * fast + tier_2 * encoder + both
        made = _chances(z)
        columns, begins, task, stands = self._one
        own = z.take(columns)
        own -= np.maximum.reduceat(own, begins).take(task)
        np.exp(own, out=own)
        total = np.add.reduce
        own /= np.array([total(own[place]) for place in stands], own.dtype).take(task)  # each summed alone: in the order in which a task by itself sums
        made[columns] = own
        return made

    def fast(self, places: Sequence[int], amounts: Sequence[float], buckets: npt.NDArray[np.int64]) -> Floats:
        """Tier-1 scores of one narrative, shape (T,)."""
        z: Floats = self.bias + np.array(amounts, np.float32) @ self.rule.take(places, axis=0) if places else self.bias.copy()
        width, count = self.grams.shape[1], len(buckets)
        if width and count:
            # a row of ones times whole numbers: exact below 2**24, and a third of the time of a sum of bytes over rows
            ones = _ONES[:count] if count <= len(_ONES) else np.ones(count, np.float32)
            total = ones @ self.grams.take(buckets, axis=0).astype(np.float32)
            z[:width] += self.gram_scale * total.astype(np.float64) / np.sqrt(np.float32(count))
        return z

    def deep(self, pooled: Floats) -> Floats:
        """Scores by the encoder's pooled state, shape (T,)."""
        z: Floats = pooled @ self.encoder + self.encoder_bias
        return z

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What goes into the npz."""
        return {
            "names": np.array(list(self.names)),
            "rule": self.rule,
            "bias": self.bias,
            "grams": self.grams,
            "gram_scale": self.gram_scale,
            "encoder": self.encoder,
            "encoder_bias": self.encoder_bias,
        }
