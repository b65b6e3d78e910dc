"""Tuning a made-up encoder of four small layers: what is frozen stays, what is learned tells the texts apart, and the pace goes up and down."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from models.training.fit import Question
from models.training.tune import Tuning, batches, pace, tune

torch = pytest.importorskip("torch", reason="extra train")
transformers = pytest.importorskip("transformers", reason="extra train")


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=32, attn_implementation="eager", type_vocab_size=1
    )
    return transformers.BertModel(config).eval()


def made(dice, count):
    """Texts of piece numbers: those of the first kind hold the piece 7."""
    kinds = dice.integers(0, 2, count)
    ids = [[0, *dice.integers(10, 40, dice.integers(4, 12)).tolist(), 7 if kind else 8, 2] for kind in kinds]
    return ids, kinds


def questions(kinds):
    return [
        Question("category", True, ("a", "b"), kinds.astype(np.int64), False, False),
        Question("risk", True, ("low", "high"), np.where(np.arange(len(kinds)) % 3 == 0, -1, kinds).astype(np.int64), False, True),
        Question("factors", False, ("x",), kinds.reshape(-1, 1).astype(np.int64), False, False),
    ]


def states(model, ids):
    with torch.no_grad():
        return np.array([model(input_ids=torch.tensor([one])).last_hidden_state[0].mean(0).numpy() for one in ids])


def test_the_lower_half_stays_and_the_upper_half_learns(model):
    ids, kinds = made(np.random.default_rng(1), 160)
    before = copy.deepcopy(model.state_dict())
    tune(model, ids, questions(kinds), Tuning(epochs=30, rate=3e-3, tokens=300))
    after = model.state_dict()
    same = {name: torch.equal(before[name], after[name]) for name in after}
    assert all(kept for name, kept in same.items() if name.startswith(("embeddings", "encoder.layer.0.", "encoder.layer.1.")))
    assert not any(same[f"encoder.layer.{n}.output.dense.weight"] for n in (2, 3))
    fresh, answers = made(np.random.default_rng(2), 60)
    seen = states(model, ids)
    one, two = seen[kinds == 0].mean(0), seen[kinds == 1].mean(0)
    told = np.array([((x - one) ** 2).sum() > ((x - two) ** 2).sum() for x in states(model, fresh)])
    assert (told == answers).mean() > 0.9


def test_batches_hold_every_text_once_within_their_bound():
    lengths = np.random.default_rng(0).integers(3, 250, 1300)
    found = list(batches(lengths, 1600, np.random.default_rng(3)))
    assert sorted(number for batch in found for number in batch) == list(range(1300))
    assert all(len(batch) == 1 or len(batch) * lengths[batch].max() <= 1600 for batch in found)


def test_the_pace_rises_then_falls():
    steps = [pace(step, 1000) for step in (0, 75, 150, 500, 1000)]
    assert steps == [0.0, pytest.approx(0.49, abs=0.01), pytest.approx(0.95, abs=0.01), pytest.approx(0.5), 0.02]
