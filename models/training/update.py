"""Going on from the shipped heads with new labels: an agency's own records, or narratives of a kind that was missing.

Heads made anew need everything that the old ones learned from, and much of that is other people's text and cannot be handed on. Here the old weights
are the prior: what is learned is by how much each differs, held near zero (L2), so that a few hundred texts change what they speak about and little else.
The corpora are read along, so that nothing they teach is unlearned. Scales, shifts and the bounds of the conformal sets stay as they were calibrated,
n-gram weights stay as they are. First tier 1, alone as the fast tier answers; then the encoder's part beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models import store
from models.encoder import Encoder
from models.heads import Heads
from models.training import data as matrices
from models.training.fit import LAYERS, Question
from models.training.listen import listen
from models.training.rows import Row
from models.training.run import THIN, Run, questions, scaled
from models.training.tune import Tuned
from pipeline.engine import Engine

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Held:
    """How strongly the old weights hold (half the weight of the squared difference), and how often a new text counts where one of the corpora counts once."""

    fast: float = 100.0  # both 2026-11-24: at 1 and 10 the corpora, long known by heart, pulled the heads away from what holds for others' texts
    deep: float = 100.0
    weight: float = 6.0  # 2026-11-24: everyday calls beside thirty times as many others; 2 to 30 did much the same


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


def go_on(run: Run, new: frozenset[str], tasks: Sequence[str] = (), held: Held | None = None) -> dict[str, Any]:
    """Go on from the heads of `run.out` with all of `run.rows`, of which the groups `new` are to be learned; writes them there and returns what the manifest
    tells. `tasks`: the questions whose heads change, all where none is named. Raises ModelError where there are no heads to go on from."""
    held = held or Held()
    about, heads, engine = store.manifest(run.out), store.load(run.out, "fast").heads, Engine.default()
    run.say(f"规则与编码器读 {len(run.rows)} 条, 其中新的 {sum(row.group in new for row in run.rows)} 条")
    read = read_rows(engine, heads, run.out, run.rows, run.seed, run.cache)
    learned = Tuned.load(run.out)
    scale = scale_of(read.states, learned)
    asked = [question for question in questions(engine, run.rows) if not tasks or question.name in tasks]
    weights = np.array([held.weight if row.group in new else 1.0 for row in run.rows])
    made = update(heads, read, asked, weights, scale, held, run.say)
    groups = [row.group for row in run.rows]
    told = {
        "new": {group: groups.count(group) for group in sorted(new)},
        "beside": len(groups) - sum(group in new for group in groups),
        "tasks": [question.name for question in asked],
        "held": asdict(held),
        "rules": engine.pack.digest,
    }
    rest = {name: value for name, value in about.items() if name not in ("format", "tasks", "files")}
    store.save(run.out, made, rest | {"trained_on": about["trained_on"] | told["new"], "updated": [*about.get("updated", ()), told]})
    return store.manifest(run.out)


def update(
    heads: Heads, read: Read, asked: Sequence[Question], weights: Floats, scale: tuple[Floats, Floats, int], held: Held, say: Callable[[str], None]
) -> Heads:
    """Heads that have gone on. `weights` (rows,): how often each row counts. `scale`: centre and spread of the states' columns, and how many are pooled."""
    rule = np.zeros((len(read.names), len(heads.bias)))
    rule[: len(heads.names)] = heads.rule
    bias, encoder, encoder_bias = (part.astype(np.float64) for part in (heads.bias, heads.encoder, heads.encoder_bias))
    graded = matrices.Vocabulary(list(read.names)).graded
    centre, spread, pooled = scale
    for question in asked:
        task = heads.tasks.get(question.name)
        rows = np.flatnonzero(question.answers >= 0) if question.one else np.arange(len(question.answers))
        if task is None or task.labels != question.labels or not len(rows):
            continue
        answers, counts, columns = question.answers[rows], weights[rows], task.columns
        allowed = np.flatnonzero(~graded | question.grade)
        thin, whole = read.thin[rows][:, allowed], read.whole[rows][:, allowed]
        grams = read.grams[rows][:, columns] + bias[columns]
        before = np.vstack([x @ rule[allowed][:, columns] + grams for x in (thin, whole)])
        twice, shift = np.concatenate([answers, answers]), np.asarray(task.shifts[0], np.float64)
        fast = _learn(question, _stack(thin, whole), before, twice, np.concatenate([counts, counts]) / 2, task.fast[0], shift, held.fast)
        rule[allowed, columns] += fast[0]
        bias[columns] += fast[1]
        beside = task.full[0] * (thin @ rule[allowed][:, columns] + grams + fast[1]) + np.asarray(task.shifts[1], np.float64)
        reads = slice(0, pooled if question.grade else pooled // LAYERS)
        x = (read.states[rows][:, reads] - centre[reads]) / spread[reads]
        deep = _learn(question, x, read.states[rows] @ encoder[:, columns] + encoder_bias[columns], answers, counts, task.full[1], beside, held.deep)
        encoder[reads, columns] += deep[0] / spread[reads, None]
        encoder_bias[columns] += deep[1] - (centre[reads] / spread[reads]) @ deep[0]
        say(f"{question.name}: 离原来 {np.linalg.norm(fast[0]):.2f} {np.linalg.norm(deep[0]):.2f}")
    return Heads(
        tasks=heads.tasks, names=list(read.names), rule=rule.astype(np.float32), bias=bias.astype(np.float32), grams=heads.grams,
        gram_scale=heads.gram_scale, encoder=encoder.astype(np.float32), encoder_bias=encoder_bias.astype(np.float32),
    )  # fmt: skip


def scale_of(states: Floats, learned: Tuned | None) -> tuple[Floats, Floats, int]:
    """Centre and spread of the states' columns, on which a difference is held; and how many of them are pooled, before what labels found for themselves."""
    centre, spread = scaled(states, learned)
    return centre, spread, len(learned.centre) if learned is not None else states.shape[1]


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
