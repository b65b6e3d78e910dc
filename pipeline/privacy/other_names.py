"""Names that do not go by surname and given name: nicknames, given names after a kin word, names in several parts, and what follows “名叫”."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.privacy.full_names import HAN, NONE
from pipeline.privacy.patterns import Hit, settle
from pipeline.privacy.schema import NameFile
from pipeline.text.normalise import has_any

if TYPE_CHECKING:
    from pipeline.privacy.names import NameReader

OPEN = "\0"  # nothing on the right says that the name ends here
_DOTTED = re.compile("[·•‧∙・⋅]|(?<=[\u4e00-\u9fff])\\.(?=[\u4e00-\u9fff])")
MARKS = frozenset(" ,.;:!?()[]<>\"'/|+=&#%@~-_\n。、《》【】“”…·")
BREAKS = MARKS | {""}
_DOTS = ".•‧∙・⋅"
_DOT = re.compile(f"[\u4e00-\u9fff][{_DOTS}](?=[\u4e00-\u9fff])")
_NICK = f"(?:“([^”\n]{{1,10}})”|\"([^\"\n]{{1,10}})\"|'([^'\n]{{1,10}})'|([{HAN}]{{2,4}}))"
_BARE = 4  # the group of _NICK without quotes
_HAN = re.compile(f"[{HAN}]{{2,3}}")
_SHORT = 2
_USUAL = 2  # step of a word above which it is very usual: 单位, 马上


def beside(left: str, right: str) -> tuple[str, ...]:
    """The words beside a name that speak for it."""
    if right and right != OPEN:
        return (left, right) if left else (right,)
    return (left,) if left else ()


class OtherNames:
    """The further readings of names; asks the reader of names for what stands left and right."""

    def __init__(self, reader: NameReader, told: NameFile) -> None:
        self._reader, self._w = reader, told.weights
        self._latin = frozenset(told.transliterated) | frozenset("".join(told.parts))
        self._short_parts = frozenset(part for part in told.parts if len(part) == 1)
        self._after = frozenset(told.after)
        self._weights = reader.full
        self._known = reader.known
        shapes = self._shapes(told)
        parts = (part for part in told.parts if len(part) > 1)
        cues = (
            dict.fromkeys(told.nicks.nouns, "noun")
            | dict.fromkeys(shapes, "nick_shape")
            | dict.fromkeys(parts, "part")
            | dict.fromkeys(told.nick_cues, "nick")
            | dict.fromkeys(told.given_cues, "self")
            | dict.fromkeys(told.kin, "kin")
            | dict.fromkeys(told.naming, "naming")
            | dict.fromkeys(told.signing, "signing")
            | dict.fromkeys(told.pairs, "pair")
            | {word: "tail" for word in told.kin_tails if word not in told.kin}
        )
        self._cue_words, self._cue_kinds = tuple(cues), tuple(cues.values())
        self._cues = CharwiseDoubleArrayAhoCorasick(list(cues), MATCH_KIND_LEFTMOST_LONGEST)
        self._linking = re.compile(f"(?:{'|'.join(told.naming_links)})?")
        self._person_of = re.compile(f"的(?:{'|'.join(told.person_nouns)})")
        self._nick_of = re.compile(f"(?:{'|'.join(told.naming_links)})?([{HAN}a-z0-9]{{2,8}}?){self._person_of.pattern}")
        self._nick = re.compile(f"(?:{'|'.join(told.naming_links)})?{_NICK}")
        self._joins, self._sure_titles = frozenset(told.joins), frozenset(told.sure_titles)
        self._tails = frozenset(told.kin_tails)
        self._kin_tails = frozenset(word for word in told.kin_tails if word.endswith(tuple(told.kin)))  # 他儿子: also a kin word before a given name
        self._named_not, self._not_words = frozenset(told.not_named), frozenset(told.not_words)
        best = max(self._weights.last.values(), default=NONE)
        self._given_first = frozenset(char for char, points in self._weights.first.items() if points + best >= self._w["given_kin"])

    def further(self, text: str, hits: list[Hit]) -> list[Hit]:
        """The hits and those by a cue of their own: nicknames, 我儿子|宝山, 真名|江河."""
        more: list[Hit] = []
        parts: list[tuple[int, int]] = []
        if hits:
            hits = [self._turned(text, hit, hits) if hit.part == "titled" else hit for hit in hits]
        for start, end, term in self._cues.find(text):
            kind, cue = self._cue_kinds[term], self._cue_words[term]
            if kind == "part":
                parts.append((start, end))
                continue
            if kind == "pair":
                more += self._pair(text, start, hits)
                continue
            if kind in ("nick_shape", "noun"):
                hit = self._shaped(text, start, end, kind[:4], hits)
            elif kind == "nick":
                hit = self._nickname(text, end, cue)
            elif kind == "tail" or (kind == "kin" and cue in self._tails and start > 1):
                hit = self.before_tail(text, start, cue, hits)
                hit = hit or (self._given(text, end, cue, "kin") if cue in self._kin_tails else None)
            elif (kind == "kin" and text[end : end + 1] not in self._given_first) or any(hit.start <= end < hit.end for hit in hits):  # 女儿|在
                continue
            else:
                hit = self._given(text, end, cue, kind) if kind in ("kin", "self") else self._named(text, end, cue, signing=kind == "signing")
            if hit is not None:
                more.append(hit)
        if parts:
            more += self.joined(text, parts)
        if "·" in text or (has_any(text, _DOTS) and _DOT.search(text)):
            more += self.dotted(text)
        return settle(hits + more) if more else hits

    def _shaped(self, text: str, start: int, end: int, kind: str, hits: list[Hit]) -> Hit | None:
        """What has the build of a nickname where it stands like one: 大嘴|刘."""
        end += self._clear(text[end : end + 1]) and self._weights.right(text, end + 1) >= self._w["nick_right"]
        if any(hit.start < end and start < hit.end for hit in hits) or not self.stands(text, start, end, kind):
            return None
        return self._reader.hit(text, start, end, "nick", 3.0, *self._beside(text, start, end))

    def _shapes(self, told: NameFile) -> set[str]:
        """What has the build of a nickname: 大刚子, 光头佬, 军军."""
        nicks = told.nicks
        made = {rank + body + tail for rank in nicks.ranks for body in nicks.bodies for tail in ("", "子")}
        made |= {build + end for build in nicks.builds for end in nicks.ends} | set(nicks.words)
        twins = {char * 2: points + self._weights.last.get(char, NONE) for char, points in self._weights.first.items()}
        made |= {twin for twin, points in twins.items() if points > self._w["twins"] and self._known.get(twin, 0) < 2}
        return made - set(nicks.not_) - set(told.not_words)

    def _clear(self, char: str) -> bool:
        """Whether a character is hardly anything but a surname: 大嘴|刘."""
        return self._reader.base.get(char, NONE) > 0

    def stands(self, text: str, start: int, end: int, kind: str) -> bool:
        """Whether what stands on both sides speaks for a person, and no word goes over an edge."""
        left, right = self._weights.left(text, start), self._weights.right(text, end)
        if left < self._w[f"{kind}_left"] or right < self._w[f"{kind}_right"] or left + right < self._w[f"{kind}_both"]:
            return False
        known = self._known
        return known.get(text[start - 1 : start + 1], 0) < 2 and known.get(text[end - 1 : end + 1], 0) < 2 and known.get(text[start : end + 1], 0) < 2

    def _beside(self, text: str, start: int, end: int) -> tuple[str, str]:
        return self._reader.left(text, start)[1], self._reader.right(text, end, "")[1]

    def _given(self, text: str, start: int, cue: str, kind: str) -> Hit | None:
        """我儿子|宝山|在学校: a typical given name of two characters after a kin word."""
        end = start + 2
        given = text[start:end]
        points = NONE if given in self._not_words else self._weights.first.get(given[:1], NONE) + self._weights.last.get(given[1:], NONE)
        usual = self._known.get(given, 0)
        alone = kind == "self" and (text[end : end + 1] in BREAKS or self._person_of.match(text, end) is not None)
        least = self._w["given_named" if alone else f"given_{kind}"]
        if points < least + self._w["given_usual"] * (usual > 1) or self._known.get(text[end - 1 : end + 1], 0) > 1:
            return None
        if not alone and (self._weights.right(text, end) < self._w[f"given_right_{kind}"] or self._known.get(text[start : end + 1], 0) > 1):
            return None
        return self._reader.hit(text, start, end, "given", 4.0, cue, self._reader.right(text, end, "")[1])

    def _turned(self, text: str, name: Hit, hits: list[Hit]) -> Hit:
        """怡君|陈小姐: a titled name with a given name right before it belongs to one person; 桂|兰婶: no surname, but the end of a given name."""
        title = text[name.start + 1 : name.end]
        if title in self._tails:
            given = self.before_tail(text, name.start + 1, title, [])
            return given if given is not None and not any(hit.end == name.start for hit in hits) else name
        if title not in self._sure_titles:
            return name
        given = self.before_tail(text, name.start, "", hits)
        return name if given is None or self._reader.is_word(given.value) else name._replace(start=given.start, value=text[given.start : name.end])

    def before_tail(self, text: str, end: int, cue: str, hits: list[Hit]) -> Hit | None:
        """振宇|他妈, 梓涵|妈妈: a typical given name of two characters before a kin word, at the begin of a clause or behind what stands before names."""
        start = end - 2
        if start < 0:
            return None
        given = text[start:end]
        points = self._weights.first.get(given[:1], NONE) + self._weights.last.get(given[1:], NONE)
        usual = self._known.get(given, 0) > 1
        least = self._w["twin_tail"] if given[0] == given[1] and not usual else self._w["given_tail"]
        if points < least + self._w["given_usual"] * usual or self._known.get(text[start - 1 : start + 1], 0) > 1:
            return None
        if (
            any(hit.start < end and start < hit.end for hit in hits)
            or self._weights.left(text, start) < self._w["given_tail_left"]
            or not self._reader.may_name(given)
        ):
            return None
        return self._reader.hit(text, start, end, "given", 4.0, self._reader.left(text, start)[1], cue)

    def _pair(self, text: str, end: int, hits: list[Hit]) -> list[Hit]:
        """国庆和建军|两兄弟: given names side by side before a word for two."""
        spans = ((end - 5, end - 3), (end - 2, end))
        if end < spans[0][1] - spans[0][0] + _SHORT + 1 or text[end - 3] not in self._joins:
            return []
        for start, stop in spans:
            points = self._weights.first.get(text[start], NONE) + self._weights.last.get(text[stop - 1], NONE)
            if points < self._w["given_kin"] or text[start:stop] in self._not_words or any(hit.start < stop and start < hit.end for hit in hits):
                return []
        return [self._reader.hit(text, start, stop, "given", 4.0, self._reader.left(text, start)[1], text[end - 3]) for start, stop in spans]

    def _named(self, text: str, at: int, cue: str, *, signing: bool) -> Hit | None:
        """真名|江河, : after a naming cue two or three characters up to a pause are a name where a surname begins them, even a word. Behind a role that
        signs (书记员|时雨) they must have the build of a name too."""
        start = self._linking.match(text, at + text.startswith((":", " "), at)).end()  # type: ignore[union-attr]
        found = _HAN.match(text, start)
        if found is None or text[found.end() : found.end() + 1] not in BREAKS or found[0] in self._named_not or found[0][0] in self._joins:
            return None
        if not self._reader.begins(found[0]):  # 我叫|子豪,
            return self._given(text, start, cue, "self") if len(found[0]) == _SHORT and not signing else None
        if signing and (
            found[0] in self._not_words or self._known.get(found[0], 0) > _USUAL or self._weights.own(found[0][0], found[0][1:]) < self._w["signing"]
        ):
            return None
        return self._reader.hit(text, start, found.end(), "full", 4.5, cue, "")

    def _nickname(self, text: str, at: int, cue: str) -> Hit | None:
        """外号|黑皮, 网名|“北岸的风”, 昵称|青柠不酸|的那个: in quotes or before 的 and a word for somebody it may be any words."""
        found = self._nick.match(text, at)
        if found is None or not found.lastindex:
            return None
        start, end = found.span(found.lastindex)
        if found.lastindex != _BARE:
            return self._reader.hit(text, start, end, "nick", 5.0, cue, "")
        of = self._nick_of.match(text, at)
        if of is not None:
            return self._reader.hit(text, *of.span(1), "nick", 5.0, cue, "") if of[1] not in self._named_not else None
        end = self._until_after(text, start, end)
        if end > start and self._reader.may_name(text[start:end]) and (not self._reader.is_word(text[start:end]) or text[end : end + 1] in BREAKS):
            return self._reader.hit(text, start, end, "nick", 5.0, cue, "")
        return None

    def joined(self, text: str, parts: list[tuple[int, int]]) -> list[Hit]:
        """扎西|次仁, 乌云|其木格, 娜仁|花: parts side by side; one part alone needs a strong cue."""
        hits, i = [], 0
        while i < len(parts):
            start, end = parts[i]
            count = i
            while i + 1 < len(parts) and parts[i + 1][0] == end:
                i += 1
                end = parts[i][1]
            if text[end : end + 1] in self._short_parts and self._reader.right(text, end + 1, text[end])[0] > 0:
                end += 1
                count -= 1
            left, cue = self._reader.left(text, start)
            right, word = self._reader.right(text, end, text[end - 1])
            speaks = left > 0 or right >= self._w["after_strong"]
            alone = right > 0 and (left >= self._w["cue_strong"] or (end - start > _SHORT and speaks and right > 1))
            if i > count or alone:
                hits.append(self._reader.hit(text, start, end, "undotted", 5.0 + left, cue, word))
            i += 1
        return hits

    def dotted(self, text: str) -> list[Hit]:
        """买买提·艾力, also with several dots."""
        hits: list[Hit] = []
        for dot in _DOTTED.finditer(text):
            if hits and dot.start() < hits[-1].end:
                continue
            start, end = dot.start(), dot.end()
            while start and dot.start() - start < 8 and text[start - 1] in self._latin:
                start -= 1
            end = self._run(text, end)
            while end < len(text) and _DOTTED.match(text, end) and self._run(text, end + 1) > end + 2:
                end = self._run(text, end + 1)
            if dot.start() - start > 1 and end - dot.end() > 1:
                left, cue = self._reader.left(text, start)
                hits.append(self._reader.hit(text, start, end, "dotted", 5.5 + left, cue, "·"))
        return hits

    def _run(self, text: str, at: int) -> int:
        end = at
        while (
            end < len(text)
            and end - at < 8
            and text[end] in self._latin
            and not (end > at and (text[end : end + 2] in self._after or text[end] in self._joins))
        ):
            end += 1
        return end

    def _until_after(self, text: str, start: int, end: int) -> int:
        for stop in range(start + 2, end + 1):
            if self._reader.right(text, stop, "")[0] > 0:
                return stop
        return end if end - start < 4 else start
