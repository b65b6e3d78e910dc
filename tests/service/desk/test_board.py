"""The board of the loop: in which column a matter stands, what is late, what a note tells of its loop."""

from __future__ import annotations

import re

from tests.service.desk.test_daily import GREEN, RED, late, part, put, walk

COLUMNS = ["交办", "核查", "处置", "反馈", "评价", "问效", "回访"]


def column(client, name, query=""):
    """The ids in a column, in order."""
    text = client.get(f"/desk/board?part=true{query}").text + "<section"
    (code,) = re.findall(rf'<h2 id="col-(\w+)">{name}<', text)
    return re.findall(r'data-card="([^"]+)"', part(text, f'id="col-{code}"', "<section"))


def test_there_is_a_column_for_each_step_and_one_for_visits(opened):
    text = opened.get("/desk/board").text
    assert re.findall(r'<h2 id="col-\w+">([^<]+)<', text) == COLUMNS


def test_a_matter_moves_when_a_step_is_recorded_and_not_before(opened):
    put(opened, RED, "B1", station="东街所")
    assert [column(opened, name) for name in COLUMNS] == [[]] * 7  # open: nobody has decided
    opened.post("/v1/assessments/B1/decision", json={"colour": "red"})
    for name in COLUMNS[:-1]:
        assert [other for other in COLUMNS if column(opened, other)] == [name]
        case = opened.get("/v1/cases/B1").json()
        assert opened.post("/v1/cases/B1/steps", json={"step": case["next"]["code"]}).status_code == 200
    assert column(opened, "回访") == ["B1"]
    assert column(opened, "回访", "&station=西街所") == []


def test_what_is_late_is_on_top_and_says_so(opened):
    for ident, due in (("B2", "2099-01-01T00:00:00"), ("B3", "2001-01-01T00:00:00")):
        put(opened, GREEN, ident)
        opened.post(f"/v1/cases/{ident}/steps", json={"step": "assign", "due": due})
    assert column(opened, "核查") == ["B3", "B2"]
    text = opened.get("/desk/board?part=true").text
    assert "1 起逾期" in part(text, 'id="col-verify"', "<ol>")


def test_a_visit_is_due_on_its_day_and_late_after_the_days_of_grace(opened):
    put(opened, RED, "B4")
    walk(opened, "B4")
    assert "还有" in opened.get("/desk/board?part=true").text
    late(opened, "case_steps", "B4", 25)
    assert "已到回访日" in opened.get("/desk/board?part=true").text
    late(opened, "case_steps", "B4", 50)
    assert "逾期" in opened.get("/desk/board?part=true").text


def test_a_note_tells_its_loop_and_offers_the_next_step(opened):
    put(opened, RED, "B5")
    opened.post("/v1/cases/B5/steps", json={"step": "assign", "unit": "东街警务队", "note": "已通知"})
    text = part(opened.get("/desk/notes/B5").text, "<h3>闭环", "</section>")
    assert all(word in text for word in ("交办", "东街警务队", "已通知", 'data-step="verify"', "核查情况"))
