"""Planted persons and the pages that are printed or hung up: the daily sheet, the board and the overview name numbers, never persons."""

from __future__ import annotations

import pytest

from tests.service.api.test_leaks import leaks, victims
from tests.service.desk.test_daily import put

PAGES = ["/desk/daily", "/desk/board", "/desk/board?part=true", "/desk/overview", "/v1/overview"]


@pytest.fixture
def filled(opened):
    """A desk with planted narratives, callers known by number, each in the loop, and the secrets."""
    texts, secrets = victims(6)
    for number, text in enumerate(texts):
        put(opened, text, f"K{number}", caller=secrets[number % 3], station="东街所")
        put(opened, text, f"R{number}", caller=secrets[number % 3], station="东街所")
        opened.post(f"/v1/cases/K{number}/steps", json={"step": "assign", "unit": "东街警务队"})
    return opened, secrets


@pytest.mark.parametrize("path", PAGES)
def test_a_page_for_all_eyes_names_no_person(filled, path):
    client, secrets = filled
    reply = client.get(path)
    assert reply.status_code == 200
    assert leaks(reply.content, secrets) == []


def test_the_pages_were_about_these_incidents(filled):
    client, _secrets = filled
    assert "K0" in client.get("/desk/board").text


@pytest.mark.parametrize("query", ["station={}", "from={}", "day={}", "nothing={}"])
def test_a_person_in_the_query_does_not_come_back(filled, query, capfd):
    client, secrets = filled
    for path in ("/desk/daily", "/desk/overview"):
        reply = client.get(f"{path}?{query.format(secrets[0])}")
        if reply.status_code >= 400:
            assert leaks(reply.content, secrets) == []
    logged = capfd.readouterr()
    assert leaks(logged.out + logged.err, secrets) == []
