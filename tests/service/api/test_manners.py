"""How the service behaves: problems that tell nothing, once-only writes, ids and headers, hot reload, draining, no text anywhere it should not be."""

from __future__ import annotations

import json
import re
import threading
import uuid

import pytest

from service.api.app import create_app
from service.api.context import Context
from service.assessor import Assessor
from tests.service.api.conftest import GREEN, RED

PLANTED = ("赵铁柱", "13912345678", "320102199001011234", "东风巷七号", "鱼叉")
STORY = "赵铁柱(13912345678, 320102199001011234)在东风巷七号拿鱼叉追我"


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("POST", "/v1/assessments", {"content": b"{"}, 400, "FQ6004"),
        ("POST", "/v1/assessments", {"content": '{"narrative": "他打我"}'.encode("gbk")}, 400, "FQ6006"),
        ("POST", "/v1/assessments", {"content": b"x=1", "headers": {"content-type": "text/plain"}}, 415, "FQ6003"),
        ("POST", "/v1/assessments", {"json": {}}, 422, "FQ6005"),
        ("POST", "/v1/assessments", {"json": {"narrative": 5}}, 422, "FQ6005"),
        ("POST", "/v1/assessments", {"json": {"narrative": STORY, STORY: 1}}, 422, "FQ6005"),
        ("POST", "/v1/assessments", {"json": {"narrative": STORY, "incident_id": STORY + "/"}}, 422, "FQ6005"),
        ("POST", "/v1/assessments", {"json": {"narrative": STORY, "occurred_at": STORY}}, 422, "FQ6005"),
        ("POST", "/v1/assessments", {"json": {"narrative": STORY, "occurred_at": "0001-01-01T00:00:00Z"}}, 422, "FQ6005"),
        ("POST", "/v1/assessments", {"json": {"narrative": STORY, "history": [STORY]}}, 422, "FQ6005"),
        ("POST", "/v1/assessments", {"json": {"narrative": STORY, "profile": STORY}}, 422, "FQ1301"),
        ("POST", "/v1/assessments", {"content": json.dumps({"narrative": STORY, "place": "\ud800"})}, 400, "FQ6004"),
        ("GET", f"/v1/assessments/{STORY}", {}, 404, "FQ6301"),
        ("GET", f"/v1/assessments?limit={STORY}", {}, 422, "FQ6005"),
        ("GET", f"/v1/assessments?cursor={STORY}", {}, 422, "FQ6010"),
        ("GET", f"/{STORY}", {}, 404, "FQ6302"),
        ("PUT", "/v1/assessments", {}, 405, "FQ6002"),
        ("POST", "/v1/assessments", {"content": b" " * 70_000}, 413, "FQ6201"),
    ],
)
def test_every_error_is_a_problem_that_tells_nothing(run, method, path, sent, status, code):
    service = run(max_body_bytes=65_536)
    answered = service.client.request(method, path, **{**sent, "headers": service.key() | sent.get("headers", {})})
    problem = answered.json()
    assert (answered.status_code, problem["code"]) == (status, code)
    assert answered.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["request_id"] == answered.headers["x-request-id"]
    assert not [word for word in PLANTED if word in answered.text]


def test_a_body_sent_in_pieces_is_limited_too(run):
    service = run(max_body_bytes=65_536)
    answered = service.client.post("/v1/assessments", content=(b" " * 10_000 for _ in range(10)), headers=service.key())
    assert (answered.status_code, answered.json()["code"]) == (413, "FQ6201")


def test_an_inner_fault_tells_nothing_and_has_its_line_in_the_log(service, headers, monkeypatch, capfd):
    def broken(*_args, **_more):
        raise ValueError(STORY)

    monkeypatch.setattr(service.app.state.context.assessor, "assess", broken)
    answered = service.assess(STORY, headers)
    assert (answered.status_code, answered.json()["code"]) == (500, "FQ6501")
    logged = capfd.readouterr().err
    line = next(json.loads(line) for line in logged.splitlines() if '"error"' in line)
    assert line["request_id"] == answered.json()["request_id"]
    assert line["where"].startswith("ValueError @ test_manners.py")
    assert not [word for word in PLANTED if word in answered.text + logged]


def test_planted_values_are_in_no_log_metric_error_or_event(service, headers, capfd):
    client = service.client
    answered = service.assess(STORY, headers, incident_id="P1", place="东风巷七号", caller="13912345678", station="东街所")
    assert answered.status_code == 200
    client.get("/v1/assessments/P1", headers=headers)
    client.get("/v1/assessments/P1/record", headers=headers)
    client.get(f"/v1/rules/{STORY}", headers=headers)
    client.get(f"/v1/assessments/{STORY}/record", headers=headers)
    client.post("/v1/assessments:search", json={"text": "赵铁柱"}, headers=headers)
    client.post("/v1/assessments/P1/decision", json={"colour": "green", "reason": STORY}, headers=headers)
    client.post("/v1/assessments/P1/decision", json={"colour": STORY}, headers=headers)
    client.post("/v1/assessments:batch", json={"incidents": [{"narrative": STORY}, {STORY: STORY}]}, headers=headers)
    client.post("/v1/assessments", json={"narrative": STORY}, headers={**headers, "x-request-id": "13912345678 x", "traceparent": STORY.encode()})
    seen = {
        "log": capfd.readouterr().err,
        "metrics": client.get("/metrics", headers=headers).text,
        "audit": client.get("/v1/audit/export", headers=headers).text,
        "verify": client.get("/v1/audit/verify", headers=headers).text,
    }
    assert any(json.loads(line).get("route") == "/v1/assessments/{id}/decision" for line in seen["log"].splitlines())
    assert 'fengqiao_assessments_total{category="' in seen["metrics"]
    assert '"decide"' in seen["audit"]
    assert not [(where, word) for where, text in seen.items() for word in PLANTED if word in text]


def test_a_request_with_a_key_is_done_once(service, headers):
    once = {**headers, "idempotency-key": str(uuid.uuid4())}
    first, second = (service.client.post("/v1/assessments", json={"narrative": RED}, headers=once) for _ in range(2))
    assert first.content == second.content
    assert first.headers["fengqiao-assessment-id"] == second.headers["fengqiao-assessment-id"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len(service.client.get("/v1/assessments", headers=headers).json()["items"]) == 1
    other = service.client.post("/v1/assessments", json={"narrative": GREEN}, headers=once)
    assert (other.status_code, other.json()["code"]) == (422, "FQ6408")
    elsewhere = service.client.post("/v1/assessments", json={"narrative": GREEN}, headers={**once, **service.key("乙")})
    assert elsewhere.status_code == 200  # another client's keys are its own


def test_the_same_key_in_flight_is_a_conflict(service, headers):
    once = {**headers, "idempotency-key": "k"}
    entered, leave = threading.Event(), threading.Event()

    def slow(tx):
        entered.set()
        assert leave.wait(10)

    context: Context = service.app.state.context
    context.store.writer.submit(slow)
    assert entered.wait(10)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(service.assess(RED, once).status_code)) for _ in range(2)]
    threads[0].start()
    while not _in_flight():
        pass
    threads[1].start()
    threads[1].join()
    leave.set()
    threads[0].join()
    assert sorted(answers) == [200, 409]


def _in_flight():
    from service.api import once

    return once._in_flight


def test_request_ids_and_traces_go_round(service):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answered = service.client.get("/healthz", headers={"x-request-id": "abc-1", "traceparent": trace})
    assert answered.headers["x-request-id"] == "abc-1"
    assert answered.headers["traceparent"].split("-")[1] == trace.split("-")[1]
    zeros = service.client.get("/healthz", headers={"traceparent": f"00-{'0' * 32}-{'0' * 16}-01"}).headers["traceparent"]
    assert zeros.split("-")[1] != "0" * 32
    assert service.client.head("/healthz").status_code == service.client.head("/readyz").status_code == 200
    made = service.client.get("/healthz", headers={"x-request-id": "不 对", "traceparent": "x"} | {"x-request-id": "a b"})
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", made.headers["traceparent"])


def test_every_answer_has_the_security_headers(service, headers):
    for path in ("/healthz", "/docs", "/v1/meta", "/nowhere", "/openapi.json"):
        answered = service.client.get(path, headers=headers)
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert answered.headers["content-security-policy"].startswith("default-src 'self'")
        assert "access-control-allow-origin" not in answered.headers
    assert service.assess(GREEN, headers).headers["cache-control"] == "no-store"


def test_cors_is_off_unless_an_origin_is_named(run):
    service = run(cors_origins=["https://desk.example"])
    ask = {"access-control-request-method": "POST"}
    named = service.client.options("/v1/assessments", headers={"origin": "https://desk.example", **ask})
    assert named.headers["access-control-allow-origin"] == "https://desk.example"
    assert "access-control-allow-origin" not in service.client.options("/v1/assessments", headers={"origin": "https://other.example", **ask}).headers


def test_the_documentation_comes_from_the_package(service):
    for page in ("/docs", "/redoc"):
        html = service.client.get(page).text
        assert not re.search(r"https?://", html)
        for address in re.findall(r'(?:src|href)="([^"]+)"', html):
            assert service.client.get(address).status_code == 200, address


def test_rules_are_looked_up_by_what_evidence_names(service, headers):
    answer = service.assess(RED, headers).json()
    names = {item["by"] for factor in answer["risk"]["factors"] for item in factor["evidence"]} | {item["by"] for item in answer["dispute"]["evidence"]}
    for name in names:
        found = service.client.get(f"/v1/rules/{name}", headers=headers)
        assert found.status_code == 200, name
        assert found.json()["description"]
    listed = service.client.get("/v1/rules", params={"family": "factors"}, headers=headers)
    assert len(listed.json()["rules"]) > 30
    assert service.client.get("/v1/rules", params={"family": "factors"}, headers={**headers, "if-none-match": listed.headers["etag"]}).status_code == 304


def test_meta_names_every_label_in_chinese(service, headers, assessor):
    meta = service.client.get("/v1/meta", headers=headers).json()
    assert len(meta["labels"]["disputes"]) == len(assessor.engine.pack.rules["disputes"])
    assert [level["code"] for level in meta["profiles"]["tongxin346"]] == assessor.level("tongxin346")


def test_rules_that_do_not_compile_leave_the_old_ones_standing(run, tmp_path, monkeypatch):
    overlay = tmp_path / "rules"
    (overlay / "factors").mkdir(parents=True)
    from tests.service.api import conftest

    own = Assessor([overlay])
    monkeypatch.setattr(conftest, "create_app", lambda settings, assessor: create_app(settings, assessor=own))
    service = run()
    headers = service.key()
    before = service.assess(RED, headers).content
    (overlay / "factors" / "bad.yaml").write_text("id: bad\nname: 坏\n", "utf-8")
    refused = service.client.post("/v1/rules:reload", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "FQ6502")
    assert "bad" in refused.json()["errors"][0]["field"]
    assert service.assess(RED, headers).content == before
    assert service.client.get("/readyz").json()["checks"]["rules"] == "stale"
    (overlay / "factors" / "bad.yaml").unlink()
    assert service.client.post("/v1/rules:reload", headers=headers).status_code == 200
    assert service.client.get("/readyz").json()["checks"]["rules"] == "ok"


def test_readiness_ends_before_the_process_does(service):
    assert service.client.get("/readyz").status_code == 200
    service.app.state.context.draining = True
    assert (service.client.get("/readyz").status_code, service.client.get("/healthz").status_code) == (503, 200)
    service.app.state.context.draining = False


def test_classifiers_that_do_not_load_leave_the_rules_and_say_so(run, assessor, tmp_path, monkeypatch):
    from tests.service.api import conftest

    own = Assessor(tier="fast", models=tmp_path / "nothing")
    monkeypatch.setattr(conftest, "create_app", lambda settings, assessor: create_app(settings, assessor=own))
    service = run()
    headers = service.key()
    answer = service.assess(RED, headers).json()
    assert (answer["degraded"], answer["risk"]["colour"], answer["versions"]["model"]) == (True, "red", None)
    assert service.client.get("/v1/meta", headers=headers).json()["degraded"] is True
    assert service.client.get("/readyz").json()["checks"]["model"] == "degraded"
    assert "fengqiao_degraded 1.0" in service.client.get("/metrics", headers=headers).text


def test_a_log_line_is_json_whatever_a_field_holds(capsys):
    from service.logs import log

    for actor in ("一号台", "\ud800", 'a"b\n', None, object):
        log().info("request", actor=actor, status=200, narrative="老公打我")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    told = [json.loads(line) for line in lines]
    assert [line["actor"] for line in told[:4]] == ["一号台", "\ud800", 'a"b\n', None]
    assert all(set(line) == {"event", "level", "at", "actor", "status"} for line in told)


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        ("/v1/assessments/Q1/export?format=order", "FQ6021", "form"),
        ("/v1/assessments/Q1/export?target=governance_csv", "FQ6021", "form"),
        ("/v1/assessments?color=red", "FQ6021", "colour"),
        ("/v1/assessments?colour=purple", "FQ6022", "orange"),
        ("/v1/assessments?dispute=purple", "FQ6022", "/v1/meta"),
        ("/v1/meta?x=1", "FQ6021", "不带参数"),
    ],
)
def test_a_filter_that_is_none_is_refused_with_those_there_are(service, headers, path, code, told):
    service.assess(GREEN, headers, incident_id="Q1")
    refused = service.client.get(path, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert told in refused.json()["remedy"]
    assert "purple" not in refused.text


def test_nothing_is_asked_in_the_address_of_an_assessment(service, headers):
    refused = service.client.post("/v1/assessments?profile=tongxin346", json={"narrative": GREEN}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "FQ6021")


def test_problems_name_the_field_and_what_it_may_hold(service, headers):
    (wrong,) = service.client.post("/v1/jobs?input=doc", content=b"x", headers=headers).json()["errors"]
    assert wrong["field"] == "query.input"
    assert {"csv", "xlsx"} <= set(wrong["says"].replace(",", " ").split())
    (wrong,) = service.client.get("/v1/assessments?limit=9999", headers=headers).json()["errors"]
    assert (wrong["field"], "500" in wrong["says"]) == ("query.limit", True)
    (wrong,) = service.assess(GREEN, headers, incident_id="a/b").json()["errors"]
    assert (wrong["field"], "不含 /" in wrong["says"]) == ("incident_id", True)
    for path in ("/v1/nowhere", "/v1/assessments/nobody"):
        assert service.client.get(path, headers=headers).json()["remedy"]
