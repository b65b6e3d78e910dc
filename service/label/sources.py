"""From a path to readers: what a file is, is told by its first bytes and then by its name; a folder is all its files in order of name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from service.label.read_csv import CsvReader
from service.label.read_excel import OLE, ZIP, ExcelReader, excel_sheets
from service.label.read_jsonl import JsonlReader
from service.label.read_parquet import ParquetReader
from service.label.rows import Reader
from service.reach import cannot_read

TEXT, JSON, EXCEL, PARQUET = {".csv", ".tsv", ".txt"}, {".jsonl", ".ndjson", ".json"}, {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et"}, {".parquet", ".pq"}
KNOWN = TEXT | JSON | EXCEL | PARQUET


@dataclass(slots=True)
class Sources:
    """Readers in order; what could not be opened at all (its rows are unknown, so the run cannot account for them); what was passed over."""

    readers: list[Reader]
    unreadable: list[tuple[str, InputError]] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def open_sources(path: Path, *, outputs: Sequence[Path] = (), header: bool = True) -> Sources:
    """The readers of a file or a folder. Raises InputError where a single file does not open, or a folder holds nothing to read."""
    if not path.exists():
        raise cannot_read(path.name)
    if path.is_file():
        return Sources(readers_of(path, path.name, header=header))
    found = Sources([])
    for file in _files(path, outputs):
        source = file.relative_to(path).as_posix()
        if file.suffix.lower() not in KNOWN:
            found.passed_over.append(source)
            continue
        try:
            found.readers += readers_of(file, source, header=header)
        except InputError as error:
            found.unreadable.append((source, error))
    if not found.readers:
        raise InputError("FQ3011", "文件夹里没有能读的表", "no readable table in the folder", seen=path.name, remedy="支持 " + " ".join(sorted(KNOWN)))
    return found


def _files(folder: Path, outputs: Sequence[Path]) -> Iterator[Path]:
    ours = {output.resolve() for output in outputs}
    for file in sorted(folder.rglob("*"), key=lambda file: file.relative_to(folder).as_posix()):
        hidden = any(part.startswith((".", "_", "~$")) for part in file.relative_to(folder).parts)  # also Spark's _SUCCESS and Excel's lock files
        if file.is_file() and not hidden and file.resolve() not in ours and not any(parent in ours for parent in file.resolve().parents):
            yield file


def readers_of(path: Path, source: str, *, header: bool = True) -> list[Reader]:
    """The readers of one file: one, or one for each sheet. Raises InputError."""
    try:
        with path.open("rb") as stream:
            start = stream.read(64)
    except OSError as error:
        raise cannot_read(source, error) from error
    suffix = path.suffix.lower()
    if not start:
        raise InputError("FQ3004", "文件是空的", "the file is empty", seen=source, remedy="检查导出是否完成")
    if suffix in PARQUET or start.startswith(b"PAR1"):
        return [ParquetReader(path, source)]
    if start.startswith((OLE, ZIP)):
        return [ExcelReader(path, name, sheet, header=header, hidden=hidden) for sheet, name, hidden in excel_sheets(path, source)]
    if suffix in JSON:
        return [JsonlReader(path, source)]
    if suffix in EXCEL and (
        start.lstrip().startswith(b"<") or (b"\0" in start.replace(b"\xff\xfe", b"")[1::2] and not start.startswith((b"\xff\xfe", b"\xfe\xff")))
    ):
        raise InputError(
            "FQ3006", "Excel 文件打不开", "the workbook does not open", seen=source, remedy="可能是网页冒充的 xls 或文件损坏; 用 Excel 打开后另存为 xlsx"
        )
    if suffix in TEXT | EXCEL:  # many systems export text under the name xls
        return [CsvReader(path, source, header=header)]
    raise InputError("FQ3012", "不认识的文件格式", "unknown file format", seen=path.suffix or source, remedy="支持 " + " ".join(sorted(KNOWN)))


def about(reader: Reader) -> dict[str, Any]:
    """What the manifest says of a source."""
    return {"source": reader.source, **reader.about, "columns": list(reader.columns)}
