"""Who is told of, and who did what to whom: role words, names, and a light reading of 甲打了乙, 甲被乙打, 甲把乙推倒, 甲对乙动手."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from pipeline.facts.cues import Beside
from pipeline.facts.model import Extra, Fact
from pipeline.facts.scan import Mention, Scan
from pipeline.text.document import Document

_REACH, _NEAR = 6, 3  # characters between an action and the person it is done to; an action of one character stands closer

_NUMERALS = frozenset("0123456789一二三四五六七八九十两几百千万")


class PartyReader:
    """Reads parties by roles.yaml and names.yaml, and actions by acts.yaml."""

    def __init__(self, roles: dict[str, Any], names: dict[str, Any], acts: dict[str, Any]) -> None:
        self._surnames = frozenset(names["surnames"])
        self._double = frozenset(names["double_surnames"])
        self._after, self._not_in_names = frozenset(names["after"]), frozenset(names["not_in_names"]) | {"某"}
        self._plain = frozenset(names["little_surnames"])
        self.named = frozenset(names["named_roles"])
        self._no_title = {title: frozenset(chars) for title, chars in names["no_title_before"].items()}
        self._no_little = frozenset(names["no_little_before"])
        self.little = [mark + surname for mark in names["little"] for surname in names["little_surnames"]]
        self._side: dict[str, Extra] = {code: (("side", entry["side"]),) if entry.get("side") else () for code, entry in roles["entries"].items()}
        self._side["person"] = ()
        self._passive = Beside(acts["passive"])
        self._negations, self._not_sums = Beside(acts["negations"]), frozenset(acts["not_before_number"])
        self._bare_passive = Beside(acts["bare_passive"])
        self._object = Beside((*acts["disposal"], *acts["toward"]))

    def role(self, scan: Scan, start: int, end: int, code: str) -> None:
        """A role word."""
        scan.mentions.append((start, end, code, False))

    def named_role(self, scan: Scan, start: int, end: int, code: str) -> None:
        """A role word after which a plain name may stand (报警人李明称)."""
        text = scan.text
        scan.mentions.append((start, end, code, False))
        if text[end : end + 1] in self._plain:
            for stop in (end + 3, end + 2):
                if text[stop : stop + 1] in self._after and stop <= len(text):
                    name = text[end:stop]
                    if not self._not_in_names.intersection(name) and all("\u4e00" <= char <= "\u9fff" for char in name):
                        scan.mentions.append((end, stop, "person", True))
                        return

    def title(self, scan: Scan, start: int, end: int, told: object) -> None:
        """某, 女士, 师傅: a name where a surname stands before it."""
        text = scan.text
        begin = start - 2 if start > 1 and text[start - 2 : start] in self._double else start - 1
        if begin < 0 or (begin == start - 1 and text[begin] not in self._surnames) or text[end : end + 1] in self._no_title.get(text[start:end], ()):
            return
        if scan.mentions and scan.mentions[-1][1] > begin:
            if scan.mentions[-1][0] < begin:  # what looks like a surname ends a role word
                return
            scan.mentions.pop()
        scan.mentions.append((begin, end, "person", True))

    def short(self, scan: Scan, start: int, end: int, told: object) -> None:
        """小李, 老张, 阿强"""
        if scan.text[start - 1 : start] not in self._no_little:
            scan.mentions.append((start, end, "person", True))

    def act(self, scan: Scan, start: int, end: int, code: str) -> None:
        """An action word."""
        text = scan.text
        if self._negations.before(text, start) or (text[start:end] in self._not_sums and text[end : end + 1] in _NUMERALS):
            return
        scan.acts.append((start, end, code))

    def parties(self, scan: Scan) -> tuple[Fact, ...]:
        """One fact per distinct party, at its first mention; a name right after a role word belongs to it."""
        text = scan.text
        seen: dict[str, int] = {}
        facts: list[tuple[int, int, str, str]] = []
        last_end, last_role, last_new = -1, "", False
        for start, end, role, named in scan.mentions:
            key = text[start:end] if named else role
            if named and start == last_end and last_role not in ("person", "self"):
                if last_new:
                    facts[-1] = (facts[-1][0], end, last_role, key)
                elif key not in seen:
                    facts.append((start, end, last_role, key))
                seen[key] = seen.get(key, 0) + 1
                last_new = False
            elif key in seen:
                seen[key] += 1
                last_new = False
            else:
                seen[key] = 1
                facts.append((start, end, role, key if named else ""))
                last_new = True
            last_end, last_role = end, role
        side = self._side
        return tuple([Fact("party", start, end, role, (("name", name), *side[role]) if name else side[role]) for start, end, role, name in facts])

    def relations(self, scan: Scan, document: Document) -> tuple[Fact, ...]:
        """Who did what to whom, where a clause tells it. Without a subject of its own a clause keeps that of the clause before."""
        clauses = document.clauses
        found: dict[tuple[str, str, str], Fact] = {}
        for start, end, code in scan.acts:
            at = bisect_right(clauses, (start, 1 << 60)) - 1
            if at < 0:
                continue
            pair = self._who_whom(scan, start, end, clauses[at], clauses[at - 1] if at else None)
            if pair is not None:
                who, whom = scan.text[pair[0][0] : pair[0][1]], scan.text[pair[1][0] : pair[1][1]]
                if who != whom and (who, code, whom) not in found:
                    extra: Extra = (("who", who), ("who_role", pair[0][2]), ("whom", whom), ("whom_role", pair[1][2]))
                    found[who, code, whom] = Fact("act", start, end, code, extra)
        return tuple(found.values())

    def _who_whom(self, scan: Scan, start: int, end: int, clause: tuple[int, int], earlier: tuple[int, int] | None) -> tuple[Mention, Mention] | None:
        """The doer and the one done to, or None where one of them is not told."""
        text = scan.text
        who = whom = subject = None
        reach = end + (_NEAR if end - start == 1 else _REACH)
        marked = False  # a marker governs all that follows it up to the action
        for mention in scan.mentions:
            if mention[0] >= start:
                if whom is None and end <= mention[0] < min(clause[1], reach):
                    whom = mention
                break
            if mention[0] < clause[0] or mention[1] > start:
                continue
            if self._passive.before(text, mention[0]):
                who, marked = mention, True
            elif self._object.before(text, mention[0]):
                whom, marked = mention, True
            elif subject is None and not marked:
                subject = mention
        if subject is None and earlier is not None:
            subject = self._subject(scan, earlier)
        if who is not None or self._bare_passive.before(text, start):
            return (who, subject) if who is not None and subject is not None else None
        return (subject, whom) if subject is not None and whom is not None else None

    def _subject(self, scan: Scan, clause: tuple[int, int]) -> Mention | None:
        """The first party of a clause that is not marked as doer or object."""
        for mention in scan.mentions:
            if clause[0] <= mention[0] < clause[1]:
                marked = self._passive.before(scan.text, mention[0]) or self._object.before(scan.text, mention[0])
                return None if marked else mention
        return None
