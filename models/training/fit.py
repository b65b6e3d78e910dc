"""Fitting the heads: tier 1 on rule signals and n-grams, the encoder's heads beside it, and the scales that make one calibrated probability of both.

Scales, shifts and conformal bounds come from folds cut by writer and source (of a tuned encoder: from writers and sources it was not tuned on), with a share of the phrases struck out of the held-out texts: they say how
far to believe the rules on a text that nobody wrote rules for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.heads import Task
from models.training.data import Matrix

Floats = npt.NDArray[np.float64]
LAYERS = 3  # that the encoder pools
HELD = 2.0  # how strongly a label's own shift is held at 0: as two texts would; 2026-11-22, not fitted
TOLERANCE = 1e-3  # of the gradient: accuracy on held-out folds no longer changes below it


@dataclass(frozen=True, slots=True)
class Question:
    """A task to be learned. `answers` (rows,): index of the right label or -1 (not asked) for `one`; else (rows, labels) of 0/1."""

    name: str
    one: bool
    labels: tuple[str, ...]
    answers: npt.NDArray[np.int64]
    grams: bool  # reads n-grams
    grade: bool  # reads the rules' grade


@dataclass(frozen=True, slots=True)
class Data:
    """Everything that the heads read. `whole` and `thin` (n, F), `grams` (n, B) weighted, `states` (n, 3 D) standardised, `folds` (n,)."""

    whole: Matrix
    thin: Matrix
    graded: npt.NDArray[np.bool_]
    grams: Matrix
    states: Floats
    folds: npt.NDArray[np.int64]
    groups: npt.NDArray[np.str_]
    spared: npt.NDArray[np.bool_] | None = None  # (n,) of a tuned encoder: the rows that it was not tuned on
    found: int = 0  # how many of the last columns of `states` are what the labels of a tuned encoder found for themselves
    looking: frozenset[str] = frozenset()  # the questions that read these columns


@dataclass(frozen=True, slots=True)
class Strength:
    """Inverse regularisation (sklearn's C); set after looking at scores on gold_dev and the writer ua, 2026-11-22."""

    one_fast: float = 4.0
    one_deep: float = 4.0
    many_fast: float = 0.5
    many_deep: float = 2.0
    miscover: tuple[float, float] = (0.2, 0.1)  # share of texts whose conformal set may miss its label: tier 1 alone (2026-11-22), with the encoder


@dataclass(slots=True)
class Head:
    """Weights of one task on one kind of input: (inputs, labels) and (labels,)."""

    weight: Floats
    bias: Floats

    def score(self, x: Any) -> Floats:
        made: Floats = np.asarray(x @ self.weight) + self.bias
        return made


@dataclass(slots=True)
class Fitted:
    """A task's heads and its calibrated Task (columns are assigned later)."""

    question: Question
    fast: Head
    deep: Head
    task: Task
    measures: dict[str, Any] = field(default_factory=dict)
    begin: int = 0  # of the encoder's columns, the first that the deep head reads


def rules_and_grams(data: Data, question: Question, *, thin: bool) -> Matrix:
    """What tier 1 reads for a task, of whole or thinned texts."""
    from scipy.sparse import csr_matrix, diags, hstack

    rules = data.thin if thin else data.whole
    if not question.grade:
        rules = rules @ diags((~data.graded).astype(np.float32))
    return hstack([rules, data.grams]).tocsr() if question.grams else csr_matrix(rules)


def deep_states(data: Data, question: Question) -> Floats:
    """What a task reads of the encoder: what its labels found, or all layers that are pooled (the colour), or the last alone (more made the type worse)."""
    begin, end = deep_columns(data, question)
    return data.states[:, begin:end]


def deep_columns(data: Data, question: Question) -> tuple[int, int]:
    """First and end of the encoder's columns that a task reads."""
    pooled = data.states.shape[1] - data.found
    if question.name in data.looking:
        return pooled, data.states.shape[1]
    return 0, pooled if question.grade else pooled // LAYERS


def logistic(x: Any, question: Question, answers: Any, strength: float) -> Head:
    """Logistic regression: multinomial for `one`, label by label else. A label without examples gets a score that never wins."""
    from sklearn.linear_model import LogisticRegression

    width, labels = x.shape[1], len(question.labels)
    head = Head(np.zeros((width, labels)), np.full(labels, -8.0))
    if question.one:
        model = LogisticRegression(C=strength, max_iter=300, tol=TOLERANCE).fit(x, answers)
        if len(model.classes_) == 2:  # sklearn keeps one column for two classes
            head.weight[:, model.classes_] = np.vstack([-model.coef_[0] / 2, model.coef_[0] / 2]).T
            head.bias[model.classes_] = [-model.intercept_[0] / 2, model.intercept_[0] / 2]
        else:
            head.weight[:, model.classes_], head.bias[model.classes_] = model.coef_.T, model.intercept_
        return head
    for label in range(labels):
        if answers[:, label].sum() >= 3:
            model = LogisticRegression(C=strength, max_iter=300, tol=TOLERANCE).fit(x, answers[:, label])
            head.weight[:, label], head.bias[label] = model.coef_[0], model.intercept_[0]
    return head


def fit(data: Data, question: Question, strength: Strength, given: Head | None = None) -> Fitted:
    """Fit one task: on each fold for its calibration, then on everything.

    `given`: the head that was learned with a tuned encoder. One fitted anew on the states is laid beside it, each with its share: the two err on different
    texts (mean over six sets never learnt from: category .934 → .943, type .835 → .846 against the tuned one alone, 2026-11-23).
    """
    asked = np.flatnonzero(question.answers >= 0) if question.one else np.arange(len(question.answers))
    answers, folds = question.answers[asked], data.folds[asked]
    whole, thin, states = (
        rules_and_grams(data, question, thin=False)[asked],
        rules_and_grams(data, question, thin=True)[asked],
        deep_states(data, question)[asked],
    )
    fast_out, deep_out = np.zeros((len(asked), len(question.labels))), np.zeros((len(asked), len(question.labels)))
    for fold in np.unique(folds):
        rest, held = folds != fold, folds == fold
        fast_out[held] = _fast(whole[rest], thin[rest], question, answers[rest], strength).score(thin[held])
        if given is None and data.spared is None:
            deep_out[held] = _deep(states[rest], question, answers[rest], strength).score(states[held])
    judged = np.ones(len(asked), bool) if data.spared is None else data.spared[asked]  # on texts it was tuned on, an encoder looks better than it is
    if given is not None:
        deep_out = given.score(states)
    elif data.spared is not None:
        deep_out[judged] = _deep(states[~judged], question, answers[~judged], strength).score(states[judged])
    begin = deep_columns(data, question)[0]
    if given is not None and data.spared is not None and question.name in data.looking:
        last = data.states[asked][:, : (data.states.shape[1] - data.found) // LAYERS]
        again = _deep(last[~judged], question, answers[~judged], strength).score(last[judged])
        share = _share(question, answers[judged], fast_out[judged], deep_out[judged], again)
        deep_out[judged] = (1 - share) * deep_out[judged] + share * again
        given, begin = _both(data, question, given, _deep(last, question, answers, strength), share), 0
    scores, groups = (fast_out[judged], deep_out[judged]), data.groups[asked][judged]
    task = _calibrated(question, answers[judged], *scores, strength.miscover)
    fast, deep = _fast(whole, thin, question, answers, strength), given or _deep(states, question, answers, strength)
    return Fitted(question, fast, deep, task, _measures(task, question, answers[judged], scores, groups), begin)


def _fast(whole: Matrix, thin: Matrix, question: Question, answers: Any, strength: Strength) -> Head:
    from scipy.sparse import vstack

    doubled = np.concatenate([answers, answers])
    return logistic(vstack([whole, thin]).tocsr(), question, doubled, strength.one_fast if question.one else strength.many_fast)


def _deep(states: Floats, question: Question, answers: Any, strength: Strength) -> Head:
    return logistic(states, question, answers, strength.one_deep if question.one else strength.many_deep)


def _share(question: Question, answers: Any, fast: Floats, tuned: Floats, again: Floats) -> float:
    """Of two heads of the encoder the second's part, 0 to 1, with which both beside tier 1 have the best likelihood on texts of others."""
    from scipy.optimize import minimize

    shift = 0.0 if question.one else 1.0
    found = minimize(
        lambda w: _loss(question, answers, w[0] * fast + abs(w[1]) * tuned + abs(w[2]) * again + shift * w[3]),
        [0.4, 0.4, 0.4, 0.0], method="Nelder-Mead", options={"maxiter": 240},
    ).x  # fmt: skip
    both = abs(float(found[1])), abs(float(found[2]))
    return both[1] / max(sum(both), 1e-6)


def _both(data: Data, question: Question, given: Head, again: Head, share: float) -> Head:
    """One head over all columns of the encoder that says what the two say, the second with its share."""
    begin, end = deep_columns(data, question)
    weight = np.zeros((data.states.shape[1], len(question.labels)))
    weight[begin:end] += (1 - share) * given.weight
    weight[: len(again.weight)] += share * again.weight
    return Head(weight, (1 - share) * given.bias + share * again.bias)


def _loss(question: Question, answers: Any, z: Floats) -> float:
    if question.one:
        z = z - z.max(axis=1, keepdims=True)
        return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), answers]).mean())
    return float((np.logaddexp(0, z) - answers * z).mean())


def _calibrated(question: Question, answers: Any, fast: Floats, deep: Floats, miscover: tuple[float, float]) -> Task:
    """Scales and shifts with the best likelihood on held-out folds, then the bounds of the conformal sets."""
    from scipy.optimize import minimize

    shifted = 0.0 if question.one else 1.0  # a shift common to all labels says nothing where exactly one is right
    alone = minimize(lambda w: _loss(question, answers, w[0] * fast + shifted * w[1]), [1.0, 0.0], method="Nelder-Mead", options={"maxiter": 80}).x
    both = minimize(
        lambda w: _loss(question, answers, w[0] * fast + w[1] * deep + shifted * w[2]), [0.6, 0.8, 0.0], method="Nelder-Mead", options={"maxiter": 160}
    ).x
    made = Task(
        question.name, question.one, question.labels, 0,
        (float(alone[0]), float(shifted * alone[1])), (float(both[0]), float(both[1]), float(shifted * both[2])), (0.5, 0.5),
    )  # fmt: skip
    if not question.one:
        each = _each(answers, made.fast[0] * fast + made.fast[1]), _each(answers, made.full[0] * fast + made.full[1] * deep + made.full[2])
        return replace(made, each=each)
    bounds = []
    for encoder, miss in zip((None, deep.astype(np.float32)), miscover, strict=True):
        right = made.probabilities(fast.astype(np.float32), encoder)[np.arange(len(answers)), answers]
        bounds.append(float(np.quantile(right, miss)))
    return replace(made, sets=(bounds[0], bounds[1]))


def _each(answers: Any, z: Floats) -> tuple[float, ...]:
    """A shift for each label with which its probabilities add up to how often it is right, held near 0 where few texts speak: one Newton step at a time."""
    shift = np.zeros(z.shape[1])
    for _ in range(30):
        chances = 1 / (1 + np.exp(-(z + shift)))
        slope = (chances - answers).sum(axis=0) + HELD * shift
        shift -= np.clip(slope / ((chances * (1 - chances)).sum(axis=0) + HELD), -1, 1)
    return tuple(float(value) for value in shift.round(6))


def _measures(task: Task, question: Question, answers: Any, scores: tuple[Floats, Floats], groups: npt.NDArray[np.str_]) -> dict[str, Any]:
    """How the cross-fit does, tier 1 alone and with the encoder: each writer and source answered by heads that never saw it."""
    fast, deep = scores
    out: dict[str, Any] = {"n": len(answers)}
    for name, encoder in (("fast", None), ("full", deep.astype(np.float32))):
        chances = task.probabilities(fast.astype(np.float32), encoder)
        if question.one:
            right = chances.argmax(axis=1) == answers
            out[name] = {"accuracy": float(right.mean()), "ece": expected_error(chances, answers)}
            out[name]["by_group"] = {str(group): float(right[groups == group].mean()) for group in np.unique(groups)}
        else:
            seen = chances >= 0.5
            both = float((seen & (answers > 0)).sum())
            out[name] = {"micro_f1": 2 * both / max(1.0, float(seen.sum() + answers.sum()))}
    return out


def expected_error(chances: npt.NDArray[Any], answers: npt.NDArray[np.int64], bins: int = 10) -> float:
    """Expected calibration error of the best label over equal bins of its probability."""
    best, right = chances.max(axis=1), chances.argmax(axis=1) == answers
    places = np.minimum((best * bins).astype(int), bins - 1)
    return float(sum(abs(best[places == b].mean() - right[places == b].mean()) * (places == b).mean() for b in range(bins) if (places == b).any()))


def folds_of(groups: Sequence[str], number: int) -> npt.NDArray[np.int64]:
    """A fold for each row; all rows of a writer or source stay together, folds about equally large."""
    sizes: Mapping[str, int] = {group: groups.count(group) for group in set(groups)}
    load, place = [0] * number, {}
    for group in sorted(sizes, key=lambda g: (-sizes[g], g)):
        place[group] = load.index(min(load))
        load[place[group]] += sizes[group]
    return np.array([place[group] for group in groups], dtype=np.int64)
