"""What a victim of fraud lost: the one sum among promises, demands, small refunds and recoveries that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from pipeline.facts.cues import Beside, Within
from pipeline.facts.lexicon import any_of, load_list
from pipeline.facts.model import Fact, Facts
from pipeline.facts.numbers import parse
from pipeline.text.document import Document

_TOTAL_LOSS, _LOSS, _TOTAL_PAID, _PAID, _SAID, _RECOVERED, _ASKED, _LONE = 8, 7, 6, 5, 4, 3, 2, 1
_ROLES = ("other", "told", "asked", "recovered", "paid", "paid", "paid", "lost", "lost")  # by rank
_PAUSE = re.compile(r"[,:()]|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")  # speech typed without commas has spaces instead
_CLOSE = 22  # characters in which a cue counts as being in the clause, where nobody set a comma
_ENDS = "。!?;\n…"
_AFTER_PAUSE = re.compile(r"[,:()。!?;\n…]|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_LINKS = frozenset(("、", "和", "及", "与", "以及"))
_EACH_REACH, _EACH_MOST = 24, 50  # characters looked at before the sum; more than so many are no list of payments
_AFTER = 12  # characters after a sum that are looked at
_BESIDE = 3  # characters within which 佣金, 额度, 才能 speak of this sum
_LINKED = 8  # characters between a sum and one that it continues


class Cue(NamedTuple):
    """A cue word near a sum: its class, where it ends, and how many clauses lie between it and the sum."""

    told: str
    end: int
    clauses: int


class Ranked(NamedTuple):
    """A sum, how surely it was lost, and whether it goes on a list that the sum before it began."""

    rank: int
    fact: Fact
    listed: bool


Loss = tuple[float | None, int, int]
_NOTHING: Loss = (None, 0, 0)


class LossReader:
    """Reads by loss.yaml. Immutable after load."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._before, self._before_kind = _automaton(told["cues"])
        self._after, self._after_kind = _automaton(told["after"])
        self._not_yet, self._collective, self._next = Within(told["not_yet"]), Within(told["collective"]), Beside(told["after_next"])
        self._none, self._several = Within(told["none"]), Within(told["sums_of_several"])
        self._returned, self._realised, self._again = Within(told["returned"]), Within(told["realised"]), Within(told["again"])
        self._lone = Within(told["lone"])
        self._partial, self._per_victim = Within(told["partial"]), Within(told["per_victim"])
        self._done_ends, self._done_after = tuple(told["done_ends"]), tuple(told["done_after"])
        self._equal = float(told["about_equal"])
        self._reach = int(told["reach"])
        of, every, verb = (any_of(told["each"][name]) for name in ("counted", "every", "verbs"))
        self._each = re.compile(rf"([一二两三四五六七八九十\d]{{1,3}}){of}[^。;!?]{{0,8}}?{every}{verb}?$")

    def read(self, document: Document, facts: Facts, *, paid: bool = False) -> Loss:
        """The loss in yuan and the span of the sum it rests on; (None, 0, 0) where the text tells none. Never raises.

        `paid`: it is known that money is gone; then the one sum that the text gives is what went, however it is told.

        >>> from pipeline.facts import extract
        >>> from pipeline.text.document import read
        >>> document = read("先返利200元,后共被骗3万元")
        >>> shipped().read(document, extract(document))
        (30000, 12, 15)
        """
        text = document.text
        ranked: list[Ranked] = []
        for fact in facts.money:
            told = self._rank(text, fact, ranked[-1] if ranked else None)
            if told.rank:
                ranked.append(told)
        if not ranked:
            return _NOTHING
        found = self._choose(text, ranked)
        return self._times(text, self._only(text, ranked) if paid and found[0] is None else found)

    def _times(self, text: str, found: Loss) -> Loss:
        """两名家长各九万元, 转了三次, 每次五千: the sum of each, so many times."""
        yuan, start, end = found
        count = self._count(text, start) if yuan is not None else None
        return found if yuan is None or count is None else (yuan * count, start, end)

    def _count(self, text: str, start: int) -> int | None:
        """How many times the sum at `start` was paid, where the words before it say so (转了三次, 每次)."""
        each = self._each.search(text, max(0, start - _EACH_REACH), start)
        count = parse(each.group(1)) if each is not None else None
        return int(count.value) if count is not None and 1 < count.value <= _EACH_MOST else None

    def sure(self, document: Document, facts: Facts) -> bool:
        """Whether a sum is told as gone or paid, not only as asked for."""
        return any(role in ("lost", "paid") for _fact, role in self.roles(document, facts))

    def roles(self, document: Document, facts: Facts) -> list[tuple[Fact, str]]:
        """Every sum with what it is: lost, paid, recovered, asked, told (nothing says which) or other (gain, price, wage)."""
        found: list[tuple[Fact, str]] = []
        previous: Ranked | None = None
        for fact in facts.money:
            previous = self._rank(document.text, fact, previous)
            role = _ROLES[previous.rank]
            found.append((fact, "recovered" if role == "other" and self._came_back(document.text, fact) else role))
        return found

    def _came_back(self, text: str, fact: Fact) -> bool:
        """追回1万元, 3万元已止付"""
        before = [cue.told for cue in self._cues(text, max(0, fact.start - _AFTER), fact.start) if cue.clauses == 0 and cue.told != "done"]
        return before[-1:] == ["back"] or self._first_after(text, fact.end) == "back"

    def _only(self, text: str, ranked: list[Ranked]) -> Loss:
        """The one sum among the likeliest, where nobody says that nothing was lost."""
        best = max(row.rank for row in ranked)
        for rows in (ranked, [row for row in ranked if row.rank == best]):
            if len({row.fact.value for row in rows}) == 1:
                return _NOTHING if self._none.found(text) else _single(rows[0].fact)
        return _NOTHING

    def _choose(self, text: str, ranked: list[Ranked]) -> Loss:
        """The loss among the sums that could be it."""
        best = max(row.rank for row in ranked)
        chosen = [row for row in ranked if row.rank == best]
        if best >= _LOSS:
            several = self._several.found(text)
            found = self._told_loss(text, [row for row in ranked if row.rank >= _TOTAL_PAID] if several else chosen, several=several)
            return self._exact(found, ranked)
        realised = self._realised.found(text)
        if self._none.found(text) or (not realised and (best == _ASKED or self._not_yet.found(text))):
            return _NOTHING
        if best == _LONE:
            paid = self._lone.found(text) and not self._not_yet.found(text)
            return _single(chosen[0].fact) if paid and len({row.fact.value for row in chosen}) == 1 else _NOTHING
        if best == _TOTAL_PAID:
            return _single(max((row.fact for row in chosen), key=_amount))
        if best == _RECOVERED:
            return _single(chosen[0].fact)
        return self._paid_out(text, [row.fact for row in chosen])

    def _rank(self, text: str, fact: Fact, previous: Ranked | None) -> Ranked:
        """How surely this sum is what was lost; 0 where it is something else."""
        if fact.get("vague") or not fact.value or (fact.get("per") and self._count(text, fact.start) is None):
            return Ranked(0, fact, False)
        if previous is not None and text[previous.fact.end : fact.start] in _LINKS:
            return Ranked(previous.rank, fact, True)
        start = max(0, fact.start - self._reach)
        for end in _ENDS:
            start = max(start, text.rfind(end, start, fact.start) + 1)
        cues = self._cues(text, start, fact.start)
        near = [cue for cue in cues if cue.clauses == 0]
        after = self._first_after(text, fact.end)
        rank = self._by_cues(text, fact, near, {cue.told for cue in cues if cue.clauses == 1}, after)
        linked = previous is not None and previous.rank <= _PAID and fact.start - previous.fact.end < _LINKED
        if not rank and linked and previous is not None and not near and not set(text[previous.fact.end : fact.start]) & set(_ENDS):
            return Ranked(previous.rank, fact, True)
        return Ranked(rank, fact, False)

    def _by_cues(self, text: str, fact: Fact, near: list[Cue], earlier: set[str], after: str) -> int:
        """The rank by the cues of the clause, of the clause before, and of what follows."""
        kinds = [cue.told for cue in near if cue.told != "done"]
        last = kinds[-1] if kinds else ""
        if "loss" in kinds:
            tail = kinds[kinds.index("loss") :]
            if "back" in kinds[: kinds.index("loss")]:
                return self._recovered(text, fact)
            if not {"gain", "back", "none"} & set(tail) and "none" not in kinds:
                return _TOTAL_LOSS if "total" in kinds else _LOSS
        if after in ("back", "gain", "plan") or "each" in kinds:
            return 0
        if last == "back":
            return self._recovered(text, fact) if after == "loss" else 0
        if after == "loss":
            return _LOSS
        if last == "gain" and after != "pay":
            return 0
        if last == "total" and not {"gain", "back"} & set(kinds[-1 - kinds[::-1].index("pay") :] if "pay" in kinds else kinds):
            asked = "plan" in earlier or ("demand" in kinds and "done" not in {cue.told for cue in near})
            return _TOTAL_LOSS if "loss" in earlier else (_ASKED if asked else _TOTAL_PAID)
        if "pay" in (last, after):
            return self._paid(near, text, fact, asked_before="demand" in earlier)
        return 0 if {"gain", "plan", "none", "back"} & set(kinds) else _LONE

    def _recovered(self, text: str, fact: Fact) -> int:
        """Money that came back: what was lost, where nothing better is told and it is not told as a part."""
        return 0 if self._partial.found(text[max(0, fact.start - _AFTER) : fact.end + _AFTER]) else _RECOVERED

    def _paid(self, near: list[Cue], text: str, fact: Fact, *, asked_before: bool) -> int:
        """A payment: made, or only asked for, planned or refused."""
        kinds = [cue.told for cue in near]
        if "none" in kinds:
            return 0
        asked = max((i for i, kind in enumerate(kinds) if kind in ("demand", "plan")), default=-1)
        pause = _AFTER_PAUSE.search(text, fact.end, fact.end + _LINKED)
        done = (
            "done" in kinds[asked + 1 :]
            or (pause is not None and bool(self._next.after(text, pause.end())))
            or (near and text[near[-1].end - 1] in self._done_ends)
            or text[fact.end : fact.end + 1] in self._done_after
        )
        if "total" in kinds:
            return _TOTAL_PAID
        if not done and (asked >= 0 or (asked_before and not near)):
            return _ASKED
        return _SAID if asked_before and not done else _PAID

    def _cues(self, text: str, start: int, end: int) -> list[Cue]:
        """The cue words between `start` and `end`, in order."""
        window = text[start:end]
        told = window.rstrip(": ")  # 存入三次: 1.2万: what a colon announces goes with the verb before it
        cues = []
        for _first, last, word in self._before.find(window):
            if self._before_kind[word] != "skip":
                clauses = len(_PAUSE.findall(told, last)) + (len(window) - last > _CLOSE)
                cues.append(Cue(self._before_kind[word], start + last, clauses))
        return cues

    def _first_after(self, text: str, end: int) -> str:
        """The class of the first cue after a sum, within its clause."""
        pause = _AFTER_PAUSE.search(text, end, end + _AFTER)
        stop = pause.start() if pause is not None else end + _AFTER
        for first, _last, word in self._after.find(text[end:stop]):
            kind = self._after_kind[word]
            if kind not in ("gain", "plan") or first <= _BESIDE:
                return kind
        if pause is not None and self._next.after(text, pause.end()) and text[pause.start()] == ",":
            return "pay"
        return ""

    def _told_loss(self, text: str, chosen: list[Ranked], *, several: bool) -> Loss:
        """One told loss of several: an exact sum before a rounded one, the total of several victims, else the largest."""
        facts = self._distinct([row.fact for row in chosen])
        if len(facts) > 1 and (several or any(row.listed for row in chosen) or all(self._each_took(text, fact) for fact in facts)):
            return _summed(facts)
        own = [fact for fact in facts if not self._collective.found(text[max(0, fact.start - self._reach) : fact.start])]
        return _single(max(own or facts, key=_amount))

    def _each_took(self, text: str, fact: Fact) -> bool:
        """骗取甲3万元, 骗取乙5万元: court style, where each sum stands for a victim."""
        return self._per_victim.found(text[max(0, fact.start - 16) : fact.start])

    def _exact(self, told: Loss, ranked: list[Ranked]) -> Loss:
        """A rounded loss (被骗8万元) gives way to the exact sum of the same payments (共计80486元)."""
        near = [row.fact for row in ranked if row.rank >= _PAID and told[0] and abs(_amount(row.fact) - told[0]) <= self._equal * told[0]]
        best = min(near, key=_exactness, default=None)
        return told if best is None or _exactness(best)[:2] >= _digits(told[0] or 0) else _single(best)

    def _paid_out(self, text: str, facts: list[Fact]) -> Loss:
        """The sum of the payments, without those that came back as a bait and without second mentions of one."""
        kept: list[Fact] = []
        for i, fact in enumerate(facts):
            until = min(facts[i + 1].start if i + 1 < len(facts) else len(text), fact.end + 24)
            if i + 1 < len(facts) and self._returned.found(text[fact.end : until]):
                continue
            if any(other.value == fact.value for other in kept) and not self._again.found(text[max(0, fact.start - 20) : fact.start]):
                continue
            kept.append(fact)
        return _summed(kept) if kept else _NOTHING

    def _distinct(self, facts: list[Fact]) -> list[Fact]:
        """Drop sums that only round another."""
        kept: list[Fact] = []
        for fact in sorted(facts, key=_exactness):
            if not any(abs(_amount(fact) - _amount(other)) <= self._equal * _amount(other) for other in kept):
                kept.append(fact)
        return sorted(kept, key=_start)


def _automaton(cues: dict[str, Iterable[str]]) -> tuple[CharwiseDoubleArrayAhoCorasick, list[str]]:
    table = {word: kind for kind, words in cues.items() for word in words}
    return CharwiseDoubleArrayAhoCorasick(list(table), MATCH_KIND_LEFTMOST_LONGEST), list(table.values())


def _amount(fact: Fact) -> float:
    return float(fact.value or 0)


def _exactness(fact: Fact) -> tuple[bool, int, int]:
    """Sums without 余 and with fewer round zeros first."""
    return bool(fact.get("about")), _digits(_amount(fact))[1], fact.start


def _digits(amount: float) -> tuple[bool, int]:
    """How round a sum is: the zeros at its end."""
    digits = str(int(amount))
    return False, len(digits) - len(digits.rstrip("0"))


def _start(fact: Fact) -> int:
    return fact.start


def _single(fact: Fact) -> Loss:
    amount = _amount(fact)
    return (int(amount) if amount == int(amount) else amount), fact.start, fact.end


def _summed(facts: list[Fact]) -> Loss:
    """The sum of several payments; the span runs from the first to the last."""
    amount = round(sum(_amount(fact) for fact in facts), 2)
    return (int(amount) if amount == int(amount) else amount), facts[0].start, facts[-1].end


@cache
def shipped() -> LossReader:
    """The reader over the cues that ship."""
    return LossReader(load_list("loss"))


def loss(document: Document, facts: Facts, *, paid: bool = False) -> Loss:
    """The loss with the shipped cues: (yuan or None, start, end) in `document.text`."""
    return shipped().read(document, facts, paid=paid)
