"""The second-hand set: narratives written and planted by a hand that had seen neither the recognisers nor the first set.

`second/*.txt` hold one carrier a line under headings of genre. `{slot}` is a value that must be found, `{slot#a}` the same value each time in one
narrative, `{~slot}` and `[words]` may be found or not, and all other text must be left alone (money, times and counts are invented as well).
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

from tests.privacy.second_values import HERE, Values

NAMES = {"n": "full", "n2": "full", "nc": "compound", "nr": "rare", "nm": "minority", "nw": "word", "mou": "masked", "sur": "titled", "given": "given", "nick": "nick", "xiao": "little", "lao": "little", "a": "little"}  # fmt: skip
KINDS = {"id": "id_card", "card": "bank_card", "wx": "wechat", "addr": "address", "birth": "birth_date"}
LOOKALIKES = frozenset({"amt", "age", "age2", "t", "date"})
SLOT = re.compile(r"\{(~?)([a-z0-9.]+)(?:#([a-z]))?\}|\[([^\]]*)\]")
Span = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Narrative:
    """One planted narrative; `spans` are (kind, start, end, form) in code points, `neutral` (start, end) that may be found or not."""

    text: str
    genre: str
    spans: tuple[tuple[str, int, int, str], ...]
    neutral: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Scores:
    """What a finder found of a set; `missed` and `false` keep the places for the reader of the run."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str]] = field(default_factory=list)
    false: list[tuple[str, str]] = field(default_factory=list)

    def recall(self, *kinds: str) -> float:
        return sum(self.found[k] for k in kinds) / max(1, sum(self.planted[k] for k in kinds))

    def precision(self) -> float:
        return self.right.total() / max(1, self.right.total() + self.wrong.total())


@cache
def carriers() -> tuple[tuple[str, str], ...]:
    """(genre, carrier) of all files, in their order."""
    told = []
    for path in sorted(HERE.glob("*.txt")):
        genre = path.stem
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                genre = line[2:]
            elif line:
                told.append((genre, line))
    return tuple(told)


def plant(genre: str, carrier: str, seed: int) -> Narrative:
    """Fills a carrier with invented values.

    >>> plant("x", "{n#a}打了[某地]的人,{n#a}走了", 1).spans[0][:2]
    ('name', 0)
    """
    values, text, at = Values(seed), "", 0
    spans: list[tuple[str, int, int, str]] = []
    neutral: list[tuple[int, int]] = []
    for slot in SLOT.finditer(carrier):
        text += carrier[at : slot.start()]
        at = slot.end()
        free, name, key, words = slot.groups()
        kind, _, form = (name or "").partition(".")
        told = words if name is None else values.make(name, key or "")
        lead = len(told) - len(told.lstrip("号码是:")) if kind == "qq" else 0
        start, text = len(text) + lead, text + told
        if free or words is not None or (kind == "firm" and form != "minor"):
            neutral.append((start, len(text)))
        elif kind in NAMES:
            spans.append(("name", start, len(text), NAMES[kind]))
        elif kind not in LOOKALIKES:
            spans.append((KINDS.get(kind, kind), start, len(text), form or "plain"))
    return Narrative(text + carrier[at:], genre, tuple(spans), tuple(neutral))


def narratives(rounds: int = 7, seed: int = 20260810) -> list[Narrative]:
    """Each carrier filled `rounds` times; carriers without slots once."""
    rng = random.Random(seed)
    return [plant(genre, carrier, rng.randrange(1 << 40)) for genre, carrier in carriers() for _ in range(rounds if "{" in carrier else 1)]


def score(finder: Callable[[str], Iterable[Span]], texts: Iterable[Narrative]) -> Scores:
    """A planted span counts as found where each letter and digit of it is covered, a find as right where it touches something planted or neutral."""
    scores = Scores()
    for item in texts:
        spans = list(finder(item.text))
        covered = bytearray(len(item.text))
        for _kind, start, end in spans:
            covered[start:end] = b"\1" * (end - start)
        for kind, start, end, form in item.spans:
            whole = all(covered[i] for i in range(start, end) if item.text[i].isalnum())
            for key in (kind, f"{kind}/{form}"):
                scores.planted[key] += 1
                scores.found[key] += whole
            if not whole:
                scores.missed.append((f"{kind}/{form}", _beside(item.text, start, end)))
        known = [(start, end) for _k, start, end, _f in item.spans] + list(item.neutral)
        for kind, start, end in spans:
            if any(start < stop and begin < end for begin, stop in known):
                scores.right[kind] += 1
            else:
                scores.wrong[kind] += 1
                scores.false.append((kind, _beside(item.text, start, end)))
    return scores


def _beside(text: str, start: int, end: int) -> str:
    return f"{text[max(0, start - 10) : start]}【{text[start:end]}】{text[end : end + 10]}"


def by_kind(scores: Scores) -> dict[str, dict[str, float]]:
    """kind → {planted, recall, forms…} for reports."""
    table: dict[str, dict[str, float]] = defaultdict(dict)
    for key, count in sorted(scores.planted.items()):
        kind, _, form = key.partition("/")
        table[kind][form or "recall"] = round(scores.found[key] / count, 4)
        if not form:
            table[kind]["planted"] = count
    return dict(table)
