"""`fengqiao bench-label`: a million narratives (or as many as asked for) mixed from the corpora, labelled as a user would, measured from outside.

Wall and processor seconds, and the peak memory of all processes together (proportional set size, sampled); with one worker and with several; beside the
naive baseline on a sample in the same run; with `--spark` the same rows on Spark. Figures are of this machine at this moment: say what else it was doing.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from service.label.measure_spark import below, bench_spark

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 0.5  # seconds between looks at memory


def bench_label(
    rows: Annotated[int, typer.Option(help="多少条")] = 1_000_000,
    workers: Annotated[str, typer.Option(help="依次用几个进程, 如 1,2")] = "1,2",
    seed: Annotated[int, typer.Option(help="混合语料的随机种子")] = 20261122,
    naive: Annotated[int, typer.Option(help="朴素基线跑多少条, 0 为不跑")] = 40,
    tier: Annotated[str, typer.Option(help="rules fast cascade full")] = "fast",
    folder: Annotated[Path | None, typer.Option(help="放临时文件的文件夹")] = None,
    spark: Annotated[str, typer.Option(help="另在 Spark 上跑同样的行, 如 'local-cluster[2,1,2048]': 结果须逐字节相同, 再杀一个执行器跑一遍")] = "",
) -> None:
    """成批标注的速度与内存 · rate and peak memory of `label`, one worker and several, beside the naive baseline."""
    with tempfile.TemporaryDirectory(prefix="fengqiao-", dir=folder) as work:
        source = Path(work) / "in.csv"
        characters = write_mix(source, rows, seed)
        result: dict[str, Any] = {
            "rows": rows,
            "seed": seed,
            "tier": tier,
            "mean_characters": round(characters / rows, 1),
            "load_before": round(os.getloadavg()[0], 1),
        }
        environment = {**os.environ, "FENGQIAO_CACHE": str(Path(work) / "cache")}
        write_mix(Path(work) / "warm.csv", 20, seed)
        run(Path(work) / "warm.csv", Path(work) / "warm.jsonl", 1, tier, 20, environment)  # compiles the rules, as the first run after an update does
        result["runs"] = [run(source, Path(work) / f"out{count}.csv", count, tier, rows, environment) for count in map(int, workers.split(","))]
        result["identical"] = len({entry.pop("sha256") for entry in result["runs"]}) == 1
        first, last = result["runs"][0], result["runs"][-1]
        result["speed_up"] = round(first["seconds"] / last["seconds"], 2)
        if spark:
            tenth = Path(work) / "tenth.csv"
            write_mix(tenth, rows // 10, seed)
            result["spark"] = bench_spark(Path(work), source, tenth, (rows, rows // 10), tier, spark, environment)
        if naive:
            result["naive_us"] = naive_us(source, naive)
            result["cpu_ratio"] = round(result["naive_us"] / first["cpu_us"], 1)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")


def write_mix(path: Path, rows: int, seed: int) -> int:
    """A table of `rows` narratives drawn from the corpora, each with a time and place of its own; returns their characters in all."""
    from corpora import narratives

    dice = random.Random(seed)
    told = [row["text"] for row in narratives()]
    characters = 0
    with path.open("w", encoding="gb18030", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["警情编号", "报警时间", "报警内容", "事发地址"])
        for number in range(rows):
            text = f"{dice.randrange(24)}时{dice.randrange(60)}分, {dice.choice(told)}"
            characters += len(text)
            out.writerow([f"{number:018d}", f"2026-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d} 08:00:00", text, f"幸福路{dice.randrange(999)}号"])
    return characters


def run(source: Path, output: Path, workers: int, tier: str, rows: int, environment: dict[str, str]) -> dict[str, Any]:
    """One run of the command: wall seconds, rows a second, processor µs a row, peak MB of all its processes."""
    command = [sys.executable, "-m", "service.cli", "label", str(source), "-o", str(output), "--workers", str(workers), "--tier", tier, "-q", "--overwrite"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(memory(pid) for pid in [process.pid, *below(process.pid)]))
        time.sleep(SAMPLE)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=process.stderr.read() if process.stderr else None)
    process.communicate()
    manifest = json.loads(output.with_name(output.name + ".manifest.json").read_text("utf-8"))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "workers": workers,
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds, 1),
        "cpu_us": round(cpu / rows * 1e6, 1),
        "peak_mb": round(peak / 2**20),
        "sha256": manifest["output"]["sha256"],
    }


def memory(pid: int) -> int:
    """Proportional set size in bytes: shared pages count once over all processes."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def naive_us(source: Path, count: int) -> float:
    """Processor µs a row of the naive baseline on the first rows of the same file."""
    from service.naive import naive_baseline

    texts = _texts(source, count * 10)
    call = naive_baseline(texts)
    start = time.process_time()
    for text in texts[:count]:
        call(text)
    return round((time.process_time() - start) / count * 1e6, 1)


def _texts(source: Path, count: int) -> Sequence[str]:
    with source.open(encoding="gb18030", newline="") as stream:
        return [row["报警内容"] for row, _ in zip(csv.DictReader(stream), range(count), strict=False)]
