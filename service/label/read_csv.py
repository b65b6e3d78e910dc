"""CSV and TSV as they come out of Chinese systems: any of three encodings, line breaks in quotes, ragged rows, broken quotes, damaged bytes.

The standard library's parser over one record at a time: flat memory, and one damaged record costs that record alone. Bytes that do not decode
become lone surrogates (never wrong characters), so the reject names row and column.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from pipeline.errors import InputError
from service.label.encoding import damaged, detect
from service.label.rows import NO_HEADER, Reject, Row, header_of

DELIMITERS = ",\t;|"
MOST_LINES = 500  # lines that one quoted cell may span; beyond it the quote was never closed
LONGEST_CELL = 131_072  # characters; the parser's own limit
_OPEN = "unexpected end of data"


class CsvReader:
    """One CSV or TSV file."""

    def __init__(self, path: Path, source: str, *, header: bool = True) -> None:
        self.path, self.source, self.header = path, source, header
        self.encoding = detect(path)
        self.delimiter = self._delimiter()
        self.required = 0  # place of the first text column: a shorter row is a reject, not an empty narrative
        with self._open() as stream:
            first = next(self._records(stream), None)
        if first is None or isinstance(first[1], str):
            raise InputError("FQ3004", "读不出表头", "no readable header", seen=source, remedy=NO_HEADER)
        self.columns = header_of(first[1], source, told=header)
        self.about: dict[str, Any] = {"format": "csv", "encoding": self.encoding, "delimiter": self.delimiter}

    def arrow_types(self) -> dict[str, str] | None:
        """All text: guessing types loses leading zeros."""
        return None

    def __iter__(self) -> Iterator[Row | Reject]:
        with self._open() as stream:
            records = self._records(stream)
            if self.header:
                next(records)
            number = 0
            for line, cells in records:
                if not isinstance(cells, str) and not any(map(str.strip, cells)):  # a blank line is no record, nor one of delimiters alone
                    continue
                number += 1
                yield self._checked(number, line, cells)

    def _checked(self, number: int, line: int, cells: list[str] | str) -> Row | Reject:
        if isinstance(cells, str):
            return self._reject(number, line, None, "FQ3101", cells, "broken quotes or over-long cell")
        width = len(self.columns)
        if len(cells) > width and not any(cells[width:]):
            cells = cells[:width]
        if len(cells) > width:
            return self._reject(number, line, None, "FQ3102", f"列数 {len(cells)} 多于表头 {width}", "more cells than headers")
        if len(cells) < width and len(cells) <= self.required:
            return self._reject(number, line, self.columns[len(cells)], "FQ3103", f"只有 {len(cells)} 列, 缺警情文本列", "the text column is missing")
        for place, cell in enumerate(cells):
            if damaged(cell, self.encoding):
                return self._reject(number, line, self.columns[place], "FQ3104", f"不是合法的 {self.encoding} 字节", "bytes that are no characters")
        return Row(number, (*cells, *[None] * (width - len(cells))))

    def _reject(self, number: int, line: int, column: str | None, code: str, zh: str, en: str) -> Reject:
        return Reject(self.source, number, line, column, code, zh, en)

    def _open(self) -> TextIO:
        errors = "replace" if self.encoding == "utf-16" else "surrogateescape"
        return self.path.open(encoding=self.encoding, errors=errors, newline="")

    def _delimiter(self) -> str:
        """The one that stands most often in the first line, outside quotes."""
        with self._open() as stream:
            first = "".join(stream.readline(LONGEST_CELL).split('"')[::2])
        usual = "\t" if self.path.suffix.lower() == ".tsv" else DELIMITERS[0]
        return max(usual + DELIMITERS, key=first.count)

    def _records(self, stream: TextIO) -> Iterator[tuple[int, list[str] | str]]:
        """(line it begins on, cells), or the reason instead of cells where a record does not parse; then the next line begins anew."""
        waiting: deque[str] = deque()
        line = 1
        while True:
            taken = [waiting.popleft() if waiting else stream.readline()]
            if not taken[0]:
                return
            cells = self._parse(taken)
            while cells is None and len(taken) < MOST_LINES:
                following = waiting.popleft() if waiting else stream.readline()
                if not following:
                    break
                taken.append(following)
                if '"' in following:
                    cells = self._parse(taken)
            if cells is None:
                cells = "引号没有闭合"
            if isinstance(cells, str) and len(taken) > 1:  # only the first line is at fault; what it swallowed is read again
                waiting.extendleft(reversed(taken[1:]))
                del taken[1:]
            yield line, cells
            line += len(taken)

    def _parse(self, lines: list[str]) -> list[str] | str | None:
        """The cells of one record; None while a quote is open; a reason where it is malformed."""
        try:
            cells = next(csv.reader(lines, delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            return None if _OPEN in str(error) else "引号位置不对, 或单元格过长"
        except StopIteration:
            return []
        return cells
