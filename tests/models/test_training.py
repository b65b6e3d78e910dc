"""Training on a few rows with an encoder made up: the steps, the same bytes twice, and that what was trained answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from models import card, store
from models.encoder import Encoded, Encoder
from models.errors import ModelError
from models.features import ngrams
from models.training.fit import _each, expected_error, folds_of
from models.training.keep import keep
from models.training.listen import listen
from models.training.rows import labelled
from models.training.run import Run, train
from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.values import Incident
from service import train_cli


class Letters:
    """States that count a few characters."""

    def encode(self, text):
        states = np.array([[float(char in chars) for chars in ("水电", "钱元款", "打骂", "转账", "的", "我")] for char in text or " "], np.float32)
        return Encoded(states.mean(axis=0), states, tuple((i, i + 1) for i in range(len(text or " "))), len(text or " "))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(Encoder, "load", classmethod(lambda cls, folder: Letters()))
    for name in (store.ENCODER, store.TOKENIZER):
        (tmp_path / name).write_bytes(b"made up")
    return tmp_path


def rows():
    return labelled((), ("ua",))[::60]


@pytest.mark.slow
def test_a_run_writes_heads_that_the_engine_uses_and_repeats_to_the_byte(folder, tmp_path, engine):
    chosen = rows()
    about = train(Run(chosen, chosen[:20], folder, folder, seed=3))
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    train(Run(chosen, chosen[:20], again, again, seed=3))
    kept, made = np.load(folder / store.HEADS), np.load(again / store.HEADS)
    assert all(np.array_equal(kept[name], made[name]) for name in kept.files)
    assert set(about["cross_fit"]) == {"category", "dispute_type", "risk", "fraud_stage", "factors", "fraud_scripts"}
    answer = Engine(engine.pack, adviser=store.load(folder, "full")).assess(Incident(narrative=chosen[0].text))
    assert not answer.degraded
    assert 0 < answer.category.score <= 1
    told = card.render(store.manifest(folder), [])
    assert all(group in told for group in about["trained_on"])


def test_writers_held_out_do_not_train():
    assert {row.group for row in labelled((), ())} - {row.group for row in labelled((), ("ua",))} == {"ua"}


def test_folds_keep_a_writer_together_and_are_about_equal():
    groups = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 3
    folds = folds_of(groups, 3)
    assert all(len(set(folds[[g == group for g in groups]])) == 1 for group in "abcd")
    assert sorted(np.bincount(folds)) == [4, 5, 6]


def test_striking_out_phrases_leaves_fewer_signals(engine):
    text = "楼上漏水, 把我家屋顶泡了, 找他他不管, 还扬言要打我。"
    (whole,), (none,) = listen(engine, [Incident(narrative=text)]), listen(engine, [Incident(narrative=text)], share=1.0)
    assert len(none.features) < len(whole.features)
    assert not any(name.startswith("heard.disputes") for name, _ in none.features)


def test_calibration_error_is_the_distance_of_share_and_truth():
    chances = np.array([[0.8, 0.2]] * 10)
    assert expected_error(chances, np.array([0] * 8 + [1] * 2)) == pytest.approx(0.0)
    assert expected_error(chances, np.array([1] * 10)) == pytest.approx(0.8)


def test_the_shift_of_a_label_makes_its_chances_add_up_to_how_often_it_is_right():
    dice = np.random.default_rng(0)
    z = dice.normal(-1, 2, (2000, 3))
    truth = (dice.random(z.shape) < 1 / (1 + np.exp(-z - np.array([0.0, 1.5, -1.0])))).astype(int)
    told = np.array(_each(truth, z))
    np.testing.assert_allclose(told, [0.0, 1.5, -1.0], atol=0.2)
    np.testing.assert_allclose((1 / (1 + np.exp(-(z + told)))).sum(0), truth.sum(0), rtol=0.01)
    assert abs(_each(truth[:3], z[:3])[1]) < 1.5  # three texts say little


def test_unreadable_training_data_are_refused(tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{", "utf-8")
    with pytest.raises(InputError, match="FQ4004"):
        labelled([bad], ())


def test_a_checkpoint_that_is_not_there_is_told_before_anything_is_read(tmp_path):
    with pytest.raises(InputError, match="FQ4008"):
        train_cli.train(tmp_path / "out", encoder=[tmp_path / "none"])
    with pytest.raises(InputError, match="FQ4006"):
        train_cli.train(tmp_path / "out", encoder=[Path(train_cli.SHIPPED)], epochs=1)


def test_going_on_from_what_ships_keeps_what_was_learned_with_its_encoder(tmp_path, monkeypatch):
    seen = []

    def look(run):
        seen.append(run)
        return {"cross_fit": {}}

    monkeypatch.setattr("models.training.run.train", look)
    monkeypatch.setattr("models.training.rows.labelled", lambda extra, hold_out: [])
    train_cli.train(tmp_path, extra=None, unlabelled=None, hold_out=None, encoder=None, epochs=0, spare=None, cache=None)
    assert {path.name for path in tmp_path.iterdir()} == {store.ENCODER, store.TOKENIZER, "tuned.npz"}
    assert seen[0].spared == frozenset(store.manifest(store.shipped())["spared"]) != frozenset()


def scores(heads, name):
    """What a task's calibrated scores are for one made-up narrative, with the encoder asked: one rule feature, a few n-grams, one state."""
    task, buckets = heads.tasks[name], ngrams("楼上漏水不管")
    feature = heads.index["best.category.dispute"]
    fast, deep = heads.fast([feature], [1.0], buckets), heads.deep(np.linspace(-1, 1, len(heads.encoder), dtype=np.float32))
    return task.full[0] * fast[task.columns] + task.full[1] * deep[task.columns] + task.full[2]


def test_a_head_that_is_kept_answers_as_before_and_the_others_as_trained(folder, tmp_path, engine):
    before, after = tmp_path / "before", tmp_path / "after"
    for seed, place in enumerate((before, after)):
        place.mkdir()
        for name in (store.ENCODER, store.TOKENIZER):
            shutil.copyfile(folder / name, place / name)
        train(Run(rows()[::2], [], place, place, seed))
    new, old = store.load(after, "fast").heads, store.load(before, "fast").heads
    keep(after, before, ["risk"])
    made = store.load(after, "fast").heads
    assert made.tasks["risk"] == old.tasks["risk"]
    assert made.tasks["category"] == new.tasks["category"]
    risk, category = old.tasks["risk"].columns, new.tasks["category"].columns
    assert np.array_equal(made.encoder[:, risk], old.encoder[:, risk])
    assert np.array_equal(made.rule[[made.index[name] for name in old.names]][:, risk], old.rule[:, risk])
    assert np.array_equal(made.rule[[made.index[name] for name in new.names]][:, category], new.rule[:, category])
    assert store.manifest(after)["kept"] == ["risk"]
    half = tmp_path / "half"
    shutil.copytree(after, half)
    keep(half, before, ["risk"], mean=True)
    both = store.load(half, "fast").heads
    assert both.tasks["risk"] == old.tasks["risk"]
    assert scores(both, "category") == pytest.approx(
        (scores(made, "category") + scores(old, "category")) / 2, abs=5e-3
    )  # weights of n-grams are stored as whole numbers
    with pytest.raises(ModelError, match="FQ4010"):
        keep(after, before, ["weather"])
    (before / store.MANIFEST).write_text((before / store.MANIFEST).read_text("utf-8").replace(store.digest(folder / store.ENCODER), "0"), "utf-8")
    with pytest.raises(ModelError, match="FQ4010"):
        keep(after, before, ["risk"])
