"""The word lists of pipeline/rules/facts, read and checked once, and one automaton over all of their words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.errors import RuleError
from pipeline.facts.numbers import Number
from pipeline.facts.scan import Scan
from pipeline.rulepack.files import SHIPPED, read_yaml
from pipeline.text.normalise import fold

FILES = (
    "acts",
    "ages",
    "apps",
    "counts",
    "decoys",
    "identifiers",
    "injuries",
    "loss",
    "money",
    "names",
    "payments",
    "places",
    "questions",
    "roles",
    "times",
    "weapons",
)
Reader = Callable[[Scan, int, int, Any], None]
"""What is done at a word: the scan, the span of the word, and what the word list says of it."""
NumberReader = Callable[[Scan, int, int, int, Number, Any], int]
"""What is done at a number with its unit: the scan, start and end of the number, end of the unit, the number, what the word list says of the
unit. Returns the end of what was read, or 0."""
UnitTable = dict[str, tuple[tuple[int, ...], dict[str, tuple[tuple[NumberReader, Any], ...]]]]


def load_list(name: str, folders: Sequence[Path] = ()) -> dict[str, Any]:
    """One word list; a folder that comes later replaces the file of an earlier one. RuleError where it is missing or malformed."""
    found = [path for folder in (SHIPPED, *folders) if (path := folder / "facts" / f"{name}.yaml").exists()]
    if not found:
        raise RuleError("FQ1101", "缺少事实词表", "fact word list missing", seen=f"facts/{name}.yaml", remedy="补上文件或重新安装")
    content = read_yaml(found[-1])
    if not isinstance(content, dict) or content.get("id") != name:
        raise RuleError("FQ1102", "事实词表不合格式", "fact word list malformed", seen=f"facts/{name}.yaml", remedy="id 应与文件名相同")
    return content


def load_lists(folders: Sequence[Path] = ()) -> dict[str, dict[str, Any]]:
    """All word lists. Raises RuleError as `load_list` does."""
    return {name: load_list(name, folders) for name in FILES}


def any_of(terms: Iterable[str]) -> str:
    """A regular expression for one of the words, the longest first."""
    return f"(?:{'|'.join(re.escape(term) for term in sorted(map(fold, terms), key=lambda term: (-len(term), term)))})"


class Words:
    """Collects words with what to do at each, then compiles them into a longest-match automaton.

    A decoy (打电话) does nothing but keeps the words inside it from matching. One word may serve several readers (医院: a party and an end of place names).
    """

    def __init__(self) -> None:
        self._readers: dict[str, list[tuple[Reader, Any]]] = {}

    def add(self, terms: Iterable[str], reader: Reader, told: Any, *, bounded: bool = True) -> None:
        for term in terms:
            word = fold(str(term))
            self._readers.setdefault(word, []).append((latin(word, reader) if bounded else reader, told))

    def decoys(self, terms: Iterable[str]) -> None:
        for term in terms:
            self._readers.setdefault(fold(term), [])

    def compiled(self) -> tuple[CharwiseDoubleArrayAhoCorasick, list[tuple[tuple[Reader, Any], ...]]]:
        """The automaton, and for each of its words the readers."""
        automaton = CharwiseDoubleArrayAhoCorasick(list(self._readers), MATCH_KIND_LEFTMOST_LONGEST)
        return automaton, [tuple(readers) for readers in self._readers.values()]


def latin(word: str, reader: Reader) -> Reader:
    """The same reader, for a word that ends in Latin letters only where no letter or digit goes on beside it (qq in qqmail is none)."""
    first, last = word[0], word[-1]
    if not (first.isascii() and first.isalnum()) and not (last.isascii() and last.isalnum()):
        return reader

    def bounded(scan: Scan, start: int, end: int, told: Any) -> None:
        before, after = scan.text[start - 1 : start], scan.text[end : end + 1]
        if (first.isascii() and before.isascii() and before.isalnum()) or (last.isascii() and last.isalpha() and after.isascii() and after.isalpha()):
            return
        reader(scan, start, end, told)

    return bounded


class Units:
    """What may follow a number, with who reads it: 块钱 → money, 个小时 → times, 号楼 → places. The longest unit is asked first."""

    def __init__(self) -> None:
        self._table: dict[str, dict[str, list[tuple[NumberReader, Any]]]] = {}

    def add(self, units: Iterable[str], reader: NumberReader, told: Any) -> None:
        for unit in units:
            word = fold(str(unit))
            self._table.setdefault(word[0], {}).setdefault(word, []).append((reader, told))

    def compiled(self) -> UnitTable:
        """First character → (lengths from long to short, unit → readers)."""
        return {
            first: (tuple(sorted({len(unit) for unit in units}, reverse=True)), {unit: tuple(readers) for unit, readers in units.items()})
            for first, units in self._table.items()
        }
