"""What a hostile reader of the service tried: shutting others out, being one's own second person, words left where none are kept, reading on for ever."""

from __future__ import annotations

import os
import threading
import time

import pytest
from sqlalchemy import select

from service import keys
from service.api import events
from service.api.wire import officer
from service.jobs.runner import forget
from service.store.database import new_id, now_ms
from service.store.tables import case_steps, idempotency, meta
from tests.service.api.conftest import GREEN, RED


def decide(service, ident, headers, **body):
    return service.client.post(f"/v1/assessments/{ident}/decision", json=body, headers=headers)


def test_a_neighbour_who_tries_keys_does_not_shut_out_those_who_have_one(run):
    service = run(anonymous_rate_limit="3/minute")
    headers = service.key()
    statuses = [service.client.get("/v1/meta", headers={"x-api-key": f"fq_{n}_x"}).status_code for n in range(6)]
    assert statuses == [401] * 3 + [429] * 3
    assert service.client.get("/v1/meta", headers=headers).status_code == 200


@pytest.mark.parametrize(("given", "told"), [("0123", "0123"), (" 0123 ", "0123"), ("０１２３", "0123"), ("民警0123", "民警0123"), (None, None)])
def test_an_officer_is_written_in_one_way(given, told):
    assert officer(given) == told


@pytest.mark.parametrize("second", ["0123 ", "０１２３", "\u30000123", "A0123", "a0123"])
def test_nobody_is_a_second_person_by_a_way_of_writing(service, second):
    system = service.key("系统", vouches=True)
    service.assess(RED, system, incident_id="R1")
    by = "A0123" if second.lower().startswith("a") else "0123"
    told = decide(service, "R1", system, colour="green", reason="误报", by=by, second_person=second)
    assert (told.status_code, told.json()["code"]) == (422, "FQ6404")


@pytest.mark.parametrize("by", ["", " ", "01/23", "01\u200b23", "01 23"])
def test_an_officer_s_number_is_one_word(service, by):
    system = service.key("系统", vouches=True)
    service.assess(RED, system, incident_id="R2")
    assert decide(service, "R2", system, colour="red", by=by).json()["code"] == "FQ6005"


def test_a_system_is_no_person_and_confirms_for_nobody(service):
    system = service.key("系统", vouches=True)
    service.assess(RED, system, incident_id="R3")
    assert decide(service, "R3", system, colour="green", reason="误报").json()["code"] == "FQ6411"
    pending = decide(service, "R3", system, colour="green", reason="误报", by="0123")
    assert pending.status_code == 202
    ident = pending.json()["decision"]["id"]
    assert decide(service, "R3", system, confirms=ident).json()["code"] == "FQ6411"
    assert decide(service, "R3", system, confirms=ident, by="0123").json()["code"] == "FQ6406"
    assert decide(service, "R3", system, confirms=ident, by="0456").json()["incident"]["colour"] == "green"


def test_a_store_of_hashes_keeps_no_words_for_repeated_requests_either(run, tmp_path):
    service = run(incidents="hash")
    headers = service.key() | {"idempotency-key": "k1"}
    first, second = (service.assess(RED, headers) for _ in range(2))
    assert second.headers["idempotency-replayed"] == "true"
    assert second.content == first.content
    assert "菜刀" in first.text
    (kept,) = service.store.rows(select(idempotency.c.body))
    assert "菜刀".encode() not in bytes(kept["body"])
    service.store.write_now(lambda tx: tx.execute(meta.update().where(meta.c.name == "nobody").values(value="")).rowcount)  # everything is on disk
    for path in tmp_path.glob("fq.db*"):
        assert "菜刀".encode() not in path.read_bytes()


def test_a_stream_ends_with_its_key(service, monkeypatch):
    monkeypatch.setattr(events, "_PING_SECONDS", 0.2)
    monkeypatch.setattr(events, "_POLL_SECONDS", 0.1)
    monkeypatch.setattr(keys, "_CACHE_SECONDS", 0.0)
    ident, key = keys.create(service.store, "屏", ["read"])
    feed = service.app.state.context.feed

    def revoke() -> None:
        for _ in range(3000):  # not before the stream is open, however slow the machine
            if feed.readers:
                break
            time.sleep(0.02)
        keys.revoke(service.store, ident)

    other = threading.Thread(target=revoke)
    other.start()
    with service.client.stream("GET", "/v1/events", headers={"authorization": f"Bearer {key}"}) as stream:
        lines = list(stream.iter_lines())  # ends
    other.join()
    assert lines[0].startswith("retry")
    assert feed.readers == 0


def test_streams_are_counted(run):
    service = run(streams=1)
    service.app.state.context.feed.readers = 1
    refused = service.client.get("/v1/events", headers=service.key())
    assert (refused.status_code, refused.json()["code"]) == (503, "FQ6207")
    service.app.state.context.feed.readers = 0


def test_an_upload_that_a_dying_process_left_is_removed_and_nothing_else(service):
    folder = service.settings.jobs_folder
    old, fresh, theirs = folder / new_id(), folder / new_id(), folder / "notes"
    for path in (old, fresh, theirs):
        path.mkdir(parents=True)
        (path / "upload").write_text(GREEN, "utf-8")
    long_ago = time.time() - 2 * 86_400
    for path in (old, theirs):
        os.utime(path, (long_ago, long_ago))
    assert forget(service.store, folder, before=now_ms()) == 1
    assert (old.exists(), fresh.exists(), theirs.exists()) == (False, True, True)


def test_who_shows_no_key_sends_little(service):
    told = service.client.post("/v1/session", json={"key": "x" * 9000})
    assert (told.status_code, told.json()["code"]) == (413, "FQ6201")


def test_history_of_any_shape_breaks_nothing(service, headers):
    odd = [{}, {"at": 5}, {"at": "昨天", "kind": []}, {"incident_id": {"a": [None] * 3}}, {"": ""}, {"at": None, "result": 1e308, "on": [["x"]]}]
    for entry in odd:
        answered = service.assess(RED, headers, history=[entry], occurred_at="2026-11-22T10:00:00")
        assert answered.status_code in (200, 422), entry
        assert answered.status_code == 200 or "菜刀" not in answered.text


def test_each_step_is_refused_but_the_one_whose_turn_it_is(service, headers):
    service.assess(RED, headers, incident_id="L1")
    loop = [step["id"] for step in service.app.state.context.assessor.engine.pack.rules["playbooks"]["suqian_source_governance"].data["loop"]]
    assert len(loop) == 6
    for place, right in enumerate(loop):
        for wrong in [*loop[:place], *loop[place + 1 :], "nothing", ""]:
            refused = service.client.post("/v1/cases/L1/steps", json={"step": wrong, "note": RED}, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (409, "FQ6413"), (place, wrong)
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["remedy"] == f"step={right}"
            assert "菜刀" not in refused.text
        assert service.client.post("/v1/cases/L1/steps", json={"step": right}, headers=headers).status_code == 200
    assert len(service.store.rows(select(case_steps.c.id))) == 6
    again = {"step": loop[0]}
    refused = service.client.post("/v1/cases/L1/steps", json=again, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "FQ6417")
    assert service.client.post("/v1/cases/L1/steps", json=again | {"note": "对方又来闹"}, headers=headers).status_code == 200
    assert service.store.verify().ok


def test_a_step_taken_twice_at_once_is_taken_once(service, headers):
    service.assess(RED, headers, incident_id="L2")
    statuses = []
    step = {"step": "assign"}
    threads = [
        threading.Thread(target=lambda: statuses.append(service.client.post("/v1/cases/L2/steps", json=step, headers=headers).status_code)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 7
