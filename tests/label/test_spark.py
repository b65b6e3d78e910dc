"""Spark with real executors (local-cluster) gives the bytes of a local run, also with an executor killed on the way; and executors that have only the archive.

The command runs as a process of its own: Spark needs loopback sockets, which this test process does without.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from label_tables import as_csv, records, run

from pipeline.batch import label_table
from service.label.measure_spark import below, executors

pytest.importorskip("pyspark")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")]
ROOT = Path(__file__).resolve().parents[2]
CLUSTER = "local-cluster[2,1,2048]"


def command(source: object, output: object, *more: str) -> list[str]:
    return [sys.executable, "-m", "service.cli", "label", str(source), "-o", str(output), "--engine", "spark", "-q", *more]


def start(arguments: list[str], cwd: Path = ROOT, **more: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more}
    return subprocess.Popen(arguments, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def end(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors.decode()[-3000:]


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("in") / "in.csv"
    lines = as_csv(records(600))
    lines[50] = lines[50].replace("032", '"032', 1)  # a bad row, which never reaches an executor
    path.write_bytes("".join(lines).encode("gb18030"))
    return path


def test_two_executors_one_killed_on_the_way_give_the_bytes_of_a_local_run(source, tmp_path):
    expected = run(source, tmp_path / "local" / "out.jsonl")
    assert expected.done.accounted
    output = tmp_path / "spark" / "out.jsonl"
    process = start(command(source, output, "--master", CLUSTER))
    seen: dict[int, float] = {}
    while process.poll() is None and not (len(seen) == 2 and any(python_workers(pid) for pid in seen)):
        seen |= {pid: time.monotonic() for pid in executors(process.pid) if pid not in seen}
        time.sleep(0.1)
    working = [pid for pid in seen if python_workers(pid)]
    assert working, "no executor was seen at work"
    os.kill(working[0], signal.SIGKILL)
    replaced = False
    while process.poll() is None:
        replaced = replaced or any(pid not in seen for pid in executors(process.pid))
        time.sleep(0.1)
    end(process)
    assert replaced
    for path in expected.output.parent.iterdir():
        assert (output.parent / path.name).read_bytes() == path.read_bytes()


def python_workers(executor: int) -> list[int]:
    """The Python processes of an executor: there once it has work."""
    return [pid for pid in below(executor) if (Path("/proc") / str(pid)).exists()]


def test_tables_of_the_platform_are_labelled_where_they_lie(tmp_path):
    told = records(60)
    table = pa.table(
        {"警情编号": [row[0] for row in told], "报警内容": [row[2] for row in told], "人数": pa.array(range(60), pa.int32()), "fq_risk": ["old"] * 60}
    )
    source, output = tmp_path / "calls", tmp_path / "labelled"
    source.mkdir()
    for part in range(3):
        pq.write_table(table.slice(part * 20, 20), source / f"part-{part}.parquet")
    end(start(command(source.as_uri(), output.as_uri(), "--master", "local[2]", "--tier", "rules")))
    made = pq.read_table(output).sort_by("警情编号")
    assert made.to_pylist() == label_table(table).to_pylist()
    again = start(command(source.as_uri(), output.as_uri(), "--master", "local[2]"))
    _, errors = again.communicate(timeout=600)
    assert again.returncode == 2
    assert b"FQ3018" in errors
    missing = start(command((tmp_path / "nothing").as_uri(), output.as_uri(), "--master", "local[2]"))
    _, errors = missing.communicate(timeout=600)
    assert missing.returncode == 2
    assert b"FQ3025" in errors


def test_executors_need_nothing_but_the_archive(tmp_path):
    """Executors run a bare interpreter (no site-packages) with the archive's libraries alone."""
    archive = tmp_path / "fengqiao.tar.gz"
    subprocess.run([sys.executable, "-m", "service.cli", "spark-pack", "-o", str(archive)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).resolve()}" -S "$@"\n')
    bare.chmod(0o755)
    path = tmp_path / "in.csv"
    path.write_text("".join(as_csv(records(40))), "utf-8", newline="")
    expected = run(path, tmp_path / "local" / "out.csv")
    output = tmp_path / "spark" / "out.csv"
    end(start(command(path, output, "--master", CLUSTER, "--archive", str(archive)), PYSPARK_PYTHON=str(bare)))
    assert output.read_bytes() == expected.output.read_bytes()
