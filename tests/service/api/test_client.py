"""The client as committed is the one that openapi.json makes, has a method for each operation, and works against a live server."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2
import pytest
import uvicorn

from service.api.client import DOCUMENT, FOLDER, made
from service.client_example.client import Client, Problem
from tests.service.api.conftest import GREEN, ORANGE, RED
from tests.service.api.test_killed import listens


def formatted(text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run([ruff, "format", "--quiet", "--line-length", "160", "-"], input=text, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_committed_client_is_the_one_that_the_document_makes():
    files = {name: formatted(text) for name, text in made(json.loads(DOCUMENT.read_text("utf-8"))).items()}
    if os.environ.get("FENGQIAO_WRITE_OPENAPI"):
        for name, text in files.items():
            (FOLDER / name).write_text(text, "utf-8")
    assert {name: (FOLDER / name).read_text("utf-8") for name in files} == files, "FENGQIAO_WRITE_OPENAPI=1 pytest tests/service/api/test_client.py"


def test_every_operation_has_a_method():
    document = json.loads(DOCUMENT.read_text("utf-8"))
    wanted = {operation["operationId"].replace("-", "_") for item in document["paths"].values() for operation in item.values()}
    assert len(wanted) == sum(map(len, document["paths"].values())) > 40
    assert wanted <= set(dir(Client))


@contextlib.contextmanager
def live(app):
    """The application behind a real server in a thread, on a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="fq-") as folder:
        path = Path(folder) / "s"
        server = uvicorn.Server(uvicorn.Config(app, uds=str(path), log_config=None, access_log=False, timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not listens(path):
            time.sleep(0.02)
        try:
            yield path
        finally:
            server.should_exit = True
            thread.join()


def through(path):
    return httpx2.HTTPTransport(uds=str(path))


@pytest.fixture
def client(database, assessor, tmp_path):
    from service.api.app import create_app
    from service.keys import SCOPES, create
    from service.settings import Settings
    from service.store.store import Store

    settings = Settings(database=database, jobs_folder=tmp_path / "jobs")
    store = Store(settings)
    key = create(store, "对接方", SCOPES)[1]
    store.close()
    with live(create_app(settings, assessor=assessor)) as path, Client("http://localhost", key, purpose="dispatch", transport=through(path)) as made_:
        yield made_


def test_an_integrator_s_day(client):
    answer = client.assessments_assess({"narrative": RED, "incident_id": "J1"}, once="k1")
    assert answer["risk"]["colour"] == "red"
    assert client.assessments_assess({"narrative": RED, "incident_id": "J1"}, once="k1") == answer
    assert client.assessments_record("J1")["incident"]["versions"] == 1
    batch = client.assessments_assess_batch({"incidents": [{"narrative": GREEN}, {"narrative": ORANGE}]})
    assert [item["risk"]["colour"] for item in batch["assessments"]] == ["green", "orange"]
    pending = client.assessments_decide("J1", {"colour": "green", "reason": "误报"})
    assert pending["decision"]["state"] == "pending"
    assert client.cases_take_step("J1", {"step": "assign"})["next"]["name"] == "核查"
    assert [item["incident"]["key"] for item in client.assessments_queue(status="open", limit=1)["items"]] == ["J1"]
    first = next(client.events_events(after=0))
    assert (first["event"], first["data"]["colour"]) == ("assess", "red")
    job = client.jobs_upload(f'警情编号,报警内容\nA1,"{RED}"\n'.encode(), output="jsonl")
    assert [event["data"]["status"] for event in client.jobs_follow(job["id"])][-1] == "done"
    assert json.loads(client.jobs_result(job["id"]))["fq_risk"] == "red"
    assert client.audit_verify()["ok"]
    assert b"fengqiao_assessments_total" in client.operations_metrics()


def test_what_goes_wrong_is_a_problem_with_its_code(client):
    with pytest.raises(Problem) as told:
        client.assessments_assess({"narrative": "x" * 100_001})
    assert (told.value.status, told.value.code) == (422, "FQ6204")
    assert told.value.request_id
    with pytest.raises(Problem, match="FQ6301"):
        client.assessments_record("没有 这个?")
    assert client.integration_listing() == {"webhooks": []}


def test_a_broken_connection_is_tried_once_more_with_the_same_key(monkeypatch):
    sent = []

    def answer(request):
        sent.append(request.headers["idempotency-key"])
        if len(sent) == 1:
            raise httpx2.ConnectError("gone")
        return httpx2.Response(200, json={})

    with Client("http://localhost", transport=httpx2.MockTransport(answer)) as tried:
        tried.assessments_assess({"narrative": GREEN})
    assert len(sent) == 2
    assert len(set(sent)) == 1
