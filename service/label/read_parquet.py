"""Parquet, batch by batch; a row group that does not read costs its own rows alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from service.label.rows import Reject, Row, unique

BATCH = 2_000  # rows


class ParquetReader:
    """One Parquet file."""

    def __init__(self, path: Path, source: str) -> None:
        import pyarrow as pa

        self.path, self.source = path, source
        try:
            self.schema = self._file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise InputError("FQ3008", "Parquet 文件打不开", "the Parquet file does not open", seen=source, remedy="文件可能不完整, 重新导出") from error
        self.columns = unique(self.schema.names)
        self.about: dict[str, Any] = {"format": "parquet"}

    @cached_property
    def _file(self) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.path)

    def arrow_types(self) -> dict[str, Any] | None:
        """The types of the file; those Python has no values for as the nearest (nanoseconds as microseconds, dictionaries as their values)."""
        return {name: settled(field.type) for name, field in zip(self.columns, self.schema, strict=True)}

    def __iter__(self) -> Iterator[Row | Reject]:
        import pyarrow as pa

        number = 0
        for group in range(self._file.num_row_groups):
            done = number
            end = number + self._file.metadata.row_group(group).num_rows
            try:
                for batch in self._file.iter_batches(batch_size=BATCH, row_groups=[group]):
                    columns = [column.cast(settled(column.type), safe=False).to_pylist() for column in batch.columns]
                    for cells in zip(*columns, strict=True):
                        done += 1
                        yield Row(done, cells)
            except (pa.ArrowException, OSError, UnicodeDecodeError):
                for lost in range(done + 1, end + 1):
                    yield Reject(self.source, lost, None, None, "FQ3108", f"第 {group + 1} 个行组读不出", "the row group does not read")
            number = end


def settled(kind: Any) -> Any:
    """The Arrow type that cells travel in."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return settled(kind.value_type)
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if pa.types.is_time64(kind) and kind.unit == "ns":
        return pa.time64("us")
    return pa.string() if pa.types.is_null(kind) else kind
