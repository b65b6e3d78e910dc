"""Going on from heads that are there: what is new is learned, what is kept stays to the bit, and a strong hold keeps the heads where they were."""

from __future__ import annotations

import numpy as np
import pytest

from models import card, store
from models.training.rows import Row
from models.training.run import Run, train
from models.training.update import Held, go_on
from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.values import Incident
from service import train_cli
from tests.models.test_training import folder, rows  # noqa: F401 - a fixture

NEW = [
    Row(f"我家的鹦鹉第{n}回飞到树上, 叫它不下来", "鸟", {"category": "help", "dispute_type": None, "risk": "red", "factors": [], "fraud_scripts": []})
    for n in range(6)
]


def chance(place, engine) -> float:
    """Of the top colour, for a text like the new ones."""
    told = {}

    class Watching(type(store.load(place, "full"))):
        def levels(self, opinion, axes, level):
            told["levels"] = super().levels(opinion, axes, level)
            return told["levels"]

    adviser = store.load(place, "full")
    adviser.__class__ = Watching
    Engine(engine.pack, adviser=adviser).assess(Incident(narrative="鹦鹉飞到树上了, 叫它不下来"))
    return float(told["levels"][-1])


def test_what_is_new_is_learned_and_the_rest_stays(folder, engine):  # noqa: F811
    known = rows()[::2]
    train(Run(known, [], folder, folder, 0))
    before, first = store.load(folder, "fast").heads, chance(folder, engine)
    run = Run([*known, *NEW], [], folder, folder, 0)
    go_on(run, frozenset({"鸟"}), ["risk"], Held(1e9, 1e9))
    held = store.load(folder, "fast").heads
    assert np.allclose(held.encoder, before.encoder, atol=1e-4)
    told = go_on(run, frozenset({"鸟"}), ["risk"], Held(0.1, 0.1))
    after = store.load(folder, "fast").heads
    assert chance(folder, engine) > max(first, 0.5)
    for name in ("category", "factors"):
        columns = after.tasks[name].columns
        assert after.tasks[name] == before.tasks[name]
        assert np.array_equal(after.encoder[:, columns], before.encoder[:, columns])
        assert np.array_equal(after.rule[: len(before.names)][:, columns], before.rule[:, columns])
    assert np.array_equal(after.grams, before.grams)
    assert [step["new"] for step in told["updated"]] == [{"鸟": 6}, {"鸟": 6}]
    assert "鸟 6" in card.render(told, [])


def test_a_group_without_rows_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("models.training.rows.labelled", lambda extra, hold_out: [])
    with pytest.raises(InputError, match="FQ4011"):
        train_cli.train(tmp_path, new=["nobody"])
