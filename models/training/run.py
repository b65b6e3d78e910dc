"""One training run, from rows to a folder that the product loads. Deterministic for a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from models import store
from models.encoder import Encoder, piece_ids, tokenizer
from models.features import BUCKETS
from models.heads import Heads, Task
from models.training import data as matrices
from models.training.fit import LAYERS, Data, Fitted, Question, Strength, deep_states, fit, folds_of, logistic, rules_and_grams
from models.training.listen import Heard, listen
from models.training.rows import Row
from models.training.tune import Looks, Tuned, Tuning, tune
from pipeline.engine import Engine
from pipeline.privacy import Deidentifier
from pipeline.text.document import read

FOLDS = 3
THIN = 0.4  # share of phrases struck out: with it the rules do on their own texts about what they do on a new writer's (type 0.77 against 0.71-0.75)
SELF_TRAINED = frozenset({"category", "dispute_type"})
SURE = 0.8  # share from which a label that rules and heads together give an unlabelled text is learned from


@dataclass(frozen=True, slots=True)
class Run:
    """What to train on and how. `say` is told what is being done."""

    rows: Sequence[Row]
    unlabelled: Sequence[Row]
    encoder: Path
    out: Path
    seed: int = 0
    cache: Path | None = None
    strength: Strength = field(default_factory=Strength)
    spared: frozenset[str] = frozenset()  # groups on which the encoder was not tuned; empty for one that was tuned on none
    say: Callable[[str], None] = lambda _: None


def questions(engine: Engine, rows: Sequence[Row]) -> list[Question]:
    """The tasks, with labels from the rule pack and answers from the rows."""
    rules = engine.pack.rules
    levels = [str(level["code"]) for level in rules["profiles"][engine.profile].data["levels"]]
    scripts = [code for code, rule in rules["scripts"].items() if any(code in (row.labels.get("fraud_scripts") or ()) for row in rows)]
    factors = [c for c, rule in rules["factors"].items() if not rule.data["internal"] and any(c in (r.labels.get("factors") or ()) for r in rows)]
    return [
        _one("category", sorted(rules["categories"]), rows, grams=True),
        _one("dispute_type", sorted(rules["disputes"]), rows, grams=True),
        _one("risk", levels, rows, grade=True),
        _one("fraud_stage", sorted(rules["stages"]), rows, grams=True),
        _many("factors", sorted(factors), rows),
        _many("fraud_scripts", sorted(scripts), rows),
    ]


def _one(name: str, labels: Sequence[str], rows: Sequence[Row], *, grams: bool = False, grade: bool = False) -> Question:
    place = {label: number for number, label in enumerate(labels)}
    answers = np.array([place.get(row.labels.get(name) or "", -1) for row in rows], dtype=np.int64)
    return Question(name, True, tuple(labels), answers, grams, grade)


def _many(name: str, labels: Sequence[str], rows: Sequence[Row]) -> Question:
    answers = np.array([[int(label in (row.labels.get(name) or ())) for label in labels] for row in rows], dtype=np.int64)
    return Question(name, False, tuple(labels), answers, grams=False, grade=False)


def train(run: Run) -> dict[str, Any]:
    """Train and write the heads beside the encoder in `run.out`; returns what the manifest tells. Raises ModelError for an unusable encoder."""
    engine = Engine.default()
    incidents = [row.incident for row in run.rows]
    run.say(f"规则读 {len(incidents)} 条, 各两遍")
    whole, thin = listen(engine, incidents), listen(engine, incidents, share=THIN, seed=run.seed)
    states = matrices.States(Encoder.load(run.encoder), store.digest(run.encoder / store.ENCODER), run.cache)
    run.say("编码器读全部文本")
    raw, groups = states.of(whole), [row.group for row in run.rows]
    learned = Tuned.load(run.encoder)
    centre, spread = scaled(raw, learned)
    names = matrices.vocabulary([*whole, *thin])
    grams = matrices.gram_matrix(whole)
    rarity = matrices.rarity(grams)
    data = Data(
        matrices.rule_matrix(whole, names), matrices.rule_matrix(thin, names), names.graded, grams.multiply(rarity).tocsr(),
        (raw - centre) / spread, folds_of(groups, FOLDS), np.array(groups), np.isin(groups, sorted(run.spared)) if run.spared else None,
        raw.shape[1] - len(learned.centre) if learned else 0, frozenset(learned.where) if learned else frozenset(),
    )  # fmt: skip
    asked = questions(engine, run.rows)
    fitted = [_said(run, _fitted(data, question, run.strength, learned)) for question in asked]
    teaches = bool(run.unlabelled) and learned is None  # a tuned encoder's heads are not made again
    if teaches:
        fitted = _self_trained(run, engine, fitted, data, _Read(names, rarity, states, centre, spread))
    heads = assemble(fitted, names.names, rarity, centre, spread)
    about = _about(run, engine, fitted, len(run.unlabelled) if teaches else 0)
    store.save(run.out, heads, about)
    return about


def scaled(raw: Any, learned: Tuned | None) -> tuple[Any, Any]:
    """Centre and spread of the encoder's columns, (3 D + M,): a tuned encoder's own; what its labels found stays as it is."""
    if learned is None:
        return raw.mean(axis=0), raw.std(axis=0) * np.sqrt(raw.shape[1] / LAYERS)
    found = raw.shape[1] - len(learned.centre)
    return np.concatenate([learned.centre, np.zeros(found)]), np.concatenate([learned.spread, np.ones(found)])


def tuned(model: Any, folder: Path, rows: Sequence[Row], how: Tuning, say: Callable[[str], None] = lambda _: None, given: Tuned | None = None) -> Looks:
    """Tune a torch encoder in place on rows, with the tokenizer of `folder`, on all questions that the heads are asked; what it learned is saved to `folder`.
    `given`: what was learned with it before, to go on from.

    Returns where the labels look, to be exported with the encoder.
    """
    pieces, reader = tokenizer(folder), Deidentifier.default()
    learned = tune(model, [piece_ids(pieces, reader.nameless(read(row.text).text).text)[1] for row in rows], questions(Engine.default(), rows), how, say, given)
    learned.save(folder)
    return learned.looks()


def _fitted(data: Data, question: Question, strength: Strength, learned: Tuned | None) -> Fitted:
    """Fit a task with what was learned with the encoder; but the colour, which reads three layers, is fitted anew (better by .02 κ², 2026-11-22)."""
    if learned is None or not question.grade:
        return fit(data, question, strength, learned.of(question) if learned else None)
    return fit(data, question, replace(strength, one_deep=strength.one_deep / LAYERS))


def _said(run: Run, made: Fitted) -> Fitted:
    told = {name: {k: v for k, v in value.items() if k != "by_group"} if isinstance(value, dict) else value for name, value in made.measures.items()}
    run.say(f"{made.question.name}: {told}")
    return made


@dataclass(frozen=True, slots=True)
class _Read:
    """How a text becomes rows of the matrices."""

    names: matrices.Vocabulary
    rarity: Any
    states: matrices.States
    centre: Any
    spread: Any


def _self_trained(run: Run, engine: Engine, fitted: list[Fitted], data: Data, read: _Read) -> list[Fitted]:
    """Fit the encoder's heads of `one` tasks again with unlabelled texts on which rules and heads together are sure. Scales stay as cross-fitted."""
    heard = listen(engine, [row.incident for row in run.unlabelled])
    rules, grams = matrices.rule_matrix(heard, read.names), matrices.gram_matrix(heard).multiply(read.rarity).tocsr()
    states = (read.states.of(heard) - read.centre) / read.spread
    made = []
    for entry in fitted:
        question = entry.question
        if not question.one or question.grade or question.name not in SELF_TRAINED:
            made.append(entry)
            continue
        inputs = Data(rules, rules, data.graded, grams, states, np.zeros(len(heard), np.int64), np.array([""] * len(heard)))
        chosen, answers = _sure(entry, inputs, heard)
        run.say(f"{question.name}: 自训练 {len(chosen)} 条")
        asked = question.answers >= 0
        told = np.concatenate([question.answers[asked], answers])
        seen = deep_states(data, question)[asked]
        deep = logistic(np.vstack([seen, deep_states(inputs, question)[chosen]]), question, told, run.strength.one_deep)
        made.append(replace(entry, deep=deep, measures=entry.measures | {"self_trained": len(chosen)}))
    return made


def _sure(entry: Fitted, inputs: Data, heard: Sequence[Heard]) -> tuple[Any, Any]:
    fast = entry.fast.score(rules_and_grams(inputs, entry.question, thin=False))
    shares = entry.task.probabilities(fast.astype(np.float32), entry.deep.score(deep_states(inputs, entry.question)).astype(np.float32))
    typed = np.array([one.typed for one in heard]) | (entry.question.name == "category")
    chosen = np.flatnonzero((shares.max(axis=1) >= SURE) & typed)
    return chosen, shares[chosen].argmax(axis=1)


def assemble(fitted: Sequence[Fitted], names: Sequence[str], rarity: Any, centre: Any, spread: Any) -> Heads:
    """One set of arrays: columns that read n-grams first, weights of counts folded in and rounded to int8 per column."""
    order = sorted(fitted, key=lambda entry: not entry.question.grams)
    tasks, start = {}, 0
    rule, bias, deep, deep_bias, grams = [], [], [], [], []
    for entry in order:
        task = entry.task
        tasks[task.name] = Task(task.name, task.one, task.labels, start, task.fast, task.full, task.sets, task.each)
        start += len(task.labels)
        rule.append(entry.fast.weight[: len(names)])
        bias.append(entry.fast.bias)
        if entry.question.grams:
            grams.append(entry.fast.weight[len(names) :] * rarity[:, None])
        reads = slice(entry.begin, entry.begin + len(entry.deep.weight))  # a task may read fewer layers than are pooled, or what its labels found
        weight = np.zeros((len(spread), len(task.labels)))
        weight[reads] = entry.deep.weight / spread[reads, None]
        deep.append(weight)
        deep_bias.append(entry.deep.bias - centre @ weight)
    table = np.hstack(grams) if grams else np.zeros((BUCKETS, 0))
    scale = np.maximum(np.abs(table).max(axis=0), 1e-9) / 127
    return Heads(
        tasks=tasks,
        names=list(names),
        rule=np.hstack(rule).astype(np.float32),
        bias=np.concatenate(bias).astype(np.float32),
        grams=np.round(table / scale).astype(np.int8),
        gram_scale=scale.astype(np.float32),
        encoder=np.hstack(deep).astype(np.float32),
        encoder_bias=np.concatenate(deep_bias).astype(np.float32),
    )


def _about(run: Run, engine: Engine, fitted: Sequence[Fitted], unlabelled: int) -> dict[str, Any]:
    groups = [row.group for row in run.rows]
    return {
        "profile": engine.profile,
        "consult": {"category": 0.9, "dispute_type": 0.85},
        "trained_on": {group: groups.count(group) for group in sorted(set(groups))},
        "unlabelled": unlabelled,
        "rules": engine.pack.digest,
        "seed": run.seed,
        "thinned": THIN,
        "spared": sorted(run.spared),
        "cross_fit": {entry.question.name: entry.measures for entry in fitted},
    }
