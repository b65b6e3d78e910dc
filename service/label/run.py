"""A run from input to output: plan, label the parts that are not there yet, put them together, account for every record."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.values import Incident, Versions
from service.label import workers as pool
from service.label.job import Block, Job, Options, blocks, fingerprint, inputs_seen, plan
from service.label.part import PartFiles, PartMaker, Tally
from service.label.rows import Reject, Survey, sha256
from service.label.sources import Sources, open_sources
from service.reach import cannot_write

SCHEMA = "fengqiao.label/1"
JOB = "job.json"
SMALL = 200  # records below which starting workers costs more than it gives
Watch = Callable[[Tally, int, bool], None]  # (counts of a part, records in all, whether it was there already)
Label = Callable[[Job, Path, Iterator[Block]], Iterator[Tally]]  # how parts are made


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended."""

    tally: Tally
    records: int
    resumed: int  # parts that were there already
    manifest: dict[str, Any]

    @property
    def accounted(self) -> bool:
        """Whether every record is in the output or in the rejects, and every source was read."""
        return self.tally.rows + self.tally.rejects == self.records and not self.manifest["unreadable"]


def label_file(
    path: Path,
    output: Path,
    options: Options,
    *,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    watch: Watch | None = None,
    label: Label | None = None,
) -> Done:
    """Label a file or folder. Raises InputError where it cannot be read, be resumed, or where the output is there already; then nothing of it is touched."""
    if path.resolve() == output.resolve() or output.is_dir():
        raise InputError("FQ3014", "输出不能是输入或文件夹", "the output must be another file", seen=output.name, remedy="-o 另取文件名")
    places = Places(output)
    if not (resume or overwrite):
        untouched(output)
    found = open_sources(path, outputs=(output, places.work, places.rejects, places.manifest), header=options.header)
    job, surveys = plan(found, output, options)
    versions = pool.engine_for(options).assess(Incident(narrative="")).versions  # as the answers carry them
    inputs = inputs_seen(path, surveys)
    mark = fingerprint(job, inputs, versions)
    if resume and (before := _finished(places, mark)) is not None:
        return before
    if resume and not overwrite and output.exists() and not _replaceable(places, mark):
        untouched(output)
    whole = _begin(places, mark, resume=resume)
    records = sum(entry.records for entry in surveys)
    total = Tally()

    def count(tally: Tally, *, there: bool) -> None:
        total.add(tally)
        if watch is not None:
            watch(tally, records, there)

    for tally in whole.values():
        count(tally, there=True)
    todo = (block for block in blocks(job, found.readers) if block.number not in whole)
    for tally in (label or _local(workers, records))(job, places.work, todo):
        count(tally, there=False)
    manifest = {**_manifest(job, found, inputs, surveys, total, versions), "fingerprint": mark}
    _finish(places, job, records, manifest)
    return Done(total, records, len(whole), manifest)


def _local(workers: int, records: int) -> Label:
    if workers < 2 or records < SMALL:
        return pool.in_process
    return lambda job, folder, todo: pool.in_pool(job, folder, todo, workers)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run writes: the output, beside it rejects and manifest, and until it is done a folder of parts."""

    output: Path

    @property
    def work(self) -> Path:
        """The folder of parts."""
        return self.output.with_name(self.output.name + ".parts")

    @property
    def rejects(self) -> Path:
        """Records that could not be labelled."""
        return self.output.with_name(self.output.name + ".rejects.jsonl")

    @property
    def manifest(self) -> Path:
        """What was done, with hashes."""
        return self.output.with_name(self.output.name + ".manifest.json")


def untouched(output: Path) -> None:
    """Raise InputError FQ3026 where the output is there already: somebody may have corrected it by hand."""
    if output.is_file():
        raise InputError(
            "FQ3026",
            "输出文件已存在, 没有动它",
            "the output exists and is left as it is",
            seen=output.name,
            remedy="-o 另取文件名; 确要换掉(里面人工改过的也会没有)加 --overwrite; 接着上次中断的跑加 --resume",
        )


def _replaceable(places: Places, mark: str) -> bool:
    """Whether the output that is there is what an interrupted run of this job meant to replace, or had just put there itself."""
    try:
        told = json.loads((places.work / JOB).read_text("utf-8"))
        ready = places.work / "manifest.json"
        known = [told.get("replaces"), json.loads(ready.read_text("utf-8"))["output"]["sha256"] if ready.exists() else None]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return told.get("fingerprint") == mark and sha256(places.output) in known


def _begin(places: Places, mark: str, *, resume: bool) -> dict[int, Tally]:
    """Make the folder of parts; with `resume`, the parts that are there and whole."""
    told = places.work / JOB
    if resume and told.exists():
        if json.loads(told.read_text("utf-8"))["fingerprint"] != mark:
            raise InputError(
                "FQ3015",
                "输入、规则或选项变了, 不能接着跑",
                "input, rules or options have changed",
                seen=places.work.name,
                remedy="去掉 --resume 从头再跑; 已完成的分片会重做",
            )
        names = (file.name for file in places.work.glob("part-*.json"))
        found = {index: PartFiles(places.work, index).whole() for index in (int(name[5:11]) for name in names)}
        return {index: tally for index, tally in sorted(found.items()) if tally is not None}
    if places.work.exists():
        shutil.rmtree(places.work)
    try:
        places.work.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise cannot_write("FQ3016", places.output.name, error) from error
    partial = told.with_suffix(".tmp")
    partial.write_text(json.dumps({"schema": SCHEMA, "fingerprint": mark, "replaces": sha256(places.output) if places.output.exists() else None}), "utf-8")
    os.replace(partial, told)
    return {}


def _finished(places: Places, mark: str) -> Done | None:
    """The run, where it was done before and its output is still what it was."""
    try:
        manifest = json.loads(places.manifest.read_text("utf-8"))
        if manifest["fingerprint"] != mark or sha256(places.output) != manifest["output"]["sha256"]:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    tally = Tally(
        manifest["output"]["rows"], manifest["rejects"]["rows"], manifest["needs_review"], Counter(manifest["colours"]), Counter(manifest["categories"])
    )
    return Done(tally, manifest["records"], 0, manifest)


def _finish(places: Places, job: Job, records: int, manifest: dict[str, Any]) -> None:
    """Put the parts together and rename what is whole into place; the manifest last."""
    parts = [PartFiles(places.work, index) for index in range(-(-records // job.part))]
    assembled, rejects = places.work / f"whole{places.output.suffix}", places.work / "rejects.jsonl"
    PartMaker(job, None).writer.assemble((part.data for part in parts), assembled)
    with rejects.open("wb") as stream:
        for part in parts:
            stream.write(part.rejects.read_bytes())
        for entry in manifest["unreadable"]:
            reject = Reject(entry["source"], 0, None, None, entry["code"], entry["reason"], "the source does not open")
            stream.write(json.dumps(reject.to_json(), ensure_ascii=False).encode() + b"\n")
    manifest["output"] |= {"sha256": sha256(assembled), "bytes": assembled.stat().st_size}
    manifest["rejects"] |= {"sha256": sha256(rejects) if rejects.stat().st_size else None}
    if rejects.stat().st_size:
        os.replace(rejects, places.rejects)
    else:
        places.rejects.unlink(missing_ok=True)
    partial = places.work / "manifest.json"  # written before the output is put in place: a run killed in between knows its own output by it
    partial.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
    os.replace(assembled, places.output)
    os.replace(partial, places.manifest)
    with contextlib.suppress(OSError):
        shutil.rmtree(places.work)


def _manifest(job: Job, found: Sources, inputs: list[dict[str, Any]], surveys: list[Survey], total: Tally, versions: Versions) -> dict[str, Any]:
    """No times and no machine in it: the same run gives the same manifest."""
    counts = total.to_json()
    for entry, source, seen in zip(inputs, job.sources, surveys, strict=True):
        entry["text_columns"] = [{"name": text.name, "role": text.role} for text in source.meant.texts]
        entry["fields"] = {key: getattr(source.meant, key) for key in ("id", "occurred_at", "channel", "place", "caller")}
        if source.kept:
            entry["kept_as"] = dict(source.kept)
        spoilt = source.id_place is not None and source.meant.id and seen.reader.inexact(source.meant.id)  # type: ignore[attr-defined]
        warnings = {"id_digits_lost": spoilt, "formulas_without_value": "formulas_without_value" in entry, "earlier_labels_kept": source.kept}
        if any(warnings.values()):
            entry["warnings"] = [name for name, holds in warnings.items() if holds]
    return {
        "schema": SCHEMA,
        "inputs": inputs,
        "unreadable": [{"source": source, "code": error.code, "reason": error.zh} for source, error in found.unreadable],
        "passed_over": found.passed_over,
        "options": job.options.told(),
        "versions": {"code": versions.code, "rules": versions.rules, "model": versions.model},
        "records": sum(seen.records for seen in surveys),
        "output": {"format": job.format, "columns": list(job.columns), "rows": total.rows},
        "rejects": {"rows": total.rejects, "codes": counts["codes"]},
        "colours": counts["colours"],
        "categories": counts["categories"],
        "needs_review": total.review,
    }
