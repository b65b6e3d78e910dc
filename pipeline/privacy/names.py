"""Names of persons: full names by fitted points, and surnames with titles, masks or a little word (王女士, 李某某, 小王), by name.yaml.

One pass over the characters that can begin any of these; what is left by a cheap look is weighed with what stands around it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.privacy.doubts import Doubts, said
from pipeline.privacy.full_names import BEYOND, LEFT, NOISE, NONE, FullNames, bases, cues_of, shipped_weights
from pipeline.privacy.held import held_by
from pipeline.privacy.other_names import MARKS, OPEN, OtherNames, beside
from pipeline.privacy.patterns import Hit, settle
from pipeline.privacy.schema import NameFile
from pipeline.privacy.screen import DOUBLE, FIELD, LITTLE, LOW_ONE, LOW_TWO, ONE, TITLE, TOP, TWO, Screen, Starts
from pipeline.privacy.titled import MASKS, TitledNames
from pipeline.privacy.words import usual_pairs, words
from pipeline.text.normalise import has_any

_PRIORITY = 30
_AGE = re.compile("[0-9]{1,2}周?岁")
_USUAL = 2  # step of a word from which it speaks against a surname in it
_NEVER = -4.4  # 后, 却, 经: words through and through
_SHORT, _LONG = TITLE | LITTLE | DOUBLE, ONE | TWO


class _Full(NamedTuple):
    """A candidate of a full name."""

    points: float
    start: int
    stop: int


def _clashes(one: _Full, kept: list[_Full]) -> bool:
    return any(one.start < other.stop and other.start < one.stop for other in kept)


class NameReader:
    """Reads names by name.yaml and name_weights.tsv. Immutable after load."""

    def __init__(self, told: NameFile) -> None:
        self._w = w = told.weights
        self.base = bases(told)
        self._doubles = dict.fromkeys(told.double_surnames, w["double"])
        self._cues = cues_of(told)
        self.known = self._cues.known
        self.full = FullNames(shipped_weights(), self._cues, told, w["cut"])
        self._never, self._never_last = frozenset(told.never), frozenset(told.never_last)
        self._cue = {word: w[f"cue_{tier}"] for tier in ("weak", "strong", "sure") for word in told.cues[tier]}
        ends = {word[-1] for word in self._cue}
        self._cue_sizes = {end: sorted({len(word) for word in self._cue if word[-1] == end and len(word) <= LEFT}, reverse=True) for end in ends}
        self._after, self._not_after = frozenset(told.after), frozenset(told.not_after)
        self._after_sure, self._after_strong = tuple(told.after_sure), tuple(told.after_strong)
        self._no_given = frozenset((*told.titles, *told.not_given))
        self._short_titles = frozenset(title for title in told.titles if len(title) == 1) | frozenset((*MASKS, told.family))
        heads = {title[0] for title in told.titles}
        self._title_starts = frozenset(title[:2] for title in told.titles)
        self._no_little, self._little_tails = frozenset(told.no_little_before), frozenset(told.little_tails)
        self._pairs = usual_pairs()
        self._frames, self._frame_heads = tuple(told.frames), frozenset(word[0] for word in told.frames)
        self._doubts = Doubts(told, self._cues, self.full)
        self._held = held_by(self.known, self.full.surname, self.base.keys() | {double[0] for double in self._doubles}, heads)
        self._titled = TitledNames(self, told, self._cue, self._held)
        self._threshold, self._starts_clause, self._no_cue, self._not_words = w["threshold"], w["starts_clause"], w["no_cue"], frozenset(told.not_words)
        self._words = words().keys() | set(told.not_words)
        self._mask_sign, self._surname_word, self._family = told.mask_sign, told.surname_word, told.family
        self._surname_after, self._joins, self._big = frozenset(told.surname_after) | {""}, frozenset(told.joins), told.big
        self._near, self._between = w["near"], w["between"]
        self._least_left, self._least_both = w["near"] - w["hope_right"], w["near"] - w["hope_across"]
        self._pet_ends = tuple(told.pet_ends)
        self._little_words = self._littles(told)
        little = [word for word in self._little_words if word[1] not in self._pet_ends]
        self._screen = Screen(self.full, Starts(self.base, self._short_titles | self._title_starts, little, self._doubles))
        self._sure_above = round(100 * w["usual_pair"]) + (1 << TOP) - 1
        self._others = OtherNames(self, told)

    def _littles(self, told: NameFile) -> dict[str, bool]:
        """小王, 阿强, 强哥 → whether doubtful, so that both sides must speak for it."""
        chars = {*told.words, *(char for char, points in self.full.one.items() if points > self._w["pet"])}
        pets = [mark + char for mark in told.pet_marks for char in chars] + [char + mark for mark in told.pet_ends for char in chars]
        pets = [pet for pet in pets if self.known.get(pet, 0) < _USUAL]
        made = dict.fromkeys(pets, True) | {mark + char: mark == told.big for mark in told.little for char in told.little_surnames}
        made |= {mark + char: True for mark in told.little if mark != told.big for char in told.little_doubtful}
        for word in told.not_words:
            if word in made:
                if word[0] == told.big:
                    del made[word]
                else:
                    made[word] = True
        return {word: doubtful for word, doubtful in made.items() if word not in told.no_little}

    def begins(self, word: str) -> bool:
        """Whether a surname begins a word, and nothing in it speaks against a name."""
        return (word[0] in self.base or word[:2] in self._doubles) and self.may_name(word)

    def may_name(self, word: str) -> bool:
        """Whether no character of a word speaks against a name."""
        return self._never.isdisjoint(word) and word[-1:] not in self._never_last

    def is_word(self, word: str) -> bool:
        """Whether a word of the dictionary."""
        return word in self._words

    def find(self, text: str) -> list[Hit]:
        """Names in a normalised text, in order, none overlapping."""
        hits = self._by_word(text) if self._surname_word in text else []
        full: list[_Full] = []
        cues, sure, own_points, done = self._cues.left, self._sure_above, self._screen.points, 0
        for start, told in zip(*self._screen.look(text), strict=True):
            if start < done:
                continue
            if told & _SHORT:
                if told & DOUBLE and text[start : start + 2] in self._doubles:
                    done = self._double(text, start, hits, full)
                short = told & LITTLE or text[start + 1] in self._short_titles or text[start + 1 : start + 3] in self._title_starts
                hit = self._short(text, start) if short else None
                if hit is not None:
                    hits.append(hit)
                    if hit.end > start + 2 or hit.part == "little":
                        done = hit.end
                        continue
            if told & _LONG and text[start - 1 : start + 1] not in cues:  # 老公|振宇: 公 ends a role
                one, two = told >> LOW_ONE & FIELD if told & ONE else 0, told >> LOW_TWO & FIELD if told & TWO else 0
                if (one if one > two else two) >= sure or not self._usual(text, start):
                    self._weigh(text, start, start + 1, own_points[one], own_points[two], full)
        if has_any(text, self._pet_ends):
            self._pets(text, hits)
        if full:
            hits = self._chosen(text, full, hits)
        elif len(hits) > 1:
            hits = settle(hits)
        return self._others.further(text, hits)

    def _usual(self, text: str, start: int) -> bool:
        """Whether a usual word holds a doubtful surname, 公司 or 经常|某, and no role stands right before it."""
        held, before = self._held[text[start]], text[start - 1] if start else ""
        cues = self._cues.left
        if not (before and before in held.before) and (text[start + 1] not in held.after or before in cues):
            return False
        return text[start - 2 : start] not in cues and text[start - 3 : start] not in cues

    def _double(self, text: str, start: int, hits: list[Hit], full: list[_Full]) -> int:
        """欧阳女士, 司马青云; where the reading goes on."""
        hit = self._titled.find(text, start, start + 2, self._w["double"])
        if hit is not None:
            hits.append(hit)
            return hit.end
        name, given = text[start : start + 2], text[start + 2 : start + 4]
        self._weigh(text, start, start + 2, self.full.own(name, given[:1]), self.full.own(name, given) if len(given) > 1 else NONE, full)
        return start + 1

    def _pets(self, text: str, hits: list[Hit]) -> None:
        """Append 强哥, 红姐."""
        for mark in self._pet_ends:
            at = text.find(mark, 1)
            while at >= 0:
                hit, doubtful = self._others.before_tail(text, at, mark, hits), self._little_words.get(text[at - 1 : at + 1])
                if hit is None and doubtful is not None and not any(hit.start < at + 1 and at - 1 < hit.end for hit in hits):
                    hit = self._little(text, at - 1, at + 1, doubtful=doubtful)
                if hit is not None:
                    hits.append(hit)
                at = text.find(mark, at + 1)

    def _by_word(self, text: str) -> list[Hit]:
        """姓王的, 姓刘."""
        hits, at = [], text.find(self._surname_word)
        while at >= 0:
            stop = at + 3 if text[at + 1 : at + 3] in self._doubles else at + 2
            base = self._w["double"] if stop == at + 3 else self.base.get(text[at + 1 : stop], NONE)
            plain = base > self._w["title_short"] and text[at - 1 : at] != "百"
            if plain or (base > _NEVER and text[stop : stop + 1] in self._surname_after):
                hits.append(self.hit(text, at + 1, stop, "surname", 5.5, self._surname_word, ""))
            at = text.find(self._surname_word, at + 1)
        return hits

    def _weigh(self, text: str, start: int, given: int, one: float, two: float, full: list[_Full]) -> None:
        """Append what could be a full name with this surname and one or two characters more (`one`, `two`: the points of surname and given name by
        themselves, few for what cannot be) if it comes near the threshold; the cheap looks come first."""
        weights, cues, near = self.full, self._cues.left, self._near
        left = weights.left(text, start)
        if left + (one if one > two else two) < self._least_left:
            return
        for stop, own in ((given + 1, one), (given + 2, two)):
            if own < weights.cut:
                continue
            points = left + own + weights.right(text, stop)
            if points < self._least_both:
                continue
            if text[stop : stop + 1] in self._frame_heads and self._framed(text, start, stop):
                points += self._w["framed"]
            if "0" <= text[stop : stop + 1] <= "9" and _AGE.match(text, stop):
                points += self._w["age"]
            points += weights.across(text, start, given, stop, near - points)
            if points <= near:
                continue
            name = text[start:stop]
            if name in self._not_words or text[given:stop] in self._no_given:
                continue
            if max(name) > BEYOND and not all(char < BEYOND or weights.rare(char) for char in name):  # 小王|😀
                continue
            more = self._doubts.word(name)
            if more and said(text, start, cues) and self.right(text, stop, "")[0] >= self._w["after_mark"] and name not in cues:  # not 房东, 家长: a role
                more -= self._between
            if points > near + more:
                full.append(_Full(points - self._doubts.build(text, start, given, name, own), start, stop))  # another name may still hold it up

    def _framed(self, text: str, start: int, stop: int) -> bool:
        """第三人|江山|经传唤: a word where a role stands before it and behind it what persons do or are called."""
        return text.startswith(self._frames, stop) and self._doubts.word(text[start:stop]) > 0 and said(text, start, self._cues.left)

    def _chosen(self, text: str, full: list[_Full], short: list[Hit]) -> list[Hit]:
        """Of the candidates the best that do not overlap; those a little below the threshold where another name holds them up."""
        least, sure = self._w["full"] - NOISE, self._w["full_over_short"]  # what lies right on the threshold is a name
        kept: list[_Full] = []
        rest: list[_Full] = []
        for one in sorted(full, reverse=True):
            if _clashes(one, kept) or (short and self._outdone(one, short, sure)):
                continue
            (kept if one.points > least else rest).append(one)
        if rest and (kept or short):
            known = {text[one.start : one.stop] for one in kept}
            for one in rest:
                if not _clashes(one, kept) and (text[one.start : one.stop] in known or self._joined(text, one, kept, short)):
                    kept.append(one)
        if not kept:
            return settle(short)
        return sorted([*(self._named(text, one) for one in kept), *(hit for hit in short if not _clashes(_Full(0.0, hit.start, hit.end), kept))])

    @staticmethod
    def _outdone(one: _Full, short: list[Hit], sure: float) -> bool:
        """Whether a title or mask stands in the way of a candidate that is not much surer."""
        return any(one.start < hit.end and hit.start < one.stop and not (one.points > sure and one.start <= hit.start) for hit in short)

    def _joined(self, text: str, one: _Full, kept: list[_Full], short: list[Hit]) -> bool:
        """陈静、万一诺: a sign between it and a name."""
        before, behind = text[one.start - 1 : one.start] in self._joins, text[one.stop : one.stop + 1] in self._joins
        if before and (any(other.stop + 1 == one.start for other in kept) or any(hit.end + 1 == one.start for hit in short)):
            return True
        return behind and (any(other.start == one.stop + 1 for other in kept) or any(hit.start == one.stop + 1 for hit in short))

    def _named(self, text: str, one: _Full) -> Hit:
        score = min(0.99, max(0.5, 0.6 + 0.06 * (one.points - self._w["full"])))
        context = beside(self.left(text, one.start)[1], self.right(text, one.stop, "")[1])
        return Hit(one.start, one.stop, "name", "name/full", round(score, 2), text[one.start : one.stop], context, _PRIORITY, "full")

    def _short(self, text: str, start: int) -> Hit | None:
        """A surname with a title, mask or 姓 before it, or a little name; None where neither."""
        doubtful = self._little_words.get(text[start : start + 2])
        if doubtful is not None and text[start + 1] not in self._pet_ends:
            return self._little(text, start, start + 2, doubtful=doubtful)
        base = self.base.get(text[start])
        hit = None if base is None else self._titled.find(text, start, start + 1, base)
        if hit is not None:
            return hit
        if base is not None and text[start + 1] == self._family and base > 0 and self.right(text, start + 2, self._family)[0] > 0:
            left, cue = self.left(text, start)
            return self.hit(text, start, start + 1, "surname", 4.0 + left, cue, self._family) if left > 0 else None
        return None

    def left(self, text: str, start: int) -> tuple[float, str]:
        """Points for what stands before, and the cue word."""
        cues = self._cue
        if start == 0 or text[start - 1] in MARKS:
            bare = text[max(0, start - 8) : start].rstrip(' :(“"是为叫')
            if bare and bare[-1] not in MARKS:
                for length in (4, 3, 2):
                    if bare[-length:] in cues and len(bare) >= length:
                        return max(cues[bare[-length:]], self._starts_clause), bare[-length:]
            return self._starts_clause, ""
        for length in self._cue_sizes.get(text[start - 1], ()):
            word = text[max(0, start - length) : start]
            if word in cues:
                return cues[word], word
        return self._no_cue, ""

    def right(self, text: str, stop: int, last: str) -> tuple[float, str]:
        """Points for what stands behind, and the word; `last` is the character before it."""
        nxt = text[stop : stop + 1]
        if text.startswith(self._after_sure, stop):
            return self._w["after_sure"], nxt
        if text.startswith(self._after_strong, stop):
            return self._w["after_strong"], nxt
        if not nxt or nxt in MARKS or not "\u4e00" <= nxt <= "\u9fff":
            return self._w["after_mark"], ""
        for length in (3, 2, 1):
            word = text[stop : stop + length]
            if word in self._not_after:
                return -4.0, OPEN
            if word in self._after:
                unlikely = length == 1 and (last + nxt in self._pairs or text[stop + 1 : stop + 2] in MARKS)  # 令狐大|冲,
                return self._w["after"] - (1.0 if unlikely else 0.0), word
        if last + nxt in self._pairs:
            return self._w["crosses_word"], OPEN
        return (self._w["after_pair"] if text[stop : stop + 2] in self._pairs else 0.0), OPEN

    def _little(self, text: str, start: int, end: int, *, doubtful: bool) -> Hit | None:
        """小王, 老李, 阿强, 大刘"""
        known = self.known
        if known.get(text[start : end + 1], 0) or known.get(text[start - 1 : start + 1], 0) or (start and text[start - 1] in self._no_little):
            return None
        (left, cue), (right, word) = self.left(text, start), self.right(text, end, text[end - 1])
        home = text[end : end + 1] == self._family and text[start] != self._big  # 老万|家
        fits = ((right >= 0.9 or home) and left > 0) if doubtful else (right > 0 or left > 0)
        if right < -1 or not (fits or self._others.stands(text, start, end, "little" if text[start:end] in self._not_words else "nick")):
            return None
        if text[end : end + 1] in self._little_tails:
            end += 1
        return self.hit(text, start, end, "little", 4.6 + left, cue, word)

    def hit(self, text: str, start: int, end: int, part: str, points: float, left: str, right: str) -> Hit:
        """A name that rules have found."""
        score = 0.6 + 0.08 * (points - self._threshold)
        return Hit(start, end, "name", f"name/{part}", round(min(score, 0.99), 2), text[start:end], beside(left, right), _PRIORITY, part)
