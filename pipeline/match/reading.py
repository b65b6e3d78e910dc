"""One narrative being read: its hits in context, and what has been decided about it so far. This is what conditions look at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np

from pipeline.match.context import Context
from pipeline.match.hit import ASSERTED, Hit
from pipeline.match.scan import Spans
from pipeline.rulepack.condition import Condition
from pipeline.rulepack.pack import Pack, RuleSpec
from pipeline.text.document import Document

_COUNTED = frozenset({ASSERTED})
LABEL = {
    "frames": "frame", "factors": "factor", "scripts": "script", "stages": "stage", "disputes": "dispute", "categories": "category",
}  # fmt: skip


class Decided(msgspec.Struct, frozen=True):
    """A label that holds, with its score and the hits that it rests on."""

    rule: RuleSpec
    score: float
    hits: tuple[Hit, ...]
    fresh: bool
    model: bool = False  # proposed by a learned classifier, found by no rule


class Reading:
    """The state of one assessment. Not shared between narratives; everything that it is made of is."""

    __slots__ = ("_groups", "_rule", "_touched", "context", "decided", "document", "found", "pack", "set_aside", "signals", "values")

    def __init__(self, pack: Pack, document: Document, found: Spans, values: dict[str, float]) -> None:
        self.pack, self.document, self.found = pack, document, found
        self.signals = np.fromiter(found, np.intp, len(found))  # in the order of `found`; both stay as the scan left them
        self.values = values
        self.context: Context | None = None
        self.decided: dict[str, Decided] = {}
        self.set_aside: dict[str, list[Hit]] = {}
        self._groups: dict[int, list[Hit]] = {}
        self._rule: RuleSpec | None = None
        touched: dict[int, list[int]] = {}
        owners = pack.owners
        for signal in found:
            owner = owners[signal]
            if owner in touched:
                touched[owner].append(signal)
            else:
                touched[owner] = [signal]
        self._touched = touched

    # what conditions ask (condition.View)

    def group(self, name: str) -> Sequence[Hit]:
        rule = self._rule
        return self.counted(rule.groups[name]) if rule is not None else ()

    def value(self, name: str) -> float:
        return self.values.get(name, 0.0)

    def support_of(self, name: str) -> Sequence[Hit]:
        head, _, rest = name.partition(".")
        decided = self.decided.get(f"{head}.{rest.partition('.')[0]}")
        return decided.hits if decided is not None else ()

    def phrase(self, hit: Hit) -> str:
        return self.document.text[hit.start : hit.end]

    def distance(self, a: Hit, b: Hit) -> int:
        clauses, sentences, far = self.document.clauses, self.document.sentences, len(self.document.text) + 1
        first, second = (a, b) if a.start <= b.start else (b, a)
        if second.start < first.end or bisect_right(clauses, (first.end - 1, far)) == bisect_right(clauses, (second.start, far)):
            return 0
        apart = bisect_right(sentences, (second.start, far)) - bisect_right(sentences, (first.end - 1, far))
        return 1 if apart == 0 else 2 if apart == 1 else 3

    # hits

    def counted(self, signal: int) -> list[Hit]:
        """Hits of a signal whose status counts; the others are kept aside under the rule's label."""
        hits = self._groups.get(signal)
        if hits is None:
            hits = self._groups[signal] = self._read(signal)
        return hits

    def pair(self, left: int, right: int, reach: int) -> bool:
        """Whether two signals have counted hits as close as `reach` asks (3: the right one after the left one)."""
        rights = self.counted(right)
        if not rights:
            return False
        for a in self.counted(left):
            for b in rights:
                if (b.start >= a.end) if reach == 3 else self.distance(a, b) <= reach:
                    return True
        return False

    def many(self, signal: int, least: int) -> bool:
        """Whether a signal has at least so many different phrases."""
        hits = self.counted(signal)
        return len(hits) >= least and len({self.phrase(hit) for hit in hits}) >= least

    def _read(self, signal: int) -> list[Hit]:
        spans = self.found.get(signal)
        if not spans:
            return []
        context = self.context
        if context is None:
            return [Hit(start, end, signal) for start, end in spans]
        spec = self.pack.signals[signal]
        names = spec.names
        hits, counts = context.read(names, spans, signal), spec.counts
        if counts is None:
            return hits
        kept = [hit for hit in hits if hit.status in counts]
        if len(kept) < len(hits) and spec.weight > 0:
            self.set_aside.setdefault(names[0], []).extend(hit for hit in hits if hit.status not in counts)
        return kept

    def heard(self) -> Iterator[tuple[int, int]]:
        """Signals that were asked for, each with how many of its hits count."""
        return ((signal, len(hits)) for signal, hits in self._groups.items() if hits)

    def asked(self, rules: Iterable[RuleSpec], besides: str | None = None) -> list[RuleSpec]:
        """Those rules that may hold: a phrase of theirs stands in the narrative, or they need none, or it is the one named `besides`."""
        touched = self._touched
        return [rule for rule in rules if rule.number in touched or rule.always or rule.id == besides]

    # decisions

    def holds(self, rule: RuleSpec, condition: Condition | None = None) -> bool:
        """Whether the rule's condition holds, or another one of the rule's."""
        return (condition or rule.condition).test(self.found, self.values.get, self)

    def support(self, rule: RuleSpec, condition: Condition | None = None) -> tuple[Hit, ...]:
        """The hits that a holding condition rests on, in order, without doubles."""
        self._rule = rule
        return tuple(sorted(set((condition or rule.condition).support(self))))

    def score(self, rule: RuleSpec) -> tuple[float, tuple[Hit, ...]]:
        """Score of a scored rule and the hits that speak for it."""
        settings = self.pack.settings
        boost, decay = settings["cause_boost"], settings["repeat_decay"]
        total, hits = float(rule.data.get("base", 0.0)), []
        for signal in self._touched.get(rule.number, ()):
            counted = self.counted(signal)
            weight = self.pack.signals[signal].weight
            if not counted or not weight:
                continue
            total += weight * _amount(self, counted, boost, decay)
            if weight > 0:
                hits += counted
        for name, weight in rule.inputs:
            value = self.values.get(name)
            if value:
                total += weight * value
        return total, tuple(sorted(set(hits))) if len(hits) > 1 else tuple(hits)

    def decide(self, rule: RuleSpec, score: float, hits: tuple[Hit, ...], *, counts: bool = True) -> None:
        """Record that a label holds, so that later conditions see it; one that does not count is only told."""
        label = f"{LABEL[rule.family]}.{rule.id}"
        fresh = any(hit.fresh for hit in hits)
        self.decided[label] = Decided(rule, score, hits, fresh)
        if not counts:
            return
        self.values[label] = 1.0
        if fresh:
            self.values[label + ".fresh"] = 1.0

    def drop(self, rule: RuleSpec) -> None:
        """Forget that a label holds."""
        label = f"{LABEL[rule.family]}.{rule.id}"
        if self.decided.pop(label, None) is not None:
            self.values[label] = self.values[label + ".fresh"] = 0.0

    def propose(self, rule: RuleSpec, chance: float, *, counts: bool) -> None:
        """Record a label that a classifier proposes; conditions see it only where it `counts`."""
        label = f"{LABEL[rule.family]}.{rule.id}"
        self.decided[label] = Decided(rule, chance, (), False, model=True)
        if counts:
            self.values[label] = 1.0

    def mark(self) -> tuple[dict[str, float], dict[str, Decided]]:
        """What is decided so far, to come back to."""
        return dict(self.values), dict(self.decided)

    def back_to(self, mark: tuple[dict[str, float], dict[str, Decided]]) -> None:
        """Forget what was decided since `mark`, which is used up."""
        self.values, self.decided = mark


def _amount(reading: Reading, hits: Sequence[Hit], boost: float, decay: float) -> float:
    """1 for the first different phrase, less for each further one; a cause counts more."""
    if len(hits) == 1:
        return boost if hits[0].cause else 1.0
    best: dict[str, float] = {}
    for hit in hits:
        phrase = reading.phrase(hit)
        worth = boost if hit.cause else 1.0
        if worth > best.get(phrase, 0.0):
            best[phrase] = worth
    total, share = 0.0, 1.0
    for worth in sorted(best.values(), reverse=True):
        total += worth * share
        share *= decay
    return total
