"""A real server process on a Unix socket: killed while it writes, it comes back with all that it answered; asked to stop, it loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2
import pytest

from service.keys import create
from service.settings import Settings
from service.store.store import Store
from tests.service.api.conftest import GREEN, ORANGE, RED

# httpcore leaves its socket to the collector where a connection breaks
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
ROOT = Path(__file__).resolve().parents[3]


@contextlib.contextmanager
def server(database: str, path: Path):
    environment = {
        **os.environ,
        "FENGQIAO_DATABASE": database,
        "FENGQIAO_JOBS_FOLDER": str(path.with_name("jobs")),
        "FENGQIAO_RATE_LIMIT": "1000000/minute",
        "PYTHONPATH": str(ROOT),
    }
    path.unlink(missing_ok=True)
    log = path.with_suffix(".log")
    with log.open("wb") as told:
        process = subprocess.Popen([sys.executable, "-m", "service.cli", "serve", "--uds", str(path)], env=environment, cwd=ROOT, stdout=told, stderr=told)
    try:
        while not listens(path):
            assert process.poll() is None, log.read_text("utf-8")
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return path.exists() and probe.connect_ex(str(path)) == 0


def client(path: Path, key: str = "") -> httpx2.Client:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path)), base_url="http://localhost", headers=headers, timeout=30)


class Load:
    """Four clients that assess and decide until the server is gone; what was answered is written down."""

    def __init__(self, path: Path, key: str, prefix: str) -> None:
        self.answered: dict[str, str] = {}
        self.decided: set[str] = set()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(path, key, f"{prefix}-{n}")) for n in range(4)]
        for thread in self._threads:
            thread.start()

    def _work(self, path: Path, key: str, prefix: str) -> None:
        number = 0
        with contextlib.suppress(httpx2.TransportError), client(path, key) as asking:
            while not self._stop.is_set():
                number += 1
                ident = f"{prefix}-{number}"
                answer = asking.post("/v1/assessments", json={"narrative": (RED, GREEN, ORANGE)[number % 3], "incident_id": ident})
                if answer.status_code != 200:
                    break
                self.answered[ident] = answer.text
                done = asking.post(f"/v1/assessments/{ident}/decision", json={"colour": "red"})
                if done.status_code != 200:
                    break
                self.decided.add(ident)

    def join(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def held(database: str) -> tuple[dict[str, str], set[str], bool]:
    """What a restart finds."""
    from sqlalchemy import select

    from service.store.tables import assessments, decisions

    store = Store(Settings(database=database))
    try:
        answers = {row["incident"]: row["answer"] for row in store.rows(select(assessments.c.incident, assessments.c.answer))}
        return answers, {row["incident"] for row in store.rows(select(decisions.c.incident))}, store.verify().ok
    finally:
        store.close()


@pytest.fixture
def path():
    with tempfile.TemporaryDirectory(prefix="fq-") as folder:  # short: a socket's path has 107 characters
        yield Path(folder) / "s"


def key_for(database: str) -> str:
    store = Store(Settings(database=database))
    try:
        return create(store, "试", ["assess", "read", "decide", "jobs"])[1]
    finally:
        store.close()


JOB_ROWS = 400


def upload(path: Path, key: str) -> str:
    lines = ["警情编号,报警内容", *(f'K{n},"{(RED, GREEN, ORANGE)[n % 3]}"' for n in range(JOB_ROWS))]
    with client(path, key) as asking:
        made = asking.post("/v1/jobs", params={"output": "jsonl"}, content="\n".join(lines).encode())
    assert made.status_code == 202, made.text
    return str(made.json()["id"])


@pytest.mark.parametrize(
    ("database", "times"),
    [("sqlite", 2), pytest.param("sqlite", 20, marks=pytest.mark.slow), pytest.param("postgresql", 20, marks=pytest.mark.slow)],
    indirect=["database"],
)
def test_killed_while_writing_nothing_answered_is_lost(database, path, times):
    key, chance = key_for(database), random.Random(times)
    answered: dict[str, str] = {}
    decided: set[str] = set()
    job = ""
    for number in range(times):
        with server(database, path) as process:
            job = job or upload(path, key)
            load = Load(path, key, str(number))
            while len(load.decided) < 5:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.5)
            os.kill(process.pid, signal.SIGKILL)
            load.join()
        answered |= load.answered
        decided |= load.decided
        found, decisions, holds = held(database)
        assert holds
        assert {ident: found.get(ident) for ident in answered} == answered
        assert decided <= decisions
    assert len(decided) >= 5 * times
    with server(database, path), client(path, key) as asking:  # the job that was under way all the time goes on to its end
        while (told := asking.get(f"/v1/jobs/{job}").json())["status"] in ("queued", "running"):
            time.sleep(0.1)
        rows = [json.loads(line) for line in asking.get(f"/v1/jobs/{job}/result").text.splitlines()]
    assert (told["status"], told["rows"]) == ("done", JOB_ROWS)
    assert [row["警情编号"] for row in rows] == [f"K{n}" for n in range(JOB_ROWS)]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_asked_to_stop_it_finishes_what_it_began(database, path):
    key = key_for(database)
    with server(database, path) as process:
        load = Load(path, key, "t")
        listening, told = threading.Event(), []

        def listen():
            with contextlib.suppress(httpx2.TransportError), client(path, key) as asking, asking.stream("GET", "/v1/events") as stream:
                for line in stream.iter_lines():
                    listening.set()
                    told.append(line)

        listener = threading.Thread(target=listen)
        listener.start()
        assert listening.wait(20)
        before = len(load.decided)  # what was decided before the stream was open is not told on it
        while len(load.decided) < before + 5 or not any(line.startswith("event: assess") for line in list(told)):  # the stream looks now and then
            assert listener.is_alive()
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM  # uvicorn passes the signal on once it has shut down in order
        assert "stopped" in path.with_suffix(".log").read_text("utf-8")
        listener.join()
        load.join()
    assert any(line.startswith("event: assess") for line in told)
    found, decisions, holds = held(database)
    assert holds
    assert {ident: found.get(ident) for ident in load.answered} == load.answered
    assert load.decided <= decisions
