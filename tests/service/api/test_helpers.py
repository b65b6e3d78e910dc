"""De-identification, resources and the shadow report over HTTP."""

from __future__ import annotations

import json

import pytest
from sklearn.metrics import cohen_kappa_score

from service.assessor import Assessor
from service.resources.read import example
from service.shadow import compare
from tests.service.api.conftest import GREEN, ORANGE, RED


def test_what_points_at_persons_is_taken_out(service, headers):
    text = "报警人王建国电话13800138000说被打"
    done = service.client.post("/v1/deidentify", json={"texts": [text, "没有人名"], "mode": "replace"}, headers=headers)
    assert done.status_code == 200
    first = done.json()["texts"][0]
    assert "王建国" not in done.text
    assert "13800138000" not in done.text
    assert {finding["kind"] for finding in first["findings"]} == {"name", "mobile"}
    for start, end, new_start, new_end in first["offsets"]:
        assert text[start:end] in ("王建国", "13800138000")
        assert first["text"][new_start:new_end]


def test_one_call_treats_one_person_alike(service, headers):
    done = service.client.post("/v1/deidentify", json={"texts": ["电话13800138000", "还是13800138000"], "mode": "hash"}, headers=headers).json()
    made = [item["text"][item["offsets"][0][2] : item["offsets"][0][3]] for item in done["texts"]]
    assert made[0] == made[1]


def test_nothing_of_a_deidentified_text_is_kept(service, headers):
    service.client.post("/v1/deidentify", json={"texts": ["报警人王建国"], "quotes": True}, headers=headers)
    entries = service.client.get("/v1/audit/export", headers=headers).text
    assert '"deidentify"' in entries
    assert "王建国" not in entries


@pytest.fixture(scope="module")
def county():
    return Assessor(resources=example())


def test_resources_are_listed_and_matched_to_an_incident(run, county, monkeypatch):
    from service.api.app import create_app
    from tests.service.api import conftest

    monkeypatch.setattr(conftest, "create_app", lambda settings, assessor: create_app(settings, assessor=county))
    service = run()
    headers = service.key()
    everyone = service.client.get("/v1/resources", headers=headers).json()["resources"]
    assert len(everyone) == len(county.directory.resources)
    answered = service.assess("楼上漏水把我家屋顶泡了, 找了三次都不管", headers, incident_id="W1", occurred_at="2026-11-20T10:00:00")
    assert answered.json()["resources"]
    matched = service.client.get("/v1/resources", params={"assessment": "W1"}, headers=headers).json()["resources"]
    assert [entry["id"] for entry in matched] == [entry["id"] for entry in answered.json()["resources"]]
    assert all(entry["why"] for entry in matched)


def test_a_demo_shows_the_county_that_does_not_exist(tmp_path):
    from starlette.testclient import TestClient

    from service.api.app import create_app
    from service.settings import Settings

    with TestClient(create_app(Settings(demo=True, tier="rules", database=f"sqlite:///{tmp_path}/fq.db", jobs_folder=tmp_path / "jobs"))) as client:
        listed = client.get("/v1/resources").json()["resources"]
    assert any(entry["name"].startswith("云杉县") for entry in listed)


def test_without_a_directory_it_says_so(service, headers):
    assert service.client.get("/v1/resources", headers=headers).json()["code"] == "FQ6303"


def test_the_shadow_report_compares_with_the_process_beside(run):
    service = run(shadow=True)
    headers = service.key()
    graded = [(RED, "red"), (GREEN, "green"), (GREEN, "yellow"), (ORANGE, "yellow"), (RED, "red")]
    for number, (text, colour) in enumerate(graded):
        service.assess(text, headers, incident_id=f"S{number}")
        done = service.client.post(f"/v1/assessments/S{number}/decision", json={"colour": colour}, headers=headers).json()
        assert done["decision"]["kind"] == "observed"
    service.assess(GREEN, headers, incident_id="S9")
    report = service.client.get("/v1/shadow/report", headers=headers).json()
    assert (report["compared"], report["without_decision"], report["agreed"]) == (5, 1, 3)
    assert (report["machine_lower"], report["machine_higher"], report["lower"]) == (1, 1, ["S2"])
    assert json.dumps(report).count("S9") == 0


def test_kappa_is_that_of_the_textbook():
    levels = ["green", "yellow", "orange", "red"]
    pairs = [("green", "green"), ("yellow", "green"), ("orange", "red"), ("red", "red"), ("green", "orange"), ("yellow", "yellow")]
    machine, person = zip(*[(levels.index(a), levels.index(b)) for a, b in pairs], strict=True)
    assert compare(pairs, levels).weighted_kappa == pytest.approx(cohen_kappa_score(machine, person, weights="quadratic"))
    assert compare([("red", "red")], levels).weighted_kappa is None


def test_a_service_with_classifiers_says_so_and_jobs_get_them(tmp_path):
    from starlette.testclient import TestClient

    from service.api.app import create_app
    from service.settings import Settings

    told = Settings(demo=True, tier="cascade", database=f"sqlite:///{tmp_path}/fq.db", jobs_folder=tmp_path / "jobs")
    app = create_app(told)
    assert not app.state.context.assessor.inline
    with TestClient(app) as client:
        answer = client.post("/v1/assessments", json={"narrative": "他老是半夜唱歌搅得我觉都睡不了"}).json()
        meta = client.get("/v1/meta").json()
    assert (answer["degraded"], meta["degraded"]) == (False, False)
    assert answer["versions"]["model"] == meta["model"]
    assert meta["model"].endswith("/cascade")


def test_a_reader_that_is_not_installed_is_a_coded_problem(service, headers, monkeypatch):
    from pipeline.privacy import Deidentifier, second

    monkeypatch.setattr(second, "find_spec", lambda name: None)
    second.lac_reader.cache_clear()
    Deidentifier.reading.cache_clear()
    done = service.client.post("/v1/deidentify", json={"texts": ["报警人王建国"], "reader": "lac"}, headers=headers)
    assert done.status_code == 422
    assert done.json()["code"] == "FQ7006"
    assert "fengqiao[names]" in done.json()["remedy"]
    assert "王建国" not in done.text
    assert service.client.post("/v1/deidentify", json={"texts": ["报警人王建国"], "reader": "rules"}, headers=headers).status_code == 200
    assert service.client.post("/v1/deidentify", json={"texts": ["报警人王建国"], "reader": "other"}, headers=headers).status_code == 422


def test_a_second_reader_over_http_adds_names(service, headers, monkeypatch):
    from pipeline.privacy import Deidentifier, find, second

    class Told:
        name = "lac"

        def persons(self, text):
            return [(text.index("灯塔"), text.index("灯塔") + 2)]

    monkeypatch.setattr(find, "lac_reader", Told)
    Deidentifier.reading.cache_clear()
    try:
        both = [service.client.post("/v1/deidentify", json={"texts": ["灯塔里的事"], "reader": reader}, headers=headers).json() for reader in second.READERS]
    finally:
        Deidentifier.reading.cache_clear()
    assert [[finding["recogniser"] for finding in done["texts"][0]["findings"]] for done in both] == [[], ["second/lac"]]
