"""Every route that the document names is called with planted persons wherever a text may stand. Only the routes listed here may answer with them; whatever
route is added later must either tell nothing or be put on the list. Logs, errors, headers, metrics and the audit hold nobody, whichever way a call goes wrong."""

from __future__ import annotations

import json
import re

import pytest

from service.api import lane
from service.client_example.connection import Problem as ClientProblem
from tests.service.api import conftest
from tests.service.api.test_leaks import leaks, private_tmp

assert private_tmp  # a fixture

NAME, PHONE, DOOR = "王晓燕", "13812345678", "枫林小区3号楼2单元501室"
TEXT = f"报警人{NAME}(电话{PHONE}, 住{DOOR})称被丈夫李大勇拿菜刀追砍, 躲在卫生间"
SECRETS = [NAME, "李大勇", PHONE, "2单元501室"]
# what shows an incident to those who may read it, or gives back what its caller has just sent: it tells its narrative, that is its purpose
TELL = {
    ("post", "/v1/assessments"), ("post", "/v1/assessments:batch"), ("get", "/v1/assessments"), ("post", "/v1/assessments:search"), ("get", "/v1/assessments/{id}"),
    ("get", "/v1/assessments/{id}/record"), ("get", "/v1/assessments/{id}/export"), ("get", "/v1/cases/{id}"), ("get", "/v1/cases/{id}/steps"),
    ("post", "/v1/cases/{id}/steps"), ("post", "/v1/cases/{id}/visits"), ("post", "/v1/papers/{kind}"), ("get", "/v1/jobs/{id}/result"), ("post", "/v1/assessments/{id}/decision"),
}  # fmt: skip
STREAMS = {("get", "/v1/events"), ("get", "/v1/jobs/{id}/events")}  # read in test_queue_and_events and test_jobs; they end when the client leaves


def operations(service) -> list[tuple[str, str, dict]]:
    document = service.client.get("/openapi.json").json() if service.client.get("/openapi.json").status_code == 200 else service.app.openapi()
    return [(method, path, told) for path, item in document["paths"].items() for method, told in item.items()]


def seeded(service, headers) -> dict[str, str]:
    """An incident that has been through everything, with planted persons in every note; the ids that routes ask for."""
    given = {
        "incident_id": "L1",
        "place": DOOR,
        "caller": PHONE,
        "station": "东街所",
        "occurred_at": "2026-11-18T22:30:00",
        "longitude": 120.1,
        "latitude": 30.2,
    }
    assert service.assess(TEXT, headers, **given).status_code in (200, 201)
    assert service.assess(TEXT + "又来了", headers, **given | {"incident_id": "L2", "occurred_at": "2026-11-19T22:30:00"}).status_code in (200, 201)
    case = service.client.get("/v1/cases/L1", headers=headers).json()
    while case["next"] is not None:
        sent = {"step": case["next"]["code"], "unit": "东街社区警务队", "note": TEXT}
        case = service.client.post("/v1/cases/L1/steps", json=sent, headers=headers).json()
    outcome = case["plan"]["outcomes"][0]["code"]
    assert service.client.post("/v1/cases/L1/visits", json={"outcome": outcome, "note": TEXT}, headers=headers).status_code == 200
    assert service.client.post("/v1/assessments/L2/decision", json={"colour": "red", "reason": TEXT}, headers=headers).status_code == 200
    table = f'警情编号,报警内容\r\nJ1,{TEXT}\r\n{NAME},"坏行'.encode()
    job = service.client.post("/v1/jobs", params={"output": "jsonl", "input": "csv"}, content=table, headers=headers).json()["id"]
    hook = service.client.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/in", "actions": ["job"]}, headers=headers).json()["id"]
    return {"assessments": "L1", "cases": "L1", "jobs": job, "webhooks": hook, "papers": "mediation_agreement", "rules": "factors/weapon"}


def calls(method: str, path: str, told: dict, ids: dict[str, str]):
    """The call as it should be, and the same with a person in each of its parameters, in its body, and in place of its body."""
    family = path.split("/")[2].partition(":")[0] if path.startswith("/v1/") else ""
    good = re.sub(r"\{\w+\}", ids.get(family, "x"), path)
    names = [item["name"] for item in told.get("parameters", []) if item["in"] == "query"]
    yield good, {}
    yield re.sub(r"\{\w+\}", f"{NAME}{PHONE}", path), {}
    for name in names:
        yield good, {"params": {name: TEXT[:60]}}
    if method == "post":
        for sent in (
            {"narrative": TEXT},
            {"narrative": [TEXT]},
            {"incidents": [{"narrative": TEXT}, {TEXT: 1}]},
            {"texts": [TEXT], "mode": TEXT[:20]},
            {"text": TEXT[:100]},
        ):
            yield good, {"json": sent}
        for sent in (
            {"step": NAME, "note": TEXT},
            {"outcome": NAME, "note": TEXT},
            {"incident": "L1", "set": {NAME: TEXT}},
            {"url": f"{NAME}://{PHONE}/"},
            {"key": TEXT},
        ):
            yield good, {"json": sent}
        yield good, {"content": TEXT.encode("gb18030"), "headers": {"content-type": "application/json"}}
        yield good, {"json": {"colour": NAME, "reason": TEXT, "by": NAME}, "headers": {"idempotency-key": PHONE}}


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_no_route_tells_a_person_but_those_that_show_an_incident(service, headers, capfd, private_tmp):
    ids = seeded(service, headers)
    capfd.readouterr()
    wrong: list[tuple[str, str, int]] = []
    met: set[tuple[str, str]] = set()
    for method, path, told in operations(service):
        if (method, path) in STREAMS or (method == "delete" and path in ("/v1/session", "/v1/jobs/{id}")):
            continue
        for number, (where, sent) in enumerate(calls(method, path, told, ids)):
            for known in (headers, {})[: 1 + (number == 2)]:  # once also without a key
                answered = service.client.request(method, where, **{**sent, "headers": known | sent.get("headers", {})})
                assert answered.status_code < 500 or answered.status_code == 503, (method, path)
                met.add((method, path))
                if leaks(json.dumps(dict(answered.headers)), SECRETS) or (
                    leaks(answered.content, SECRETS) and ((method, path) not in TELL or answered.status_code >= 400)
                ):
                    wrong.append((method, path, answered.status_code))
    assert wrong == []
    assert met >= TELL
    logged = capfd.readouterr()
    assert logged.err.count("\n") > 100
    assert leaks(logged.out + logged.err, SECRETS) == []
    jobs = service.settings.jobs_folder
    assert leaks(b"\n".join(path.read_bytes() for path in private_tmp.rglob("*") if path.is_file() and jobs not in path.parents), SECRETS) == []


def test_what_shows_incidents_needs_a_key_that_may_read(service, headers):
    seeded(service, headers)
    bare = service.key("无权", "metrics")
    for method, path in sorted(TELL):
        if method == "get":
            answered = service.client.get(path.replace("{id}", "L1"), headers=bare)
            assert answered.status_code == 403, path
            assert leaks(answered.content, SECRETS) == []


def test_pages_of_the_desk_that_only_count_name_nobody(service, headers):
    seeded(service, headers)
    for path in ("/desk/overview", "/desk/board", "/desk/typing", "/desk/login"):
        answered = service.client.get(path, headers=headers)
        assert answered.status_code == 200
        assert leaks(answered.content, SECRETS) == [], path


@pytest.mark.parametrize("route", ["/v1/assessments", "/v1/assessments:batch"])
@pytest.mark.parametrize("way", ["lane", "framework"])
def test_a_failure_of_the_engine_tells_nothing_of_what_it_failed_on(run, capfd, monkeypatch, route, way):
    if way == "framework":
        monkeypatch.setattr(lane, "_ENDPOINTS", ())
    service = run()
    headers = service.key()

    def broken(incident, **_):
        raise RuntimeError(incident.narrative)

    monkeypatch.setattr(service.app.state.context.assessor, "assess", broken)
    sent = {"narrative": TEXT} if route.endswith("ments") else {"incidents": [{"narrative": TEXT}] * 2}
    answered = service.client.post(route, json=sent, headers=headers)
    monkeypatch.undo()
    assert answered.status_code == 500
    logged = capfd.readouterr()
    assert "RuntimeError" in logged.err
    for piece in (answered.text, logged.out, logged.err, service.client.get("/metrics", headers=headers).text):
        assert leaks(piece, SECRETS) == []


def test_a_failure_in_the_encoders_threads_tells_nothing(run, capfd, monkeypatch):
    from service.api.app import create_app
    from service.assessor import Assessor

    cascade = Assessor(tier="full")
    cascade.warm()
    assert not cascade.degraded
    monkeypatch.setattr(conftest, "create_app", lambda settings, assessor: create_app(settings, assessor=cascade))
    service = run(assess_threads=2)
    headers = service.key()

    def broken(text):
        raise ValueError(text)

    monkeypatch.setattr(cascade.engine.adviser.encoder(), "encode", broken)
    answers = [service.assess(TEXT, headers), service.client.post("/v1/assessments:batch", json={"incidents": [{"narrative": TEXT}]}, headers=headers)]
    logged = capfd.readouterr()
    assert {answered.status_code for answered in answers} <= {200, 500}
    for piece in (logged.out, logged.err, *(answered.text for answered in answers if answered.status_code == 500)):
        assert leaks(piece, SECRETS) == []


def test_the_clients_errors_do_not_repeat_what_was_sent(service):
    for sent in ({"narrative": [TEXT]}, {"narrative": TEXT, "profile": TEXT[:60]}):
        answered = service.client.post("/v1/assessments", json=sent, headers=service.key())
        problem = ClientProblem(answered)
        assert problem.code.startswith("FQ")
        assert leaks(f"{problem} {problem!r} {vars(problem)}", SECRETS) == []
