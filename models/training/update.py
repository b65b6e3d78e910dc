"""Going on from the shipped heads with new labels: an agency's own records, or narratives of a kind that was missing.

Heads made anew need everything that the old ones learned from, and much of that is other people's text and cannot be handed on. Here the old weights
are the prior: what is learned is by how much each differs, held near zero (L2), so that a few hundred texts change what they speak about and little else.
The corpora are read along, so that nothing they teach is unlearned. Scales, shifts and the bounds of the conformal sets stay as they were calibrated,
n-gram weights stay as they are. First tier 1, alone as the fast tier answers; then the encoder's part beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models import store
from models.encoder import Encoder
from models.heads import Heads, Task
from models.training import data as matrices
from models.training.fit import LAYERS, Question
from models.training.listen import listen
from models.training.rows import Row
from models.training.run import THIN, questions
from models.training.tune import Tuned
from pipeline.engine import Engine

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Held:
    """How strongly the old weights hold (half the weight of the squared difference), and how often a new text counts where one of the corpora counts once."""

    fast: float = 1.0
    deep: float = 1.0
    weight: float = 2.0


@dataclass(frozen=True, slots=True)
class Read:
    """What the heads read of the texts: `whole`, `thin` (rows, F) rule features, `grams` (rows, T) scores of the n-grams, `states` (rows, 3 D + M)."""

    whole: Any
    thin: Any
    grams: Floats
    states: Floats
    names: Sequence[str]


def read_rows(engine: Engine, heads: Heads, folder: Path, rows: Sequence[Row], seed: int, cache: Path | None) -> Read:
    """Let rules and encoder read the rows. New rule features come after those that the heads know."""
    incidents = [row.incident for row in rows]
    whole, thin = listen(engine, incidents), listen(engine, incidents, share=THIN, seed=seed)
    known = list(heads.names)
    names = matrices.Vocabulary([*known, *(name for name in matrices.vocabulary([*whole, *thin]).names if name not in set(known))])
    states = matrices.States(Encoder.load(folder), store.digest(folder / store.ENCODER), cache).of(whole)
    width = heads.grams.shape[1]
    grams = np.zeros((len(rows), len(heads.bias)))
    grams[:, :width] = np.asarray(matrices.gram_matrix(whole) @ (heads.grams.astype(np.float32) * heads.gram_scale))
    return Read(matrices.rule_matrix(whole, names), matrices.rule_matrix(thin, names), grams, states.astype(np.float64), names.names)


def update(
    heads: Heads, read: Read, asked: Sequence[Question], weights: Floats, learned: Tuned, held: Held, say: Callable[[str], None] = lambda _: None
) -> Heads:
    """Heads that have gone on. `weights` (rows,): how often each row counts."""
    rule = np.zeros((len(read.names), len(heads.bias)))
    rule[: len(heads.names)] = heads.rule
    bias, encoder, encoder_bias = (part.astype(np.float64) for part in (heads.bias, heads.encoder, heads.encoder_bias))
    graded = matrices.Vocabulary(list(read.names)).graded
    third = len(learned.spread) // LAYERS
    for question in asked:
        task = heads.tasks.get(question.name)
        if task is None or task.labels != question.labels:
            continue
        rows = np.flatnonzero(question.answers >= 0) if question.one else np.arange(len(question.answers))
        answers, counts, columns = question.answers[rows], weights[rows], task.columns
        allowed = np.flatnonzero(~graded | question.grade)
        thin, whole = read.thin[rows][:, allowed], read.whole[rows][:, allowed]
        old = [(x @ rule[allowed][:, columns]) + bias[columns] + read.grams[rows][:, columns] for x in (thin, whole)]
        shift = np.asarray(task.shifts[0], np.float64)
        fast = _learn(question, _stack(thin, whole), np.vstack(old), np.vstack([answers, answers]) if not question.one else np.concatenate([answers] * 2),
                      np.concatenate([counts, counts]) / 2, task.fast[0], shift, held.fast)  # fmt: skip
        rule[np.ix_(allowed, range(columns.start, columns.stop))] += fast[0]
        bias[columns] += fast[1]
        score = thin @ rule[allowed][:, columns] + bias[columns] + read.grams[rows][:, columns]
        reads = slice(0, len(learned.spread) if question.grade else third)
        x = (read.states[rows][:, reads] - learned.centre[reads]) / learned.spread[reads]
        before = task.full[0] * score + np.asarray(task.shifts[1], np.float64)
        deep = _learn(question, x, read.states[rows] @ encoder[:, columns] + encoder_bias[columns], answers, counts, task.full[1], before, held.deep)
        encoder[reads, columns] += deep[0] / learned.spread[reads, None]
        encoder_bias[columns] += deep[1] - (learned.centre[reads] / learned.spread[reads]) @ deep[0]
        say(f"{question.name}: 离原来 {np.linalg.norm(fast[0]):.2f} {np.linalg.norm(deep[0]):.2f}")
    return Heads(
        tasks=heads.tasks, names=list(read.names), rule=rule.astype(np.float32), bias=bias.astype(np.float32), grams=heads.grams,
        gram_scale=heads.gram_scale, encoder=encoder.astype(np.float32), encoder_bias=encoder_bias.astype(np.float32),
    )  # fmt: skip


def _stack(first: Any, second: Any) -> Any:
    from scipy.sparse import vstack

    return vstack([first, second]).tocsr()


def _learn(question: Question, x: Any, old: Floats, answers: Any, counts: Floats, scale: float, shift: Any, held: float) -> tuple[Floats, Floats]:
    """By how much weights (inputs, labels) and bias (labels,) differ from the old ones: `scale` * (old + x @ difference) + `shift` is the calibrated score."""
    from scipy.optimize import minimize

    inputs, labels = x.shape[1], len(question.labels)
    right = np.eye(labels)[answers] if question.one else answers.astype(np.float64)
    back = x.T.tocsr() if hasattr(x, "tocsr") else x.T

    def loss(flat: Floats) -> tuple[float, Floats]:
        weight, bias = flat[:-labels].reshape(inputs, labels), flat[-labels:]
        z = scale * (old + x @ weight + bias) + shift
        if question.one:
            z = z - z.max(axis=1, keepdims=True)
            powers = np.exp(z)
            total = powers.sum(axis=1, keepdims=True)
            value = float((counts * (np.log(total[:, 0]) - (z * right).sum(axis=1))).sum())
            slope = powers / total - right
        else:
            value = float((counts[:, None] * (np.logaddexp(0, z) - right * z)).sum())
            slope = 1 / (1 + np.exp(-np.clip(z, -30, 30))) - right
        slope = scale * counts[:, None] * slope
        value += held / 2 * float((weight**2).sum() + (bias**2).sum())
        return value, np.concatenate([(np.asarray(back @ slope) + held * weight).ravel(), slope.sum(axis=0) + held * bias])

    found = minimize(loss, np.zeros((inputs + 1) * labels), jac=True, method="L-BFGS-B", options={"maxiter": 120}).x
    return found[:-labels].reshape(inputs, labels), found[-labels:]
