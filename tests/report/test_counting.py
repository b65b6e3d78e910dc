"""What the chapters count with: joined events, repeats, surges, agreement, filed names, times, addresses; each against an exact answer."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score

from pipeline.repeats.settings import settings_of
from pipeline.repeats.vectors import vectors
from service.report import knowledge
from service.report.agreement import agreement
from service.report.clusters import returns, rises
from service.report.filed import Filing, Label
from service.report.join import Known, Pieces, Window, join_events
from service.report.knowledge import plain
from service.report.moments import moment, shown

START = dt.datetime(2025, 1, 1)


def at(day: float) -> dt.datetime:
    return START + dt.timedelta(days=day)


def frame(rows: list[dict]) -> pl.DataFrame:
    blank = {"kind": "邻里纠纷", "area": "城关", "community": None, "rank": 0, "person": 0, "household": 0}
    return pl.DataFrame([{"event": number} | blank | row for number, row in enumerate(rows)], schema_overrides={"person": pl.UInt64, "community": pl.String})


# times of one person in days → most within 30 days, events that followed another within 30 days (of those past day 30)
TIMELINES = [
    ([0], 1, (0, 0)),
    ([0, 29], 2, (0, 0)),
    ([0, 31], 1, (0, 1)),
    ([0, 10, 20, 29.9], 4, (0, 0)),
    ([0, 40, 50, 60], 3, (2, 3)),
    ([0, 30, 60, 90], 2, (3, 3)),  # the thirtieth day counts, as for a single answer
    ([0, 30.01, 61], 1, (0, 2)),
    ([0, 29, 58, 87], 2, (2, 2)),
    ([0, 35, 35.5, 36, 100], 3, (2, 4)),
]


@pytest.mark.parametrize(("days", "most", "again"), TIMELINES)
def test_returns_are_exact(days, most, again):
    found = returns(frame([{"time": at(day), "person": 5} for day in days]), "person", 30)
    assert found.keys.row(0)[1:3] == (len(days), most)
    assert (found.again.hits, found.again.total) == again


def test_a_person_who_tells_of_one_event_twice_counts_once():
    rows = [{"time": at(0), "person": 5}, {"time": at(0.01), "person": 5}, {"time": at(3), "person": 5}, {"time": at(3), "person": 0}]
    told = frame(rows).with_columns(pl.Series("event", [0, 0, 2, 3]))
    found = returns(told, "person", 30)
    assert found.keys.rows()[0][:3] == (5, 2, 2)
    assert found.keys.height == 1  # nobody is no person


def test_returns_agree_with_counting_by_hand():
    draw = random.Random(3)
    rows = sorted(({"time": at(draw.random() * 200), "person": draw.randrange(1, 25)} for _ in range(300)), key=lambda row: row["time"])
    found = returns(frame(rows), "person", 30)
    by_person: dict[int, list[dt.datetime]] = {}
    for row in rows:
        by_person.setdefault(row["person"], []).append(row["time"])
    window = dt.timedelta(days=30)
    for key, n, most, first, last in found.keys.iter_rows():
        times = by_person[key]
        assert (n, first, last) == (len(times), times[0], times[-1])
        assert most == max(sum(end - window <= time <= end for time in times) for end in times)


def test_a_surge_is_found_and_a_steady_kind_is_not(pack):
    rules = settings_of(pack)
    steady = [{"time": at(day), "kind": "消费纠纷"} for day in range(70)]
    rising = [{"time": at(day), "kind": "邻里纠纷"} for day in (3, 17, 40)] + [{"time": at(64 + day / 2), "kind": "邻里纠纷"} for day in range(10)]
    found, looked, expected = rises(frame(steady + rising), rules)
    assert [(rise.kind, rise.count, rise.latest) for rise in found] == [("邻里纠纷", 10, True)]
    assert looked == 2 * (10 - rules.surge["least_windows"])  # two pairs, every window that has enough before it
    assert 0 < expected < looked * rules.surge["chance"]


def test_what_tells_no_area_is_compared_with_all_areas(pack):
    rows = [{"time": at(64 + day / 2), "area": None if day % 5 else "城关"} for day in range(10)] + [{"time": at(0), "area": "河东"}]
    found, _, _ = rises(frame(rows), settings_of(pack))
    assert [(rise.area, rise.count) for rise in found if rise.latest] == [("", 10)]


def known(texts: list[str], seconds: list[int], settings, *, areas=None, persons=None, places=None) -> Known:
    n = len(texts)
    blank = np.zeros(n, np.uint64)
    keys = (np.array(persons or blank, np.uint64), blank, blank, np.array(places or blank, np.uint64))
    return Known(
        np.array(seconds),
        areas or ["城关"] * n,
        ["crime"] * n,
        keys,
        Pieces([vectors(texts[:2], settings), vectors(texts[2:], settings)]),
        np.ones(n, np.bool_),
    )


FIGHT = "报警人称青枫苑小区三号楼下有人打架, 五六个人, 有人流血"
TEXTS = [FIGHT, "报警人称青枫苑小区三号楼下有五六个人打架, 有人流血了", "老人走失, 身穿蓝色上衣, 家属已找了两个小时没有找到", FIGHT, FIGHT]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [0, 0, 2, 3, 0]),
        ({"areas": ["城关", "城关", "城关", "城关", "河东"]}, [0, 0, 2, 3, 4]),
        ({"persons": [0, 0, 7, 0, 7]}, [0, 0, 2, 3, 2]),  # one caller within two hours, the same kind
        ({"places": [1, 2, 1, 1, 1]}, [0, 1, 2, 3, 0]),  # two places are two events, however alike the words
    ],
)
def test_calls_close_in_time_and_place_are_one_event(pack, more, expected):
    settings = settings_of(pack)
    assert join_events(known(TEXTS, [0, 600, 700, 90_000, 900], settings, **more), settings, 200).tolist() == expected


def test_a_record_without_time_of_day_is_an_event_of_its_own(pack):
    settings = settings_of(pack)
    told = known(TEXTS, [0, 600, 700, 90_000, 900], settings)._replace(usable=np.array([True, False, True, True, True]))
    assert join_events(told, settings, 200).tolist() == [0, 1, 2, 3, 0]


def test_an_event_told_by_many_is_one_however_they_are_ordered(pack):
    settings = settings_of(pack)
    said = "城东路口两车相撞, 一辆电动车倒地, 骑车人腿受伤, 请派人"
    order = random.Random(1).sample(range(5), 5)
    told = known([f"{said}{more}" for more in ("", "快点", "来", "谢谢", "。。")], [60 * place for place in order], settings)
    assert set(join_events(told, settings, 200).tolist()) == {order.index(0)}


def test_the_past_is_forgotten(pack, monkeypatch):
    settings = settings_of(pack)
    kept: list[Window] = []
    begin = Window.__init__

    def watched(window, *told):
        begin(window, *told)
        kept.append(window)

    monkeypatch.setattr(Window, "__init__", watched)
    told = known([FIGHT] * 300, [3600 * hour for hour in range(300)], settings, persons=[1 + hour % 5 for hour in range(300)])
    join_events(told, settings, 200)
    assert len(kept[0]._past) < 10
    assert sum(map(len, kept[0]._links.values())) < 10
    assert len(kept[0]._rows) < 10


@pytest.mark.parametrize("seed", range(6))
def test_kappa_is_that_of_scikit_learn(seed):
    draw = random.Random(seed)
    left = draw.choices("abcd", [5, 3, 2, 1], k=200)
    right = [code if draw.random() < 0.6 else draw.choice("abcd") for code in left]
    found = agreement(Counter(zip(left, right, strict=True)), "abcd")
    assert found.kappa == pytest.approx(cohen_kappa_score(left, right))
    assert found.weighted == pytest.approx(cohen_kappa_score(left, right, weights="quadratic", labels=list("abcd")))
    assert found.equal.hits == sum(a == b for a, b in zip(left, right, strict=True))


NAMES = [
    ("家庭纠纷", Label("dispute", ("family",))),
    ("纠纷/家庭婚姻纠纷", Label("dispute", ("family",))),
    ("10203-邻里纠纷(类)", Label("dispute", ("neighbour",))),
    ("矛盾纠纷-经济纠纷", Label("dispute", ("debt", "contract", "consumer"))),
    ("治安纠纷", Label("dispute")),
    ("纠纷类警情", Label("dispute")),
    ("电信网络诈骗案", Label("fraud")),
    ("刑事类警情", Label("crime")),
    ("群众紧急求助", Label("help")),
    ("婚恋家庭情感类纠纷", Label("dispute", ("family", "relationship"))),
    ("道路交通事故", Label("traffic")),
    ("交通事故损害赔偿纠纷", Label("dispute", ("traffic_accident",))),
    ("骚扰电话", Label("invalid")),
    ("完全没听过", None),
    ("", None),
]


@pytest.mark.parametrize(("name", "label"), NAMES)
def test_names_of_other_systems_are_known(name, label):
    assert Filing(knowledge.mapping()).label(name) == label


def test_the_mapping_names_only_codes_of_the_rules(engine):
    rules = engine.pack.rules
    colours = {str(level["code"]) for rule in rules["profiles"].values() for level in rule.data["levels"]}
    mapping, audits = knowledge.mapping(), knowledge.audits()
    for entry in (*mapping.labels, *mapping.contains):
        assert entry.category in rules["categories"]
        assert set(entry.types) <= set(rules["disputes"])
    for scale in mapping.scales:
        covered = [code for level in scale.levels for code in level.covers]
        assert len(covered) == len(set(covered))
        assert set(covered) <= colours
    for audit in audits.audits:
        for proof in audit.evidence:
            assert set(proof.factors) <= set(rules["factors"])
            assert set(proof.types) <= set(rules["disputes"])
            assert set(proof.stages) <= set(rules["stages"])
            assert set(proof.categories) <= set(rules["categories"])
    groups = {rule.data["group"] for rule in rules["factors"].values()}
    assert set(knowledge.settings().lists.quote_groups) <= groups


def test_no_name_is_mapped_to_two_things():
    seen = Counter(name for entry in knowledge.mapping().labels for name in {plain(name) for name in entry.names})
    assert not [name for name, n in seen.items() if n > 1]


SCALES = [
    (["高", "中", "低"], "低中高三档", {"低": 0, "中": 1, "高": 2}),
    (["红色", "橙色", "黄色", "绿色"], "绿黄橙红四色", {"绿色": 0, "红色": 3}),
    (["红", "黄", "绿"], "绿黄橙红四色", {"红": 3}),
    (["蓝", "红"], "蓝黄橙红四色", {"蓝": 0, "红": 3}),
    (["一般", "较大", "重大", "特大"], "一般、较大、重大、特大", {"特大": 3}),
    (["A级", "D级"], "D–A 四级", {"A级": 3, "D级": 0}),
]


@pytest.mark.parametrize(("values", "name", "grades"), SCALES)
def test_the_scale_that_knows_most_values_is_taken(values, name, grades):
    scale, known = Filing(knowledge.mapping()).scale(Counter(values))
    assert scale.name == name
    assert grades.items() <= known.items()


MOMENTS = [
    ("2024-03-05 07:08:09", "2024-03-05 07:08", True),
    ("2024/3/5 7:08", "2024-03-05 07:08", True),
    ("2024年3月5日7时8分", "2024-03-05 07:08", True),
    ("2024.03.05", "2024-03-05 00:00", False),
    ("20240305070809", "2024-03-05 07:08", True),
    ("2024-03-05T07:08:09.123+08:00", "2024-03-05 07:08", True),
    ("2024-03-04T23:08:09Z", "2024-03-05 07:08", True),
    ("45356.5", "2024-03-05 12:00", True),
    (" 2024-03-05 ", "2024-03-05 00:00", False),
]


@pytest.mark.parametrize(("text", "when", "clock"), MOMENTS)
def test_times_are_read_as_other_systems_write_them(text, when, clock):
    seconds, told = moment(text)
    assert (shown(seconds), told) == (when, clock)


@pytest.mark.parametrize("text", ["", "昨天", "2024-13-05", "2024-02-30 10:00:00", "13800138000", "320500000000000001", "12:30"])
def test_what_is_no_time_is_none(text):
    assert moment(text) is None
