"""Names of persons: a surname to begin with, then characters of given names, titles, masks, and the words to the left and right.

Each piece of evidence adds or takes points (weights of name.yaml); above the threshold it is a name. One automaton finds surnames, dictionary
words that hold a surname (evidence against), nicknames and parts of Tibetan, Mongolian and Uyghur names in a single scan.
"""

from __future__ import annotations

import re
from math import log
from typing import Any

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.privacy.other_names import DOT as _DOT
from pipeline.privacy.other_names import OPEN as _OPEN
from pipeline.privacy.other_names import OTHER_DOTS as _OTHER_DOTS
from pipeline.privacy.other_names import OtherNames
from pipeline.privacy.patterns import Hit, settle
from pipeline.privacy.schema import NameFile
from pipeline.privacy.words import background, usual_pairs, words

_PRIORITY = 30
_MARKS = frozenset(" ,.;:!?()[]<>\"'/|+=&#%@~-_\n。、《》【】“”…·")
_HAN = re.compile("[\u4e00-\u9fff]+")
_STARS = re.compile(r"\*{1,3}|x{1,3}(?![a-z0-9])|○{1,2}")
_SHORT = 2
_PAIR, _RARE, _LONG = 2, 3, 3  # rare longer words of the dictionary are as often names as not
_BREAKS = _MARKS | {""}
_OPENING = frozenset(':(“"')
_SURNAME, _DOUBLE, _WORD, _LITTLE, _PET, _PART, _DOUBTFUL_LITTLE = range(7)


_NEVER = -4.4  # 后, 却, 经: words through and through
_WORDLIKE = -3.6
_DOUBTFUL = -2.0  # a surname of fewer points begins no name inside a dictionary word unless a sure cue stands before
_REAL = 3.0  # of the lone characters counted in the background, those that are names after all, per 1 in 1,000 bearers


def _bases(told: NameFile) -> dict[str, float]:
    """Log-odds of each surname: how often it begins a name against how often it stands alone as something else."""
    seen, w = background(), told.weights
    made = {}
    for bearers, chars in reversed(told.surnames.items()):  # the first line that has a character counts
        for char in chars:
            alone = seen.get(char, (0, 0))[0]
            other = max(alone - _REAL * bearers, 0.1 * alone) + 0.5
            made[char] = min(max(log(2 * bearers / other), w["base_low"]), w["base_high"])
    return made | {char: max(made[char], w["clear"]) for char in told.clear}


def _given(told: NameFile) -> dict[str, float]:
    """Log-odds of each character within a given name against running text."""
    seen, w = background(), told.weights
    share = {char: w[f"given_{tier}"] for tier in ("1", "2", "3") for char in told.given[tier]}
    chars = seen.keys() | share.keys()
    made = {char: log(share.get(char, w["given_none"]) / (seen.get(char, (0, 0))[1] + 20)) for char in chars}
    return {char: min(max(points, w["given_low"]), w["given_high"] if char in share else w["given_rare"]) for char, points in made.items()}


class NameReader:
    """Reads names by name.yaml. Immutable after load."""

    def __init__(self, told: NameFile) -> None:
        self._w = told.weights
        self._base = _bases(told)
        self._doubles = frozenset(told.double_surnames)
        self._given = _given(told)
        typical = set(told.given["3"]) | set(told.given["2"])
        self._never, self._never_last = frozenset(told.never) - typical, frozenset(told.never_last)
        self._place_ends = frozenset(told.place_ends)
        self._cue = {word: self._w[f"cue_{tier}"] for tier in ("weak", "strong", "sure") for word in told.cues[tier]}
        self._after, self._not_after = frozenset(told.after), frozenset(told.not_after)
        self._after_sure = tuple(told.after_sure)
        self._after_strong = tuple(told.after_strong)
        self._linking = frozenset(word for word in told.after if len(word) == 1)
        self._titles = frozenset(told.titles)
        self._not_numbered = frozenset(told.not_numbered)
        self._sure_titles = frozenset(told.sure_titles)
        self._title_heads = frozenset(title[0] for title in told.titles) | frozenset("*x○")
        self._no_title = {title: tuple(rest) for title, rest in told.no_title_after.items() if rest}
        self._no_little = frozenset(told.no_little_before)
        self._cue_ends = frozenset(word[-1] for tier in ("strong", "sure") for word in told.cues[tier]) | _OPENING
        self._pairs = usual_pairs()
        self._words = words().keys() | set(told.not_words)
        self._naming, self._not_named = frozenset(told.naming), frozenset(told.not_named)
        self._mask_sign, self._surname_word, self._family, self._little_tails = told.mask_sign, told.surname_word, told.family, frozenset(told.little_tails)
        self._surname_after, self._joins, self._big = frozenset(told.surname_after) | {""}, frozenset(told.joins), told.big
        self._compile(told)
        self._others = OtherNames(self, told)

    def _compile(self, told: NameFile) -> None:
        kinds: dict[str, int] = {}
        surname = re.compile(f"[{''.join(self._base)}{told.little}]")
        for word, count in words().items():
            if (
                (len(word) == _PAIR or count > _RARE)
                and surname.search(word)
                and told.mask_sign not in word
                and word[0] != told.surname_word
                and not (len(word) > _PAIR and word[1:] in self._titles)
            ):
                kinds[word] = _WORD
        parts = tuple(part for part in told.parts if len(part) > 1)
        kinds = {word: kind for word, kind in kinds.items() if not (len(word) > _LONG and word.startswith(parts) and word.endswith(parts))}
        kinds |= dict.fromkeys(self._base, _SURNAME)
        kinds |= dict.fromkeys(parts, _PART)
        kinds |= dict.fromkeys(self._doubles, _DOUBLE)
        kinds |= {mark + char: _PET for mark in told.pet_marks for char in told.words} | {char + mark: _PET for mark in told.pet_ends for char in told.words}
        kinds |= {mark + char: _LITTLE for mark in told.little for char in told.little_surnames}
        kinds |= {word: _DOUBTFUL_LITTLE if kinds.get(word) == _LITTLE and word[0] != told.big else _WORD for word in told.not_words}
        kinds |= dict.fromkeys(told.no_little, _WORD)
        kinds |= {word: _WORD for word in (*self._cue, *self._after) if len(word) > 1 and surname.search(word)}
        self._entries: list[tuple[int, Any]] = [
            (kind, self._hidden(word) if kind == _WORD else self._base.get(word, self._w["double"])) for word, kind in kinds.items()
        ]
        self._automaton = CharwiseDoubleArrayAhoCorasick(list(kinds), MATCH_KIND_LEFTMOST_LONGEST)

    def _hidden(self, word: str) -> tuple[tuple[int, float, bool], ...]:
        """Where in a dictionary word a name may begin all the same: 称王|建国, 报警人|丁兰英, 甘宁|海; how many points less, and whether only after a strong cue."""
        spots = []
        if word[0] in self._base and word not in self._after and word not in self._cue:
            spots.append((0, self._w["in_word"], self._base[word[0]] < _DOUBTFUL))
        if self._base.get(word[-1], -9) > -4:
            known = word[:-1] in self._after or word[:-1] in self._cue
            spots.append((len(word) - 1, self._w["word_end"], not known))
        return tuple(spots)

    def begins(self, word: str) -> bool:
        """Whether a surname begins a word, and nothing in it speaks against a name."""
        return (word[0] in self._base or word[:2] in self._doubles) and self.may_name(word)

    def may_name(self, word: str) -> bool:
        """Whether no character of a word speaks against a name."""
        return self._never.isdisjoint(word) and word[-1:] not in self._never_last

    def is_word(self, word: str) -> bool:
        """Whether a word of the dictionary."""
        return word in self._words

    def find(self, text: str) -> list[Hit]:
        """Names in a normalised text, in order, none overlapping."""
        try:
            found = self._automaton.find(text)
        except UnicodeEncodeError:  # lone surrogates: same length, none left
            text = text.encode("utf-8", "replace").decode("utf-8")
            found = self._automaton.find(text)
        hits: list[Hit] = []
        entries, done, parts = self._entries, 0, []
        for start, end, term in found:
            kind, told = entries[term]
            if not told or start < done:
                continue
            if kind == _WORD:
                hit = self._in_word(text, start, end, told)
            elif kind == _PART:
                parts.append((start, end))
                continue
            elif kind in (_LITTLE, _PET, _DOUBTFUL_LITTLE):
                hit = self._little(text, start, end, pet=kind != _LITTLE)
            elif told < _WORDLIKE and not self._worth(text, start, end):
                continue
            else:
                hit = self._person(text, start, end, told)
            if hit is None and hits and kind == _SURNAME and start == done + 1 and text[done] in self._joins:
                hit = self._full(text, start, end, told, joined=True)
            if hit is not None:
                hits.append(hit)
                done = hit.end
        if parts or "·" in text or ("." in text and _DOT.search(text)) or not _OTHER_DOTS.isdisjoint(text):
            hits = settle(self._others.dotted(text) + self._others.joined(text, parts) + hits)
        return self._others.further(text, hits)

    def _worth(self, text: str, start: int, end: int) -> bool:
        """Whether a character that is hardly ever a surname (后, 都, 区) stands where it might be one: a cheap look before the dear one."""
        before = text[start - 1 : start]
        if before in self._cue_ends or text[end : end + 1] in self._title_heads:
            return True
        return before in _BREAKS and (text.startswith(self._after_sure, end + 2) or text.startswith(self._after_sure, end + 1))

    def _in_word(self, text: str, start: int, end: int, spots: tuple[tuple[int, float, bool], ...]) -> Hit | None:
        for offset, penalty, strongly in spots:
            at = start + offset
            before = text[at - 1 : at]
            sure = False
            if (strongly or offset == 0) and before not in self._cue_ends and (strongly or offset or not self._typical_pair(text, at + 1)):
                if offset or before not in _BREAKS:
                    continue
                sure = text.startswith(self._after_sure, at + 3) or text.startswith(self._after_sure, at + 2)
                if strongly and not sure:
                    continue
            left = self.left(text, at)[0]
            if left <= 0 or (not sure and (strongly and left < self._w["cue_sure" if offset == 0 else "cue_strong"])):
                continue
            hit = self._person(text, at, at + 1, self._base[text[at]] + penalty)
            if (
                hit is not None
                and hit.part == "full"
                and (hit.end > end or (hit.value not in self._pairs and (left >= self._w["cue_sure"] or text.startswith(self._after_sure, hit.end))))
            ):
                return hit
        return None

    def _typical_pair(self, text: str, at: int) -> bool:
        """被|陆金龙: two characters that hardly stand side by side but in names."""
        return sum(self._given.get(char, -2.0) for char in text[at : at + 2]) >= self._w["typical_pair"]

    def _person(self, text: str, start: int, end: int, base: float) -> Hit | None:
        """A surname at start..end: with a title, masked, or with a given name (俞伯|明 rather than 俞伯)."""
        if text[end : end + 1] in self._title_heads or text[start - 1 : start] == self._surname_word:
            titled = self._titled(text, start, end, base)
            if titled is not None:
                full = self._full(text, start, end, base) if titled.end == end + 1 and titled.part == "titled" else None
                return full or titled
        return self._full(text, start, end, base)

    def _full(self, text: str, start: int, end: int, base: float, *, joined: bool = False) -> Hit | None:
        """A surname at start..end with a given name of one or two characters; `joined` by a sign to a name before it."""
        left, cue = self.left(text, start) if not joined else (self._w["cue_strong"], text[start - 1])
        if base + left < self._w["hopeless"] and left <= 0:
            return None
        if text[end : end + 1] == self._family and base > 0 and left > 0 and self.right(text, end + 1, self._family)[0] > 0:
            return self.hit(text, start, end, "surname", 4.0 + left, cue, self._family)
        best, stop, beside = 0.0, 0, ""
        for length in (2, 1):
            given = text[end : end + length]
            if len(given) < length or not _HAN.fullmatch(given):
                continue
            points, word = self._given_points(text, given, end + length, clear=base > 1)
            if stop == 0 or points > best:
                best, stop, beside = points, end + length, word
        if left > 0 and (text.startswith(self._after_sure, stop) or (left >= self._w["cue_sure"] and beside != _OPEN)):
            base = max(base, self._w["base_sure"]) if base > _NEVER else base  # 当事人路某某(男: here even 路 is a surname
        total = base + left + best
        if left < self._w["cue_sure"] and text[start:stop] in self._words and not text.startswith(self._after_sure, stop):
            total += self._w["whole_word"]
        if left >= self._w["cue_strong"] and beside != _OPEN:
            total += self._w["both_sides"]
        if not stop or total < self._w["threshold"]:
            return None
        return self.hit(text, start, stop, "full", total, cue, beside)

    def _given_points(self, text: str, given: str, stop: int, *, clear: bool) -> tuple[float, str]:
        w = self._w
        if self._never.intersection(given) or given[-1] in self._never_last:
            return -9.0, ""
        points = sum(self._given.get(char, w["given_rare"]) for char in given)
        points += w["two_given"] if len(given) == 2 else w["one_given"]
        right, word = self.right(text, stop, given[-1])
        if len(given) == 2 and given in self._pairs:
            points += w["is_word"] / (2 if clear or all(self._given.get(char, 0) > 0 for char in given) else 1)
        if len(given) == _PAIR and given[-1] in self._place_ends and right < w["after_strong"]:
            points += w["place_end"] * (2 if given[0] == self._family else 1)  # 侯家塘
        if given[-1] in self._linking and right < w["after"]:
            points -= 1.8
        return points + right, word

    def left(self, text: str, start: int) -> tuple[float, str]:
        """Points for what stands before, and the cue word."""
        cues = self._cue
        if start == 0 or text[start - 1] in _MARKS:
            bare = text[max(0, start - 8) : start].rstrip(' :(“"是为叫')
            for length in (4, 3, 2):
                if bare[-length:] in cues and len(bare) >= length and bare[-1] not in _MARKS:
                    return max(cues[bare[-length:]], self._w["starts_clause"]), bare[-length:]
            return self._w["starts_clause"], ""
        for length in (4, 3, 2, 1):
            word = text[max(0, start - length) : start]
            if word in cues:
                return cues[word], word
        return self._w["no_cue"], ""

    def right(self, text: str, stop: int, last: str) -> tuple[float, str]:
        nxt = text[stop : stop + 1]
        if text.startswith(self._after_sure, stop):
            return self._w["after_sure"], nxt
        if text.startswith(self._after_strong, stop):
            return self._w["after_strong"], nxt
        if not nxt or nxt in _MARKS or not "\u4e00" <= nxt <= "\u9fff":
            return self._w["after_mark"], ""
        for length in (3, 2, 1):
            word = text[stop : stop + length]
            if word in self._not_after:
                return -4.0, _OPEN
            if word in self._after:
                unlikely = length == 1 and (last + nxt in self._pairs or text[stop + 1 : stop + 2] in _MARKS)  # 令狐大|冲,
                return self._w["after"] - (1.0 if unlikely else 0.0), word
        if last + nxt in self._pairs:
            return self._w["crosses_word"], _OPEN
        return (self._w["after_pair"] if text[stop : stop + 2] in self._pairs else 0.0), _OPEN

    def _titled(self, text: str, start: int, end: int, base: float) -> Hit | None:
        """王女士, 李某某, 赵师傅, 刘**, 姓王的."""
        if text[start - 1 : start] == self._surname_word and base > _NEVER and text[end : end + 1] in self._surname_after:
            return self.hit(text, start, end, "surname", 5.5, self._surname_word, "")
        stars = _STARS.match(text, end)
        if stars is not None and base > -2.5:
            stop = stars.end()
            stop += self._ends_name(text, stop)
            return self.hit(text, start, stop, "masked", 5.5, "", "")
        for length in (4, 3, 2, 1):
            title = text[end : end + length]
            if title in self._titles and len(title) == length:
                hit = self._with_title(text, start, end, title, base)
                if hit is not None:
                    return hit
        return None

    def _ends_name(self, text: str, at: int) -> bool:
        """王某|军, 郑*|明: a character of given names behind a mask, after which a name may end."""
        char = text[at : at + 1]
        return bool(char) and self._given.get(char, -1) >= 0.6 and char not in self._linking and self.right(text, at + 1, char)[0] >= self._w["after_mark"]

    def _with_title(self, text: str, start: int, end: int, title: str, base: float) -> Hit | None:
        stop = end + len(title)
        if text.startswith(self._no_title.get(title, ()), stop) and self._no_title.get(title):
            return None
        masked = title[0] == self._mask_sign
        left, cue = self.left(text, start)
        needed = -2.5 if masked else _NEVER - 1.2 if title in self._sure_titles else -1.8 if len(title) > 1 else 0.0
        if base + left < needed or (text[start - 1 : start] + text[start] in self._pairs and left == 0 and not masked):
            return None
        if masked:
            nxt = text[stop : stop + 1]
            if (nxt.isdecimal() and text[stop + 1 : stop + 2] not in self._not_numbered) or (title == self._mask_sign and self._ends_name(text, stop)):
                stop += 1
        return self.hit(text, start, stop, "masked" if masked else "titled", 5.0 + left, cue, title)

    def _little(self, text: str, start: int, end: int, *, pet: bool) -> Hit | None:
        """小王, 老李, 阿强, 大刘"""
        left, cue = self.left(text, start)
        right, word = self.right(text, end, text[end - 1])
        if text[start - 1 : start] in self._no_little and start:
            return None
        if text[end : end + 1] in self._little_tails:
            end += 1
        doubtful = pet or text[start] == self._big
        if right < -1 or (doubtful and not (right >= 0.9 and left > 0)) or (right <= 0 and left <= 0):
            return None
        return self.hit(text, start, end, "little", 4.6 + left, cue, word)

    def hit(self, text: str, start: int, end: int, part: str, points: float, *beside: str) -> Hit:
        score = min(0.99, 0.6 + 0.08 * (points - self._w["threshold"]))
        return Hit(
            start, end, "name", f"name/{part}", round(score, 2), text[start:end], tuple(word for word in beside if word and word != _OPEN), _PRIORITY, part
        )
