"""Which encoding a text file is in, told from all of it, with damaged lines allowed for."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import InputError

LONGEST_LINE = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LONE = re.compile("[\ud800-\udfff]")
_ENDS = re.compile(rb"[\r\n]+")  # neither is ever part of a character, in UTF-8 or GB18030
_INSIDE = bytes(range(0x30, 0x100))  # what may be a part of a character; below it every byte is one by itself, in both
_ENOUGH = 0.5  # share of lines with Chinese that must read well for an encoding to be taken


def detect(path: Path) -> str:
    """utf-8-sig or utf-16 by their marks, else utf-8 or gb18030 by which of them reads the lines.

    A strict reading of the whole would let one damaged byte decide, and GB18030 reads many UTF-8 lines as other characters; so lines vote, UTF-8 first.
    Chinese in GB18030 is hardly ever valid UTF-8. Raises InputError FQ2003 where neither reads half of the lines.
    """
    with path.open("rb") as stream:
        start = stream.read(4)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        stream.seek(0)
        told = utf8 = gb18030 = 0
        for line in _lines(stream):
            if line.isascii():
                continue
            told += 1
            if _reads(line, "utf-8"):
                utf8 += 1
            elif _reads(line, "gb18030"):
                gb18030 += 1
    if utf8 >= _ENOUGH * told:
        return "utf-8"
    if utf8 + gb18030 >= _ENOUGH * told:
        return "gb18030"
    raise InputError("FQ2003", "既不是 UTF-8 也不是 GB18030", "neither UTF-8 nor GB18030", seen=path.name, remedy="另存为 UTF-8 后重试")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines by any line end (old Macs end them with CR alone); one longer than LONGEST_LINE in pieces of whole characters, or not at all."""
    rest, lost = b"", False
    while piece := stream.read(LONGEST_LINE):
        *whole, rest = _ENDS.split(rest + piece)
        yield from whole[lost:]
        lost = lost and not whole
        if len(rest) >= LONGEST_LINE:
            cut = len(rest.rstrip(_INSIDE))
            if not lost:
                yield rest[:cut]
            lost, rest = lost or not cut, rest[cut:] if cut else b""
    if not lost:
        yield rest


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def damaged(text: str, encoding: str) -> bool:
    """Whether decoding met bytes that are no characters (kept as lone surrogates; replaced in UTF-16, where the parser of lines needs whole units)."""
    return not text.isascii() and (_LONE.search(text) is not None or (encoding == "utf-16" and "\ufffd" in text))
