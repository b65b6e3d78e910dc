"""Assessing over HTTP: the contract's answer, its bytes, its id, its versions; one item's fault is its own."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from pipeline.values import Incident, to_json
from service.store.tables import metadata
from tests.service.api.conftest import GREEN, ORANGE, RED


def test_the_answer_is_the_engine_s_bytes(service, headers, assessor):
    answered = service.assess(RED, headers, incident_id="J1")
    assert answered.status_code == 200
    assert answered.content == to_json(assessor.assess(Incident(narrative=RED, incident_id="J1")))
    assert answered.json()["risk"]["colour"] == "red"


def test_the_same_incident_is_the_same_bytes_and_etag(service, headers):
    first, second = (service.assess(RED, headers) for _ in range(2))
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["fengqiao-assessment-id"] != second.headers["fengqiao-assessment-id"]


def test_two_calls_with_the_same_words_are_two_incidents(service, headers):
    for _ in range(2):
        service.assess(RED, headers)
    assert len(service.client.get("/v1/assessments", headers=headers).json()["items"]) == 2


def test_an_answer_is_read_back_by_either_id(service, headers):
    answered = service.assess(ORANGE, headers, incident_id="J2")
    for ident in (answered.headers["fengqiao-assessment-id"], "J2"):
        back = service.client.get(f"/v1/assessments/{ident}", headers=headers)
        assert back.content == answered.content
    tagged = service.client.get("/v1/assessments/J2", headers={**headers, "if-none-match": answered.headers["etag"]})
    assert (tagged.status_code, tagged.content) == (304, b"")


def test_a_named_incident_gets_versions_and_keeps_them(service, headers):
    first = service.assess(GREEN, headers, incident_id="J3")
    second = service.assess(RED, headers, incident_id="J3")
    assert [answer.headers["fengqiao-version"] for answer in (first, second)] == ["1", "2"]
    assert service.client.get(f"/v1/assessments/{first.headers['fengqiao-assessment-id']}", headers=headers).content == first.content
    record = service.client.get("/v1/assessments/J3/record", headers=headers).json()
    assert [version["colour"] for version in record["versions"]] == ["green", "red"]
    assert record["narrative"] == RED


def test_the_highest_colour_seen_stays_while_typing(service, headers):
    service.assess(RED, headers, incident_id="J4")
    service.assess(GREEN, headers, incident_id="J4")
    incident = service.client.get("/v1/assessments/J4/record", headers=headers).json()["incident"]
    assert (incident["colour"], incident["machine_colour"], incident["versions"]) == ("red", "green", 2)


@pytest.mark.parametrize("profile", ["three_colours", "abcd", "xiushui"])
def test_another_profile_does_not_lower_what_was_seen(service, headers, profile):
    service.assess(RED, headers, incident_id="J6")
    service.assess(GREEN, headers, incident_id="J6", profile=profile)
    incident = service.client.get("/v1/assessments/J6/record", headers=headers).json()["incident"]
    assert (incident["profile"], incident["rank"], incident["machine_rank"], incident["status"]) == (profile, incident["levels"] - 1, 0, "open")
    service.assess(GREEN, headers, incident_id="J6")
    incident = service.client.get("/v1/assessments/J6/record", headers=headers).json()["incident"]
    assert (incident["colour"], incident["machine_colour"]) == ("red", "green")


def test_a_refused_item_of_a_batch_is_told_by_its_id_with_the_remedy(service, headers):
    items = [{"narrative": GREEN, "incident_id": "B7", "profile": "nope"}, {"narrative": GREEN, "incident_id": ".."}]
    first, second = service.client.post("/v1/assessments:batch", json={"incidents": items}, headers=headers).json()["rejected"]
    assert first["incident_id"] == "B7"
    assert "tongxin346" in first["remedy"]
    assert second["incident_id"] is None
    assert second["errors"][0]["field"] == "incident_id"


@pytest.mark.parametrize("ident", [".", "..", " ", "...."])
def test_an_id_that_cannot_be_part_of_an_address_is_refused(service, headers, ident):
    assert service.client.post("/v1/assessments", json={"narrative": GREEN, "incident_id": ident}, headers=headers).status_code == 422


def test_bodies_of_other_systems_are_read_or_refused_with_the_reason(service, headers):
    body = json.dumps({"narrative": GREEN}).encode()
    sent = headers | {"content-type": "application/json"}
    assert service.client.post("/v1/assessments", content=b"\xef\xbb\xbf" + body, headers=sent).status_code == 200
    assert service.client.post("/v1/assessments", content=body, headers=sent | {"content-encoding": "gzip"}).json()["code"] == "FQ6016"
    told = service.client.post("/v1/assessments", json={"narrative": GREEN, "longitude": 120.0}, headers=headers).json()["errors"]
    assert [error["says"] for error in told] == ["经度与纬度须同给"]


def test_a_batch_aligns_and_a_bad_item_is_alone(service, headers):
    items = [{"narrative": RED}, {"narative": "错字"}, {"narrative": GREEN, "incident_id": "B3"}, 7, {"narrative": "x", "profile": "nope"}]
    answered = service.client.post("/v1/assessments:batch", json={"incidents": items}, headers=headers).json()
    assert [answer and answer["risk"]["colour"] for answer in answered["assessments"]] == ["red", None, "green", None, None]
    assert [item["index"] for item in answered["rejected"]] == [1, 3, 4]
    assert [ident is None for ident in answered["ids"]] == [False, True, False, True, True]
    assert "错字" not in json.dumps(answered["rejected"], ensure_ascii=False)
    assert service.client.get(f"/v1/assessments/{answered['ids'][0]}", headers=headers).json() == answered["assessments"][0]


def test_a_batch_answers_what_single_calls_answer(service, headers):
    texts = [RED, ORANGE, GREEN, "", "喂"]
    batch = service.client.post("/v1/assessments:batch", json={"incidents": [{"narrative": text} for text in texts]}, headers=headers).json()
    assert batch["assessments"] == [service.assess(text, headers).json() for text in texts]


def test_long_texts_go_through_the_worker_thread(service, headers, assessor):
    text = RED + "。他说他去买菜了" * 600
    assert service.assess(text, headers).content == to_json(assessor.assess(Incident(narrative=text)))


def test_too_many_and_too_long_are_refused(run):
    service = run(batch_limit=3, max_narrative=100)
    headers = service.key()
    many = service.client.post("/v1/assessments:batch", json={"incidents": [{"narrative": "a"}] * 4}, headers=headers)
    assert (many.status_code, many.json()["code"]) == (422, "FQ6203")
    long = service.assess("长" * 101, headers)
    assert (long.status_code, long.json()["code"]) == (422, "FQ6204")


def test_with_hashes_only_no_word_of_the_narrative_is_stored(run):
    service = run(incidents="hash")
    headers = service.key()
    answered = service.assess("赵铁柱拿着鱼叉说要捅死我", headers, incident_id="H1")
    assert "鱼叉" in answered.text
    back = service.client.get("/v1/assessments/H1", headers=headers)
    assert back.headers["fengqiao-redacted"] == "true"
    assert back.json()["risk"]["colour"] == answered.json()["risk"]["colour"]
    assert service.client.get("/v1/assessments/H1/record", headers=headers).json()["narrative"] is None
    assert service.client.get("/v1/audit/verify", headers=headers).json()["ok"]
    stored = str([service.store.rows(select(table)) for table in metadata.sorted_tables])
    assert "H1" in stored
    assert not any(word in stored for word in ("铁柱", "鱼叉", "捅死"))


def test_shadow_mode_stores_and_tells_nothing(run):
    service = run(shadow=True)
    headers = service.key()
    answered = service.assess(RED, headers, incident_id="S1")
    assert answered.status_code == 202
    assert set(answered.json()) == {"shadow", "assessment", "incident"}
    assert service.client.get("/v1/assessments/S1", headers=headers).json()["risk"]["colour"] == "red"
