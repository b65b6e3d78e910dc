"""Points of full names: they are the sum of their features, and the training makes rows in which exactly the planted names are names."""

import csv

import pytest

from models.training.names import Inventor, Maker, folded, frames
from pipeline.privacy import Deidentifier
from pipeline.privacy.full_names import FullNames, candidates, cues_of, features, shipped_weights, surname_pattern
from pipeline.privacy.load import load
from pipeline.privacy.names import bases

TOLD = load().name
CUES = cues_of(TOLD)
FULL = FullNames(shipped_weights(), CUES, TOLD, -9.0)
TEXTS = ["报警人王建国称其与欧阳文静因停车争吵,于志强在场。", "收件人:金鹏,电话", "高芳", "经查,文珂与常欣系同事", "对方称方便时来拿钱"]


def _sum(text, start, given, stop):
    weights = shipped_weights()
    return sum(weights.get(group, {}).get(key, 0.0) for group, _, key in (feature.partition(":") for feature in features(text, start, given, stop, CUES)))


@pytest.mark.parametrize("text", TEXTS)
def test_points_are_the_sum_of_the_features(text):
    seen = 0
    for start, given, stop in candidates(text, surname_pattern(list(FULL.surname)), FULL.given):
        if text[stop - 1] not in TOLD.never_last:
            assert FULL.points(text, start, given, stop) == pytest.approx(_sum(text, start, given, stop), abs=1e-6)
            seen += 1
    assert seen


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("报警人文琳称丈夫任晓燕喝酒后打她", ["文琳", "任晓燕"]),
        ("民警联系于志强、常欣核实", ["于志强", "常欣"]),
        ("收件人金春花,电话不通", ["金春花"]),
        ("老板娘夏侯青云与尉迟武争吵", ["夏侯青云", "尉迟武"]),
        ("我老公振宇喝多了", ["振宇"]),
        ("又叫上军军一起去的", ["军军"]),
    ],
)
def test_doubtful_surnames_and_names_without_one(text, names):
    assert [finding.quote for finding in Deidentifier.default().find(text) if finding.kind == "name"] == names


@pytest.mark.parametrize(
    "text", ["双方经常发生争吵", "他和老师们都走了", "施工方停机等候", "班主任叫来家长", "由于时间已晚,从而作罢", "高铁站文明施工", "来到红旗路金茂路"]
)
def test_words_with_a_surname_in_them_are_left_alone(text):
    assert [finding.quote for finding in Deidentifier.default().find(text) if finding.kind == "name"] == []


@pytest.fixture
def maker(tmp_path):
    path = tmp_path / "characters.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("char", "male", "female"), *((char, 900, 800) for char in "建国文静志强琳鹏芳")])
    return Maker(TOLD, Inventor(TOLD, path, 1), CUES, bases(TOLD))


def test_planted_names_are_the_names_of_the_rows(maker):
    for frame in frames()[:80]:
        text, spans = maker.framed(frame)
        assert all("{" not in text[start:stop] for start, stop in spans)
        rows = list(maker.rows(text, spans))
        two_or_three = [span for span in spans if 2 <= span[1] - span[0] <= 4]
        assert sum(row.name for row in rows) <= len(two_or_three)
        assert all(row.keys[0] == "bias:" for row in rows)


def test_masked_mentions_and_roles_give_way_to_names(maker):
    text, spans = maker.planted("报警人张某某称被邻居打了,他要求赔偿,张某某受伤")
    assert spans
    assert all(len(text[start:stop]) >= 2 and "某" not in text[start:stop] for start, stop in spans)


def test_weights_of_numbers_are_folded_into_their_keys(maker):
    groups = folded({"s:王": 0.5, "1:建": 0.1, "a:建": 0.2, "b:建": 0.3, "bias:": -1.0}, 0.4, 0.5, maker, {"王": 2.0}, ["欧阳"])
    assert groups["s"]["王"] == pytest.approx(1.3)
    assert groups["s"]["欧阳"] == pytest.approx(0.8)
    assert groups["b"]["建"] - groups["1"]["建"] == pytest.approx(0.2)
