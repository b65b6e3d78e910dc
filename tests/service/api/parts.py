"""What one request costs, part by part, in µs of processor time: `python -m tests.service.api.parts [ROUNDS] [TIER]`. By hand, no test.

In process, without sockets: the application is called as a server would call it, by 16 tasks. Each figure is the least of some rounds, taken in turns, so
that a busy machine disturbs all alike. `不含引擎` answers from answers made beforehand.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from pipeline.values import Incident, to_json
from service.api.app import create_app
from service.api.wire import AssessIn, validated
from service.intake import Intake, Who
from service.keys import create
from service.logs import configure
from service.settings import Settings
from tests.service.api.load import CONNECTIONS, narratives

SINGLE, BATCH = "/v1/assessments", "/v1/assessments:batch"
bare = FastAPI()


@bare.post(SINGLE)
async def nothing(request: Request) -> Response:
    await request.body()
    return Response(b"{}", media_type="application/json")


async def call(app: Any, path: str, key: str, body: bytes) -> None:
    headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {key}".encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("localhost", 80), "state": {}}
    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    assert told[0]["status"] == 200, told


async def load(app: Any, path: str, key: str, bodies: list[bytes], count: int) -> float:
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            await call(app, path, key, bodies[number % len(bodies)])

    began = time.process_time()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return (time.process_time() - began) / count * 1e6


def timed(work: Callable[[], object], count: int = 300) -> float:
    began = time.thread_time()
    for _ in range(count):
        work()
    return (time.thread_time() - began) / count * 1e6


def steps(context: Any, key: str, texts: list[str]) -> dict[str, Callable[[], object]]:
    """The parts of a request that are functions of their own."""
    body = json.dumps({"narrative": texts[0]}).encode()
    incident = Incident(narrative=texts[0])
    answer = context.assessor.assess(incident)
    data, levels = to_json(answer), tuple(context.assessor.level(answer.risk.profile))
    intake = Intake(incident, answer, data, Who("甲", "dispatch"), levels)
    return {
        "读与核对请求体": lambda: validated(AssessIn, body),
        "认密钥": lambda: context.guard._keyring.recalled(key),
        "限次": lambda: context.guard._rate.hit("甲"),
        f"答案 JSON ({len(data):,} 字节)": lambda: to_json(answer),
        "答案的散列": lambda: hashlib.sha256(data).hexdigest(),
        "备写(标识、行、散列)": lambda: intake.unit(context.store),
        "指标": lambda: context.metrics.saw(answer, 0.004),
    }


def commits(context: Any, texts: list[str], rounds: int) -> None:
    """What a commit costs, by how many writes are in it. The writer must have been closed: its thread's work is done here."""
    incidents = [Incident(narrative=text) for text in texts[:64]]
    answers = [context.assessor.assess(incident) for incident in incidents]
    levels = tuple(context.assessor.level(answers[0].risk.profile))

    def unit(number: int) -> Any:
        n = number % len(answers)
        return Intake(incidents[n], answers[n], to_json(answers[n]), Who("甲", "dispatch"), levels).unit(context.store)

    for size in (1, 4, 16, 64):
        least = float("inf")
        for _ in range(rounds):
            groups = [[unit(n * size + k) for k in range(size)] for n in range(max(2, 64 // size))]
            began = time.thread_time()
            for group in groups:
                context.store.writer._commit(group)
            least = min(least, (time.thread_time() - began) / len(groups) * 1e6)
        print(f"  {size:3} 笔一次提交        {least:8.0f} 一次 {least / size:8.0f} 一笔")


async def main(rounds: int, tier: str) -> None:
    texts = narratives()
    single = [json.dumps({"narrative": text}).encode() for text in texts]
    batch = [json.dumps({"incidents": [{"narrative": text} for text in texts[n : n + 25]]}).encode() for n in range(0, len(texts) - 25, 5)]
    configure("WARNING")
    with tempfile.TemporaryDirectory(prefix="fq-") as folder:
        settings = Settings(database=f"sqlite:///{folder}/x.db", jobs_folder=Path(folder) / "j", rate_limit="100000000/minute", tier=tier)
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            context = app.state.context
            key = (await asyncio.to_thread(create, context.store, "load", ["assess"]))[1]
            incidents, assessor = [Incident(narrative=text) for text in texts], context.assessor
            answers = {incident.narrative: assessor.assess(incident) for incident in incidents}
            real, made = assessor.assess, lambda incident, **_: answers[incident.narrative]
            figures: dict[str, list[float]] = {}
            parts = steps(context, key, texts)
            numbers = iter(range(10**9))
            for _ in range(rounds):
                figures.setdefault("引擎", []).append(timed(lambda: real(incidents[next(numbers) % len(incidents)]), 100))
                figures.setdefault("什么也不做的接口", []).append(await load(bare, SINGLE, key, single, 500))
                assessor.assess = real
                figures.setdefault("单条", []).append(await load(app, SINGLE, key, single, 100))
                figures.setdefault("成批, 每条", []).append(await load(app, BATCH, key, batch, 8) / 25)
                assessor.assess = made
                figures.setdefault("单条, 不含引擎", []).append(await load(app, SINGLE, key, single, 400))
                figures.setdefault("成批, 不含引擎, 每条", []).append(await load(app, BATCH, key, batch, 16) / 25)
                assessor.assess = real
                for name, work in parts.items():
                    figures.setdefault(f"  {name}", []).append(timed(work))
            for name, taken in figures.items():
                print(f"{name:<24} {min(taken):8.1f} µs")
            writer = context.store.writer
            print(f"每次落盘平均 {writer.units / writer.groups:.1f} 笔")
            await asyncio.to_thread(writer.close)
            commits(context, texts, rounds)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2] if len(sys.argv) > 2 else "fast"))
