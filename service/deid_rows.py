"""Tables with the persons taken out: a reader around a reader, so that what reads tables (label, deid) never sees the original cells."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.privacy import Deidentifier, Job, Mode, Treated
from pipeline.privacy.find import Strictness
from pipeline.privacy.table import Table
from service.label.rows import Reader, Reject, Row

if TYPE_CHECKING:
    from service.vault import Vault

_PART = 2_000  # rows that are in memory at once

Keep = Callable[[str, Treated], None]  # (record id, what was treated) → the vault


class TreatedReader:
    """A reader whose cells are treated. The same row is always the same bytes within a job; counts and types of other columns stay."""

    def __init__(
        self, reader: Reader, job: Job, mode: Mode = "mask", *, strict: Strictness = "auto", deidentifier: Deidentifier | None = None, keep: Keep | None = None
    ) -> None:
        self._reader, self._job, self._mode, self._strict, self._keep = reader, job, mode, strict, keep
        self._table = Table(deidentifier or Deidentifier.default(), reader.columns)
        self.source, self.columns = reader.source, reader.columns
        self.about: dict[str, Any] = {**reader.about, "deidentified": mode}

    def __iter__(self) -> Iterator[Row | Reject]:
        for item in self._reader:
            yield item if isinstance(item, Reject) else self._row(item)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)  # what a kind of table knows besides (required columns, inexact numbers)

    def arrow_types(self) -> dict[str, str] | None:
        """As the reader says."""
        return self._reader.arrow_types()

    def _row(self, row: Row) -> Row:
        cells = list(row.cells)
        for place, treated in enumerate(self._table.row([_told(cell) for cell in cells], self._mode, self._job, strict=self._strict)):
            if treated is None or not treated.findings:
                continue
            if self._keep is not None:
                self._keep(f"{self.source}#{row.number}.{place}", treated)
            cells[place] = treated.text
        return Row(row.number, tuple(cells))


def _told(cell: Any) -> Any:
    """Dates in a birth column are text to be treated; long whole floats are numbers that Excel made of them."""
    if isinstance(cell, dt.datetime | dt.date):
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def treat_table(
    source: Path, target: Path, job: Job, mode: Mode, *, strict: Strictness = "auto", vault: Vault | None = None, deidentifier: Deidentifier | None = None
) -> tuple[int, int]:
    """Write a table with the persons taken out; returns rows written and rows that could not be read.

    Everything on the way lies in a folder that only its owner reads, beside the target, gone at the end. Raises InputError where a file cannot be used.
    """
    from service.label.sources import open_sources
    from service.label.write import output_format, plain, writer

    if source.resolve() == target.resolve():
        raise InputError("FQ3014", "输出不能是输入", "the output must be another file", seen=target.name, remedy="-o 另取文件名")
    if not target.parent.is_dir():
        raise InputError("FQ7205", "输出的文件夹不存在", "the output folder does not exist", seen=target.parent.name, remedy="先建好文件夹, 或 -o 另取位置")
    kind = output_format(target)
    readers = open_sources(source, outputs=(target,)).readers
    if len(readers) != 1:
        raise InputError("FQ7201", "一次处理一张表", "one table at a time", seen=f"{len(readers)} 张表", remedy="分别给出, 或先拆开工作簿")
    rows = rejects = 0
    with ExitStack() as stack:
        keep = None
        if vault is not None:
            stack.enter_context(vault.together())

            def keep(record: str, treated: Treated) -> None:
                vault.keep(job, record, treated)

        items = iter(TreatedReader(readers[0], job, mode, strict=strict, deidentifier=deidentifier, keep=keep))
        out = writer(kind, readers[0].columns, _text_types(readers[0].columns) if kind == "parquet" else {}, texts=readers[0].columns)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)))  # mode 0700
        parts: list[Path] = []
        while batch := list(islice(items, _PART)):
            kept = [item.cells for item in batch if isinstance(item, Row)]
            rows, rejects = rows + len(kept), rejects + len(batch) - len(kept)
            parts.append(folder / f"{len(parts):06d}")
            parts[-1].write_bytes(out.encode([tuple(map(plain, cells)) for cells in kept] if kind == "parquet" else kept))
        whole = folder / f"whole{target.suffix}"
        out.assemble(parts, whole)
        whole.replace(target)
    return rows, rejects


def _text_types(columns: tuple[str, ...]) -> dict[str, Any]:
    import pyarrow as pa

    return dict.fromkeys(columns, pa.string())
