"""Names that do not go by surname and given name: nicknames, given names after a kin word, names in several parts, and what follows “名叫”."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.privacy.patterns import Hit, settle
from pipeline.privacy.schema import NameFile

if TYPE_CHECKING:
    from pipeline.privacy.names import NameReader

OPEN = "\0"  # nothing on the right says that the name ends here
DOT = re.compile("[\u4e00-\u9fff]\\.[\u4e00-\u9fff]")
OTHER_DOTS = frozenset("•‧∙・⋅")
_DOTTED = re.compile("[·•‧∙・⋅]|(?<=[\u4e00-\u9fff])\\.(?=[\u4e00-\u9fff])")
_MARKS = frozenset(" ,.;:!?()[]<>\"'/|+=&#%@~-_\n。、《》【】“”…·")
_BREAKS = _MARKS | {""}
_NICK = re.compile("(?:%s)?(?:“([^”\n]{1,10})”|\"([^\"\n]{1,10})\"|'([^'\n]{1,10})'|([\u4e00-\u9fff]{2,4}))")
_BARE = 4  # the group of _NICK without quotes
_HAN = re.compile("[\u4e00-\u9fff]{2,3}")
_SHORT = 2


class OtherNames:
    """The further readings of names; asks the reader of names for what stands left and right."""

    def __init__(self, reader: NameReader, told: NameFile) -> None:
        self._reader, self._w = reader, told.weights
        self._latin = frozenset(told.transliterated) | frozenset("".join(told.parts))
        self._short_parts = frozenset(part for part in told.parts if len(part) == 1)
        self._after = frozenset(told.after)
        cues = dict.fromkeys(told.nick_cues, "nick") | dict.fromkeys(told.kin, "kin") | dict.fromkeys(told.naming, "naming")
        self._cue_words, self._cue_kinds = tuple(cues), tuple(cues.values())
        self._cues = CharwiseDoubleArrayAhoCorasick(list(cues), MATCH_KIND_LEFTMOST_LONGEST)
        self._linking = re.compile(f"(?:{'|'.join(told.naming_links)})?")
        self._nick = re.compile(_NICK.pattern % "|".join(told.naming_links))
        self._typical = frozenset(told.given["3"])
        self._joins = frozenset(told.joins)
        self._named_not = frozenset(told.not_named)

    def further(self, text: str, hits: list[Hit]) -> list[Hit]:
        """The hits and those by a cue of their own: nicknames, 我儿子|宝山, 真名|江河."""
        more: list[Hit] = []
        for _start, end, term in self._cues.find(text):
            kind, cue = self._cue_kinds[term], self._cue_words[term]
            if kind == "nick":
                hit = self._nickname(text, end, cue)
            elif any(hit.start <= end < hit.end for hit in hits):
                continue
            else:
                hit = self._given(text, end, cue) if kind == "kin" else self._named(text, end, cue)
            if hit is not None:
                more.append(hit)
        return settle(hits + more) if more else hits

    def _given(self, text: str, start: int, cue: str) -> Hit | None:
        """我儿子|宝山|在学校: two typical characters of given names after a kin word."""
        end = start + 2
        given = text[start:end]
        if len(given) < _SHORT or not self._typical.issuperset(given) or self._reader.is_word(given):
            return None
        right, word = self._reader.right(text, end, given[-1])
        return self._reader.hit(text, start, end, "given", 4.0, cue, word) if right > 0 else None

    def _named(self, text: str, at: int, cue: str) -> Hit | None:
        """真名|江河, : after a naming cue two or three characters up to a pause are a name where a surname begins them, even a word."""
        start = self._linking.match(text, at + text.startswith((":", " "), at)).end()  # type: ignore[union-attr]
        found = _HAN.match(text, start)
        if found is None or text[found.end() : found.end() + 1] not in _BREAKS or found[0] in self._named_not or found[0][0] in self._joins:
            return None
        if not self._reader.begins(found[0]):
            return None
        return self._reader.hit(text, start, found.end(), "full", 4.5, cue, "")

    def _nickname(self, text: str, at: int, cue: str) -> Hit | None:
        found = self._nick.match(text, at)
        if found is None or not found.lastindex:
            return None
        start, end = found.span(found.lastindex)
        if found.lastindex == _BARE:
            end = self._until_after(text, start, end)
        if not self._reader.may_name(text[start:end]):
            return None
        if end > start and (found.lastindex != _BARE or not self._reader.is_word(text[start:end]) or text[end : end + 1] in _BREAKS):
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
            alone = right > 0 and (left >= self._w["cue_strong"] or (end - start > _SHORT and left > 0 and right > 1))
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
        while end < len(text) and end - at < 8 and text[end] in self._latin and not (end > at and text[end : end + 2] in self._after):
            end += 1
        return end

    def _until_after(self, text: str, start: int, end: int) -> int:
        for stop in range(start + 2, end + 1):
            if self._reader.right(text, stop, "")[0] > 0:
                return stop
        return end if end - start < 4 else start
