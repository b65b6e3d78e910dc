"""The desk's pages in process: what a duty officer sees, and that nothing comes from outside or runs inline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.api.app import create_app
from service.assessor import Assessor
from service.settings import Settings

RED = "老公没有一天不打我, 今天又拿菜刀追我, 我躲在卫生间, 没有人受伤"
FRAUD = "我妈正在银行要给办案的民警转三十万到安全账户, 拦不住"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    database = tmp_path_factory.mktemp("desk") / "a.db"
    app = create_app(Settings(database=f"sqlite:///{database}", demo=True, tier="rules"), assessor=Assessor())
    with TestClient(app, base_url="http://127.0.0.1:8110") as opened:
        for number, text in enumerate([RED, FRAUD, "请问身份证到期了去哪里换", "<script>alert(1)</script> 楼上漏水, 说了几次不管"], 1):
            assert opened.post("/v1/assessments", json={"narrative": text, "incident_id": f"T{number}"}).status_code == 200
        yield opened


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/?note=T1",
        "/desk/notes/T1",
        "/desk/notes/T2",
        "/desk/notes/T3",
        "/desk/notes/T4",
        "/desk/typing",
        "/desk/daily",
        "/desk/board",
        "/desk/overview",
        "/desk/login",
    ],
)
def test_a_page_answers_and_runs_nothing_inline(client, address):
    reply = client.get(address)
    assert reply.status_code == 200
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|style=|https?://", reply.text.replace("http://www.w3.org", ""))


def test_the_gravest_comes_first(client):
    text = client.get("/").text
    places = [text.index(f'data-id="{name}"') for name in ("T1", "T3")]
    assert places == sorted(places)


def test_no_filter_hides_red(client):
    rows = client.post("/desk/queue", json={"category": ["service"]}).text
    assert 'data-id="T1"' in rows


def test_a_note_marks_its_words_and_says_why(client):
    text = client.get("/desk/notes/T1").text
    assert all(word in text for word in ("拿菜刀", "家庭暴力", "调解"))
    assert re.search(r"<(mark|del|s)\b[^>]*>", text)


def test_what_people_read_names_things_and_shows_no_codes(client):
    client.post("/v1/assessments/T2/decision", json={"colour": "red", "by": "0123"})
    for note in ("T1", "T2", "T3"):
        text = client.get(f"/desk/notes/{note}").text
        titles = re.findall(r' title="([^"]*)"', text)
        assert not [title for title in titles if re.search(r"\b[a-z_]+[./][a-z_]+", title)]
        assert not [title for title in titles if len(quotes := re.findall("“([^”]*)”", title)) > len(set(quotes))]
    history = client.get("/desk/notes/T2").text
    assert "演示账号/0123" in history
    assert "demo/0123" not in history
    assert ">07:00</option>" in client.get("/desk/daily").text  # as every other time of day


def test_what_is_typed_is_shown_as_text(client):
    assert "<script>alert" not in client.get("/desk/notes/T4").text


def test_typing_stores_nothing_and_keeps_the_highest_colour(client):
    before = client.get("/v1/assessments").json()["open_by_colour"]
    first = client.post("/desk/typing", json={"narrative": RED})
    second = client.post("/desk/typing", json={"narrative": "请问身份证到期了去哪里换", "highest": first.headers["fengqiao-colour"]})
    assert first.headers["fengqiao-colour"] == second.headers["fengqiao-colour"] == "red"
    assert second.headers["fengqiao-machine"] != "red"
    assert client.get("/v1/assessments").json()["open_by_colour"] == before


def test_strangers_are_sent_to_the_door(tmp_path: Path):
    app = create_app(Settings(database=f"sqlite:///{tmp_path}/a.db", tier="rules"), assessor=Assessor())
    with TestClient(app, base_url="http://127.0.0.1:8110", follow_redirects=False) as opened:
        reply = opened.get("/")
        assert (reply.status_code, reply.headers["location"]) == (303, "/desk/login")


@pytest.mark.parametrize(
    "name", ["desk.css", "queue.js", "note.js", "typing.js", "decide.js", "dom.js", "login.js", "page.js", "papers.js", "board.js", "loop.js", "icon.svg"]
)
def test_static_files_are_served(client, name):
    assert client.get(f"/desk/static/{name}").status_code == 200


@pytest.mark.parametrize(("address", "status"), [("/desk/notes/nobody", 404), ("/desk/daily?day=yesterday", 422), ("/desk/nowhere", 404)])
def test_a_person_is_told_in_chinese_and_a_program_in_json(client, address, status):
    page = client.get(address, headers={"accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "回到队列" in page.text
    told = client.get(address, headers={"accept": "application/json"})
    assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
