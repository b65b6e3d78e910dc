"""The pattern grammar of the rule files, compiled to literals for one automaton plus small checks around them.

A pattern such as `(找|叫)人..<beat>` is parsed into parts. One run of parts whose words can be listed becomes the *anchor*: its words go into the
automaton of the whole pack. What stands before and after the anchor becomes two regular expressions that run only where an anchor was hit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from pipeline.errors import PatternError
from pipeline.text.normalise import fold

END = "$"  # the end of the narrative
ANCHOR_LIMIT = 400  # most words that one anchor may put into the automaton
_TIGHT = '[^,。!?;: \\n…"“”()没未]'  # inside a clause; a gap never swallows a negation
_WIDE = "[^。!?;\\n…没未]"
_NUMERALS = "零一二两三四五六七八九十百千几数多好"
DIGITS = "0123456789" + _NUMERALS
_NUM = f"(?:\\d+(?:\\.\\d+)?|[{_NUMERALS}]+)"
_NAME = "(?:[\\u4e00-\\u9fff]某{1,2}(?:[\\u4e00-\\u9fff]?(?![\\u4e00-\\u9fff]))?|[小老阿][\\u4e00-\\u9fff]|[\\u4e00-\\u9fff](?:先生|女士|师傅|姓男子|姓女子)|[甲乙丙丁])"
BUILTIN = {"num": (_NUM, 8), "name": (_NAME, 4)}
# what every name of _NAME has within two characters of its beginning, and of its end: to be changed with it (tests/pipeline/test_need.py holds both)
NAMED = (frozenset("某小老阿先女师姓甲乙丙丁"), frozenset("某小老阿生士傅子甲乙丙丁"))


@dataclass(frozen=True, slots=True)
class Text:
    """Plain characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences; `optional` where none will do."""

    options: tuple[tuple[Part, ...], ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a list, or a built-in such as `<num>`."""

    name: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to `most` characters; `wide` gaps may cross commas."""

    most: int
    wide: bool


Part = Text | Choice | Word | Gap
Lists = Callable[[str], Sequence[str] | None]  # name of a word list → its words, None if there is no such list
_TOKEN = re.compile(r"\\.|\.{3}|\.{2}|\{(\d+)\}|<([a-z0-9_]+)>|\(|\)\??|\||.", re.S)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Words for the automaton, and what must stand before and after one of them."""

    anchors: tuple[str, ...]
    before: str  # regular expression, "" where nothing is asked
    after: str
    reach: int  # most characters that `before` can take up
    left: tuple[Part, ...] = ()  # the parts of `before` and `after`
    right: tuple[Part, ...] = ()


def parse(pattern: str) -> tuple[Part, ...]:
    """Parse a pattern; raises PatternError naming what is wrong with it."""
    tokens = list(_TOKEN.finditer(fold(pattern)))
    parts, rest = _sequence(tokens, 0, pattern, depth=0)
    if rest != len(tokens):
        raise PatternError("FQ1101", "括号不配对", "unbalanced bracket", seen=pattern, remedy="检查 ( 与 )")
    if not parts or isinstance(parts[0], Gap) or isinstance(parts[-1], Gap):
        raise PatternError("FQ1102", "模式首尾须是词", "a pattern begins and ends with a word", seen=pattern, remedy="去掉首尾的间隔")
    return parts


def _sequence(tokens: list[re.Match[str]], at: int, pattern: str, *, depth: int) -> tuple[tuple[Part, ...], int]:
    parts: list[Part] = []
    while at < len(tokens):
        token = tokens[at].group(0)
        if token in ("|", ")", ")?"):
            if depth == 0:
                raise PatternError("FQ1101", "括号不配对", "unbalanced bracket", seen=pattern, remedy="检查 ( 与 )")
            break
        if token == "(":
            choice, at = _choice(tokens, at + 1, pattern, depth=depth + 1)
            parts.append(choice)
            continue
        parts.append(_single(tokens[at]))
        at += 1
    return _merge(parts), at


def _choice(tokens: list[re.Match[str]], at: int, pattern: str, *, depth: int) -> tuple[Choice, int]:
    options: list[tuple[Part, ...]] = []
    while True:
        parts, at = _sequence(tokens, at, pattern, depth=depth)
        options.append(parts)
        if at >= len(tokens):
            raise PatternError("FQ1101", "括号不配对", "unbalanced bracket", seen=pattern, remedy="检查 ( 与 )")
        end = tokens[at].group(0)
        at += 1
        if end != "|":
            return Choice(tuple(options), optional=end == ")?"), at


def _single(match: re.Match[str]) -> Part:
    token = match.group(0)
    if len(token) == 2 and token[0] == "\\":
        return Text(token[1])
    if token == "...":
        return Gap(10, wide=False)
    if token == "..":
        return Gap(4, wide=False)
    if match.group(1):
        return Gap(int(match.group(1)), wide=True)
    if match.group(2):
        return Word(match.group(2))
    return Text(token)


def _merge(parts: Iterable[Part]) -> tuple[Part, ...]:
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and merged and isinstance(merged[-1], Text):
            merged[-1] = Text(merged[-1].text + part.text)
        else:
            merged.append(part)
    return tuple(merged)


def expand(parts: Sequence[Part], lists: Lists, limit: int = ANCHOR_LIMIT) -> list[str] | None:
    """All strings that the parts can be, or None where they cannot be listed within the limit."""
    columns: list[list[str]] = []
    size = 1
    for part in parts:
        column = _column(part, lists, limit)
        if column is None:
            return None
        size *= len(column)
        if size > limit:
            return None
        columns.append(column)
    return list(dict.fromkeys("".join(row) for row in product(*columns)))


def _column(part: Part, lists: Lists, limit: int) -> list[str] | None:
    if isinstance(part, Text):
        return None if END in part.text else [part.text]
    if isinstance(part, Gap):
        return None
    if isinstance(part, Word):
        return None if part.name in BUILTIN else list(_words(part.name, lists))
    column = [""] if part.optional else []
    for option in part.options:
        words = expand(option, lists, limit)
        if words is None:
            return None
        column += words
    return column


def _words(name: str, lists: Lists) -> Sequence[str]:
    words = lists(name)
    if words is None:
        raise PatternError("FQ1103", "没有这个词表", "unknown word list", seen=f"<{name}>", remedy="在 terms/ 下建立该文件, 或改正名字")
    return words


def regex(parts: Sequence[Part], lists: Lists) -> str:
    """The parts as a regular expression."""
    out = []
    for part in parts:
        if isinstance(part, Text):
            out.append(re.escape(part.text).replace(re.escape(END), r"\s*\Z"))
        elif isinstance(part, Gap):
            out.append(f"{_WIDE if part.wide else _TIGHT}{{0,{part.most}}}?")
        elif isinstance(part, Word):
            out.append(BUILTIN[part.name][0] if part.name in BUILTIN else trie(tuple(_words(part.name, lists))))
        else:
            inner = "|".join(regex(option, lists) for option in sorted(part.options, key=lambda o: -_longest(o, lists)))
            out.append(f"(?:{inner})" + ("?" if part.optional else ""))
    return "".join(out)


def _longest(parts: Sequence[Part], lists: Lists) -> int:
    total = 0
    for part in parts:
        if isinstance(part, Text):
            total += len(part.text)
        elif isinstance(part, Gap):
            total += part.most
        elif isinstance(part, Word):
            total += BUILTIN[part.name][1] if part.name in BUILTIN else max(map(len, _words(part.name, lists)))
        else:
            total += max(_longest(option, lists) for option in part.options)
    return total


@cache
def trie(words: tuple[str, ...]) -> str:
    """One of the words, longest first, as a regular expression that shares prefixes."""
    tree: dict[str, object] = {}
    for word in words:
        node = tree
        for char in word:
            node = node.setdefault(char, {})  # type: ignore[assignment]
        node[""] = True
    return _branch(tree)


def _branch(node: dict[str, object]) -> str:
    ends = "" in node
    options = [re.escape(char) + _branch(child) for char, child in node.items() if char and isinstance(child, dict)]
    if not options:
        return ""
    body = options[0] if len(options) == 1 and not ends else "(?:" + "|".join(options) + ")"
    return body + "?" if ends else body


def compile_pattern(pattern: str, lists: Lists) -> list[Compiled]:
    """Choose the anchor and compile the rest; several where alternatives share none. Raises PatternError where no part can be searched for."""
    return _compile(parse(pattern), lists, pattern)


def _compile(parts: tuple[Part, ...], lists: Lists, pattern: str) -> list[Compiled]:
    best: tuple[float, int, int, list[str]] | None = None
    for start in range(len(parts)):
        for end in range(start + 1, len(parts) + 1):
            words = expand(parts[start:end], lists)
            if words is None:
                break
            if "" in words:
                continue
            cost = _rarity(words) * (0.5 if end - start == len(parts) else 1.0)  # a whole pattern needs no check
            if best is None or cost > best[0]:
                best = (cost, start, end, words)
    if best is not None:
        _, start, end, words = best
        before, after = parts[:start], parts[end:]
        return [Compiled(tuple(words), regex(before, lists), regex(after, lists), _longest(before, lists), before, after)]
    for index, part in enumerate(parts):  # no common anchor: each alternative on its own
        if isinstance(part, Choice) and not part.optional:
            return [made for option in part.options for made in _compile(_merge(parts[:index] + option + parts[index + 1 :]), lists, pattern)]
    raise PatternError("FQ1104", "模式里没有可检索的固定词", "no part can be searched for", seen=pattern, remedy="加入至少一个固定的词, 或减少可选组合")


@cache
def _frequent() -> dict[str, float]:
    """Counts of common character runs, from the project's own narratives."""
    lines = files("pipeline.text").joinpath("frequent.txt").read_text("utf-8").splitlines()
    return {word: int(count) for word, _, count in (line.partition(" ") for line in lines if not line.startswith("#"))}


_COMMON = 5000  # punctuation: in nearly every text


def _rarity(words: Sequence[str]) -> float:
    """How seldom an anchor is likely to be hit: the fewer of its words in plain text, the better; longer ones where all are rare."""
    return -sum(map(expected, words)) - len(words) * 0.02


@cache
def expected(word: str) -> float:
    """How often a word is likely to stand in the project's narratives: as often as the rarest of its character runs."""
    counts = _frequent()
    return min(counts.get(part, 0.1 if part.isalnum() else _COMMON) for part in (word[i : i + 4] for i in range(max(1, len(word) - 3))))
