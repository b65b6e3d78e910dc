"""What merging means in a sheet: a header in two levels is one name for each column, and a merged value holds for every row and column it spans.

Ranges are as calamine gives them: ((row, column), (row, column)), both ends in, counted from 0. Only xlsx, xlsm and xls tell them; elsewhere there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.columns import LEVEL

Range = tuple[tuple[int, int], tuple[int, int]]
LONGEST_LEVEL = 20  # characters of a sub-header; a longer cell below a merged header is a value


class Header(NamedTuple):
    """The header of a sheet: its first row, how many rows it has, and its names (empty where a column has none)."""

    row: int
    height: int
    names: tuple[Any, ...]


def read_header(rows: Sequence[Sequence[Any]], place: int, ranges: Sequence[Range]) -> Header:
    """The header that begins at, or ends with, the row `place`: one row, or two where a merged cell stands over several names.

    A title merged over the whole table is no level, nor is a line of a form above the header (填报单位：… 日期：…).
    """
    for upper in (place, place - 1):
        if 0 <= upper < len(rows) - 1 and _two_levels(rows, upper, ranges, exactly=upper == place):
            return _joined(rows, upper, ranges)
    return Header(place, 1, tuple(rows[place]))


def _two_levels(rows: Sequence[Sequence[Any]], upper: int, ranges: Sequence[Range], *, exactly: bool) -> bool:
    """Whether the rows `upper` and the next are one header. `exactly`: the upper row has been taken for the header by itself."""
    width = max(len(rows[upper]), len(rows[upper + 1]))
    groups = [span for span in ranges if span[0][0] == span[1][0] == upper and span[0][1] < span[1][1]]
    under = {column for (_, first), (_, last) in groups for column in range(first, last + 1)}
    tall = {span[0][1] for span in ranges if span[0][0] == upper and span[1][0] == upper + 1}
    above = {column: _cell(rows, upper, column) for column in range(width)}
    below = {column: _cell(rows, upper + 1, column) for column in range(width)}
    if not groups or sum(map(bool, above.values())) < 2:  # one cell alone is a title
        return False
    if any(":" in text or "：" in text or len(text) > LONGEST_LEVEL for text in above.values()):
        return False
    named = [below[column] for column in sorted(under) if below.get(column)]
    if len(named) < 2 or any(len(text) > LONGEST_LEVEL or isinstance(rows[upper + 1][column], (int, float)) for column, text in below.items() if text):
        return False
    if exactly and any(below[column] for column in range(width) if column not in under and (above[column] or column in tall)):
        return False  # the next row is a record: it has a value below a header that stands alone
    for (_, first), (_, last) in groups:
        group = [below[column] for column in range(first, last + 1) if below.get(column)]
        if len(set(group)) < len(group):
            return False
    return True


def _joined(rows: Sequence[Sequence[Any]], upper: int, ranges: Sequence[Range]) -> Header:
    width = max(len(rows[upper]), len(rows[upper + 1]))
    above = [_cell(rows, upper, column) for column in range(width)]
    for (first_row, first), (last_row, last) in ranges:
        if first_row == last_row == upper:
            above[first : last + 1] = [above[first]] * (min(last, width - 1) + 1 - first)
    below = [_cell(rows, upper + 1, column) for column in range(width)]
    return Header(upper, 2, tuple(LEVEL.join(dict.fromkeys(part for part in pair if part)) for pair in zip(above, below, strict=True)))


def _cell(rows: Sequence[Sequence[Any]], row: int, column: int) -> str:
    """A header cell as text, without breaks and spaces around it."""
    return "".join(str(rows[row][column]).split("\n")).strip() if column < len(rows[row]) else ""


def held(rows: Sequence[Sequence[Any]], first: int, named: Sequence[bool], ranges: Sequence[Range]) -> dict[int, list[tuple[int, Any]]]:
    """Row → (column, value) that a merged cell holds for it. `first`: the first row of values; `named`: which columns have a name of their own.

    Not filled: a band over the whole table (a heading among the records, a note at the foot), columns without a name (a header that is itself merged
    over them gives them none).
    """
    made: dict[int, list[tuple[int, Any]]] = {}
    for (top, left), (bottom, right) in ranges:
        if top < first or top >= len(rows) or left >= len(rows[top]) or rows[top][left] == "":
            continue
        columns = [column for column in range(left, min(right, len(named) - 1) + 1) if column == left or named[column]]
        if left < right and len(columns) >= sum(named):
            continue
        for row in range(top, min(bottom, len(rows) - 1) + 1):
            made.setdefault(row, []).extend((column, rows[top][left]) for column in columns if (row, column) != (top, left))
    return made
