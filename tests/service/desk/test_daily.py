"""The daily sheet: what is on it, and what is not."""

from __future__ import annotations

import datetime as dt
import re

RED = "老公没有一天不打我, 今天又拿菜刀追我, 我躲在卫生间"
GREEN = "请问身份证到期了去哪里换"
LEAK = "楼上漏水泡了我家屋顶, 说了几次都不管"
CHINA = dt.timezone(dt.timedelta(hours=8))


def put(client, narrative, ident, **more):
    reply = client.post("/v1/assessments", json={"narrative": narrative, "incident_id": ident, **more})
    assert reply.status_code == 200
    return reply.json()


def part(text: str, begin: str, end: str) -> str:
    """The page between two headings."""
    return text.split(begin, 1)[1].split(end, 1)[0]


def walk(client, ident):
    """All steps of the loop."""
    case = client.get(f"/v1/cases/{ident}").json()
    while case["next"] is not None:
        case = client.post(f"/v1/cases/{ident}/steps", json={"step": case["next"]["code"], "unit": "东街警务队"}).json()


def late(client, table, ident, hours):
    """Move what is stored about an incident back in time."""
    from sqlalchemy import update

    from service.store import tables

    found = getattr(tables, table)
    column, key = (found.c.received_at, found.c.key) if table == "incidents" else (found.c.at, found.c.incident)
    client.app.state.context.store.write_now(lambda tx: tx.execute(update(found).where(key == ident).values({column: column - hours * 3_600_000})).rowcount)


def test_the_sheet_lists_the_gravest_and_prints_no_narrative(opened):
    put(opened, RED, "D1", station="东街所")
    put(opened, GREEN, "D2", station="西街所")
    text = opened.get("/desk/daily").text
    top = part(text, "一、红色清单", "二、三类重点警情")
    assert "D1" in top
    assert "D2" not in top
    assert "菜刀" not in re.sub(r"<[^>]*>", "", text)
    assert RED[:8] not in text


def test_a_person_who_calls_again_stands_in_one_line_with_the_calls_before(opened):
    now = dt.datetime.now(CHINA).replace(tzinfo=None)
    for number, hours in enumerate((9 * 24, 5 * 24, 0)):
        put(
            opened,
            LEAK,
            f"P{number}",
            occurred_at=(now - dt.timedelta(hours=hours)).isoformat(timespec="seconds"),
            caller="13812345678",
            place="东街9号楼501室",
        )
    put(opened, GREEN, "P9", occurred_at=now.isoformat(timespec="seconds"), caller="13999999999")
    text = opened.get("/desk/daily").text
    again = part(text, "<h3>一人多次</h3>", "<h3>一地多起</h3>")
    assert len(re.findall(r"<tr><td>", again)) == 1
    assert [name for name in ("P0", "P1", "P2", "P9") if name in again] == ["P0", "P1", "P2"]
    assert "13812345678" not in text


def test_what_is_late_is_told(opened):
    put(opened, RED, "L1")
    put(opened, LEAK, "L2")
    late(opened, "incidents", "L1", 30)  # yesterday, and nobody has decided it
    opened.post("/v1/cases/L2/steps", json={"step": "assign", "unit": "东街警务队", "due": "2001-01-01T00:00:00"})
    text = opened.get("/desk/daily").text
    assert "L1" in part(text, "一、红色清单", "二、三类重点警情")
    assert "L1" in part(text, "<h3>未决警情</h3>", "<h3>闭环步骤</h3>")
    steps = part(text, "<h3>闭环步骤</h3>", "四、回访")
    assert all(word in steps for word in ("L2", "核查", "逾期", "东街警务队"))


def test_visits_that_are_due_are_told_until_they_are_made(opened):
    put(opened, RED, "V1")
    walk(opened, "V1")
    late(opened, "case_steps", "V1", 26)
    assert "第1天回访" in part(opened.get("/desk/daily").text, "四、回访", "批示与分派")
    assert opened.post("/v1/cases/V1/visits", json={"outcome": "stable"}).status_code == 200
    assert "第1天回访" not in part(opened.get("/desk/daily").text, "四、回访", "批示与分派")


def test_another_day_another_station(opened):
    put(opened, RED, "S1", station="东街所")
    assert "S1" not in opened.get("/desk/daily?station=西街所").text
    assert "S1" not in opened.get("/desk/daily?day=2020-01-01").text
    assert "S1" in opened.get("/desk/daily?station=东街所").text
    assert opened.get("/desk/daily?day=yesterday").status_code == 422


def test_a_second_person_is_waited_for_on_the_sheet(opened):
    ident = put(opened, RED, "W1")["incident_id"]
    reply = opened.post(f"/v1/assessments/{ident}/decision", json={"colour": "orange", "reason": "到场核实无刀", "by": "甲"})
    assert reply.status_code == 202
    assert "W1" in part(opened.get("/desk/daily").text, "五、待第二人确认", "批示与分派")


def test_a_note_tells_the_calls_before_and_what_was_done(opened):
    now = dt.datetime.now(CHINA).replace(tzinfo=None)
    for number, hours in enumerate((3 * 24, 24, 0)):
        put(
            opened,
            LEAK,
            f"N{number}",
            occurred_at=(now - dt.timedelta(hours=hours)).isoformat(timespec="seconds"),
            caller="13812345678",
            place="东街9号楼501室",
        )
    opened.post("/v1/assessments/N0/decision", json={"close": True, "reason": "双方和解", "by": "甲", "second_person": "乙"})
    told = part(opened.get("/desk/notes/N2").text, "<h3>以往", "</section>")
    assert re.findall(r'href="/desk/notes/(N\d)"', told) == ["N1", "N0"]
    assert all(word in told for word in ("同一报警人", "双方和解", "未决"))
    assert "N1" not in part(opened.get("/desk/notes/N0").text + "<h3>以往</section>", "<h3>以往", "</section>")
