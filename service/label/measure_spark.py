"""The part of `fengqiao bench-label` that runs on Spark: the same rows as the local run, the same bytes asked for, what Spark costs on top, an executor killed.

Processor time is summed over all processes below the command (driver JVM, executors, their Python workers), sampled, because an executor does not
account for its workers. Start-up (JVM, executors, an engine a worker) is told apart from what each further narrative costs by a run on a tenth of the rows.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 0.2  # seconds between looks
EXECUTOR = b"CoarseGrainedExecutorBackend"


def bench_spark(work: Path, source: Path, small: Path, rows: tuple[int, int], tier: str, master: str, environment: dict[str, str]) -> dict[str, Any]:
    """Local and Spark over the whole and over a tenth, then Spark with an executor killed. `rows` are those of `source` and of `small`."""
    on_spark = ["--engine", "spark", "--master", master]
    local = ["--workers", "2"]
    runs = {
        "local": timed(source, work / "l.csv", tier, local, environment),
        "local_tenth": timed(small, work / "lt.csv", tier, local, environment),
        "spark": timed(source, work / "s.csv", tier, on_spark, environment),
        "spark_tenth": timed(small, work / "st.csv", tier, on_spark, environment),
        "spark_killed": timed(source, work / "k.csv", tier, on_spark, environment, watch=Killer()),
    }
    pairs = (("l", "s"), ("lt", "st"), ("l", "k"))
    identical = {right: all(same(work / f"{left}.csv{end}", work / f"{right}.csv{end}") for end in ("", ".manifest.json")) for left, right in pairs}
    killed = runs["spark_killed"].pop("killed")
    return {
        "master": master,
        "runs": runs,
        "identical": identical["s"] and identical["st"],
        "executors_killed": killed,
        "identical_with_executor_killed": identical["k"] if killed else None,
        "each_more": {name: _slope(runs[name], runs[f"{name}_tenth"], rows) for name in ("local", "spark")},
    }


def _slope(whole: dict[str, Any], part: dict[str, Any], rows: tuple[int, int]) -> dict[str, float]:
    """µs a narrative once everything runs."""
    more = rows[0] - rows[1]
    return {f"{kind}_us": round((whole[f"{kind}_seconds"] - part[f"{kind}_seconds"]) / more * 1e6, 1) for kind in ("wall", "cpu")}


def same(left: Path, right: Path) -> bool:
    """Whether two files hold the same bytes."""
    return left.read_bytes() == right.read_bytes()


class Killer:
    """Kills the first executor whose Python worker is at work, once."""

    def __init__(self) -> None:
        self.killed: list[int] = []

    def __call__(self, pid: int) -> None:
        """Look once at what runs below a process."""
        if not self.killed:
            working = [executor for executor in executors(pid) if any(cpu(worker) > 0.5 for worker in below(executor))]
            for executor in working[:1]:
                os.kill(executor, signal.SIGKILL)
                self.killed.append(executor)


def timed(source: Path, output: Path, tier: str, more: list[str], environment: dict[str, str], watch: Callable[[int], None] | None = None) -> dict[str, Any]:
    """One run of the command: wall and processor seconds of all its processes."""
    command = [sys.executable, "-m", "service.cli", "label", str(source), "-o", str(output), "--tier", tier, "-q", "--overwrite", *more]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seen: dict[int, float] = {}
    while process.poll() is None:
        seen |= {pid: told for pid in [process.pid, *below(process.pid)] if (told := cpu(pid)) >= seen.get(pid, 0.0)}
        if watch is not None:
            watch(process.pid)
        time.sleep(SAMPLE)
    wall = time.perf_counter() - start
    _, errors = process.communicate()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    made: dict[str, Any] = {"wall_seconds": round(wall, 1), "cpu_seconds": round(sum(seen.values()), 1)}
    return made | ({"killed": len(watch.killed)} if isinstance(watch, Killer) else {})


def cpu(pid: int) -> float:
    """Processor seconds of one process so far; 0 where it is gone."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def below(pid: int) -> list[int]:
    """All processes below one (Linux; none elsewhere)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *below(int(child))]
    return found


def executors(pid: int) -> list[int]:
    """The executors' own JVMs below a process."""
    found = []
    for child in below(pid):
        with contextlib.suppress(OSError):
            told = Path(f"/proc/{child}/cmdline").read_bytes()
            if EXECUTOR in told and told.split(b"\0")[0].endswith(b"java"):
                found.append(child)
    return found
