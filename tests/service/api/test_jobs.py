"""Long jobs: up, followed, fetched; wrong input named; cancelled; gone on with after a restart."""

from __future__ import annotations

import csv
import io
import json
import time

import pytest
from python_calamine import CalamineWorkbook

from tests.service.api.conftest import GREEN, ORANGE, RED

TEXTS = [RED, GREEN, ORANGE]
pytestmark = pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)


def table(rows: int) -> bytes:
    lines = ["警情编号,事件详情,备注"] + [f'J{n:05d},"{TEXTS[n % 3]}",甲{n}' for n in range(rows)]
    return "\r\n".join(lines).encode("gb18030")


def upload(service, headers, data: bytes, **query):
    return service.client.post("/v1/jobs", params=query, content=data, headers=headers | {"content-type": "application/octet-stream"})


def finished(service, headers, ident: str) -> dict:
    while True:
        job = service.client.get(f"/v1/jobs/{ident}", headers=headers).json()
        if job["status"] not in ("queued", "running"):
            return job
        time.sleep(0.1)


def test_a_table_goes_up_and_its_labels_come_back(service, headers, assessor):
    begun = upload(service, headers, table(60), output="xlsx")
    assert begun.status_code == 202
    ident = begun.json()["id"]
    assert begun.headers["location"] == f"/v1/jobs/{ident}"
    with service.client.stream("GET", f"/v1/jobs/{ident}/events", headers=headers) as stream:
        told = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    assert told[0]["status"] in ("queued", "running")
    assert (told[-1]["status"], told[-1]["rows"], told[-1]["rejects"]) == ("done", 60, 0)
    answered = service.client.get(f"/v1/jobs/{ident}/result", headers=headers)
    head, *rows = CalamineWorkbook.from_filelike(io.BytesIO(answered.content)).get_sheet_by_index(0).to_python()
    assert head[:3] == ["警情编号", "事件详情", "备注"]
    assert [row[head.index("fq_risk")] for row in rows[:3]] == ["red", "green", "orange"]
    assert len(rows) == 60
    kept = [path.name for path in (service.settings.jobs_folder / ident).iterdir()]
    assert not [name for name in kept if name.startswith("input")]  # the upload is gone, the result stays
    other = service.key("乙", "jobs")
    assert service.client.get(f"/v1/jobs/{ident}", headers=other).status_code == 404
    assert service.client.get("/v1/jobs", headers=other).json()["jobs"] == []


def test_what_cannot_be_read_is_named_and_nothing_is_left(service, headers):
    job = finished(service, headers, upload(service, headers, b"PK\x03\x04 broken", input="xlsx").json()["id"])
    assert job["status"] == "failed"
    assert job["code"].startswith("FQ")
    assert upload(service, headers, b"").json()["code"] == "FQ6013"
    assert not list(service.settings.jobs_folder.rglob("input*"))
    refused = service.client.get(f"/v1/jobs/{job['id']}/result", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (410, job["code"])  # nobody need wait on
    assert (refused.json()["title"], refused.json()["detail"], refused.json()["remedy"]) == (job["title"], job["reason"], job["remedy"])
    assert all((job["title"], job["reason"], job["remedy"]))


def test_a_cancelled_job_stops_and_leaves_nothing(service, headers):
    ident = upload(service, headers, table(20_000)).json()["id"]
    while service.client.get(f"/v1/jobs/{ident}", headers=headers).json()["status"] == "queued":
        time.sleep(0.05)
    early = service.client.get(f"/v1/jobs/{ident}/result", headers=headers)
    assert (early.status_code, early.json()["code"], bool(early.json()["remedy"])) == (409, "FQ6414", True)
    assert service.client.delete(f"/v1/jobs/{ident}", headers=headers).json()["status"] == "cancelled"
    for _ in range(200):
        if not (service.settings.jobs_folder / ident).exists():
            break
        time.sleep(0.05)
    assert not (service.settings.jobs_folder / ident).exists()
    gone = service.client.get(f"/v1/jobs/{ident}/result", headers=headers)
    assert (gone.status_code, gone.json()["code"]) == (410, "FQ6418")


def test_a_job_goes_on_after_a_restart(run):
    first = run()
    headers = first.key()
    ident = upload(first, headers, table(1500)).json()["id"]
    while first.client.get(f"/v1/jobs/{ident}", headers=headers).json()["rows"] == 0:
        time.sleep(0.05)
    first.client.__exit__(None, None, None)
    second = run()
    job = finished(second, headers, ident)
    assert (job["status"], job["rows"]) == ("done", 1500)
    answered = second.client.get(f"/v1/jobs/{ident}/result", headers=headers).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(answered)))
    assert [row["警情编号"] for row in rows] == [f"J{n:05d}" for n in range(1500)]
    manifest = second.client.get(f"/v1/jobs/{ident}/result", params={"part": "manifest"}, headers=headers).json()
    assert manifest["records"] == 1500


def test_a_table_without_a_header_and_what_is_told_of_one(service, headers):
    bare = f"J1,{GREEN}\r\nJ2,{GREEN}\r\n".encode()
    job = finished(service, headers, upload(service, headers, bare).json()["id"])
    assert job["status"] == "failed"
    assert "text_column=" in json.dumps(job, ensure_ascii=False)
    assert "--" not in json.dumps(job, ensure_ascii=False)
    ident = upload(service, headers, bare, no_header=True, text_column="#2").json()["id"]
    assert finished(service, headers, ident)["rows"] == 2
