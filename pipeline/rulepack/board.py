"""Conditions over labels and facts alone, asked in one go: one compiled function that looks each operand up once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Generic, TypeVar

from pipeline.rulepack.condition import Condition, Node, source

Look = Callable[..., float]  # values.get
Answers = Callable[[Look], Sequence[bool]]
Item = TypeVar("Item")
_OPERAND = re.compile(r"v\(('[^']+'), 0\.0\)")


def together(nodes: Iterable[Node]) -> Answers:
    """One function over `values.get` that answers all conditions, in order; the source is built from parsed nodes only.

    >>> from pipeline.rulepack.condition import parse
    >>> together([parse("axis.max >= 2"), parse("not axis.max")])({"axis.max": 2.0}.get)
    (True, False)
    """
    texts = [source(node, {}) for node in nodes]
    names: dict[str, str] = {}
    for text in texts:
        for name in _OPERAND.findall(text):
            names.setdefault(name, f"a{len(names)}")
    looked = "".join(f" {local} = v({name}, 0.0)\n" for name, local in names.items())
    answers = "".join(f"  {_OPERAND.sub(lambda match: names[match.group(1)], text)},\n" for text in texts)
    space: dict[str, Answers] = {}
    exec(f"def decide(v):\n{looked} return (\n{answers} )\n", {"__builtins__": {}}, space)
    return space["decide"]


class Board(Generic[Item]):
    """Things that hold or not, each with its condition; compiled when first asked."""

    __slots__ = ("_answers", "entries", "items")

    def __init__(self, entries: Iterable[tuple[Item, Condition]]) -> None:
        self.entries = tuple(entries)
        self.items = tuple(item for item, _ in self.entries)
        self._answers: Answers = self._first

    def _first(self, look: Look) -> Sequence[bool]:
        self._answers = together([condition.node for _, condition in self.entries])
        return self._answers(look)

    def holding(self, look: Look) -> list[Item]:
        """The things whose conditions hold, in order."""
        return list(compress(self.items, self._answers(look)))
