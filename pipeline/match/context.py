"""How each hit is meant: asserted, negated, hypothetical, reported, historical, of another person, averted; and whether it is fresh or the cause.

After ConText: a cue has a direction, a reach and terminators; pseudo-cues switch it off; where two statuses meet, the higher priority wins.
A cue that is part of a longer hit belongs to the phrase (没有一天不打) and leaves it alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.match.hit import ASSERTED, Hit
from pipeline.match.scan import Spans
from pipeline.rulepack.pack import Check, Pack, RuleSpec
from pipeline.text.document import Document

MARKS = frozenset({"fresh", "past", "cause"})
_HIT = tuple.__new__  # what a named tuple does, without its detour through a function of its own: there are a hundred a narrative
HISTORICAL = "historical"  # never fresh, whatever else the sentence says of today


class Scope(NamedTuple):
    """Where one cue works: hits that begin at or after `start` and before `end`."""

    start: int
    end: int
    cue: tuple[int, int]
    gives: str
    priority: int
    rule: RuleSpec


Meant = tuple[str, bool, bool]  # status, fresh, cause


class Context:
    """The scopes of one narrative, asked once per hit."""

    __slots__ = ("_at", "_meant", "live", "scopes")

    def __init__(self, scopes: tuple[Scope, ...], *, live: bool) -> None:
        self.scopes = scopes
        self.live = live  # the frame tells of now, so what no cue puts elsewhere is fresh
        self._at: dict[int, tuple[list[Scope], bool]] = {}
        self._meant: dict[tuple[object, ...], Meant] = {}

    def read(self, names: tuple[str, ...], spans: Sequence[tuple[int, int]], signal: int) -> list[Hit]:
        """The hits with their status for the rule that goes by `names` (such as factor.threat, factor, group.threat).

        Many rules hit the same words, so scopes are worked out once per place, and what they make of it once per place and kind of rule.
        """
        made = []
        for start, end in spans:
            at = self._at.get(start)
            if at is None:
                at = self._at[start] = self._scopes_at(start)
            scopes, choosy = at
            if scopes:
                key = (start, end, names) if choosy else (start, end)
                meant = self._meant.get(key)
                if meant is None:
                    meant = self._meant[key] = self._read(scopes, names, start, end)
                made.append(_HIT(Hit, (start, end, signal, *meant)))
            else:
                made.append(_HIT(Hit, (start, end, signal, ASSERTED, self.live, False)))
        return made

    def _scopes_at(self, start: int) -> tuple[list[Scope], bool]:
        """The scopes in which a hit lies, and whether one of them chooses its rules."""
        scopes = [scope for scope in self.scopes if scope.start <= start < scope.end]
        return scopes, any(scope.rule.data["not_for"] or scope.rule.data["only_for"] for scope in scopes)

    def _read(self, scopes: list[Scope], names: tuple[str, ...], start: int, end: int) -> Meant:
        status, best, now, past, cause = ASSERTED, -1, False, False, False
        for scope in scopes:
            cue = scope.cue
            if (start <= cue[0] and cue[1] <= end and cue != (start, end)) or not _applies(scope.rule, names):
                continue
            gives = scope.gives
            if gives not in MARKS:
                if scope.priority > best:
                    status, best = gives, scope.priority
            elif gives == "cause":
                cause = True
            elif gives == "past":
                past = True
            else:
                now = True
        return status, status != HISTORICAL and (now or (self.live and not past and status == ASSERTED)), cause


def _applies(rule: RuleSpec, names: tuple[str, ...]) -> bool:
    skipped, only = rule.data["not_for"], rule.data["only_for"]
    if skipped and any(name in skipped for name in names):
        return False
    return not only or any(name in only for name in names)


def resolve(pack: Pack, document: Document, found: Spans, allowed: Callable[[RuleSpec], bool], *, live: bool) -> Context:
    """Work out all scopes of a narrative. `allowed` says whether a cue file's own `when` holds."""
    scopes: list[Scope] = []
    for rule in pack.rules["context"].values():
        cues = found.get(rule.data["cue"])
        if not cues or not allowed(rule):
            continue
        pseudo = rule.data["pseudo"]
        for cue in cues:
            if pseudo is None or not _touched(pseudo, document.text, cue):
                scopes.extend(_scopes(rule, document, cue))
    scopes.sort(key=lambda scope: scope.start)
    return Context(tuple(scopes), live=live)


_AROUND = 16  # how far on both sides of a cue a pseudo-cue may reach


def _touched(pseudo: Check, text: str, cue: tuple[int, int]) -> bool:
    """Whether a cue lies inside or overlaps a phrase that switches it off (也没 + 没想到)."""
    low, high = max(0, cue[0] - _AROUND), min(len(text), cue[1] + _AROUND)
    position = low
    while (match := pseudo.search(text, position, high)) is not None and match.start() < cue[1]:
        if match.end() > cue[0]:
            return True
        position = match.start() + 1
    return False


def _scopes(rule: RuleSpec, document: Document, cue: tuple[int, int]) -> list[Scope]:
    low, high = _bounds(document, cue, rule.data["reach"])
    made: list[Scope] = []
    direction, gives, priority = rule.data["direction"], rule.data["gives"], rule.data["priority"]
    stop: Check | None = rule.data["stop"]
    if direction in ("over", "both"):
        made.append(Scope(cue[0], cue[1], cue, gives, priority, rule))
    if direction == "over":
        return made
    if direction != "backward":
        match = stop.search(document.text, cue[1], high) if stop is not None else None
        made.append(Scope(cue[1], match.start() if match else high, cue, gives, priority, rule))
    if direction != "forward":
        if stop is not None:
            while (match := stop.search(document.text, low, cue[0])) is not None:
                low = match.end()
        made.append(Scope(low, cue[0], cue, gives, priority, rule))
    return made


def _bounds(document: Document, cue: tuple[int, int], reach: str | int) -> tuple[int, int]:
    if isinstance(reach, int):
        low, high = span_at(document.sentences, cue[0], len(document.text))
        return max(low, cue[0] - reach), min(high, cue[1] + reach)
    if reach == "narrative":
        return 0, len(document.text)
    if reach == "clause":
        return span_at(document.clauses, cue[0], len(document.text))
    low, high = span_at(document.sentences, cue[0], len(document.text))
    if reach == "next":
        index = bisect_right(document.sentences, (cue[0], len(document.text) + 1))
        if index < len(document.sentences):
            high = document.sentences[index][1]
    return low, high


def span_at(spans: Sequence[tuple[int, int]], position: int, length: int) -> tuple[int, int]:
    """The span that a position lies in (or the gap around it)."""
    index = bisect_right(spans, (position, length + 1)) - 1
    if index >= 0 and position < spans[index][1]:
        return spans[index]
    low = spans[index][1] if index >= 0 else 0
    return low, spans[index + 1][1] if index + 1 < len(spans) else length
