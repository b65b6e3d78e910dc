"""Tuning a made-up encoder of four small layers: what is frozen stays, what is learned tells the texts apart, and the pace goes up and down."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from models.training.export import quantised
from models.training.fit import Question
from models.training.tune import Tuned, Tuning, batches, pace, tune

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


def last_states(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()


def test_a_label_looks_at_the_token_that_tells_it(model):
    """Where a label looks, the piece that decides weighs most; head and looks of a question say the same after saving and reading."""
    ids, kinds = made(np.random.default_rng(1), 160)
    asked = questions(kinds)
    learned = tune(model, ids, asked, Tuning(epochs=30, rate=3e-3, head_rate=2e-2, tokens=300))
    looks = learned.looks()
    assert learned.looking == ("category", "factors")
    assert looks.where.shape == (16, 3)
    fresh, answers = made(np.random.default_rng(2), 40)
    right, largest = 0, 0
    for one, answer in zip(fresh, answers, strict=True):
        seen = last_states(model, one)
        share = np.exp(seen @ looks.where)
        found = ((share / share.sum(0)) * (seen @ looks.worth)).sum(0) + looks.bias
        right += (found @ learned.of(asked[2]).weight)[0] > 0 if answer else (found @ learned.of(asked[2]).weight)[0] <= 0
        largest += share[:, 2].argmax() == len(one) - 2
    assert right > 36
    assert largest > 20  # of 40; a mean would be 40 / 10


def test_what_was_learned_is_read_again_as_it_was(model, tmp_path):
    ids, kinds = made(np.random.default_rng(1), 60)
    asked = questions(kinds)
    learned = tune(model, ids, asked, Tuning(epochs=2, tokens=300))
    learned.save(tmp_path)
    again = Tuned.load(tmp_path)
    assert again is not None
    for question in asked:
        np.testing.assert_allclose(again.of(question).weight, learned.of(question).weight, rtol=1e-6)
    np.testing.assert_allclose(again.looks().worth, learned.looks().worth, rtol=1e-5)
    turned = Question("category", True, ("b", "new", "a"), kinds.astype(np.int64), False, False)
    head = again.of(turned)
    np.testing.assert_array_equal(head.weight[:, 1], 0)
    assert head.bias[1] < -5
    assert head.weight.argmax(axis=0)[[0, 2]].tolist() == [1, 0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning", "ignore::UserWarning")  # the exporter's own
def test_the_exported_encoder_tells_what_each_label_found_and_where(model, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    ids, kinds = made(np.random.default_rng(1), 120)
    learned = tune(model, ids, questions(kinds), Tuning(epochs=5, rate=3e-3, head_rate=2e-2, tokens=300))
    looks = learned.looks()
    quantised(model, tmp_path, looks)
    session = onnxruntime.InferenceSession(str(tmp_path / "encoder.onnx"), providers=["CPUExecutionProvider"])
    numbers = np.array([ids[0]], dtype=np.int64)
    _, _, states, found, parts = session.run(None, {"ids": numbers, "mask": np.ones_like(numbers)})
    share = np.exp(states[0] @ looks.where)
    expected = share / share.sum(0) * (states[0] @ looks.worth)
    np.testing.assert_allclose(parts[0], expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found[0], expected.sum(0) + looks.bias, rtol=1e-3, atol=1e-4)


def test_batches_hold_every_text_once_within_their_bound():
    lengths = np.random.default_rng(0).integers(3, 250, 1300)
    found = list(batches(lengths, 1600, np.random.default_rng(3)))
    assert sorted(number for batch in found for number in batch) == list(range(1300))
    assert all(len(batch) == 1 or len(batch) * lengths[batch].max() <= 1600 for batch in found)


def test_the_pace_rises_then_falls():
    steps = [pace(step, 1000) for step in (0, 75, 150, 500, 1000)]
    assert steps == [0.0, pytest.approx(0.49, abs=0.01), pytest.approx(0.95, abs=0.01), pytest.approx(0.5), 0.02]


def test_tuning_goes_on_from_what_was_learned_before(model):
    """With rates of nothing a second tuning gives back what it was given, for the labels that both know."""
    ids, kinds = made(np.random.default_rng(1), 60)
    asked = questions(kinds)
    learned = tune(model, ids, asked, Tuning(epochs=3, rate=3e-3, head_rate=2e-2, tokens=300))
    turned = [Question("category", True, ("b", "a"), 1 - kinds.astype(np.int64), False, False), *asked[1:]]
    again = tune(model, ids, turned, Tuning(epochs=1, rate=0.0, head_rate=0.0, tokens=300), given=learned)
    np.testing.assert_allclose(again.centre, learned.centre, rtol=1e-6)
    assert again.labels["category"] == ("b", "a")
    np.testing.assert_allclose(again.heads["category"].weight[:, ::-1], learned.heads["category"].weight, rtol=1e-5)
    np.testing.assert_allclose(again.where["category"][:, ::-1], learned.where["category"], rtol=1e-5)
    np.testing.assert_allclose(again.heads["risk"].weight, learned.heads["risk"].weight, rtol=1e-5)
    assert np.abs(learned.where["category"]).max() > 0


def test_the_shipped_encoder_can_be_opened_again_for_training():
    pytest.importorskip("onnx")
    from models import store
    from models.encoder import Encoder, piece_ids, tokenizer
    from models.training.reopen import reopened

    text = "报警人称楼上漏水, 把她家屋顶泡了, 找他他不管"
    seen = last_states(reopened(store.shipped()), piece_ids(tokenizer(store.shipped()), text)[1]).mean(axis=0)
    told = Encoder.load(store.shipped()).encode(text).pooled[: len(seen)]
    assert seen @ told / np.sqrt((seen @ seen) * (told @ told)) > 0.99


def test_encoders_tuned_from_one_are_averaged_and_others_refused(tmp_path):
    pytest.importorskip("onnx")
    from models import store
    from models.errors import ModelError
    from models.training.reopen import averaged, reopened

    shipped = store.shipped()
    alone = reopened(shipped).state_dict()
    model, learned = averaged([shipped, shipped])
    for name, value in model.state_dict().items():
        np.testing.assert_allclose(value.numpy(), alone[name].numpy(), rtol=1e-5, atol=1e-7)
    assert learned is not None
    np.testing.assert_allclose(learned.heads["category"].weight, Tuned.load(shipped).heads["category"].weight, rtol=1e-5)
    other = tmp_path / "other"
    other.mkdir()
    (other / store.ENCODER).symlink_to(shipped / store.ENCODER)  # nothing learned with it: of another line
    with pytest.raises(ModelError, match="FQ4009"):
        averaged([shipped, other])
