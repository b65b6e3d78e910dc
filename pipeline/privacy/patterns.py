"""Identifiers by the recogniser files: runs of digits and Latin letters are found once, then each recogniser reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.privacy.checks import CHECKS
from pipeline.privacy.schema import Pattern, PatternFile
from pipeline.text.normalise import fold, has_any

_RUN = re.compile(r"[a-z0-9*+(](?:[a-z0-9*@._:/?#=&%+~$()-]| {1,3}(?=[0-9*a-z])){2,}")
_PART = re.compile(r"(?<!\(\?)<([a-z]+)>")
_DIGIT = re.compile(r"[0-9*]")
_CHINESE = "零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖洞两"
_PLAIN = str.maketrans(_CHINESE, "0123456789112345678902")
_CHINESE_RUN = re.compile(rf"(?:[{_CHINESE}][ -]?){{6,}}[{_CHINESE}0-9x]+|(?=[0-9]*[{_CHINESE}])[0-9{_CHINESE}]{{11,}}")
_CHINESE_START = re.compile(rf"[{_CHINESE}][ -]?[{_CHINESE}][ -]?[{_CHINESE}][ -]?[{_CHINESE}]")  # cheap: most texts have no such run
_FILLER = '号码是为: ,()"“”尾的叫有·.、;=>-\t'
_NEAR, _AROUND, _WIDE, _BESIDE = 16, 14, 16, 6
LEAST = 0.5  # a finding below this score is none


class Hit(NamedTuple):
    """A span of the normalised text that a recogniser claims."""

    start: int
    end: int
    kind: str
    recogniser: str
    score: float
    value: str
    context: tuple[str, ...]
    priority: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class _Run:
    """Digits and letters without the separators between them; `at[i]` is where `compact[i]` stands in the text."""

    compact: str
    at: Sequence[int]
    starts: frozenset[int]
    stops: frozenset[int]


class _Pattern:
    def __init__(self, owner: PatternFile, told: Pattern) -> None:
        # digits keep clear of digits by look-arounds; \b would not do between 话 and 1
        edge = r"(?<![0-9*x]){}(?![0-9*])" if owner.form == "digits" else r"(?<![a-z0-9]){}(?![a-z0-9*])" if owner.form == "latin" else "{}"
        regex = _filled(told.regex, owner.parts)
        self.regex = re.compile(edge.format(f"(?:{regex})"))
        self.bare = re.compile(regex)
        self.least = told.least  # told in the file: asking the compiled pattern is no public part of `re`
        self.cued = told.score < LEAST and not told.check and told.cue in ("near", "tail")
        self.told = told
        self.name = f"{owner.id}/{told.name}"
        self.check: Callable[[str], bool] | None = CHECKS[told.check] if told.check else None
        self.literals = tuple(told.literals)
        self.never = re.compile(told.not_) if told.not_ else None


def _filled(regex: str, parts: dict[str, str]) -> str:
    """A pattern with its named pieces put in, also pieces of pieces."""
    while (found := _PART.search(regex)) is not None:
        regex = f"{regex[: found.start()]}(?:{parts[found[1]]}){regex[found.end() :]}"
    return regex


class PatternReader:
    """All recognisers of identifiers, compiled."""

    def __init__(self, files: Sequence[PatternFile]) -> None:
        self._files = [(file, [_Pattern(file, told) for told in file.patterns]) for file in files]
        self._cues = {file.id: _sorted(file.cues) for file in files}
        self._tails = {file.id: _sorted(file.tails) for file in files}
        self._around = {file.id: _sorted(file.around) for file in files}
        self._not_cues = {file.id: _sorted(file.not_cues) for file in files}
        self._text = [(file, patterns, re.compile(file.gate) if file.gate else None) for file, patterns in self._files if file.form == "text"]
        self._gates = {file.id: re.compile(file.gate) for file in files if file.gate and not file.literals}
        numbers = [(file, patterns) for file, patterns in self._files if file.form == "digits"]
        plain = [(file, pattern) for file, patterns in numbers for pattern in patterns if not pattern.told.raw]
        self._digits = sorted(plain, key=lambda told: told[1].least)
        self._shortest = min((pattern.least for _file, pattern in plain), default=0)
        self._least_uncued = min((pattern.least for _file, pattern in plain if not pattern.cued), default=0)
        self._cue_ends = frozenset(word[-1] for file, _pattern in plain for word in (*self._cues[file.id], *self._tails[file.id]))
        self._raw = [(file, pattern) for file, patterns in numbers for pattern in patterns if pattern.told.raw]
        self._shortest_raw = min((pattern.least for _file, pattern in self._raw), default=0)
        latin = [(file, pattern) for file, patterns in self._files if file.form == "latin" for pattern in patterns]
        self._latin = sorted(latin, key=lambda told: told[1].least)
        self._latin_ends = frozenset(word[-1] for file, _pattern in latin for word in (*self._cues[file.id], *self._tails[file.id]))
        self._short_latin = min((pattern.least for _file, pattern in latin), default=0)

    def find(self, text: str) -> list[Hit]:
        """Hits in a normalised text, overlaps settled: higher priority, then longer, then earlier."""
        hits: list[Hit] = []
        spans: list[tuple[int, int]] = []
        for run in _RUN.finditer(text):
            spans.append(run.span())
            hits += self._shown(text, run[0].rstrip(" -"), run.start())
        if _CHINESE_START.search(text):
            for run in _CHINESE_RUN.finditer(text):
                spans.append(run.span())
                hits += self._in_run(text, _compact(run[0].translate(_PLAIN), run.start()), spoken=True)
        for file, patterns, gate in self._text:
            if not file.literals:
                if spans:
                    hits += self._beside(text, file, patterns, spans)
            elif has_any(text, file.literals) and (gate is None or gate.search(text)):
                hits += self._in_text(text, file, patterns, 0, len(text))
        return settle(hits) if len(hits) > 1 else hits

    def _shown(self, text: str, shown: str, start: int) -> list[Hit]:
        """What a run of digits and letters holds."""
        hits: list[Hit] = []
        size = len(shown)
        if shown.isdigit():  # most runs: a year, an amount, a telephone number
            if size >= self._least_uncued or (size >= self._shortest and self._cue_may_end(text, start)):  # a year, an amount: nobody's
                hits += self._in_run(text, _Run(shown, range(start, start + size), frozenset((0,)), frozenset((size,))))
        elif _DIGIT.search(shown):
            hits += self._in_run(text, _compact(shown, start))
            for file, pattern in self._raw if size >= self._shortest_raw else ():
                for found in pattern.regex.finditer(shown):
                    begin = start + found.start()
                    hits += self._scored(text, file, pattern, begin, begin + len(found[0]), _digits(found[0]))
        if size >= self._short_latin:
            hits += self._in_latin(text, shown, start)
        return hits

    def _beside(self, text: str, file: PatternFile, patterns: list[_Pattern], spans: list[tuple[int, int]]) -> Iterator[Hit]:
        """Text patterns without words of their own begin at a run of digits and letters, or a little before."""
        windows: list[tuple[int, int]] = []
        for begin, stop in spans:
            start, end = max(0, begin - _BESIDE), stop + _BESIDE
            if windows and start <= windows[-1][1]:
                windows[-1] = windows[-1][0], max(end, windows[-1][1])
            else:
                windows.append((start, end))
        gate = self._gates.get(file.id)
        for start, end in windows:
            if gate is not None and not gate.search(text, start, end):
                continue
            yield from self._in_text(text, file, patterns, start, end)

    def _in_text(self, text: str, file: PatternFile, patterns: list[_Pattern], start: int, end: int) -> Iterator[Hit]:
        for pattern in patterns:
            if pattern.literals and not has_any(text, pattern.literals):
                continue
            for found in pattern.regex.finditer(text) if pattern.literals else pattern.regex.finditer(text, start, end):
                yield self._hit(file, pattern, found.start(), found.end(), found[0], pattern.told.score, ())

    def _in_run(self, text: str, run: _Run, *, spoken: bool = False) -> Iterator[Hit]:
        for begin in sorted(run.starts):
            rest, near = len(run.compact) - begin, None
            for file, pattern in self._digits:
                if pattern.least > rest:
                    break
                if pattern.cued:  # a short number without a word before it is nobody's
                    near = self._cue_may_end(text, run.at[begin]) if near is None else near
                    if not near or (spoken and pattern.told.cue == "tail"):
                        continue
                found = pattern.bare.match(run.compact, begin)
                if found is not None and self._stands(run, found.end()):
                    yield from self._scored(text, file, pattern, run.at[begin], run.at[found.end() - 1] + 1, found[0])

    def _cue_may_end(self, text: str, start: int) -> bool:
        """Whether the character before a number, filler aside, can be the last one of a cue."""
        before = text[max(0, start - _NEAR) : start]
        return before[-1:] in self._cue_ends or before.rstrip(_FILLER)[-1:] in self._cue_ends

    def _latin_cue_may_end(self, text: str, start: int) -> bool:
        before = text[max(0, start - _NEAR) : start]
        return before[-1:] in self._latin_ends or before.rstrip(_FILLER)[-1:] in self._latin_ends

    @staticmethod
    def _stands(run: _Run, end: int) -> bool:
        return end in run.stops and run.compact[end : end + 1] != "*"

    def _in_latin(self, text: str, shown: str, start: int) -> Iterator[Hit]:
        end = start + len(shown)
        silent = shown.isalnum() and not self._latin_cue_may_end(text, start)
        for file, pattern in self._latin:
            if pattern.least > len(shown):
                return
            if silent and pattern.cued:  # in one piece, so that a match begins where the piece does, and there is no word before it
                continue
            if pattern.literals and not has_any(shown, pattern.literals):
                continue
            for found in pattern.regex.finditer(text, start, end):
                yield from self._scored(text, file, pattern, found.start(), found.end(), found[0])

    def _scored(self, text: str, file: PatternFile, pattern: _Pattern, start: int, end: int, value: str) -> Iterator[Hit]:
        told = pattern.told
        score, context = told.score, []
        before = text[max(0, start - _NEAR) : start]
        if told.cue is not None:
            if told.cue == "around":
                beside = text[max(0, start - _WIDE) : end + _WIDE]
                word = next((cue for cue in self._around[file.id] if cue in beside), "")
            else:
                word = _ends_with(before, self._tails[file.id] if told.cue == "tail" else self._cues[file.id])
            if word:
                score = max(score, told.cue_score)
                context.append(word)
        if pattern.check is not None and pattern.check(value):
            score = max(score, told.check_score)
            context.append("校验位")
        if score < LEAST or (pattern.never is not None and pattern.never.search(value)):
            return
        if told.shown and "*" in value and sum(char.isdigit() for char in value) < told.shown:
            return
        if self._not_cues[file.id] and _ends_with(before, self._not_cues[file.id]):
            return
        if not context and self._cues[file.id]:
            around = text[max(0, start - _AROUND) : start]
            word = next((cue for cue in self._cues[file.id] if cue in around), "")
            if word:
                score, context = min(1.0, score + 0.05), [word]
        yield self._hit(file, pattern, start, end, value, score, tuple(context))

    def _hit(self, file: PatternFile, pattern: _Pattern, start: int, end: int, value: str, score: float, context: tuple[str, ...]) -> Hit:
        return Hit(start, end, file.kind, pattern.name, score, value.replace(" ", ""), context, file.priority)


def _digits(written: str) -> str:
    return "".join(char for char in written if char.isdigit())


def _sorted(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted((fold(word) for word in words), key=len, reverse=True))


def _ends_with(before: str, words: tuple[str, ...]) -> str:
    """The cue that ends right before the number, filler aside; empty where there is none."""
    bare = before.rstrip(_FILLER)
    for word in words:
        if before.endswith(word) or bare.endswith(word):
            return word
    return ""


def _compact(shown: str, start: int) -> _Run:
    """Fold separators away; a piece may begin or end at a separator, at an edge, and where letters meet digits."""
    at = [start + i for i, char in enumerate(shown) if char not in " -()"]
    compact = "".join(char for char in shown if char not in " -()")
    starts, stops = {0}, {len(compact)}
    for index in range(1, len(compact)):
        left, right = compact[index - 1], compact[index]
        if at[index] - at[index - 1] > 1:
            starts.add(index)
            stops.add(index)
        elif (left in "0123456789*") != (right in "0123456789*"):
            starts.add(index)
            if right != "x" or index + 1 < len(compact):
                stops.add(index)
    return _Run(compact, at, frozenset(starts), frozenset(stops))


def settle(hits: list[Hit]) -> list[Hit]:
    """Of overlapping hits the one of higher priority stays, then the longer, then the earlier; in the order of the text."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=_rank):
        if all(hit.end <= other.start or hit.start >= other.end for other in kept):
            kept.append(hit)
    return sorted(kept)


def _rank(hit: Hit) -> tuple[int, int, float, int]:
    return -hit.priority, hit.start - hit.end, -hit.score, hit.start
