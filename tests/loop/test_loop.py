"""The six steps: in their order, by whom, until when, with what evidence; reopening, visits, recurrence, figures."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.engine import Engine
from pipeline.errors import LoopError
from pipeline.loop.case import from_json, to_json
from pipeline.loop.machine import closed_at, colour_of, figures, loop_of, open_case, overdue, recur, regrade, reopen, state, take, visit

LOOP = loop_of(Engine.default().pack)
STEPS = [step["id"] for step in LOOP["steps"]]
LEVELS = ["green", "yellow", "orange", "red"]
START = dt.datetime(2026, 11, 2, 8)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def proof(step):
    return {entry["id"]: "满意" if entry["id"] == "satisfied" else "有" for entry in step["evidence"]}


def done(case, upto=None, every=HOUR, start=None):
    """The case with its steps taken, one per `every`, up to and with `upto`."""
    at = start or (case.happened[-1].at if case.happened else case.opened_at)
    for step in LOOP["steps"]:
        at += every
        case = take(LOOP, case, step["id"], by="p1", role=step["who"][0], at=at, evidence=proof(step))
        if step["id"] == upto:
            break
    return case


def opened(colour="yellow"):
    return open_case(LOOP, "c1", colour=colour, at=START)


def test_the_steps_are_the_six_of_the_source_in_its_order():
    assert [step["name"] for step in LOOP["steps"]] == ["交办", "核查", "处置", "反馈", "评价", "问效"]


def test_a_case_goes_through_and_is_closed():
    case = done(opened())
    told = state(LOOP, case, START + 7 * HOUR)
    assert told.next is None
    assert told.closed_at == START + 6 * HOUR == closed_at(LOOP, case)
    assert told.satisfied is True
    assert from_json(to_json(case)) == case


@pytest.mark.parametrize(("first", "second"), [(a, b) for a, b in itertools.product(range(6), range(6)) if b != a + 1])
def test_no_step_is_skipped_or_repeated(first, second):
    case = done(opened(), STEPS[first])
    step = LOOP["steps"][second]
    with pytest.raises(LoopError, match=r"FQ270[34]"):
        take(LOOP, case, step["id"], by="p1", role=step["who"][0], at=START + DAY, evidence=proof(step))


def _refused(change):
    case = opened()
    step = LOOP["steps"][0]
    told = {"step": step["id"], "role": step["who"][0], "at": START + HOUR, "evidence": proof(step)} | change
    return take(LOOP, case, told.pop("step"), by="p1", **told)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"step": "dance"}, "FQ2702"),
        ({"role": "路人"}, "FQ2711"),
        ({"evidence": {}}, "FQ2705"),
        ({"evidence": {"receiver": "桃园所", "officer": "  "}}, "FQ2705"),
        ({"at": START - HOUR}, "FQ2710"),
    ],
)
def test_what_may_not_be_is_refused_with_the_remedy(change, code):
    with pytest.raises(LoopError, match=code) as caught:
        _refused(change)
    assert caught.value.remedy


@pytest.mark.parametrize(("colour", "hours"), [("red", 1), ("orange", 2), ("yellow", 8), ("green", 24), ("blue", 8)])
def test_the_first_step_is_due_by_colour(colour, hours):
    told = state(LOOP, opened(colour), START + 25 * HOUR).next
    assert told.due == START + hours * HOUR
    assert told.late_hours == 25 - hours


def test_a_new_colour_moves_the_deadline_of_the_step_under_way():
    case = regrade(done(opened("green"), STEPS[0]), "red", by="p2", at=START + 2 * HOUR, reason="又动手")
    assert state(LOOP, case, START + 3 * HOUR).next.due == START + HOUR + 4 * HOUR


def test_overdue_lists_the_latest_first():
    cases = [open_case(LOOP, f"c{colour}", colour=colour, at=START) for colour in LEVELS]
    assert [case.colour for case, _ in overdue(LOOP, cases, START + 9 * HOUR)] == ["red", "orange", "yellow"]
    assert overdue(LOOP, cases, START) == []


def test_a_closed_case_is_reopened_with_a_reason_and_by_whom_it_may():
    case = done(opened())
    at = START + DAY
    with pytest.raises(LoopError, match="FQ2707"):
        reopen(LOOP, case, by="p1", role="所领导", at=at, reason=" ")
    with pytest.raises(LoopError, match="FQ2711"):
        reopen(LOOP, case, by="p1", role="调解员", at=at, reason="又吵")
    again = reopen(LOOP, case, by="p1", role="所领导", at=at, reason="又吵")
    told = state(LOOP, again, at)
    assert (told.next.name, told.rounds, told.closed_at) == ("核查", 2, None)
    assert told.next.due == at + 48 * HOUR
    with pytest.raises(LoopError, match="FQ2706"):
        reopen(LOOP, again, by="p1", role="所领导", at=at, reason="又吵")


@pytest.mark.parametrize(("colour", "days"), [("green", [30]), ("yellow", [7, 30]), ("orange", [3, 7, 30]), ("red", [1, 3, 7, 30, 90])])
def test_visits_follow_the_colour(colour, days):
    case = done(opened(colour))
    closed = closed_at(LOOP, case)
    assert [due.due for due in state(LOOP, case, closed).visits] == [closed + day * DAY for day in days]


def test_a_visit_that_reached_nobody_is_still_to_make():
    case = done(opened("orange"))
    closed = closed_at(LOOP, case)
    case = visit(LOOP, case, "unreached", by="p1", role="网格员", at=closed + 3 * DAY, levels=LEVELS)
    assert len(state(LOOP, case, closed + 3 * DAY).visits) == 3
    case = visit(LOOP, case, "stable", by="p1", role="网格员", at=closed + 4 * DAY, levels=LEVELS)
    assert [due.id for due in state(LOOP, case, closed + 4 * DAY).visits] == ["7", "30"]
    assert [due.late_hours for due in state(LOOP, case, closed + 10 * DAY).visits] == [24.0, 0.0]


@pytest.mark.parametrize(("colour", "after"), [("green", "yellow"), ("orange", "red"), ("red", "red"), ("blue", "blue")])
def test_a_matter_that_came_back_rises_one_level_and_goes_on(colour, after):
    case = done(opened(colour))
    closed = closed_at(LOOP, case)
    case = visit(LOOP, case, "recurred", by="p1", role="社区民警", at=closed + DAY, levels=LEVELS)
    assert colour_of(case) == after
    assert state(LOOP, case, closed + DAY).next.name == "核查"


def test_what_comes_back_after_the_days_of_the_rule_is_a_new_case():
    case = done(opened())
    closed = closed_at(LOOP, case)
    edge = closed + LOOP["recurrence"]["days"] * DAY
    assert recur(LOOP, case, by="memory", at=edge + HOUR, levels=LEVELS, reason="重复警情") == case
    assert colour_of(recur(LOOP, case, by="memory", at=edge, levels=LEVELS, reason="重复警情")) == "orange"


def test_an_open_case_rises_without_losing_its_step():
    case = recur(LOOP, done(opened(), "verify"), by="memory", at=START + 5 * HOUR, levels=LEVELS, reason="重复警情")
    assert colour_of(case) == "orange"
    assert state(LOOP, case, START + 5 * HOUR).next.name == "处置"


@pytest.mark.parametrize("colour", LEVELS)
def test_visits_before_closing_and_unknown_outcomes_are_refused(colour):
    with pytest.raises(LoopError, match="FQ2709"):
        visit(LOOP, opened(colour), "stable", by="p1", role="网格员", at=START + DAY, levels=LEVELS)
    with pytest.raises(LoopError, match="FQ2708"):
        visit(LOOP, done(opened(colour)), "fine", by="p1", role="网格员", at=START + DAY, levels=LEVELS)


def test_figures_carry_their_denominators():
    cases = [done(open_case(LOOP, f"c{i}", colour="yellow", at=START + i * HOUR)) for i in range(3)]
    cases += [open_case(LOOP, "c3", colour="red", at=START), open_case(LOOP, "before", colour="red", at=START - DAY)]
    told = figures(LOOP, cases, START, START + DAY)
    assert (told["opened"], told["closed"], told["late"]) == (4, 3, 1)
    assert told["closing_rate"] == {"value": 0.75, "of": 4}
    assert told["satisfied"] == {"value": 1.0, "of": 3}
    assert figures(LOOP, [], START, START + DAY)["closing_rate"] == {"value": None, "of": 0}


def test_an_unknown_loop_is_an_error(engine):
    with pytest.raises(LoopError, match="FQ2701"):
        loop_of(engine.pack, "seven_steps")


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*STEPS, "reopen", "recurred", "stable"]), max_size=25))
def test_whatever_is_tried_the_steps_that_happened_are_in_order(tries):
    case, at = opened("green"), START
    for name in tries:
        at += HOUR
        try:
            if name == "reopen":
                case = reopen(LOOP, case, by="p", role="所领导", at=at, reason="再办")
            elif name in STEPS:
                step = LOOP["steps"][STEPS.index(name)]
                case = take(LOOP, case, name, by="p", role=step["who"][0], at=at, evidence=proof(step))
            else:
                case = visit(LOOP, case, name, by="p", role="网格员", at=at, levels=LEVELS)
        except LoopError:
            continue
    turn = 0
    for entry in case.happened:
        if entry.kind == "step":
            assert STEPS.index(entry.step) == turn
            turn += 1
        elif entry.kind == "reopened":
            assert turn == len(STEPS)
            turn = STEPS.index(entry.step)
    told = state(LOOP, case, at)
    assert (told.next is None) == (turn == len(STEPS))
