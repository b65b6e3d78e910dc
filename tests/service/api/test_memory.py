"""Repeats over HTTP, and the loop of a case."""

from __future__ import annotations

import pytest

from tests.service.api.conftest import GREEN, RED

AGAIN = "东街9号楼3单元501的刘某又来报警, 楼上漏水泡了他家屋顶"


def test_the_second_call_of_a_person_is_known(service, headers):
    for day in (1, 5, 9):
        answer = service.assess(AGAIN, headers, incident_id=f"M{day}", occurred_at=f"2026-11-0{day}T10:00:00", caller="13812345678").json()
    assert answer["repeat"]["by_person"] >= 2
    assert set(answer["repeat"]["prior_ids"]) >= {"M1", "M5"}
    asked = service.client.get("/v1/repeats", params={"incident": "M9"}, headers=headers).json()
    assert asked["repeat"]["by_person"] == answer["repeat"]["by_person"]
    first = service.client.get("/v1/assessments/M1", headers=headers).json()
    assert not (first["repeat"] or {}).get("by_person")


def test_roll_ups_are_there_in_the_same_transaction_and_name_nobody(service, headers):
    import datetime as dt

    for hour in range(3):
        at = (dt.datetime.now() - dt.timedelta(days=hour * 2)).isoformat(timespec="seconds")
        service.assess(AGAIN, headers, incident_id=f"N{hour}", occurred_at=at, caller="13812345678")
    told = service.client.get("/v1/repeats", params={"least": 2}, headers=headers)
    counted = [kind["events"] for kind in told.json()["kinds"]]
    assert sum(counted) == 3
    assert (told.json()["window_days"], told.json()["kind_window_days"]) == (30, 7)
    asked = service.client.get("/v1/repeats", params={"least": max(counted) + 1, "days": 12}, headers=headers).json()
    assert (asked["kinds"], asked["window_days"]) == ([], 12)
    assert {entry["role"] for entry in told.json()["frequent"]}
    assert "13812345678" not in told.text


def test_without_a_time_nothing_is_remembered(service, headers):
    assert service.assess(AGAIN, headers, incident_id="T1").json()["repeat"] is None
    assert service.client.get("/v1/repeats", headers=headers).json()["kinds"] == []


def test_repeats_can_be_off(run):
    service = run(repeats=False)
    headers = service.key()
    assert service.assess(AGAIN, headers, occurred_at="2026-11-01T10:00:00").json()["repeat"] is None
    assert service.client.get("/v1/repeats", headers=headers).status_code == 404


def step(service, ident, headers, **body):
    return service.client.post(f"/v1/cases/{ident}/steps", json=body, headers=headers)


def test_the_six_steps_follow_one_another(service, headers):
    service.assess(RED, headers, incident_id="C1")
    case = service.client.get("/v1/cases/C1", headers=headers).json()
    names = []
    while case["next"] is not None:
        names.append(case["next"]["name"])
        done = step(service, "C1", headers, step=case["next"]["code"], unit="东街社区警务队", note="已入户")
        assert done.status_code == 200
        case = done.json()
    assert names == ["交办", "核查", "处置", "反馈", "评价", "问效"]
    assert [item["name"] for item in case["steps"]] == names
    assert service.client.get("/v1/cases", headers=headers).json()["cases"] == []


def test_the_plan_is_that_of_the_loops_rules(service, headers):
    answer = service.assess(RED, headers, incident_id="C5").json()
    assert answer["risk"]["colour"] == "red"
    rule = service.app.state.context.assessor.engine.pack.rules["loop"]["six_steps"].data
    case = service.client.get("/v1/cases/C5/steps", headers=headers).json()
    for told in rule["steps"]:
        since = case["steps"][-1]["at"] if case["steps"] else case["incident"]["received_at"]
        planned = case["plan"]["next"]
        assert (planned["name"], planned["due"] - since, planned["late_hours"]) == (told["name"], told["hours"]["red"] * 3_600_000, 0)
        assert planned["who"] == list(told["who"])
        assert planned["needs"] == [proof["name"] for proof in told["evidence"]]
        case = step(service, "C5", headers, step=case["next"]["code"]).json()
    assert case["plan"]["next"] is None
    days = [(visit["due"] - case["steps"][-1]["at"]) // 86_400_000 for visit in case["plan"]["visits"]]
    assert days == rule["visits"]["days"]["red"]


def test_a_due_time_without_a_zone_is_beijing_time(service, headers):
    service.assess(GREEN, headers, incident_id="C6")
    told = step(service, "C6", headers, step="assign", due="2099-01-01T08:00:00").json()
    assert told["due"] == 4070908800000  # midnight UTC


def test_no_step_is_skipped(service, headers):
    service.assess(RED, headers, incident_id="C2")
    refused = step(service, "C2", headers, step="handle")
    assert (refused.status_code, refused.json()["code"]) == (409, "FQ6413")
    assert step(service, "nobody", headers, step="assign").status_code == 404


def test_the_board_shows_overdue_first(service, headers):
    for number, due in enumerate(["2099-01-01T00:00:00", "2001-01-01T00:00:00"]):
        service.assess(GREEN, headers, incident_id=f"C{number}")
        step(service, f"C{number}", headers, step="assign", due=due)
    board = service.client.get("/v1/cases", headers=headers).json()["cases"]
    assert [(case["incident"]["key"], case["overdue"]) for case in board] == [("C1", True), ("C0", False)]


@pytest.mark.parametrize("by", ["0123"])
def test_only_a_vouching_key_names_who_did_it(service, headers, by):
    service.assess(RED, headers, incident_id="C4")
    assert step(service, "C4", headers, step="assign", by=by).json()["code"] == "FQ6410"
    assert step(service, "C4", service.key("系统", vouches=True), step="assign", by=by).json()["steps"][0]["actor"] == "系统/0123"


def through_the_loop(service, headers, ident):
    """The case after all its steps."""
    case = service.client.get(f"/v1/cases/{ident}", headers=headers).json()
    while case["next"] is not None:
        case = step(service, ident, headers, step=case["next"]["code"]).json()
    return case


def visit(service, ident, headers, **body):
    return service.client.post(f"/v1/cases/{ident}/visits", json=body, headers=headers)


def test_visits_follow_the_last_step_and_settle_the_planned_ones(service, headers):
    service.assess(RED, headers, incident_id="V1")
    assert visit(service, "V1", headers, outcome="stable").json()["code"] == "FQ6416"
    planned = through_the_loop(service, headers, "V1")["plan"]["visits"]
    board = service.client.get("/v1/cases", params={"visits": True}, headers=headers).json()["cases"]
    assert [case["incident"]["key"] for case in board] == ["V1"]
    assert visit(service, "V1", headers, outcome="nowhere").json()["code"] == "FQ6415"
    told = visit(service, "V1", headers, outcome="stable", note="双方平和").json()
    assert ([item["name"] for item in told["visits"]], told["plan"]["visits"]) == (["平稳"], planned[1:])
    assert visit(service, "V1", headers, outcome="unreached").json()["plan"]["visits"] == planned[1:]  # nobody was reached: still to be made


def test_a_matter_that_rises_again_goes_up_a_level_and_through_the_loop_again(service, headers):
    colour = service.assess(GREEN, headers, incident_id="V2").json()["risk"]["colour"]
    through_the_loop(service, headers, "V2")
    told = visit(service, "V2", headers, outcome="recurred").json()
    assert (colour, told["incident"]["colour"], told["next"]["name"], told["plan"]["next"]["name"]) == ("green", "yellow", "交办", "交办")
    assert [case["incident"]["key"] for case in service.client.get("/v1/cases", headers=headers).json()["cases"]] == ["V2"]
    assert visit(service, "V2", headers, outcome="stable").json()["code"] == "FQ6416"
    assert step(service, "V2", headers, step="assign").json()["next"]["name"] == "核查"
    assert service.store.verify().ok


def test_coordinates_come_in_pairs_are_coarse_and_go_with_the_text(service, headers):
    from sqlalchemy import select

    from service.retention import purge
    from service.store.tables import incidents

    assert service.assess(GREEN, headers, incident_id="G0", longitude=122.9).status_code == 422
    service.assess(GREEN, headers, incident_id="G1", longitude=122.91234, latitude=29.95678)
    asked = select(incidents.c.longitude, incidents.c.latitude).where(incidents.c.key == "G1")
    assert [tuple(row.values()) for row in service.store.rows(asked)] == [(122912, 29957)]
    purge(service.store, incident="G1")
    assert [tuple(row.values()) for row in service.store.rows(asked)] == [(None, None)]


def test_the_overview_counts_what_came_in(service, headers):
    import datetime as dt

    for number, (text, station) in enumerate([(RED, "东街所"), (GREEN, "东街所"), (GREEN, "西街所")]):
        service.assess(text, headers, incident_id=f"O{number}", station=station, longitude=123.5 + number // 2, latitude=30.3)
    told = service.client.get("/v1/overview", headers=headers).json()
    assert (told["received"], told["open"], dict(zip(told["levels"], told["by_rank"], strict=True))["red"]) == (3, 3, 1)
    assert [(item["name"], sum(item["by_rank"])) for item in told["stations"]] == [("东街所", 2), ("西街所", 1)]
    assert [sum(cell["by_rank"]) for cell in told["cells"]] == [2, 1]
    assert [sum(map(sum, told[name])) for name in ("hours", "weekdays")] == [3, 3]
    assert (len(told["days"]), sum(told["days"][-1]["by_rank"])) == (30, 3)
    assert service.client.get("/v1/overview", params={"station": "东街所"}, headers=headers).json()["received"] == 2
    yesterday = (dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date() - dt.timedelta(days=1)).isoformat()
    assert service.client.get("/v1/overview", params={"until": yesterday}, headers=headers).json()["received"] == 0
    for wrong in ({"since": "2026-11-02", "until": "2026-11-01"}, {"since": "2001-01-01"}):
        assert service.client.get("/v1/overview", params=wrong, headers=headers).json()["code"] == "FQ6021"


def test_the_share_of_repeats_has_its_denominator(service, headers):
    import datetime as dt

    now = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).replace(tzinfo=None)
    for number, (hours, caller) in enumerate([(9 * 24, "13812345678"), (5 * 24, "13812345678"), (5 * 24, "13911112222"), (0, "")]):
        at = (now - dt.timedelta(hours=hours)).isoformat(timespec="seconds")
        service.assess(AGAIN if caller else GREEN, headers, incident_id=f"R{number}", occurred_at=at, caller=caller)
    told = service.client.get("/v1/overview", headers=headers).json()["repeats"]
    assert (told["again"], told["known"]) == (1, 3)


def test_notes_of_steps_and_visits_go_with_the_text(service, headers):
    from service.retention import purge

    service.assess(RED, headers, incident_id="V9")
    through_the_loop(service, headers, "V9")
    visit(service, "V9", headers, outcome="recurred", note="又吵起来")
    step(service, "V9", headers, step="assign", note="交社区民警")
    purge(service.store, incident="V9")
    case = service.client.get("/v1/cases/V9", headers=headers).json()
    assert [item["note"] for item in (*case["steps"], *case["visits"])] == [None] * 8
