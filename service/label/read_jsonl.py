"""JSON lines: one object a line, keys in any order, new keys at any line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from service.label.encoding import detect
from service.label.rows import Reject, Row

LONGEST_LINE = 16 << 20  # bytes
_LONE = re.compile("[\ud800-\udfff]")


class JsonlReader:
    """One JSONL file. The columns are all keys, in the order they first occur: opening it reads it once."""

    def __init__(self, path: Path, source: str) -> None:
        self.path, self.source = path, source
        self.encoding = detect(path)
        if self.encoding == "utf-16":
            raise InputError("FQ3007", "JSONL 须为 UTF-8 或 GB18030", "JSON lines in UTF-16", seen=source, remedy="另存为 UTF-8")
        keys: dict[str, None] = {}
        for _, _, value in self._values():
            if isinstance(value, dict):
                keys.update(dict.fromkeys(value))
        if not keys:
            raise InputError("FQ3004", "没有一行是 JSON 对象", "no line is a JSON object", seen=source, remedy="每行一个 JSON 对象")
        self.columns = tuple(keys)
        self.about: dict[str, Any] = {"format": "jsonl", "encoding": self.encoding}

    def arrow_types(self) -> dict[str, str] | None:
        """Values say their own type."""
        return None

    def __iter__(self) -> Iterator[Row | Reject]:
        for number, line, value in self._values():
            if isinstance(value, dict):
                yield Row(number, tuple(value.get(column) for column in self.columns))
            else:
                yield Reject(self.source, number, line, None, *value)

    def _values(self) -> Iterator[tuple[int, int, dict[str, Any] | tuple[str, str, str]]]:
        """(record, line, object or code and reasons)."""
        number = 0
        with self.path.open("rb") as stream:
            for line, data in enumerate(_lines(stream), 1):
                if data.strip() and data.strip() != b"\xef\xbb\xbf":
                    number += 1
                    yield number, line, self._value(data)

    def _value(self, data: bytes) -> dict[str, Any] | tuple[str, str, str]:
        if len(data) >= LONGEST_LINE:
            return "FQ3107", "行过长", "line too long"
        try:
            value = json.loads(data.decode(self.encoding).removeprefix("﻿"), parse_constant=_refused)
        except UnicodeDecodeError:
            return "FQ3104", f"不是合法的 {self.encoding} 字节", "bytes that are no characters"
        except (ValueError, RecursionError):
            return "FQ3105", "不是合法的 JSON", "not valid JSON"
        if not isinstance(value, dict):
            return "FQ3106", "不是 JSON 对象", "not a JSON object"
        if b"\\u" in data and _LONE.search(json.dumps(value, ensure_ascii=False)):
            return "FQ3104", "含有不成对的代理字符", "lone surrogates"
        return value


def _lines(stream: Any) -> Iterator[bytes]:
    """Physical lines; of one past the limit only its first part is kept, the rest is passed over."""
    while line := stream.readline(LONGEST_LINE):
        rest = line
        while len(rest) >= LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE)
        yield line


def _refused(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON
