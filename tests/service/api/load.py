"""The load measure of the README, by hand: `python -m tests.service.api.load [SECONDS]`. Not a test: it asserts nothing about time.

One worker pinned to one core, the client on another; 300-character narratives, audit on, SQLite on disk; a closed loop of 16 connections over a
Unix socket; beside it, in the same run, a FastAPI endpoint that reads the body and does nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
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


def main(seconds: float) -> None:
    texts = narratives()
    single = [json.dumps({"narrative": text}).encode() for text in texts]
    batch = [json.dumps({"incidents": [{"narrative": text} for text in texts[n : n + 25]]}).encode() for n in range(0, len(texts) - 25, 5)]
    with tempfile.TemporaryDirectory(prefix="fq-") as folder:
        url = f"sqlite:///{folder}/load.db"
        store = Store(Settings(database=url))
        key = create(store, "load", ["assess"])[1]
        store.close()
        limits = {"FENGQIAO_DATABASE": url, "FENGQIAO_RATE_LIMIT": "100000000/minute", "FENGQIAO_LOG_LEVEL": "WARNING"}
        socket, bare = Path(folder) / "s", Path(folder) / "b"
        print(f"负载 {os.getloadavg()[0]:.1f}, {len(texts)} 段各 300 字, {CONNECTIONS} 个连接, 各 {seconds:.0f} 秒")
        for name, command, path, to, bodies, each in (
            ("什么也不做的接口", [sys.executable, "-c", BARE, str(bare)], bare, "/v1/assessments", single, 1),
            ("单条", [sys.executable, "-m", "service.cli", "serve", "--uds", str(socket)], socket, "/v1/assessments", single, 1),
            ("成批(每次 25 条)", [sys.executable, "-m", "service.cli", "serve", "--uds", str(socket)], socket, "/v1/assessments:batch", batch, 25),
        ):
            path.unlink(missing_ok=True)
            process = start(command, path, **limits)
            try:
                asyncio.run(loop(path, key, to, bodies, 2))
                if path is socket:  # patterns are compiled when first met: every narrative once before the clock starts
                    whole = json.dumps({"incidents": [{"narrative": text} for text in texts]}).encode()
                    asyncio.run(loop(path, key, "/v1/assessments:batch", [whole], 0.1))
                before = used(process)
                took = asyncio.run(loop(path, key, to, bodies, seconds))
                told(name, took, seconds, used(process) - before, each)
            finally:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
