"""CSV, TSV, JSON lines, Parquet and Excel out. A worker encodes a part, the parent puts the parts together; the same rows are always the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from pipeline.batch import arrow_type
from pipeline.errors import InputError

FORMATS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx"}
GROUP = 20_000  # rows of a Parquet row group
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Rows = Sequence[tuple[Any, ...]]
Types = dict[str, Any]  # column → Arrow type, or None where every cell says its own


class Writer(Protocol):
    """One output format."""

    def encode(self, rows: Rows) -> bytes:
        """A part: these rows, without head or foot."""

    def assemble(self, parts: Iterable[Path], target: Path) -> None:
        """All parts as one file."""

    def refuses(self, row: tuple[Any, ...]) -> str | None:
        """The column whose cell this format cannot hold, or None."""


def writer(kind: str, columns: Sequence[str], types: Types, *, texts: Sequence[str] = (), escape: bool = False) -> Writer:
    """The writer of a format. `texts`: columns that stay text in Excel (ids); `escape`: CSV cells that spreadsheets would run get a quote before them."""
    if kind in ("csv", "tsv"):
        return CsvWriter(columns, "\t" if kind == "tsv" else ",", escape)
    if kind == "jsonl":
        return JsonlWriter(columns)
    return ParquetWriter(columns, types) if kind == "parquet" else ExcelWriter(columns, frozenset(texts))


def output_format(path: Path) -> str:
    """The format that a name asks for. Raises InputError for another ending."""
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError("FQ3009", "不认识的输出格式", "unknown output format", seen=path.suffix or path.name, remedy="用 " + " ".join(FORMATS))
    return kind


def plain(cell: Any) -> str:
    """A cell as text: absent is empty, times as people write them, nested values as JSON."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return "" if math.isnan(cell) else str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, (dict, list, tuple)):
        return json.dumps(cell, ensure_ascii=False, default=plain)
    return cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else str(cell)


def _copy(parts: Iterable[Path], target: Path, head: bytes) -> None:
    with target.open("wb") as out:
        out.write(head)
        for part in parts:
            with part.open("rb") as stream:
                while data := stream.read(1 << 20):
                    out.write(data)


class CsvWriter:
    """UTF-8 with its mark, so that Excel reads it as such; lines end as RFC 4180 says."""

    def __init__(self, columns: Sequence[str], delimiter: str, escape: bool) -> None:
        self.columns, self.delimiter, self.escape = tuple(columns), delimiter, escape

    def encode(self, rows: Rows) -> bytes:
        out = io.StringIO(newline="")
        made = csv.writer(out, delimiter=self.delimiter, lineterminator="\r\n")
        for row in rows:
            cells = [plain(cell) for cell in row]
            made.writerow(["'" + cell if cell.startswith(_FORMULA) else cell for cell in cells] if self.escape else cells)
        return out.getvalue().encode()

    def assemble(self, parts: Iterable[Path], target: Path) -> None:
        _copy(parts, target, b"\xef\xbb\xbf" + self.encode([self.columns]))

    def refuses(self, row: tuple[Any, ...]) -> str | None:
        return None


class JsonlWriter:
    """One object a line, all columns, absent ones null."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)

    def encode(self, rows: Rows) -> bytes:
        return b"".join(
            json.dumps(dict(zip(self.columns, map(_finite, row), strict=True)), ensure_ascii=False, default=_jsonable).encode() + b"\n" for row in rows
        )

    def assemble(self, parts: Iterable[Path], target: Path) -> None:
        _copy(parts, target, b"")

    def refuses(self, row: tuple[Any, ...]) -> str | None:
        return None


def _finite(cell: Any) -> Any:
    """JSON has no NaN and no infinity."""
    return plain(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell


def _jsonable(cell: Any) -> str:
    return cell.isoformat() if isinstance(cell, (dt.date, dt.time)) else plain(cell)


class ParquetWriter:
    """Row groups of 20,000, zstd."""

    def __init__(self, columns: Sequence[str], types: Types) -> None:
        self.columns, self.types = tuple(columns), types

    def _schema(self) -> Any:
        import pyarrow as pa

        return pa.schema([pa.field(name, self.types[name]) for name in self.columns])

    def encode(self, rows: Rows) -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = self._schema()
        text = [pa.types.is_string(field.type) for field in schema]
        columns = zip(*rows, strict=True) if rows else ((),) * len(self.columns)
        arrays = [
            pa.array([cell if cell is None or type(cell) is str else plain(cell) for cell in cells] if told else list(cells), field.type)
            for cells, told, field in zip(columns, text, schema, strict=True)
        ]
        out = io.BytesIO()
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out, compression="zstd")
        return out.getvalue()

    def assemble(self, parts: Iterable[Path], target: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetWriter(target, self._schema(), compression="zstd") as out:
            waiting: list[Any] = []
            for part in parts:
                waiting.append(pq.read_table(part, memory_map=False))
                if sum(table.num_rows for table in waiting) >= GROUP:
                    out.write_table(pa.concat_tables(waiting), row_group_size=GROUP)
                    waiting = []
            if waiting:
                out.write_table(pa.concat_tables(waiting), row_group_size=GROUP)

    def refuses(self, row: tuple[Any, ...]) -> str | None:
        return None


def settle_types(kinds: set[str]) -> Any:
    """The Arrow type that cells of these Python types fit without loss; text where they are mixed."""
    import pyarrow as pa

    for fits, made in (
        ({"bool"}, pa.bool_()),
        ({"int", "int64"}, pa.int64()),
        ({"int", "float"}, pa.float64()),
        ({"datetime", "date"}, pa.timestamp("us")),
        ({"time"}, pa.time64("us")),
    ):
        if kinds and kinds <= fits:
            return pa.date32() if kinds == {"date"} else made
    return pa.string()


def label_types(kinds: dict[str, str]) -> Types:
    """Arrow types of the columns that labelling adds."""
    return {name: arrow_type(kind) for name, kind in kinds.items()}


class ExcelWriter:
    """One sheet written row by row. Text is written as text, never as a formula or a number; long integers as text too."""

    MOST_ROWS = 300_000
    LONGEST = 32_767  # characters of a cell
    _EXACT = 10**15

    def __init__(self, columns: Sequence[str], texts: frozenset[str]) -> None:
        self.columns, self.texts = tuple(columns), texts
        self._text = [name in texts for name in self.columns]

    def refuses(self, row: tuple[Any, ...]) -> str | None:
        for name, cell in zip(self.columns, row, strict=True):
            if cell is not None and len(plain(cell) if not isinstance(cell, str) else cell) > self.LONGEST:
                return name
        return None

    def encode(self, rows: Rows) -> bytes:
        """Cells as JSON, each as it will be written: what JSON has no value for is tagged with its kind."""
        lines = ([self._cell(cell, told) for cell, told in zip(row, self._text, strict=True)] for row in rows)
        return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)

    def _cell(self, cell: Any, text: bool) -> Any:
        if cell is None or isinstance(cell, (str, bool)):
            return cell or (None if cell == "" else cell)
        if text:
            return plain(cell)
        if isinstance(cell, (int, float)):
            return cell if abs(cell) < self._EXACT else plain(cell)
        if isinstance(cell, dt.datetime):
            return {"datetime": cell.replace(tzinfo=None).isoformat()} if cell.year >= 1900 else plain(cell)
        if isinstance(cell, dt.date):
            return {"date": cell.isoformat()} if cell.year >= 1900 else plain(cell)
        return {"time": cell.isoformat()} if isinstance(cell, dt.time) else plain(cell)

    def assemble(self, parts: Iterable[Path], target: Path) -> None:
        import xlsxwriter

        # temporary files stay beside the target; a fixed date so that the same rows are the same bytes
        book = xlsxwriter.Workbook(str(target), {"constant_memory": True, "tmpdir": str(target.parent)})
        book.set_properties({"created": dt.datetime(2000, 1, 1), "title": "枫桥标注结果"})
        _Sheet(book).write(self.columns, (json.loads(line) for part in parts for line in _lines(part)))
        book.close()


def _lines(part: Path) -> Iterator[str]:
    with part.open(encoding="utf-8", newline="\n") as stream:
        yield from stream


class _Sheet:
    """Writes rows of tagged cells to a new sheet."""

    def __init__(self, book: Any) -> None:
        self.sheet = book.add_worksheet("标注")
        self.head = book.add_format({"bold": True, "text_wrap": True})
        self.text = book.add_format({"num_format": "@"})
        self.quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        formats = {"datetime": "yyyy-mm-dd hh:mm:ss", "date": "yyyy-mm-dd", "time": "hh:mm:ss"}
        self.times = {kind: book.add_format({"num_format": told}) for kind, told in formats.items()}
        self.read = {"datetime": dt.datetime.fromisoformat, "date": dt.date.fromisoformat, "time": dt.time.fromisoformat}

    def write(self, columns: Sequence[str], rows: Iterable[list[Any]]) -> None:
        self.sheet.freeze_panes(1, 0)
        for place, name in enumerate(columns):
            self.sheet.write_string(0, place, name, self.head)
        last = 0
        for last, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                if cell is not None:
                    self._cell(last, place, cell)
        self.sheet.autofilter(0, 0, last, max(len(columns) - 1, 0))

    def _cell(self, row: int, place: int, cell: Any) -> None:
        if isinstance(cell, str):
            self.sheet.write_string(row, place, cell, self.quoted if cell.startswith(_FORMULA) else self.text)
        elif isinstance(cell, bool):
            self.sheet.write_boolean(row, place, cell)
        elif isinstance(cell, dict):
            kind, told = next(iter(cell.items()))
            self.sheet.write_datetime(row, place, self.read[kind](told), self.times[kind])
        else:
            self.sheet.write_number(row, place, cell)
