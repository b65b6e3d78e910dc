"""A report over a table and the memory of calls behind single answers count the same events, the same repeats, the same surges: one rule, two readers."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict

import pytest

from pipeline.facts.model import Facts
from pipeline.repeats.answer import History, repeat_of
from pipeline.repeats.keys import BUILDING, ESTATE, HOUSEHOLD, REPORTER, Keyer, cues
from pipeline.repeats.ledger import Ledger
from pipeline.repeats.model import EVERYWHERE, Call, seconds
from pipeline.repeats.settings import settings_of
from pipeline.repeats.surge import surge
from pipeline.repeats.vectors import vector, vectors
from pipeline.values import Incident
from service.report.clusters import returns, rises
from service.report.counting import events
from service.report.history import load_history
from tests.report import labelled
from tests.report.conftest import KEY

START = dt.datetime(2025, 3, 1)
TOLD = [
    ("dispute", "neighbour", "楼上半夜拖椅子吵得睡不着觉, 讲过好多次都不听"),
    ("dispute", "family", "丈夫喝了酒回来摔东西骂人, 孩子吓得直哭"),
    ("dispute", "property_mgmt", "小区电梯坏了三天没有人来修, 老人下不了楼"),
    ("dispute", "public_quarrel", "烧烤摊占了人行道油烟又大, 双方吵了起来"),
    ("help", "", "家里老人早上出门到现在没有回来, 电话也打不通"),
]
MORE = ["", ", 请快一点", ", 还在吵", ", 已经打过一次电话了", ", 现在声音更大了"]
TOWNS = ["城东街道", "河西镇"]
ESTATES = ["青枫苑小区", "阳光花园", "河湾村", "锦绣家园"]


def table(seed: int, count: int = 500) -> list[dict]:
    """Calls over 100 days: few callers, few homes, some told again within two hours, some without place, time of day or caller; one kind swells at the end."""
    dice = random.Random(seed)
    made: list[dict] = []
    for number in range(count):
        town = dice.choice(TOWNS)
        category, dispute, text = dice.choice(TOLD)
        day = dice.random() * 100
        if number % 9 == 0:
            day, (category, dispute, text), town = 93 + dice.random() * 7, TOLD[3], TOWNS[0]
        estate, building = dice.choice(ESTATES), dice.randrange(1, 5)
        place = dice.choice(
            [f"{town}{estate}{building}号楼{dice.randrange(1, 3)}单元{dice.randrange(1, 4)}01室", f"{town}{estate}{building}号楼", f"{town}{estate}", town]
        )
        row = told(number, START + dt.timedelta(seconds=round(day * 86400)), town, place, phone(dice), category, dispute, text + dice.choice(MORE))
        made.append(row)
        if dice.random() < 0.25:
            later = dt.datetime.fromisoformat(row["报警时间"]) + dt.timedelta(seconds=dice.randrange(60, 9000))
            other = (
                dict(zip(("fq_category", "fq_dispute_type", "报警内容"), dice.choice(TOLD), strict=True))
                if dice.random() < 0.4
                else {"报警内容": text + dice.choice(MORE)}
            )
            made.append(row | other | {"警情编号": f"J{number:05d}b", "报警时间": str(later), "报警电话": dice.choice([row["报警电话"], phone(dice)])})
    dice.shuffle(made)
    return made


def phone(dice: random.Random) -> str:
    return dice.choice(["", f"1390000{dice.randrange(60):04d}", "139****0001"])


def told(number: int, when: dt.datetime, town: str, place: str, caller: str, category: str, dispute: str, text: str) -> dict:
    return {
        "警情编号": f"J{number:05d}", "报警时间": str(when), "所属辖区": town, "案发地": place, "报警电话": caller, "报警内容": text,
        "fq_category": category, "fq_dispute_type": dispute, "fq_risk": "yellow", "fq_fraud_scripts": "",
    }  # fmt: skip


def call_of(row: dict, keyer: Keyer, settings) -> Call:
    when = dt.datetime.fromisoformat(row["报警时间"])
    incident = Incident(narrative=row["报警内容"], incident_id=row["警情编号"], occurred_at=when, place=row["案发地"], caller=row["报警电话"])
    kind = f"{row['fq_category']}/{row['fq_dispute_type']}" if row["fq_dispute_type"] else row["fq_category"]
    keys = keyer.keys(cues(incident, Facts(), settings))
    return Call(incident.incident_id, seconds(when), keys, kind, row["fq_risk"], vector=vector(incident.narrative, settings))


@pytest.fixture(scope="module", params=[1, 2, 3])
def both(request, pack, tmp_path_factory):
    """The report's history of a table, and its calls in order with the ledger's answer to each."""
    rows = table(request.param)
    settings, keyer = settings_of(pack), Keyer(KEY)
    history = load_history([labelled.write(tmp_path_factory.mktemp("same") / "a.csv", rows)], pack, key=KEY)
    ledger = Ledger(settings)
    answers = []
    for row in sorted(rows, key=lambda row: (row["报警时间"], rows.index(row))):
        call = call_of(row, keyer, settings)
        known = Incident(narrative="", incident_id=call.incident_id, occurred_at=dt.datetime.fromisoformat(row["报警时间"]), history=ledger.recall(call))
        answers.append((row, call, repeat_of(History(known, Facts(), settings), call.kind, call.kind)))
        ledger.record(call)
    return rows, history, ledger, answers


def test_the_same_records_are_one_event(both):
    rows, history, ledger, _ = both
    founders = [ledger._rows[ledger.event_of(row["警情编号"])].incident_id for row in rows]
    assert [rows[event]["警情编号"] for event in history.frame["event"].to_list()] == founders
    assert len(set(founders)) < len(rows) - 20


@pytest.mark.parametrize(("column", "role", "name"), [("person", REPORTER, "person"), ("household", HOUSEHOLD, "household")])
def test_the_same_persons_and_homes_come_back_as_often(both, column, role, name):
    _, history, _, answers = both
    settings = history.rules
    keys = returns(history.frame, column, settings.days(name)).keys
    most: dict[int, int] = defaultdict(int)
    for _, call, answer in answers:
        for key in call.keys.of(role):
            events_seen = (answer["by_person"] if name == "person" else answer["places"][name]) + 1
            most[int.from_bytes(key[:8], "big")] = max(most[int.from_bytes(key[:8], "big")], events_seen)
    found = dict(keys.select(column, "most").iter_rows())
    least = settings.flags[name]["least"]
    assert {key for key, seen in found.items() if seen >= least} == {key for key, seen in most.items() if seen >= least}
    assert found == {key: seen for key, seen in most.items() if key in found}
    assert sum(seen >= least for seen in found.values()) > 5


@pytest.mark.parametrize(("column", "role", "name"), [("community", ESTATE, "estate"), ("building", BUILDING, "building")])
def test_the_same_places_have_as_many(both, column, role, name):
    _, history, _, answers = both
    keys = returns(history.frame, column, history.rules.days(name)).keys
    most: dict[bytes, int] = defaultdict(int)
    for _, call, answer in answers:
        for key in call.keys.of(role):
            most[key] = max(most[key], answer["places"][name] + 1)
    assert sorted(keys["most"].to_list()) == sorted(most.values())


def test_the_same_kinds_are_more_than_usual(both, pack):
    _, history, ledger, answers = both
    names = {code: rule.name for code, rule in (pack.rules["disputes"] | pack.rules["categories"]).items()}
    until = answers[-1][1].at
    expected = set()
    for area in TOWNS:
        for kind, (count, windows) in ledger.kinds(area, until).items():
            if surge(count, windows, history.rules.surge)["surge"]:
                expected.add((names[kind.rpartition("/")[2]], area, count))
    found, _, _ = rises(events(history.frame), history.rules)
    assert {(rise.kind, rise.area, rise.count) for rise in found if rise.latest} == expected
    assert expected
    assert ledger.kinds(EVERYWHERE, until)


def test_vectors_of_a_table_are_those_of_single_calls(pack):
    settings = settings_of(pack)
    texts = [row["text"] for row in labelled.authored()[:300]] + ["", "打架了", "\ud800", "楼上吵" * 1000]
    for text, made in zip(texts, vectors(texts, settings), strict=True):
        assert vector(text, settings) == (made.tobytes() if made.any() else b"")
    assert vectors([], settings).shape == (0, settings.dimensions)
