"""Papers over HTTP: the form that was asked for, drafts alone, at the level that stands, audited without a word of the narrative."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from docx import Document

from service.api.papers import DOCX, HTML, wanted
from service.papers.fill import asks, templates
from service.problems import Problem
from tests.service.api.conftest import GREEN, ORANGE, RED

PLACE = "桃园小区7号楼"
KINDS = templates()
ONE = sorted(code for code, template in KINDS.items() if not template.many)


def ask(service, headers, kind, accept=HTML, **asked):
    return service.client.post(f"/v1/papers/{kind}", json=asked, headers=headers | {"accept": accept})


def words(data: bytes) -> str:
    document = Document(io.BytesIO(data))
    told = [paragraph.text for paragraph in (*document.paragraphs, *document.sections[0].header.paragraphs)]
    return "\n".join(told + [cell.text for table in document.tables for row in table.rows for cell in row.cells])


def test_the_list_says_what_may_be_added(service, headers):
    listed = {entry["id"]: entry for entry in service.client.get("/v1/papers", headers=headers).json()["papers"]}
    assert set(listed) == set(KINDS)
    assert {entry["draft"] for entry in listed.values()} == {"草稿"}
    assert [code for code, entry in listed.items() if entry["many"]] == ["daily_review"]
    assert {"station", "mediator", "terms", "term", "manner"} <= set(listed["mediation_agreement"]["set"])


@pytest.mark.parametrize("kind", ONE)
def test_both_forms_of_every_paper_are_drafts(service, headers, kind):
    service.assess(ORANGE, headers, incident_id="P1", place=PLACE, occurred_at="2026-11-22T09:30:00+08:00")
    page, file = ask(service, headers, kind, incident="P1"), ask(service, headers, kind, DOCX, incident="P1")
    assert (page.status_code, file.status_code) == (200, 200)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert file.headers["content-type"] == DOCX
    assert "%E8%8D%89%E7%A8%BF.docx" in file.headers["content-disposition"]  # 草稿
    assert page.headers["fengqiao-draft"] == file.headers["fengqiao-draft"] == "true"
    assert "script-src" not in page.headers["content-security-policy"]
    for form in (page.text, words(file.content)):
        assert "草稿" in form
        assert "不产生法律效力" in form


def test_what_is_added_is_filled_in_and_what_is_not_asked_for_is_refused(service, headers):
    ident = service.assess(ORANGE, headers).headers["fengqiao-assessment-id"]
    page = ask(service, headers, "mediation_agreement", incident=ident, set={"station": "某派出所", "terms": "三日内<b>修好"}).text
    assert "某派出所" in page
    assert "三日内&lt;b&gt;修好" in page
    refused = ask(service, headers, "mediation_agreement", incident=ident, set={"statoin": "某派出所"})
    assert (refused.status_code, refused.json()["code"]) == (422, "FQ6017")
    assert "statoin" not in refused.text
    assert "station" in refused.json()["remedy"]


def test_a_paper_prints_the_level_that_a_person_decided(service, headers):
    assert service.assess(ORANGE, headers, incident_id="P2").json()["risk"]["name"] == "橙色"
    assert "橙色" in ask(service, headers, "police_order", incident="P2").text
    service.client.post("/v1/assessments/P2/decision", json={"colour": "red"}, headers=headers)
    page = ask(service, headers, "police_order", incident="P2").text
    assert "红色" in page
    assert "橙色" not in page


def day(**more):
    now = dt.datetime.now(dt.UTC)
    return {"since": (now - dt.timedelta(hours=1)).isoformat(), "until": (now + dt.timedelta(hours=1)).isoformat()} | more


@pytest.mark.parametrize("kept", ["full", "hash"])
def test_the_days_sheet_counts_what_was_received(run, kept):
    service = run(incidents=kept)
    headers = service.key()
    for number, text in enumerate([RED, GREEN, ORANGE]):
        station = "东街" if number else "西街"
        service.assess(text, headers, incident_id=f"D{number}", station=station, occurred_at="2026-11-22T09:30:00+08:00" if number else "2026-11-22T10:00:00")
    assert "接报来电 3 个" in ask(service, headers, "daily_review", **day()).text
    assert "接报来电 2 个" in ask(service, headers, "daily_review", **day(station="东街")).text
    assert "D0" in words(ask(service, headers, "daily_review", DOCX, **day()).content)
    assert "接报来电 0 个" in ask(service, headers, "daily_review", since="2020-01-01T00:00:00", until="2020-01-02T00:00:00").text


def test_times_without_a_zone_are_beijing_time(service, headers):
    service.assess(GREEN, headers, incident_id="Z1")
    beijing = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).replace(tzinfo=None)
    span = {"since": (beijing - dt.timedelta(minutes=5)).isoformat(), "until": (beijing + dt.timedelta(minutes=5)).isoformat()}
    assert "接报来电 1 个" in ask(service, headers, "daily_review", **span).text
    found = service.client.get("/v1/assessments", params={"since": span["since"], "until": span["until"]}, headers=headers).json()
    assert [item["incident"]["key"] for item in found["items"]] == ["Z1"]


@pytest.mark.parametrize(
    ("kind", "asked", "status", "code"),
    [
        ("love_letter", {"incident": "P1"}, 404, "FQ2804"),
        ("police_order", {"incident": "nobody"}, 404, "FQ6301"),
        ("police_order", {}, 422, "FQ6019"),
        ("police_order", day(incident="P1"), 422, "FQ6019"),
        ("daily_review", {"incident": "P1"}, 422, "FQ6018"),
        ("daily_review", {"since": "2026-11-22T00:00:00"}, 422, "FQ6018"),
    ],
)
def test_what_cannot_be_made_is_told(service, headers, kind, asked, status, code):
    refused = ask(service, headers, kind, **asked)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_without_the_narrative_there_is_no_paper_of_one(run):
    service = run(incidents="hash")
    headers = service.key()
    service.assess(ORANGE, headers, incident_id="H1")
    assert ask(service, headers, "police_order", incident="H1").json()["code"] == "FQ6412"


def test_only_readers_may_and_the_audit_knows_no_text(service, headers):
    service.assess(ORANGE, headers, incident_id="P3", place=PLACE)
    refused = ask(service, service.key("旁人", "assess"), "police_order", incident="P3")
    assert refused.status_code == 403
    assert service.client.get("/v1/papers").status_code == 401
    ask(service, headers, "police_order", DOCX, incident="P3")
    ask(service, headers, "mediation_agreement", incident="P3", set={"terms": "赔三百元"})
    exported = service.client.get("/v1/audit/export", headers=headers).text
    drawn = [json.loads(line) for line in exported.splitlines() if '"paper"' in line]
    assert [entry["action"] for entry in drawn] == ["paper", "paper"]
    assert {entry["subject"] for entry in drawn} == {"P3"}
    details = [json.loads(entry["detail"]) for entry in drawn]
    assert [(told["paper"], told["form"], told["set"]) for told in details] == [("police_order", "docx", []), ("mediation_agreement", "html", ["terms"])]
    assert not any(word in exported for word in (PLACE, "赔三百元", "停车位"))
    assert service.client.get("/v1/audit/verify", headers=headers).json()["ok"]


def test_a_unit_adds_templates_of_its_own(run, tmp_path):
    (tmp_path / "visit_note.yaml").write_text(
        "id: visit_note\nname: 回访记录\ntitle: 回访记录\nblocks: [{text: '{{ given.visitor }} 回访 {{ given[\"result\"] }}'}]\n", "utf-8"
    )
    service = run(papers=[tmp_path])
    headers = service.key()
    service.assess(GREEN, headers, incident_id="V1")
    assert "民警0123 回访 平稳" in ask(service, headers, "visit_note", incident="V1", set={"visitor": "民警0123", "result": "平稳"}).text


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", DOCX),
        ("*/*", DOCX),
        (DOCX, DOCX),
        (HTML, HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),  # a browser
        (f"{HTML};q=0.5, {DOCX};q=0.9", DOCX),
        ("text/*, */*;q=0.1", HTML),
        (f"*/*, {DOCX};q=0", HTML),
        ("application/json", None),
        ("text/html;q=0", None),
        ("text/html;q=x", None),
    ],
)
def test_the_accept_header_decides_the_form(accept, form):
    if form is not None:
        assert wanted(accept) == form
        return
    with pytest.raises(Problem, match="FQ6016") as caught:
        wanted(accept)
    assert caught.value.status == 406


def test_every_paper_asks_for_something_a_person_adds():
    assert {"station"} <= set(asks(KINDS["daily_review"]))
    assert asks(KINDS["dissuasion_notice"])


def test_the_slip_shows_the_steps_on_record_and_the_deadline_that_was_set(service, headers):
    service.assess(ORANGE, headers, incident_id="P9", occurred_at="2026-11-22T09:30:00+08:00")
    empty = ask(service, headers, "police_order", incident="P9").text
    assert "东街社区警务队" not in empty
    step = {"step": "assign", "unit": "东街社区警务队", "due": "2026-11-25T18:00:00", "note": "先见双方"}
    assert service.client.post("/v1/cases/P9/steps", json=step, headers=headers).status_code == 200
    page = ask(service, headers, "police_order", incident="P9").text
    for told in ("承办 东街社区警务队", "先见双方", "一号台"):
        assert told in page
    field = page[page.index("办理时限") :]
    assert "2026年11月25日18时00分" in field[:120]
