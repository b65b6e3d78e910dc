"""Hash, heads, store and adviser, with heads made by hand: no encoder, no training."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from models import store
from models.adviser import Learned, _rounded
from models.encoder import Encoded
from models.errors import ModelError
from models.features import BUCKETS, Index, ngrams, rule_features
from models.heads import Heads, Task
from pipeline.engine import Engine
from pipeline.values import Incident

LABELS = {
    "category": ("dispute", "service"),
    "dispute_type": ("neighbour", "land"),
    "risk": ("green", "yellow", "orange", "red"),
    "factors": ("threat", "repeat"),
    "fraud_scripts": ("phishing_link",),
}
WIDTH = 4


EACH = {"factors": ((0.3,) * len(LABELS["factors"]), (-0.7,) * len(LABELS["factors"]))}


def heads(**bias):
    """Heads without weights but for the bias given by label."""
    tasks, start = {}, 0
    for name, labels in LABELS.items():
        tasks[name] = Task(name, name in ("category", "dispute_type", "risk"), labels, start, (1.0, 0.0), (1.0, 1.0, 0.0), (0.2, 0.2), EACH.get(name, ((), ())))
        start += len(labels)
    told = np.array([bias.get(label, -9.0) for labels in LABELS.values() for label in labels], np.float32)
    return Heads(
        tasks=tasks,
        names=["none.script", "level=0"],
        rule=np.zeros((2, start), np.float32),
        bias=told,
        grams=np.zeros((BUCKETS, 4), np.int8),
        gram_scale=np.ones(4, np.float32),
        encoder=np.zeros((WIDTH, start), np.float32),
        encoder_bias=np.zeros(start, np.float32),
    )


class Stub:
    """An encoder that counts how often it is asked."""

    def __init__(self):
        self.asked = 0

    def encode(self, text):
        self.asked += 1
        states = np.arange(len(text), dtype=np.float32)[:, None] * np.ones((1, WIDTH), np.float32)
        return Encoded(states.mean(axis=0), states, tuple((i, i + 1) for i in range(len(text))), len(text))


def learned(made, encoder, tier="cascade"):
    return Learned(made, lambda: encoder, tier=tier, version="hand", profile="tongxin346", consult={"category": 0.9, "dispute_type": 0.9})


def test_the_hash_is_what_the_shipped_heads_were_trained_with():
    assert ngrams("ab").tolist() == ngrams("ab").tolist()
    assert len(ngrams("漏水")) == 4 + 3 + 2 + 1  # with a mark at both ends
    assert len(set(ngrams("漏水").tolist()) & set(ngrams("楼上漏水了").tolist())) >= 3
    assert len(ngrams("")) == 3
    assert int(ngrams("楼" * 5000).max()) < BUCKETS


def test_scores_add_rules_and_n_grams():
    made = heads(dispute=0.0, service=0.0)
    made.rule[0, 0] = 2.0
    made.grams[ngrams("水")[1], 1] = 3
    z = made.fast([0], [0.5], ngrams("水"))
    assert z[0] == pytest.approx(1.0)
    assert z[1] == pytest.approx(3 / np.sqrt(len(ngrams("水"))))


def test_a_feature_has_one_row_whichever_way_it_is_asked_for(engine):
    views = []

    class Watching(Learned):
        def labels(self, view):
            views.append(view)
            return super().labels(view)

    watched = Engine(engine.pack, adviser=Watching(heads(), lambda: Stub(), tier="fast", version="hand", profile="tongxin346", consult={}))
    for text in ("喂", "楼上漏水, 说过好几回了没有用, 他扬言要砍死我", "我刷单被骗了3万元, 刚转的账"):
        watched.assess(Incident(narrative=text))
        names, amounts = rule_features(views[-1], Index(engine.pack, str))
        rows = {name: row for row, name in enumerate(names)}
        assert rule_features(views[-1], Index(engine.pack, rows.get)) == (list(range(len(names))), amounts)
        assert rule_features(views[-1], Index(engine.pack, {names[-1]: 7}.get)) == ([7], amounts[-1:])
    assert "fact.money>=3000" in names
    assert {name.partition(".")[0] for name in names} >= {"best", "score", "none", "fact", "heard"}


@pytest.mark.parametrize("deep", [False, True])
def test_all_tasks_at_once_are_bit_for_bit_each_task_by_itself(deep):
    made, chance = heads(), np.random.default_rng(4)
    for _ in range(50):
        fast = chance.normal(0, 4, len(made.bias)).astype(np.float32)
        encoder = chance.normal(0, 4, len(made.bias)).astype(np.float32) if deep else None
        whole = made.probabilities(fast, encoder)
        for task in made.tasks.values():
            own = task.probabilities(fast[task.columns], encoder[task.columns] if deep else None)
            assert whole[task.columns].tobytes() == own.tobytes()
            assert _rounded(own) == [round(float(share), 6) for share in own]


@pytest.mark.parametrize(
    ("likely", "asked"), [({"green": 0.0}, 0), ({"green": 0.0, "red": -0.5}, 1), ({"green": 0.0, "orange": -1.5}, 1), ({"green": 0.0, "yellow": 0.0}, 0)]
)
def test_the_encoder_is_asked_where_the_colour_is_open(engine, likely, asked):
    stub = Stub()
    made = heads(dispute=9.0, service=0.0, neighbour=9.0, land=0.0, **likely)
    told = Engine(engine.pack, adviser=learned(made, stub)).assess(Incident(narrative="楼上漏水, 把我家屋顶泡了, 找他他不管。"))
    assert told.category.code == "dispute"
    assert stub.asked == asked


@pytest.mark.parametrize(("tier", "sure", "asked"), [("fast", False, 0), ("cascade", True, 0), ("cascade", False, 1), ("full", True, 1)])
def test_the_encoder_is_asked_by_tier_and_doubt(engine, tier, sure, asked):
    stub = Stub()
    made = heads(dispute=9.0 if sure else 0.1, service=0.0, neighbour=9.0, land=0.0, green=0.0)
    answer = Engine(engine.pack, adviser=learned(made, stub, tier)).assess(Incident(narrative="楼上漏水, 把我家屋顶泡了, 找他他不管。"))
    assert stub.asked == asked
    assert answer.versions.model == f"hand/{tier}"
    assert not answer.degraded


def test_an_encoder_that_does_not_load_degrades_and_tier_1_goes_on(engine):
    def fails():
        raise ModelError("FQ4002", "坏", "broken")

    adviser = Learned(heads(service=3.0), fails, tier="full", version="hand", profile="tongxin346", consult={"category": 1.0, "dispute_type": 1.0})
    answer = Engine(engine.pack, adviser=adviser).assess(Incident(narrative="路灯坏了想问问归谁管"))
    assert answer.degraded
    assert answer.category.code == "service"


def test_evidence_of_the_encoder_is_the_clause_with_the_highest_part(engine):
    made = heads(dispute=0.1, service=0.0, neighbour=9.0, repeat=9.0)
    made.encoder[:, 9] = 1.0  # the stub's states rise along the text, so that the last clause speaks most for this column
    text = "张三来电, 楼上漏水, 说过好几回了没有用"
    answer = Engine(engine.pack, adviser=learned(made, Stub(), "full")).assess(Incident(narrative=text))
    (found,) = [factor for factor in answer.risk.factors if factor.code == "repeat"]
    assert found.evidence[0].quote in text.rpartition(",")[2]


def test_any_text_is_answered(engine):
    asked = Engine(engine.pack, adviser=learned(heads(), Stub(), "full"))
    for text in ("", " ", "。", "\ud800", "喂" * 3000, "a\x00b"):
        assert asked.assess(Incident(narrative=text)).category.code


def test_what_is_saved_is_what_is_loaded(tmp_path):
    made = heads(dispute=1.5)
    store.save(tmp_path, made, {"consult": {"category": 0.9, "dispute_type": 0.9}, "profile": "tongxin346"})
    back = store.load(tmp_path, "fast").heads
    assert back.tasks == made.tasks
    assert all(np.array_equal(array, back.arrays()[name]) for name, array in made.arrays().items())


@pytest.mark.parametrize("damage", ["no manifest", "another format", "altered heads", "a task without labels"])
def test_damaged_artefacts_are_refused_with_a_remedy(tmp_path, damage):
    store.save(tmp_path, heads(), {"consult": {}, "profile": "x"})
    file = tmp_path / store.MANIFEST
    told = json.loads(file.read_text("utf-8"))
    if damage == "no manifest":
        file.unlink()
    elif damage == "altered heads":
        (tmp_path / store.HEADS).write_bytes(b"x")
    else:
        told["format"] = "other/9" if damage == "another format" else told["format"]
        told["tasks"][0].pop("labels")
        file.write_text(json.dumps(told), "utf-8")
    with pytest.raises(ModelError, match="remedy"):
        store.load(tmp_path, "fast")


def test_no_artefact_is_a_pickle():
    for path in Path(store.shipped()).iterdir():
        assert path.suffix in {".npz", ".json", ".onnx", ".model", ".md", ".txt"}


def test_the_learned_parts_are_imported_when_asked_only():
    import subprocess

    code = "import sys, service.cli; heavy = {'onnxruntime', 'sentencepiece', 'torch', 'sklearn', 'scipy'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
