"""The second-hand set: carriers by a hand that had not seen the recognisers. Bars are floors a little under what was measured."""

import pytest

from pipeline.privacy import Deidentifier
from tests.privacy import beside
from tests.privacy.beside import OTHERS, compare, finders, ours, table
from tests.privacy.second_hand import carriers, narratives, score

RECALL = {"name": 0.94, "address": 0.94, "identifiers": 0.99}
PRECISION = 0.99


def test_the_set_is_large_and_every_planted_value_stands_where_it_is_told():
    texts = narratives()
    assert len(carriers()) >= 300
    assert len(texts) >= 2000
    assert len({genre for genre, _carrier in carriers()}) >= 15
    for item in texts:
        for kind, start, end, form in item.spans:
            assert 0 <= start < end <= len(item.text), (kind, form)
        assert "{" not in item.text


def test_the_same_seed_gives_the_same_narratives():
    assert narratives(rounds=1) == narratives(rounds=1)
    assert narratives(rounds=1) != narratives(rounds=1, seed=1)


def test_recall_and_precision_stay_above_their_floors():
    scores = score(ours(), narratives(rounds=2, seed=5))
    identifiers = [kind for kind in scores.planted if "/" not in kind and kind not in OTHERS]
    assert scores.recall("name") >= RECALL["name"]
    assert scores.recall("address") >= RECALL["address"]
    assert scores.recall(*identifiers) >= RECALL["identifiers"]
    assert scores.precision() >= PRECISION


def test_texts_without_a_person_stay_as_they_are():
    deidentifier = Deidentifier.default()
    touched = [text for genre, text in carriers() if genre.startswith("没有人") and "{" not in text and "[" not in text and deidentifier.find(text)]
    assert len(touched) <= 2


@pytest.mark.slow
def test_no_other_tool_that_is_installed_finds_more_identifiers():
    there, absent = finders()
    rows = table(compare(narratives(rounds=2), there))
    assert there.keys() | absent.keys() == beside.TOOLS.keys()
    assert max(rows, key=lambda tool: rows[tool]["identifiers"]).startswith("fengqiao")


@pytest.mark.parametrize("error", [ModuleNotFoundError("No module named 'jiojio'"), OSError("no model"), AttributeError("no such reader")])
def test_a_tool_that_is_half_installed_is_left_out_with_its_reason(monkeypatch, error):
    def broken():
        raise error

    monkeypatch.setattr(beside, "TOOLS", {beside.OURS: beside.ours, "half": broken, "breaks": lambda: lambda text: broken()})
    there, absent = finders()
    assert list(there) == [beside.OURS]
    assert absent == dict.fromkeys(("half", "breaks"), f"{type(error).__name__}: {error}")


def test_our_own_tool_is_never_left_out(monkeypatch):
    def broken():
        raise OSError("no rules")

    monkeypatch.setattr(beside, "TOOLS", {beside.OURS: broken})
    with pytest.raises(OSError, match="no rules"):
        finders()
