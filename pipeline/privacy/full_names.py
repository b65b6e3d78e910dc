"""Full names as a log-linear model: a surname, one or two characters of a given name, what stands left and right, and dictionary words across the edges.

The weights (`name_weights.tsv`) were fitted by `models/training/names.py` on the project's own narratives with planted names and on text read by LAC.
A candidate's points are the sum of the weights of its features, so that every score can be taken apart; 0 is an even chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import log
from typing import NamedTuple

from pipeline.privacy.schema import NameFile
from pipeline.privacy.words import background, words

WEIGHTS = "name_weights.tsv"
NONE = -30.0  # points of a character that no given name has
HAN = "\u3400-\u4dbf\u4e00-\u9fff\ue000-\ufaff\U00020000-\U000323af"
"""Characters of names for a class of `re`, rare ones too: extension A, private use (what old systems write for characters they lack), the planes beyond."""
BEYOND = "\uffff"
"""Stands for every character beyond the basic plane where one table serves all."""
EDGE = "^"  # the begin or end of a text, as a character of context
LEFT, RIGHT = 4, 4  # characters of context that count
_REAL = 3.0  # of the lone characters counted in the background, those that are names after all, per 1 in 1,000 bearers
_STEPS = (60, 1000)  # times in jieba's corpus that part rare, usual and very usual words
NOISE = 1e-6  # of sums of floats
_OVER_LEFT, _OVER_RIGHT = frozenset(("xl", "xl3", "xm3")), frozenset(("xr", "xr3"))
_OVER = _OVER_LEFT | _OVER_RIGHT
_SPEAKS = frozenset(("after", "strong", "sure"))
_AROUND = ("xn", "xp", "xr", "xl", "xr3", "xl3", "xs3", "xm3")  # those that speak for a name first, then by how much they speak against it
_CROSS_ONE, _CROSS_TWO = (*_AROUND[:4], "x1", *_AROUND[4:]), (*_AROUND[:4], "xi", "xg", "xw", *_AROUND[4:])


@dataclass(frozen=True, slots=True)
class Cues:
    """What name.yaml and the dictionary say: words that stand beside names, by tier (they count as one feature each), and words that names must not cut."""

    left: Mapping[str, str]
    right: Mapping[str, str]
    ends: frozenset[str]
    """Characters that end names of places: 路, 镇."""
    known: Mapping[str, int]
    """Word of two or three characters → 1 rare, 2 usual, 3 very usual."""


def cues_of(told: NameFile) -> Cues:
    """The cues of name.yaml."""
    left = {word: tier for tier in ("weak", "strong", "sure") for word in told.cues[tier] if len(word) <= LEFT}
    right = {
        word: tier for tier, own in (("after", told.after), ("strong", told.after_strong), ("sure", told.after_sure)) for word in own if len(word) <= RIGHT
    }
    known = {word: 1 + (count >= _STEPS[0]) + (count >= _STEPS[1]) for word, count in words().items() if len(word) in (2, 3)}
    known |= {word: 3 for word in told.not_words if len(word) in (2, 3)}
    return Cues(left, right | dict.fromkeys(told.not_after, "not"), frozenset(told.place_ends), known)


def _crossing_spans(given: int, stop: int) -> tuple[tuple[int, int], ...]:
    """Where the words across the edges of a name stand that begins at 0: one span for each name in `_CROSS_ONE` or `_CROSS_TWO`."""
    around = ((stop, stop + 2), (-2, 0), (stop - 1, stop + 1), (-1, 1))
    within = ((0, stop),) if stop - given == 1 else ((given - 1, given + 1), (given, stop), (0, stop))
    return *around, *within, (stop - 1, stop + 2), (-2, 1), (stop - 2, stop + 1), (-1, 2)


def crossing(text: str, start: int, given: int, stop: int) -> tuple[str, ...]:
    """What would be words of the dictionary across the edges of a name, in it or beside it: one for each name in `_CROSS_ONE` or `_CROSS_TWO`."""
    return tuple([text[max(0, start + low) : start + high] for low, high in _crossing_spans(given - start, stop - start)])


def parted(name: str, text: str, start: int, stop: int, cues: Cues) -> bool:
    """Whether a word over an edge does not count, since a cue of two or more characters ends or begins there: 报警人|文琳, for all that 人文 is a word."""
    if name in _OVER_LEFT:
        left = cues.left
        return start > 1 and (text[start - 3 : start] in left or text[start - 2 : start] in left or text[start - 4 : start] in left)
    if name not in _OVER_RIGHT:
        return False
    right = cues.right
    return any(map(_SPEAKS.__contains__, (right.get(text[stop : stop + 2]), right.get(text[stop : stop + 3]), right.get(text[stop : stop + 4]))))


def features(text: str, start: int, given: int, stop: int, cues: Cues) -> list[str]:
    """All features of a candidate `text[start:stop]` whose given name begins at `given`, as `group:key`."""
    known = cues.known
    made = ["bias:", f"s:{text[start:given]}"]
    made += [f"1:{text[given]}"] if stop - given == 1 else [f"a:{text[given]}", f"b:{text[given + 1]}", "len:2"]
    made += [f"pe:{stop - given}"] if text[stop - 1] in cues.ends else []
    names = _CROSS_ONE if stop - given == 1 else _CROSS_TWO
    words = zip(names, crossing(text, start, given, stop), strict=True)
    made += [f"{name}:{known[word]}" for name, word in words if word in known and not parted(name, text, start, stop, cues)]
    made += [f"l:{key}" for key in before(text, start)] + [f"r:{key}" for key in behind(text, stop)]
    tiers = [cues.left[key] for key in before(text, start) if key in cues.left]
    made += [f"lt:{tiers[-1]}"] if tiers else []
    tiers = [cues.right[key] for key in behind(text, stop) if key in cues.right]
    return made + ([f"rt:{tiers[-1]}"] if tiers else [])


def before(text: str, start: int) -> list[str]:
    """Contexts on the left, short to long."""
    return [text[start - size : start] for size in range(1, min(LEFT, start) + 1)] or [EDGE]


def behind(text: str, stop: int) -> list[str]:
    """Contexts on the right, short to long."""
    return [text[stop : stop + size] for size in range(1, min(RIGHT, len(text) - stop) + 1)] or [EDGE]


def _shorter(key: str, *, left: bool) -> list[str]:
    """A context and the shorter ones within it, from short to long."""
    return [key[-size:] if left else key[:size] for size in range(1, len(key) + 1)]


def _totals(own: Mapping[str, float], tiers: Mapping[str, str], worth: Mapping[str, float], *, left: bool) -> dict[str, float]:
    """Context → points of it and of all shorter contexts within it. With each context stand its shorter ones, so that a look-up may stop at the first miss."""
    made = {}
    for key in {part for whole in {*own, *tiers} for part in _shorter(whole, left=left)}:
        shorter = _shorter(key, left=left)
        tier = next((tiers[part] for part in reversed(shorter) if part in tiers), "")
        made[key] = sum(own.get(part, 0.0) for part in shorter) + worth.get(tier, 0.0)
    return made


class _Crossing(NamedTuple):
    """A word across the edges of a name: where it stands from the begin of the name on, and what it counts."""

    low: int
    high: int
    name: str
    over: bool
    """Whether it lies over an edge, so that a cue beside the name may part it."""
    worth: tuple[float, ...]
    """Points by step of the word."""
    hope: float
    """How many points those after it may add at most."""


def _crossings(given: int, stop: int, weights: Mapping[str, Mapping[str, float]]) -> tuple[_Crossing, ...]:
    names = _CROSS_ONE if stop - given == 1 else _CROSS_TWO
    worths = [tuple(weights.get(name, {}).get(str(step), 0.0) for step in (1, 2, 3)) for name in names]
    hopes = [sum(max(0.0, *own) for own in worths[index + 1 :]) + NOISE for index in range(len(names))]
    spans = _crossing_spans(given, stop)
    return tuple(_Crossing(*span, name, name in _OVER, worth, hope) for span, name, worth, hope in zip(spans, names, worths, hopes, strict=True))


class FullNames:
    """The fitted weights, laid out for look-ups. Immutable."""

    def __init__(self, weights: Mapping[str, Mapping[str, float]], cues: Cues, told: NameFile, cut: float) -> None:
        self.cut = cut
        bias = weights["bias"][""]
        self.surname = {key: points + bias for key, points in weights["s"].items()}
        doubles = [word for word in told.double_surnames if word in self.surname]
        least = min((self.surname[word] for word in doubles), default=NONE)
        self.surname |= {word: least for word in told.double_surnames if word not in self.surname}  # too rare to be fitted: as the least of the others
        two = weights["len"].get("2", 0.0)
        self.first = weights["a"]
        self.one, self.last = dict(weights["1"]), {key: points + two for key, points in weights["b"].items()}
        for char in told.never_last:
            self.one.pop(char, None)
            self.last.pop(char, None)
        self.given = frozenset(self.first)
        self._common = frozenset((*background(), *self.one, *self.first, *self.last, *told.never, *told.not_rare, *"".join(words())))
        self.rare_one, self.rare_first, self.rare_last = (told.weights[f"rare_{place}"] for place in ("one", "first", "last"))
        sizes = {len(surname) for surname in self.surname}
        self._cross = {(size, size + more): _crossings(size, size + more, weights) for size in sizes for more in (1, 2)}
        self._left = _totals(weights["l"], cues.left, weights.get("lt", {}), left=True)
        self._right = _totals(weights["r"], cues.right, weights.get("rt", {}), left=False)
        self._left_edge, self._right_edge = self._left.get(EDGE, 0.0), self._right.get(EDGE, 0.0)
        self._ends = dict.fromkeys(cues.ends, weights.get("pe", {}))
        self._known, self._cues = cues.known, cues

    def left(self, text: str, start: int) -> float:
        """Points for what stands before."""
        if not start:
            return self._left_edge
        get = self._left.get
        one = get(text[start - 1])
        if one is None:
            return 0.0
        two = get(text[start - 2 : start]) if start > 1 else None
        if two is None:
            return one
        three = get(text[start - 3 : start]) if start > 2 else None
        if three is None:
            return two
        four = get(text[start - 4 : start]) if start > 3 else None
        return three if four is None else four

    def right(self, text: str, stop: int) -> float:
        """Points for what stands behind."""
        if stop >= len(text):
            return self._right_edge
        get = self._right.get
        one = get(text[stop])
        if one is None:
            return 0.0
        two = get(text[stop : stop + 2])
        if two is None:
            return one
        three = get(text[stop : stop + 3])
        if three is None:
            return two
        four = get(text[stop : stop + 4])
        return three if four is None else four

    def own(self, surname: str, given: str) -> float:
        """Points of the characters of a name alone; very few for a character that no given name has."""
        base = self.surname.get(surname, NONE)
        if len(given) == 1:
            return base + self._worth(self.one, given, self.rare_one)
        return base + self._worth(self.first, given[0], self.rare_first) + self._worth(self.last, given[1], self.rare_last)

    def rare(self, char: str) -> bool:
        """Whether a character is so rare that hardly anything but names has it: it stands in no word and nowhere in the general text that was counted."""
        return ("\u3400" <= char <= "\u9fff" or "\ue000" <= char <= "\ufaff" or char >= "\U00020000") and char not in self._common

    def _worth(self, points: Mapping[str, float], char: str, rare: float) -> float:
        own = points.get(char)
        return own if own is not None else rare if char and self.rare(char) else NONE

    def across(self, text: str, start: int, given: int, stop: int, above: float = 10 * NONE) -> float:
        """Points for dictionary words across the edges; `NONE` as soon as it is clear that they are not above `above`."""
        points = self._place_end(text, given, stop) if text[stop - 1] in self._ends else 0.0
        known = self._known
        for low, high, name, over, worth, hope in self._cross[given - start, stop - start]:  # most stop early: cut each word when asked
            at = start + low
            word = text[at if at > 0 else 0 : start + high]
            if word in known and not (over and parted(name, text, start, stop, self._cues)):
                points += worth[known[word] - 1]
            if points + hope < above:
                return NONE
        return points

    def _place_end(self, text: str, given: int, stop: int) -> float:
        ends = self._ends.get(text[stop - 1])
        return ends.get(str(stop - given), 0.0) if ends is not None else 0.0

    def points(self, text: str, start: int, given: int, stop: int) -> float:
        """All points of a candidate."""
        return self.own(text[start:given], text[given:stop]) + self.across(text, start, given, stop) + self.left(text, start) + self.right(text, stop)


def bases(told: NameFile) -> dict[str, float]:
    """Log-odds of each surname: how often it begins a name against how often it stands alone as something else."""
    seen, w = background(), told.weights
    made = {}
    for bearers, chars in reversed(told.surnames.items()):  # the first line that has a character counts
        for char in chars:
            alone = seen.get(char, (0, 0))[0]
            other = max(alone - _REAL * bearers, 0.1 * alone) + 0.5
            made[char] = min(max(log(2 * bearers / other), w["base_low"]), w["base_high"])
    return made | {char: max(made[char], w["clear"]) for char in told.clear}


@cache
def shipped_weights() -> dict[str, dict[str, float]]:
    """Group → key → weight, from name_weights.tsv. Characters have one line with the columns 1, a, b."""
    made: dict[str, dict[str, float]] = {}
    for line in files("pipeline.privacy").joinpath(WEIGHTS).read_text("utf-8").splitlines():
        if line.startswith("# "):
            continue
        group, key, *values = line.split("\t")
        for name, value in zip(group.split(","), values, strict=True):
            made.setdefault(name, {})[key.replace("\\n", "\n").replace("\\s", " ")] = float(value)
    return made


def candidates(text: str, surnames: re.Pattern[str], given: frozenset[str]) -> Iterable[tuple[int, int, int]]:
    """(start, given, stop) of everything that has the build of a full name; `surnames` looks ahead and takes nothing."""
    for found in surnames.finditer(text):
        start, at = found.span(1)
        if text[at : at + 1] in given:
            yield start, at, at + 1
            if text[at + 1 : at + 2] in given:
                yield start, at, at + 2


def surname_pattern(surnames: Sequence[str]) -> re.Pattern[str]:
    """Every surname of a text, also overlapping ones."""
    doubles = [name for name in surnames if len(name) > 1]
    singles = "".join(re.escape(name) for name in surnames if len(name) == 1)
    return re.compile(f"(?=({'|'.join([*map(re.escape, doubles), f'[{singles}]'])}))")
