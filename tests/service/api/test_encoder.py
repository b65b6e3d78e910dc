"""The encoder behind the API: never on the event loop, never for longer than a caller may wait, never in the way of single calls."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from models.patience import over, until
from service.api.app import create_app
from service.assessor import Assessor
from tests.service.api import conftest
from tests.service.api.conftest import GREEN, RED

VAGUE = "有人在小区门口, 说是要找物业, 具体什么事没说清, 请出警看看"


@pytest.fixture(scope="session")
def cascade() -> Assessor:
    made = Assessor(tier="full")  # asks the encoder every time
    made.warm()
    assert not made.degraded
    return made


@pytest.fixture
def served(run, cascade, monkeypatch):
    def start(**more):
        monkeypatch.setattr(conftest, "create_app", lambda settings, assessor: create_app(settings, assessor=cascade))
        return run(**more)

    return start


def test_the_encoder_is_asked_in_threads_of_its_own_and_the_loop_goes_on(served, cascade, monkeypatch):
    service = served(assess_threads=2)
    headers = service.key()
    threads, ticks, stop = set(), 0, False
    encode = cascade.engine.adviser.encoder().encode

    def slow(text):
        threads.add(threading.current_thread().name)
        time.sleep(0.2)  # an encoder on a busy machine
        return encode(text)

    monkeypatch.setattr(cascade.engine.adviser.encoder(), "encode", slow)

    async def tick():
        nonlocal ticks
        while not stop:
            ticks += 1
            await asyncio.sleep(0.005)

    service.client.portal.start_task_soon(tick)
    answers = [service.assess(text, headers) for text in (RED, VAGUE)]
    stop = True
    assert {answer.status_code for answer in answers} == {200}
    assert threads
    assert all(name.startswith("fengqiao-single") for name in threads)
    assert ticks > 10  # 0.4 s in the encoder: a loop that it held would not have ticked at all


def test_whose_turn_comes_late_is_answered_by_the_linear_models_and_told_so(served, cascade, monkeypatch):
    service = served(encoder_ms=150, assess_threads=1)
    headers = service.key()
    encode = cascade.engine.adviser.encoder().encode
    monkeypatch.setattr(cascade.engine.adviser.encoder(), "encode", lambda text: (time.sleep(0.3), encode(text))[1])
    before, answers = cascade.asked, []
    threads = [threading.Thread(target=lambda text=text: answers.append(service.assess(text, headers))) for text in (RED, VAGUE, GREEN, RED + "。")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [answer.json() for answer in answers]
    late = [answer for answer in told if answer["degraded"]]
    assert {answer.status_code for answer in answers} == {200}
    assert 1 <= len(late) == cascade.asked[1] - before[1] <= 3
    assert cascade.asked[0] - before[0] == 4 - len(late)
    assert all(answer["versions"]["model"] for answer in told)
    assert {answer["risk"]["colour"] for answer in told if answer["category"]["code"] != "unclear"} & {"red"}  # what the rules say stands, late or not
    shown = service.client.get("/metrics", headers=headers).text
    assert f'fengqiao_encoder_asked{{outcome="late"}} {float(cascade.asked[1])}' in shown


def test_a_batch_waits_for_the_encoder_however_long_it_takes(served, cascade, monkeypatch):
    service = served(encoder_ms=1)
    encode = cascade.engine.adviser.encoder().encode
    monkeypatch.setattr(cascade.engine.adviser.encoder(), "encode", lambda text: (time.sleep(0.01), encode(text))[1])
    sent = {"incidents": [{"narrative": text} for text in (RED, VAGUE, GREEN)]}
    answers = service.client.post("/v1/assessments:batch", json=sent, headers=service.key()).json()["assessments"]
    assert [answer["degraded"] for answer in answers] == [False] * 3


def test_patience_ends_with_its_block():
    assert not over()
    with until(time.monotonic() - 1):
        assert over()
        with until(None):
            assert not over()
    assert not over()


def test_an_encoder_that_does_not_load_is_known_before_the_first_call(tmp_path):
    import shutil

    from models.store import shipped

    folder = tmp_path / "models"
    shutil.copytree(shipped(), folder)
    (folder / "tokenizer.model").write_bytes(b"broken")
    assessor = Assessor(tier="cascade", models=folder)
    assert not assessor.degraded
    assessor.warm()
    assert assessor.degraded
