"""What is to be done, settled before the first row is labelled: which columns, which types, which parts; and its fingerprint, by which a run is resumed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.batch import FULL, KINDS
from pipeline.columns import WHICH_TEXT, Columns, guess
from pipeline.errors import InputError
from pipeline.values import Versions
from service.label.deid import KEYS, Deid
from service.label.executor import Choice
from service.label.rows import Reader, Reject, Row, Survey, sha256, survey
from service.label.sources import Sources, about
from service.label.write import ExcelWriter, Types, label_types, output_format, settle_types

LARGEST_PART, LEAST_PART, PARTS = 2_000, 20, 64  # rows of a part; about 64 parts where the input is small, so that workers share it
USUAL = Choice()
EARLIER = "原"  # ends the name of a column that an earlier run, or a person after it, has filled
OURS = frozenset((*KINDS, *FULL, *KEYS))
WHERE = {"fq_source": "text", "fq_row": "whole"}  # told only where there are several sources


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose. Everything here changes the output; workers and engine do not, and stand elsewhere."""

    texts: tuple[str, ...] = ()
    id_column: str | None = None
    full: bool = False
    engine: Choice = USUAL
    escape: bool = False
    deid: Deid | None = None
    header: bool = True

    def told(self) -> dict[str, Any]:
        """The options for the manifest and the fingerprint: folders by name (what is in them has its hash in the versions), the key by its mark."""
        engine = {
            **asdict(self.engine),
            "rules": [Path(rule).name for rule in self.engine.rules],
            "models": Path(self.engine.models).name if self.engine.models else None,
        }
        return {"header": self.header, "full": self.full, "escape": self.escape, **engine, "deid": self.deid.told() if self.deid else None}


@dataclass(frozen=True, slots=True)
class Source:
    """One source as workers need it: its name, its columns, which of them matter, and where each goes in the output (-1: nowhere)."""

    name: str
    columns: tuple[str, ...]
    meant: Columns
    places: tuple[int, ...]
    id_place: int | None  # of an Excel id column, whose numbers become text
    kept: tuple[tuple[str, str], ...] = ()  # columns of an earlier run, and the name that each is kept under


class Block(NamedTuple):
    """A numbered run of records, each with the place of its source."""

    number: int
    items: list[tuple[int, Row | Reject]]


@dataclass(frozen=True, slots=True)
class Job:
    """A run, as plain data that passes to workers."""

    sources: tuple[Source, ...]
    inputs: tuple[str, ...]  # columns of the output that come from the input
    labels: tuple[str, ...]
    types: Types
    located: bool  # whether fq_source and fq_row are told
    ids: tuple[str, ...]
    format: str
    options: Options
    part: int  # records of a part

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the output, in order."""
        return (*(WHERE if self.located else ()), *self.inputs, *self.labels)


def plan(found: Sources, output: Path, options: Options) -> tuple[Job, list[Survey]]:
    """Survey the sources and settle the job. Raises InputError where no text column is found or the output cannot hold that many rows."""
    told = [_meant(reader, options, alone=len(found.readers) == 1) for reader in found.readers]
    for reader, columns in zip(found.readers, told, strict=True):
        if columns is not None and hasattr(reader, "required"):
            reader.required = min(reader.columns.index(column.name) for column in columns.texts)
    if not any(told):
        raise InputError("FQ3001", "看不出哪一列是警情文本", "no text column found in any source", seen=f"{len(told)} 个表", remedy=WHICH_TEXT)
    surveys = [survey(reader) for reader in found.readers]
    labels = {**KINDS, **(FULL if options.full else {}), **(KEYS if options.deid else {})}
    located = len(found.readers) + len(found.unreadable) > 1
    gone = frozenset(FULL) if options.deid else frozenset[str]()  # an earlier full answer quotes the narrative, and may not leave
    kept = _kept_names([reader.columns for reader in found.readers], located, gone)
    inputs = tuple(dict.fromkeys(kept.get(column, column) for reader in found.readers for column in reader.columns if column not in gone))
    kind = output_format(output)
    if kind == "xlsx" and options.full:
        raise InputError("FQ3023", "完整结果放不进 Excel 单元格", "a full answer does not fit an Excel cell", remedy="--full 请输出到 .jsonl 或 .parquet")
    records = sum(entry.records for entry in surveys)
    if kind == "xlsx" and records > ExcelWriter.MOST_ROWS:
        raise InputError(
            "FQ3010",
            "Excel 装不下这么多行",
            "too many rows for Excel",
            seen=f"{records} 行 rows",
            remedy=f"输出到 .csv 或 .parquet(Excel 上限 {ExcelWriter.MOST_ROWS} 行)",
        )
    types = {**{column: _type(column, surveys, options, kept) for column in inputs}, **label_types({**WHERE, **labels})} if kind == "parquet" else {}
    sources = tuple(_source(reader, columns, inputs, kept) for reader, columns in zip(found.readers, told, strict=True))
    job = Job(
        sources, inputs, tuple(labels), types, located,
        tuple(dict.fromkeys(columns.id for columns in told if columns and columns.id)), kind, options, max(LEAST_PART, min(LARGEST_PART, records // PARTS)),
    )  # fmt: skip
    return job, surveys


def _meant(reader: Reader, options: Options, *, alone: bool) -> Columns | None:
    """The columns that matter; None for one table of several that has no text (each of its rows is then a reject)."""
    known = [column for column in reader.columns if column not in OURS]
    try:
        return guess(known, texts=options.texts, id_column=options.id_column)
    except InputError:
        if alone:
            raise
        return None


def _kept_names(headers: Sequence[Sequence[str]], located: bool, gone: frozenset[str]) -> dict[str, str]:
    """Column of an earlier run → the name that it is kept under beside the new one: fq_risk_原, then fq_risk_原2 …"""
    present = {column for columns in headers for column in columns}
    made: dict[str, str] = {}
    for column in sorted(present & (OURS | (WHERE.keys() if located else set())) - gone):
        name, again = f"{column}_{EARLIER}", 2
        while name in present:
            name, again = f"{column}_{EARLIER}{again}", again + 1
        made[column] = name
    return made


def _source(reader: Reader, chosen: Columns | None, inputs: Sequence[str], kept: Mapping[str, str]) -> Source:
    place = {column: number for number, column in enumerate(inputs)}
    named = chosen.id if chosen else None
    id_place = reader.columns.index(named) if named and reader.about["format"] == "excel" else None
    places = tuple(place.get(kept.get(column, column), -1) for column in reader.columns)
    return Source(reader.source, reader.columns, chosen or Columns(()), places, id_place, tuple((old, kept[old]) for old in reader.columns if old in kept))


def _type(name: str, surveys: Sequence[Survey], options: Options, kept: Mapping[str, str]) -> Any:
    """One Arrow type for a column over all sources; text where they differ, or where treatment may turn a number into text."""
    import pyarrow as pa

    if options.deid:
        return pa.string()
    told: list[Any] = []
    column = next((old for old, new in kept.items() if new == name), name)
    for entry in surveys:
        if column not in entry.reader.columns:
            continue
        declared = entry.reader.arrow_types()
        if declared is not None:
            told.append(declared[column])
        elif entry.reader.about["format"] == "csv":
            told.append(pa.string())
        elif entry.kinds[column]:
            told.append(settle_types(entry.kinds[column]))
    return told[0] if told and all(kind == told[0] for kind in told) else pa.string()


def blocks(job: Job, readers: Sequence[Reader]) -> Iterator[Block]:
    """All records in order, cut into numbered parts: the same each time, whoever labels them."""
    index = 0
    waiting: list[tuple[int, Row | Reject]] = []
    for place, reader in enumerate(readers):
        for item in reader:
            waiting.append((place, item))
            if len(waiting) == job.part:
                yield Block(index, waiting)
                index, waiting = index + 1, []
    if waiting:
        yield Block(index, waiting)


def inputs_seen(path: Path, surveys: Sequence[Survey]) -> list[dict[str, Any]]:
    """What the manifest says of the inputs, with their hashes."""
    hashes: dict[Path, str] = {}
    made = []
    for entry in surveys:
        file = path if path.is_file() else path / entry.reader.source.partition("#")[0]
        if file not in hashes:
            hashes[file] = sha256(file)
        made.append({**about(entry.reader), "sha256": hashes[file], "bytes": file.stat().st_size, "records": entry.records})
    return made


def fingerprint(job: Job, inputs: Sequence[dict[str, Any]], versions: Versions) -> str:
    """Same fingerprint, same output: a run may be resumed only by one with the same."""
    told = {
        "inputs": list(inputs),
        "versions": {"code": versions.code, "rules": versions.rules, "model": versions.model},
        "options": [job.options.told(), job.options.texts, job.options.id_column],
        "columns": job.columns,
        "texts": [[asdict(column) for column in source.meant.texts] for source in job.sources],
        "types": {name: str(kind) for name, kind in job.types.items()},
        "format": job.format,
        "part": job.part,
    }
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
