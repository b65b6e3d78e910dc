"""Runs as a whole: any number of workers, killed and resumed, a worker killed, accounted for; all with identical bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from label_tables import as_csv, records, run

from pipeline.errors import FengqiaoError, InputError
from service.cli import app
from service.label import workers
from service.label.part import PartFiles

ROOT = Path(__file__).resolve().parents[2]
COUNT = 220


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("in") / "in.csv"
    lines = as_csv(records(COUNT))
    lines[50] = lines[50].replace("032", '"032', 1)  # one bad row
    path.write_text("".join(lines), "utf-8", newline="")
    return path


@pytest.fixture(scope="module")
def expected(source, tmp_path_factory) -> dict[str, bytes]:
    return files(run(source, tmp_path_factory.mktemp("one") / "out.jsonl").output)


def files(output: Path) -> dict[str, bytes]:
    """The output and what lies beside it."""
    return {path.name.removeprefix(output.stem): path.read_bytes() for path in sorted(output.parent.glob(output.name + "*"))}


def start(source: Path, output: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "service.cli", "label", str(source), "-o", str(output), "-q", *more]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE)


def wait_until(condition, seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """Processes below one, deepest last."""
    found = []
    for line in Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if Path(f"/proc/{pid}").exists() else []:
        found += [int(line), *children(int(line))]
    return found


def test_two_workers_write_the_same_bytes_as_one(source, expected, tmp_path):
    output = tmp_path / "out.jsonl"
    result = run(source, output, workers=2)
    assert result.done.accounted
    assert files(output) == expected
    assert expected.keys() == {".jsonl", ".jsonl.manifest.json", ".jsonl.rejects.jsonl"}


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_the_same_run_gives_the_same_bytes(source, tmp_path, suffix):
    short = tmp_path / "in.csv"
    short.write_text("".join(as_csv(records())), "utf-8", newline="")
    first, second = (run(short, tmp_path / folder / f"out.{suffix}") for folder in ("a", "b"))
    assert files(first.output) == files(second.output)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc")
@pytest.mark.parametrize("count", ["1", "2"])
def test_killed_and_resumed_it_gives_the_same_bytes(source, expected, tmp_path, count):
    output = tmp_path / "out.jsonl"
    parts = tmp_path / "out.jsonl.parts"
    process = start(source, output, "--workers", count)
    wait_until(lambda: len(list(parts.glob("part-*.json"))) >= 3 or process.poll() is not None)
    below = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not output.exists()
    wait_until(
        lambda: not any(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in below)
    )  # workers die with their parent
    kept = sorted(parts.glob("part-*.json"))
    kept[0].with_suffix(".data").write_bytes(b"damaged since")
    result = run(source, output, resume=True)
    assert result.done.resumed == len(kept) - 1
    assert result.done.accounted
    assert files(output) == expected
    assert not parts.exists()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc")
def test_a_killed_worker_is_replaced(source, expected, tmp_path):
    output = tmp_path / "out.jsonl"
    process = start(source, output, "--workers", "2")
    wait_until(lambda: len(list((tmp_path / "out.jsonl.parts").glob("part-*.json"))) >= 2 or process.poll() is not None)
    victims = [pid for pid in children(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(victims[0], signal.SIGKILL)
    assert process.wait(240) == 0
    process.communicate()
    assert files(output) == expected


def test_workers_that_keep_dying_end_the_run_with_the_remedy(source, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_begin", os._exit)
    with pytest.raises(FengqiaoError, match=r"FQ3013.*--resume"):
        run(source, tmp_path / "out.jsonl", workers=2)


def test_resume_refuses_another_input(source, tmp_path):
    output = tmp_path / "out.jsonl"
    parts = tmp_path / "out.jsonl.parts"
    parts.mkdir()
    (parts / "job.json").write_text(json.dumps({"fingerprint": "of another"}))
    with pytest.raises(InputError) as caught:
        run(source, output, resume=True)
    assert caught.value.code == "FQ3015"


def test_resuming_what_is_done_does_nothing_unless_the_output_has_changed(tmp_path, monkeypatch):
    path = tmp_path / "in.csv"
    path.write_text("".join(as_csv(records())), "utf-8", newline="")
    first = run(path)
    calls = []
    monkeypatch.setattr(workers, "in_process", lambda *_: calls.append(1) or iter(()))
    again = run(path, resume=True)
    assert (again.done.tally.rows, again.done.accounted, calls) == (7, True, [])
    monkeypatch.undo()
    before = first.output.read_bytes()
    first.output.write_bytes(b"changed")
    with pytest.raises(InputError, match="FQ3026"):  # somebody has corrected it
        run(path, resume=True)
    assert first.output.read_bytes() == b"changed"
    run(path, resume=True, overwrite=True)
    assert first.output.read_bytes() == before


def test_an_output_that_is_there_is_left_alone_unless_told(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("".join(as_csv(records())), "utf-8", newline="")
    first = run(path)
    before = files(first.output)
    refused = CliRunner().invoke(app, ["label", str(path), "-o", str(first.output), "-q"])
    assert isinstance(refused.exception, InputError)
    assert refused.exception.code == "FQ3026"
    assert "--overwrite" in refused.exception.remedy
    assert files(first.output) == before
    first.output.write_bytes(b"old")
    done = CliRunner().invoke(app, ["label", str(path), "-o", str(first.output), "-q", "--overwrite"])
    assert done.exit_code == 0, done.output
    assert files(first.output) == before


@pytest.mark.parametrize("put", ["before", "after"])
def test_a_run_that_was_to_overwrite_resumes_before_and_after_the_output_is_put_in_place(tmp_path, monkeypatch, put):
    path, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    path.write_text("".join(as_csv(records())), "utf-8", newline="")
    expected = files(run(path, tmp_path / "other" / "out.jsonl").output)
    output.write_bytes(b"of an earlier run")
    replace = os.replace

    def killed(source, target):
        if Path(target) in ((output, output.with_name("out.jsonl.rejects.jsonl")) if put == "before" else (output.with_name("out.jsonl.manifest.json"),)):
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr("service.label.run.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        run(path, output, overwrite=True)
    monkeypatch.undo()
    run(path, output, resume=True)
    assert files(output) == expected
    output.write_bytes(b"corrected by a person")
    with pytest.raises(InputError, match="FQ3026"):
        run(path, output, resume=True)


def test_a_part_without_its_tally_is_not_whole(tmp_path):
    part = PartFiles(tmp_path, 3)
    part.data.write_bytes(b"x")
    part.rejects.write_bytes(b"")
    assert part.whole() is None


def test_an_engine_that_fails_costs_its_row(tmp_path, monkeypatch, engine):
    class Failing:
        def assess(self, incident):
            if "菜刀" in incident.narrative:
                raise RuntimeError(incident.narrative)
            return engine.assess(incident)

    monkeypatch.setattr(workers, "engine_for", lambda options: Failing())
    path = tmp_path / "in.csv"
    path.write_text("".join(as_csv(records())), "utf-8", newline="")
    result = run(path)
    assert result.done.accounted
    assert [(reject["row"], reject["code"], reject["reason"]) for reject in result.rejects] == [(2, "FQ3110", "研判失败(RuntimeError)")]


def test_rejects_and_manifest_tell_no_narrative(source, expected):
    told = (expected[".jsonl.rejects.jsonl"] + expected[".jsonl.manifest.json"]).decode()
    assert "0320100" not in told
    assert "幸福路" not in told
    assert json.loads(expected[".jsonl.rejects.jsonl"].splitlines()[0])["row"] == 50


def test_the_command_accounts_for_every_row(source, tmp_path):
    done = CliRunner().invoke(app, ["label", str(source), "-o", str(tmp_path / "out.csv"), "--workers", "1"])
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_text())
    assert f"{manifest['records']} 条 = 已标注 {manifest['output']['rows']} + 退回 {manifest['rejects']['rows']}" in done.stderr
    assert "条/秒" in done.stderr
    assert "红色" in done.stderr


def test_the_command_ends_with_1_where_a_source_was_not_read(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("".join(as_csv(records(2))), "utf-8", newline="")
    (folder / "b.parquet").write_bytes(b"PAR1")
    done = CliRunner().invoke(app, ["label", str(folder), "-o", str(tmp_path / "out.csv"), "-q"])
    assert done.exit_code == 1
    assert "b.parquet: [FQ3008]" in done.stderr


def test_the_output_is_never_the_input(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("text\n打架\n", "utf-8")
    with pytest.raises(InputError) as caught:
        run(path, path)
    assert caught.value.code == "FQ3014"
