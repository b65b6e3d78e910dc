"""From history to the answer: plain entries, entries of a memory, what grading makes of them, and what is never concluded."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.repeats.compose import Remembering
from pipeline.repeats.keys import Keyer, cues
from pipeline.repeats.ledger import Ledger
from pipeline.repeats.settings import made, settings_of
from pipeline.repeats.surge import chance_of, least_raised, surge
from pipeline.repeats.vectors import likeness, vector
from pipeline.rulepack.files import SHIPPED
from pipeline.rulepack.load import load
from pipeline.values import Incident, to_json

NOISE = Incident(
    narrative="楼上半夜拖椅子, 吵得睡不着, 讲过不听。",
    incident_id="now",
    occurred_at=dt.datetime(2026, 11, 20, 22),
    caller="13900000001",
    place="桃园小区3栋2单元501室",
)


def prior(day: int, **told: object) -> dict:
    return {"incident_id": f"d{day}", "occurred_at": f"2026-11-{day:02}T20:00", "caller": "13900000001", "category": "dispute", **told}


def test_without_a_history_there_is_no_repeat(engine):
    assert engine.assess(NOISE).repeat is None


def test_plain_entries_of_another_system_are_compared_in_clear(engine):
    history = (
        prior(10, dispute_type="neighbour", result="no_agreement"),
        prior(12, caller="", place="桃园小区三幢2单元501", dispute_type="neighbour"),
        prior(13, caller="13900000009", place="柳岸小区1栋"),
    )
    repeat = engine.assess(replace(NOISE, history=history)).repeat
    assert (repeat["by_person"], repeat["by_place"], repeat["same_matter"], repeat["failed_mediations"]) == (1, 1, 2, 1)
    assert repeat["prior_ids"] == ["d12", "d10"]


@pytest.mark.parametrize(("times", "colour"), [(0, "green"), (1, "yellow"), (2, "orange"), (6, "orange"), (7, "red")])
def test_the_record_raises_the_colour_of_what_sounds_harmless(engine, times, colour):
    history = tuple(prior(day, dispute_type="neighbour") for day in range(1, 1 + times))
    answer = engine.assess(replace(NOISE, history=history))
    assert answer.risk.colour == colour
    assert not times or "台账" in answer.risk.why_not_lower


def test_a_second_domestic_violence_call_on_record_is_recurring_violence(engine):
    told = Incident(narrative="老公刚才扇了我一耳光", incident_id="now", occurred_at=NOISE.occurred_at, caller="13900000001")
    alone = engine.assess(told)
    again = engine.assess(replace(told, history=(prior(3, dispute_type="family", gates=list(alone.risk.gates)),)))
    assert alone.risk.gates
    assert alone.risk.colour == "orange"
    assert again.risk.colour == "red"


def test_history_never_lowers_an_axis(engine):
    told = Incident(narrative="对方拿着菜刀堵在我家门口", incident_id="now", occurred_at=NOISE.occurred_at, caller="13900000001")
    alone = engine.assess(told).risk
    after = engine.assess(replace(told, history=tuple(prior(day, category="invalid") for day in range(1, 20)))).risk
    assert (after.urgency, after.danger, after.difficulty) >= (alone.urgency, alone.danger, alone.difficulty)
    assert after.colour == alone.colour == "red"


def test_two_hundred_calls_are_counted_and_nobody_is_called_a_nuisance(engine):
    silent = Incident(narrative="无声电话, 随后挂断", incident_id="now", occurred_at=NOISE.occurred_at, caller="13900000001")
    history = tuple({**prior(1 + i % 19, category="invalid"), "incident_id": f"n{i}"} for i in range(200))
    alone, answer = engine.assess(silent), engine.assess(replace(silent, history=history))
    assert answer.repeat["by_person"] == 200
    assert answer.risk.colour == alone.risk.colour != "green"
    assert answer.needs_review.flag
    told = re.sub(re.escape(answer.repeat["note"]), "", to_json(answer).decode())
    assert not re.search("骚扰|无理取闹|恶意|nuisance", told)


def test_entries_that_cannot_be_read_are_left_out_and_counted(engine):
    history = ({"occurred_at": "long ago", "caller": "13900000001"}, {"counts": "many"}, {}, prior(10))
    repeat = engine.assess(replace(NOISE, history=history)).repeat
    assert (repeat["by_person"], repeat["ignored"]) == (1, 3)


@pytest.mark.parametrize(
    "kinds",
    [
        {"dispute": [1, None]},
        {"dispute": [1, ["x", 2]]},
        {"dispute": "ab"},
        {"dispute": [10**12, [1, 1]]},
        {"dispute": [10**8, [0] * 12]},
        {"dispute": [-1, [0]]},
        {"other": [3, [None]]},
    ],
)
def test_a_store_that_miscounts_stops_no_answer(engine, kinds):
    repeat = engine.assess(
        replace(NOISE, history=({"kinds": kinds, "area": "x"}, {"counts": {"person": 10**400, "party": "many"}, "same": None}, prior(3)))
    ).repeat
    assert repeat["by_person"] == 1
    assert repeat["kind"]["count"] >= 1


ENTRY = st.dictionaries(
    st.sampled_from(
        ["incident_id", "occurred_at", "caller", "place", "match", "counts", "kinds", "similar", "gates", "kind", "calls", "same_event", "parties"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("2026-11-19T08:00"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(ENTRY, max_size=4))
def test_no_history_whatever_stops_an_answer(history):
    answer = Engine.default().assess(replace(NOISE, history=tuple(history)))
    assert json.loads(to_json(answer))["schema"] == "fengqiao.assessment/1"


@pytest.fixture
def remembering(engine, settings, keyer):
    return Remembering(engine, Ledger(settings), keyer)


def test_looked_up_or_carried_along_the_answer_is_the_same_bytes(remembering):
    for day in (3, 9, 15):
        remembering.take(replace(NOISE, incident_id=f"d{day}", occurred_at=dt.datetime(2026, 11, day, 21)))
    carried = remembering.with_history(NOISE)
    looked_up = remembering.assess(NOISE)
    assert looked_up.repeat["by_person"] == 3
    assert to_json(remembering.engine.assess(carried)) == to_json(looked_up)


def test_similar_cases_come_with_what_was_done(remembering):
    remembering.take(replace(NOISE, incident_id="old", caller="13900000077", place="柳岸小区1栋", occurred_at=dt.datetime(2026, 9, 1)))
    remembering.memory.close("old", "agreement")
    similar = remembering.assess(NOISE).repeat["similar"]
    assert [(case["incident_id"], case["done"]) for case in similar] == [("old", "调解达成协议")]
    assert similar[0]["score"] > 0.9


def test_a_result_in_free_words_is_refused(remembering):
    remembering.take(NOISE)
    with pytest.raises(InputError, match="FQ2502"):
        remembering.memory.close("now", "张三赔了钱")


def test_an_incident_without_time_or_id_is_not_recorded(remembering):
    assert remembering.record(replace(NOISE, occurred_at=None), remembering.assess(replace(NOISE, occurred_at=None))) == ""
    assert remembering.record(replace(NOISE, incident_id=""), remembering.assess(NOISE)) == ""


def test_keys_hold_no_name_and_need_the_secret(engine, settings):
    told = replace(NOISE, caller="欧阳明月")
    found = engine.read(told)[2]
    clear = cues(told, found, settings)
    assert clear.persons == ("name:欧阳明月@桃园小区",)
    one, other = Keyer(b"0" * 16).keys(clear), Keyer(b"1" * 16).keys(clear)
    assert {key for _, key in one.links}.isdisjoint(key for _, key in other.links)
    assert all(len(key) == 16 for _, key in one.links)
    assert "欧阳".encode() not in repr(one).encode()
    with pytest.raises(InputError, match="FQ2501"):
        Keyer(b"short")


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("楼上半夜拖椅子吵得睡不着讲过不听", "楼上每天半夜拖椅子, 吵得人睡不着, 讲过几次都不听", True),
        ("楼上半夜拖椅子吵得睡不着讲过不听", "工地老板欠我们十几个人三个月工资不给", False),
        ("报警人称: 现场双方当事人因为停车位争吵, 请民警到场处理", "报警人称: 现场双方当事人因为卖肉少称争吵, 请民警到场处理", False),
    ],
)
def test_likeness_is_about_the_matter_not_about_the_form(settings, one, other, alike):
    assert (likeness(vector(one, settings), vector(other, settings)) >= settings.similar["least"]) is alike


def test_a_text_too_short_has_no_vector(settings):
    assert vector("打架了", settings) == b""
    assert likeness(b"", vector("楼上半夜拖椅子吵得睡不着讲过不听", settings)) == 0.0


@pytest.mark.parametrize("windows", [1, 4, 8])
@pytest.mark.parametrize("before", [0, 3, 40, 900])
@pytest.mark.parametrize("count", [0, 1, 2, 6, 30, 160])
def test_the_chance_of_so_many_is_negative_binomial(count, before, windows):
    from scipy.stats import nbinom

    assert chance_of(count, before, windows) == pytest.approx(nbinom.sf(count - 1, before + 0.5, windows / (windows + 1)), abs=1e-9)


def test_the_chance_is_honest_about_little_evidence_and_bounded_in_time():
    from scipy.stats import nbinom, poisson

    assert chance_of(5, 8, 8) > poisson.sf(4, 1.0)  # a level known from eight events is not known exactly
    assert chance_of(660, 4800, 8) == pytest.approx(nbinom.sf(659, 4800.5, 8 / 9), rel=0.1)  # the normal branch
    assert chance_of(10**9, 10**9, 4) == 0.0
    assert chance_of(10**9, 3, 8) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("before", [0, 1, 8, 50])
def test_the_least_count_that_is_a_surge_is_the_least(settings, before):
    windows = (before, 0, 0, 0, 0)
    count = least_raised(before, len(windows), settings.surge)
    assert [surge(n, windows, settings.surge)["surge"] for n in (count - 1, count)] == [False, True]


def test_more_events_are_never_less_of_a_surge(settings):
    raised = [surge(count, (1, 2, 1, 0, 2, 1, 1, 0), settings.surge)["surge"] for count in range(1, 30)]
    assert raised == sorted(raised)
    assert raised[0] is False
    assert raised[-1] is True


def test_the_settings_are_part_of_the_rules(tmp_path):
    (tmp_path / "repeats").mkdir()
    shipped = settings_of(Engine.default().pack)
    text = (SHIPPED / "repeats" / "default.yaml").read_text("utf-8").replace("person: 30, place: 30", "person: 90, place: 30")
    (tmp_path / "repeats" / "default.yaml").write_text(text, "utf-8")
    local = made(load([tmp_path]).families["repeats"]["default"].model_dump(mode="json"))
    assert (shipped.person_days, local.person_days) == (30, 90)
