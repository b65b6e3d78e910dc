"""The queue's order, what no filter hides, paging; the feed of arrivals and decisions."""

from __future__ import annotations

import asyncio
import itertools
import json

from tests.service.api.conftest import GREEN, ORANGE, RED


def listed(service, headers, **query):
    return service.client.get("/v1/assessments", params=query, headers=headers).json()


def colours(page):
    return [item["incident"]["colour"] for item in page["items"]]


def fill(service, headers):
    for number, text in enumerate([GREEN, RED, ORANGE, GREEN, RED, ORANGE]):
        service.assess(text, headers, incident_id=f"Q{number}", station="东街所" if number % 2 else "西街所")


def test_the_order_is_urgency_colour_age(service, headers):
    fill(service, headers)
    keys = [(-i["urgency"], -i["rank"], i["received_at"]) for i in (item["incident"] for item in listed(service, headers)["items"])]
    assert keys == sorted(keys)
    assert colours(listed(service, headers))[:2] == ["red", "red"]


def test_no_filter_hides_red(service, headers):
    fill(service, headers)
    for query in ({"colour": "green"}, {"station": "西街所"}, {"category": "traffic"}, {"status": "closed"}, {"until": "2001-01-01T00:00:00Z"}):
        page = listed(service, headers, **query)
        assert colours(page).count("red") == 2, query
    only_west = listed(service, headers, station="西街所")["items"]
    assert [item["outside_filter"] for item in only_west if item["incident"]["station"] == "东街所"] == [True]


def test_pages_follow_one_another_without_loss(service, headers):
    fill(service, headers)
    whole = [item["incident"]["key"] for item in listed(service, headers)["items"]]
    cursor, seen = None, []
    for _ in itertools.repeat(None, 10):
        page = listed(service, headers, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["incident"]["key"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == whole
    assert len(whole) == 6


def test_text_is_searched_by_post_and_the_search_is_audited(service, headers):
    fill(service, headers)
    found = service.client.post("/v1/assessments:search", json={"text": "停车位"}, headers=headers).json()
    assert [item["incident"]["key"] for item in found["items"] if not item["outside_filter"]] == ["Q2", "Q5"]
    assert service.client.get("/v1/assessments?text=停车位", headers=headers).status_code == 422
    exported = service.client.get("/v1/audit/export", headers=headers).text
    assert '"search"' in exported
    assert "停车位" not in exported


def test_wildcards_in_a_search_are_letters(service, headers):
    fill(service, headers)
    found = service.client.post("/v1/assessments:search", json={"text": "%"}, headers=headers).json()
    assert all(item["outside_filter"] for item in found["items"])


def test_decided_incidents_leave_the_open_queue(service, headers):
    fill(service, headers)
    service.client.post("/v1/assessments/Q1/decision", json={"colour": "red"}, headers=headers)
    assert "Q1" not in [item["incident"]["key"] for item in listed(service, headers)["items"]]
    assert "Q1" in [item["incident"]["key"] for item in listed(service, headers, status="decided")["items"]]


def events(service, after, count):
    async def read():
        stream = service.app.state.context.feed.events(after)
        found = []
        async for chunk in stream:
            if chunk.startswith(b"id:"):
                found.append(dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines()))
            if len(found) == count:
                break
        await stream.aclose()
        return found

    return service.client.portal.call(asyncio.wait_for, read(), 10)


def test_the_feed_tells_of_arrivals_and_decisions_in_order_without_text(service, headers):
    service.assess(RED, headers, incident_id="E1")
    service.client.get("/v1/assessments/E1", headers=headers)
    service.client.post("/v1/assessments/E1/decision", json={"colour": "red"}, headers=headers)
    told = events(service, 0, 2)
    assert [event["event"] for event in told] == ["assess", "decide"]
    first = json.loads(told[0]["data"])
    assert (first["id"], first["colour"], first["rank"]) == ("E1", "red", 3)
    assert "菜刀" not in json.dumps(told, ensure_ascii=False)
    assert [event["event"] for event in events(service, int(told[0]["id"]), 1)] == ["decide"]  # a reader that comes back misses nothing
