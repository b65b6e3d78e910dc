"""The short way to the two routes that carry the load, and the way of commits under load: quicker, and otherwise the same."""

from __future__ import annotations

import asyncio

import pytest

from service.api import lane
from service.settings import Settings
from service.store.bulk import insert_rows
from service.store.store import Store
from service.store.tables import audit, meta
from tests.service.api.conftest import GREEN, RED
from tests.service.api.test_store import note

SENT = [
    ("", {"json": {"narrative": RED}}),
    ("", {"json": {"narrative": RED, "incident_id": "A/B"}}),
    ("", {"content": b"{"}),
    ("", {"content": b"x", "headers": {"content-type": "text/plain"}}),
    ("", {"json": {"narrative": RED}, "headers": {"authorization": "Bearer fq_0_x"}}),
    ("", {"json": {"narrative": RED}, "headers": {"fengqiao-purpose": "fun"}}),
    (":batch", {"json": {"incidents": [{"narrative": RED}, 7, {"narrative": GREEN}]}}),
    (":batch", {"json": {"incidents": []}}),
]
_CHANGING = {"x-request-id", "traceparent", "fengqiao-assessment-id", "content-location", "content-length"}


@pytest.mark.parametrize(("which", "sent"), SENT)
def test_both_ways_answer_the_same(run, which, sent, monkeypatch):
    answers = []
    for endpoints in (lane._ENDPOINTS, ()):
        monkeypatch.setattr(lane, "_ENDPOINTS", endpoints)
        service = run()
        told = service.client.post(f"/v1/assessments{which}", **{**sent, "headers": service.key() | sent.get("headers", {})})
        body = {name: value for name, value in told.json().items() if name not in ("request_id", "ids")}
        answers.append((told.status_code, body, {name: value for name, value in told.headers.items() if name not in _CHANGING}))
        shown = service.client.get("/metrics", headers=service.key()).text
        assert f'route="/v1/assessments{which}"' in shown
    assert answers[0] == answers[1]


def test_a_key_without_the_scope_is_refused_on_the_short_way(service):
    refused = service.assess(RED, service.key("读者", "read"))
    assert (refused.status_code, refused.json()["code"]) == (403, "FQ6102")


def test_under_load_writes_go_together_and_none_is_lost(database):
    store = Store(Settings(database=database, group_ms=40))

    async def one(number: int) -> int:
        await asyncio.sleep(number / 1000)
        return await store.write(note(number))

    async def many() -> list[int]:
        return await asyncio.gather(*(one(number) for number in range(60)))

    assert sorted(asyncio.run(many())) == list(range(1, 61))
    assert store.writer.groups < 30
    assert store.verify().checked == 60
    store.close()


def test_who_stops_waiting_has_written_all_the_same(database):
    store = Store(Settings(database=database))

    async def impatient() -> None:
        waiting = asyncio.ensure_future(store.write(note(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(impatient())
    assert store.write_now(note(2)) == 2
    store.close()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 63, 64, 65, 200])
def test_any_number_of_rows_goes_in(database, count):
    store = Store(Settings(database=database))
    rows = [{"name": f"n{number}", "value": str(number)} for number in range(count)]
    store.write_now(lambda tx: insert_rows(tx.beside(), meta, rows))
    held = {row["name"]: row["value"] for row in store.rows(meta.select()) if row["name"].startswith("n")}
    assert held == {row["name"]: row["value"] for row in rows}
    assert store.rows(audit.select()) == []
    store.close()
