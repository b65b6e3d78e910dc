"""The load measure of the README, by hand: `python -m tests.service.api.load [SECONDS] [TIER] [ROUNDS]`. Not a test: it asserts nothing about time.

One worker pinned to one core, the client on another; 300-character narratives, audit on, SQLite on disk, log lines to a file; a closed loop of 16
connections over a Unix socket. Beside it, in the same run and in turns with it, a FastAPI endpoint that reads the body and does nothing, and the engine
alone in a process of its own. `单条(全)` is a call with id, time, place and caller, looked up in the memory of calls and written to it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

from service.keys import create
from service.settings import Settings
from service.store.store import Store
from tests.service.api.test_killed import listens

ROOT = Path(__file__).resolve().parents[3]
CONNECTIONS = 16
BARE = """
import sys, uvicorn
from fastapi import FastAPI, Request, Response
app = FastAPI()
@app.post("/v1/assessments")
async def nothing(request: Request) -> Response:
    await request.body()
    return Response(b"{}", media_type="application/json")
uvicorn.run(app, uds=sys.argv[1], log_config=None, access_log=False)
"""


def narratives() -> list[str]:
    """Authored narratives, joined to about 300 characters."""
    rows = [json.loads(line)["text"] for line in (ROOT / "corpora" / "authored.jsonl").read_text("utf-8").splitlines()[:400]]
    made, text = [], ""
    for row in rows:
        text += row + "。"
        if len(text) >= 300:
            made.append(text[:300])
            text = ""
    return made


def start(command: list[str], socket: Path, **environment: str) -> subprocess.Popen[bytes]:
    with socket.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, cwd=ROOT, stdout=log, stderr=log)
    os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
    while not listens(socket):
        time.sleep(0.1)
    return process


async def loop(socket: Path, key: str, path: str, bodies: list[bytes], seconds: float) -> list[float]:
    """Latencies in seconds of a closed loop."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    async def one(number: int) -> None:
        async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(socket)), base_url="http://localhost", headers=headers, timeout=60) as client:
            while time.perf_counter() < until:
                number += 1
                began = time.perf_counter()
                answer = await client.post(path, content=bodies[number % len(bodies)])
                took.append(time.perf_counter() - began)
                assert answer.status_code == 200, answer.text

    await asyncio.gather(*(one(n * 7) for n in range(CONNECTIONS)))
    return took


def used(process: subprocess.Popen[bytes]) -> float:
    """Processor seconds of the server so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def told(name: str, took: list[float], seconds: float, cpu: float, each: int) -> None:
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{name:<22} {len(took) * each / seconds:8.0f} 条/秒   处理器 {cpu / len(took) / each * 1e3:6.2f} ms/条   p50 {cuts[49] * 1e3:7.1f}  p95 {cuts[94] * 1e3:7.1f}  p99 {cuts[98] * 1e3:7.1f} ms   {len(took)} 次, 0 错"
    )


ENGINE = """
import os, sys, time
from pipeline.values import Incident, to_json
from service.assessor import Assessor
from tests.service.api.load import narratives
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
assessor, incidents = Assessor(tier=sys.argv[1]), [Incident(narrative=text) for text in narratives()]
for incident in incidents:
    assessor.assess(incident)
count, began, until = 0, time.process_time(), time.perf_counter() + float(sys.argv[2])
while time.perf_counter() < until:
    to_json(assessor.assess(incidents[count % len(incidents)]))
    count += 1
print((time.process_time() - began) / count)
"""


def engine(tier: str, seconds: float) -> None:
    """The engine and the answer's JSON, without any service."""
    command = [sys.executable, "-c", ENGINE, tier, str(seconds)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, capture_output=True, text=True, check=True)
    print(f"{'引擎与答案 JSON':<20} {'':8}          处理器 {float(done.stdout) * 1e3:6.2f} ms/条")


def bodies() -> tuple[list[bytes], list[Any], list[bytes]]:
    """Single calls, full ones (made anew for each round: an id is a new incident only once) and batches."""
    texts = narratives()
    single = [json.dumps({"narrative": text}).encode() for text in texts]
    full = [{"narrative": text, "place": f"东街{n % 40}号", "caller": f"138{n % 300:08}", "station": "东街所"} for n, text in enumerate(texts)]
    batch = [json.dumps({"incidents": [{"narrative": text} for text in texts[n : n + 25]]}).encode() for n in range(0, len(texts) - 25, 5)]
    return single, full, batch


def calls(full: list[Any], mark: str) -> list[bytes]:
    """So many that no id comes twice in a round."""
    start = dt.datetime(2026, 11, 1)
    return [
        json.dumps({**full[n % len(full)], "incident_id": f"{mark}-{n}", "occurred_at": (start + dt.timedelta(minutes=n)).isoformat()}).encode()
        for n in range(40_000)
    ]


def serve(command: list[str], path: Path, environment: dict[str, str], sent: list[bytes], key: str, name: str, to: str, each: int, seconds: float) -> None:
    path.unlink(missing_ok=True)
    process = start(command, path, **environment)
    try:
        if len(command) > 4:  # patterns are compiled when first met: every narrative once before the clock starts
            whole = json.dumps({"incidents": [{"narrative": text} for text in narratives()]}).encode()
            asyncio.run(loop(path, key, "/v1/assessments:batch", [whole], 0.1))
        asyncio.run(loop(path, key, to, sent[-200:], 1))
        before = used(process)
        took = asyncio.run(loop(path, key, to, sent, seconds))
        told(name, took, seconds, used(process) - before, each)
    finally:
        process.terminate()
        process.wait()


def main(seconds: float, tier: str, rounds: int) -> None:
    single, full, batch = bodies()
    with tempfile.TemporaryDirectory(prefix="fq-") as folder:
        url = f"sqlite:///{folder}/load.db"
        store = Store(Settings(database=url))
        key = create(store, "load", ["assess"])[1]
        store.close()
        limits = {"FENGQIAO_DATABASE": url, "FENGQIAO_RATE_LIMIT": "100000000/minute", "FENGQIAO_TIER": tier, "FENGQIAO_JOBS_FOLDER": f"{folder}/jobs"}
        path, bare = Path(folder) / "s", Path(folder) / "b"
        serving = [sys.executable, "-m", "service.cli", "serve", "--uds", str(path)]
        print(f"负载 {os.getloadavg()[0]:.1f}, {len(single)} 段各 300 字, {CONNECTIONS} 个连接, 各 {seconds:.0f} 秒, 档 {tier}")
        for turn in range(rounds):
            engine(tier, seconds)
            serve([sys.executable, "-c", BARE, str(bare)], bare, limits, single, key, "什么也不做的接口", "/v1/assessments", 1, seconds)
            serve(serving, path, limits, single, key, "单条", "/v1/assessments", 1, seconds)
            serve(serving, path, limits, calls(full, f"r{turn}"), key, "单条(全)", "/v1/assessments", 1, seconds)
            serve(serving, path, limits, batch, key, "成批(每次 25 条)", "/v1/assessments:batch", 25, seconds)


if __name__ == "__main__":
    told_ = [*sys.argv[1:], *("60", "fast", "1")[len(sys.argv) - 1 :]]
    main(float(told_[0]), told_[1], int(told_[2]))
