"""Formulas that were never calculated: a workbook written by a program holds them without a value, and a reader finds the cell empty.

Told for xlsx and xlsm, whose cells can be asked; xls, xlsb and ods keep a value for every formula, or say nothing of it.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

_PIECE = 1 << 20
_CELL = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*((?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v[^>]*></(?:\w+:)?v>)?)\s*</(?:\w+:)?c>"
)
_PLACE = re.compile(rb"\br=\"([A-Z]+)(\d+)\"")
_TEXT = re.compile(rb"\bt=\"str\"")  # an empty text is a result that was calculated
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def uncalculated(path: Path, sheet: str, *, after: int) -> dict[int, int]:
    """Column (from 0) → how many of its cells below the first `after` rows hold a formula without a value. Empty where the file cannot be asked."""
    try:
        with zipfile.ZipFile(path) as book:
            part = _part(book, sheet)
            if part is None:
                return {}
            with book.open(part) as stream:
                return dict(sorted(Counter(column for row, column in _cells(stream) if row >= after).items()))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, OSError, NotImplementedError):  # what reads the cells says what is wrong with the file
        return {}


def _part(book: zipfile.ZipFile, sheet: str) -> str | None:
    """The file of a sheet inside the workbook."""
    if "xl/workbook.xml" not in book.namelist():
        return None
    told = ElementTree.fromstring(book.read("xl/workbook.xml"))
    link = next((entry.get(_LINK) for entry in told.iter(f"{_MAIN}sheet") if entry.get("name") == sheet), None)
    targets = {entry.get("Id"): entry.get("Target", "") for entry in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))}
    return posixpath.normpath(posixpath.join("/xl", targets[link])).lstrip("/") if link in targets else None


def _cells(stream: IO[bytes]) -> Iterator[tuple[int, int]]:
    """(row, column), from 0, of each formula without a value; the sheet passes by in pieces."""
    rest = b""
    while piece := stream.read(_PIECE):
        rest += piece
        end = rest.rfind(b"</row>") + 6
        if end < 6:  # prefixed names, or one row longer than a piece
            end = max(rest.rfind(b"</c>") + 4, rest.rfind(b":c>") + 3)
            if end < 4:
                continue
        yield from _found(rest[:end])
        rest = rest[end:]
    yield from _found(rest)


def _found(data: bytes) -> Iterator[tuple[int, int]]:
    for match in _CELL.finditer(data):
        place = _PLACE.search(match[1])
        if place is not None and not (match[2] and _TEXT.search(match[1])):
            yield int(place[2]) - 1, _column(place[1])


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
