"""The readable conditions of the rule files: parsed once into small nodes that answer `holds` and point at their support.

Grammar: see pipeline/rules/README.md. `a with b` same clause, `a near b` same sentence, `a around b` same or neighbouring sentence,
`a then b` b begins after a, `many(a, 2)` two different phrases, `fact.people >= 5` comparisons, `factor.x.fresh` told as happening now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.errors import ConditionError
from pipeline.match.hit import Hit

_TOKEN = re.compile(r"\s*(>=|<=|==|<|>|\(|\)|,|[A-Za-z_][\w.\-]*|-?\d+(?:\.\d+)?)")
_NEAR = {"with": 0, "near": 1, "around": 2, "then": 3}


class View(Protocol):
    """What a condition may look at while one narrative is assessed."""

    def group(self, name: str) -> Sequence[Hit]:
        """Counted hits of a group of the rule at hand."""

    def value(self, name: str) -> float:
        """A dotted operand: 1/0 for labels, a number for facts and axes."""

    def support_of(self, name: str) -> Sequence[Hit]:
        """The hits that a dotted label rests on."""

    def phrase(self, hit: Hit) -> str:
        """The words of a hit."""

    def distance(self, a: Hit, b: Hit) -> int:
        """0 same clause, 1 same sentence, 2 neighbouring sentences, 3 further."""


class Node(Protocol):
    """One node of a condition."""

    def holds(self, view: View) -> bool: ...
    def support(self, view: View) -> list[Hit]: ...
    def names(self) -> Iterator[str]: ...
    def possible(self, own: bool) -> bool:
        """Could it hold when the rule's own groups are hit (`own`) or not hit at all?"""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the rule itself has a counted hit."""

    name: str

    def holds(self, view: View) -> bool:
        return bool(view.group(self.name))

    def support(self, view: View) -> list[Hit]:
        return list(view.group(self.name))

    def names(self) -> Iterator[str]:
        yield self.name

    def possible(self, own: bool) -> bool:
        return own


@dataclass(frozen=True, slots=True)
class Operand:
    """A dotted name, alone (true where > 0) or compared with a number."""

    name: str
    sign: str = ">"
    bound: float = 0.0

    def holds(self, view: View) -> bool:
        value = view.value(self.name)
        if self.sign == ">=":
            return value >= self.bound
        if self.sign == "<":
            return value < self.bound
        if self.sign == "<=":
            return value <= self.bound
        return value > self.bound if self.sign == ">" else value == self.bound

    def support(self, view: View) -> list[Hit]:
        return list(view.support_of(self.name))

    def names(self) -> Iterator[str]:
        yield self.name

    def possible(self, own: bool) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups close to each other."""

    left: str
    right: str
    reach: int

    def _pairs(self, view: View) -> Iterator[tuple[Hit, Hit]]:
        rights = view.group(self.right)
        if rights:
            for a in view.group(self.left):
                for b in rights:
                    if (b.start >= a.end) if self.reach == 3 else view.distance(a, b) <= self.reach:
                        yield a, b

    def holds(self, view: View) -> bool:
        return next(self._pairs(view), None) is not None

    def support(self, view: View) -> list[Hit]:
        return list(dict.fromkeys(hit for pair in self._pairs(view) for hit in pair))

    def names(self) -> Iterator[str]:
        yield self.left
        yield self.right

    def possible(self, own: bool) -> bool:
        return own


@dataclass(frozen=True, slots=True)
class Many:
    """At least `least` different phrases of a group."""

    name: str
    least: int

    def holds(self, view: View) -> bool:
        hits = view.group(self.name)
        return len(hits) >= self.least and len({view.phrase(hit) for hit in hits}) >= self.least

    def support(self, view: View) -> list[Hit]:
        return list(view.group(self.name))

    def names(self) -> Iterator[str]:
        yield self.name

    def possible(self, own: bool) -> bool:
        return own


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node

    def holds(self, view: View) -> bool:
        return not self.part.holds(view)

    def support(self, view: View) -> list[Hit]:
        return []

    def names(self) -> Iterator[str]:
        return self.part.names()

    def possible(self, own: bool) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class All:
    """All parts hold."""

    parts: tuple[Node, ...]

    def holds(self, view: View) -> bool:
        for part in self.parts:  # noqa: SIM110 — a plain loop: this is the hot path, and a generator costs more than the parts
            if not part.holds(view):
                return False
        return True

    def support(self, view: View) -> list[Hit]:
        return [hit for part in self.parts for hit in part.support(view)]

    def names(self) -> Iterator[str]:
        return (name for part in self.parts for name in part.names())

    def possible(self, own: bool) -> bool:
        return all(part.possible(own) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Some:
    """One of the parts holds."""

    parts: tuple[Node, ...]

    def holds(self, view: View) -> bool:
        for part in self.parts:  # noqa: SIM110 — hot path, see All
            if part.holds(view):
                return True
        return False

    def support(self, view: View) -> list[Hit]:
        return [hit for part in self.parts if part.holds(view) for hit in part.support(view)]

    def names(self) -> Iterator[str]:
        return (name for part in self.parts for name in part.names())

    def possible(self, own: bool) -> bool:
        return any(part.possible(own) for part in self.parts)


def has_not(node: Node) -> bool:
    """Whether a condition speaks of absence (grading conditions may not)."""
    if isinstance(node, Not) or (isinstance(node, Operand) and node.sign in ("<", "<=", "==")):
        return True
    return isinstance(node, All | Some) and any(has_not(part) for part in node.parts)


def parse(text: str) -> Node:
    """Parse a condition; raises ConditionError with the remedy.

    >>> list(parse("act near relation and not factor.reconciled").names())
    ['act', 'relation', 'factor.reconciled']
    """
    tokens, at = [], 0
    text = " ".join(text.split())
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong(text)
        tokens.append(match.group(1))
        at = match.end()
    parser = _Parser(tokens, text)
    node = parser.either()
    if parser.at != len(tokens):
        raise _wrong(text)
    return node


def _wrong(text: str) -> ConditionError:
    return ConditionError("FQ1201", "条件写法有误", "malformed condition", seen=text, remedy="见 pipeline/rules/README.md 的“Conditions”一节")


class _Parser:
    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens, self.text, self.at = tokens, text, 0

    def take(self, *wanted: str) -> str | None:
        if self.at < len(self.tokens) and (not wanted or self.tokens[self.at] in wanted):
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def need(self, *wanted: str) -> str:
        token = self.take(*wanted)
        if token is None:
            raise _wrong(self.text)
        return token

    def either(self) -> Node:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def both(self) -> Node:
        parts = [self.unary()]
        while self.take("and"):
            parts.append(self.unary())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def unary(self) -> Node:
        if self.take("not"):
            return Not(self.unary())
        if self.take("("):
            node = self.either()
            self.need(")")
            return self._related(node)
        return self._related(self.name())

    def name(self) -> Node:
        word = self.need()
        if word in ("and", "or", "with", "near", "around", "then", ")", ",") or not re.match(r"[A-Za-z_]", word):
            raise _wrong(self.text)
        if word == "many" and self.take("("):
            group = self.need()
            self.need(",")
            least = int(self.need())
            self.need(")")
            return Many(group, least)
        if "." not in word:
            return Group(word)
        sign = self.take(">=", "<=", "==", "<", ">")
        return Operand(word, sign, float(self.need())) if sign else Operand(word)

    def _related(self, left: Node) -> Node:
        word = self.take(*_NEAR)
        if word is None:
            return left
        right: Node
        if self.take("("):
            right = self.either()
            self.need(")")
        else:
            right = self.name()
        return self._related_pair(left, right, _NEAR[word])

    def _related_pair(self, left: Node, right: Node, reach: int) -> Node:
        pairs = [Pair(a, b, reach) for a in self._groups(left) for b in self._groups(right)]
        return pairs[0] if len(pairs) == 1 else Some(tuple(pairs))

    def _groups(self, node: Node) -> list[str]:
        if isinstance(node, Group):
            return [node.name]
        if isinstance(node, Some) and all(isinstance(part, Group) for part in node.parts):
            return [part.name for part in node.parts if isinstance(part, Group)]
        raise _wrong(self.text)


class Condition:
    """A condition with the signals that its groups stand for. Parsed and compiled when first asked: one narrative asks few of a thousand.

    `test(signals found, values.get, reading)` says whether it holds; it is the compiled function itself once that is there.
    """

    __slots__ = ("_groups", "_kinds", "_node", "_text", "_where", "test")

    def __init__(self, text: str | None, groups: Mapping[str, int], where: str) -> None:
        self._text, self._groups, self._where = text, groups, where
        self._node: Node | None = None
        self._kinds: frozenset[str] | None = None
        self.test: Callable[[Any, Any, Any], bool] = self._first

    @property
    def node(self) -> Node:
        """The parsed condition; without a text any of the groups, and without groups always. Raises ConditionError naming the file."""
        if self._node is None:
            if self._text:
                try:
                    self._node = parse(self._text)
                except ConditionError as error:
                    raise ConditionError(error.code, error.zh, error.en, seen=f"{self._where} · {error.seen}", remedy=error.remedy) from error
            else:
                self._node = Some(tuple(Group(name) for name in self._groups)) if self._groups else All(())
        return self._node

    @property
    def kinds(self) -> frozenset[str]:
        """What comes before the dot of its operands: where no value of these kinds has changed, the answer has not."""
        if self._kinds is None:
            self._kinds = frozenset(name.partition(".")[0] for name in self.names() if "." in name)
        return self._kinds

    def compiled(self) -> Callable[[Any, Any, Any], bool]:
        """Compile and put the function in place; the source is built from parsed nodes only. Raises ConditionError for an unknown group."""
        try:
            text = source(self.node, self._groups)
        except KeyError as error:
            raise ConditionError(
                "FQ1202", "条件里的组不存在", "unknown group in condition", seen=f"{self._where} · {error.args[0]}", remedy="改正组名"
            ) from None
        self.test = eval(f"lambda f, v, r: {text}", {"__builtins__": {"bool": bool}})
        return self.test

    def _first(self, found: Any, look: Any, reading: Any) -> bool:
        return self.compiled()(found, look, reading)

    def support(self, view: View) -> list[Hit]:
        """The hits that the condition rests on where it holds."""
        return self.node.support(view)

    def names(self) -> Iterator[str]:
        """Every operand and group that it names."""
        return self.node.names()


def source(node: Node, groups: Mapping[str, int]) -> str:
    """The condition as a Python expression over `f` (signals found), `v` (values.get) and `r` (the reading): the hot path evaluates these.

    Built from the parsed nodes alone, never from the text of a rule file.
    """
    if isinstance(node, Group):
        return f"({groups[node.name]} in f and bool(r.counted({groups[node.name]})))"
    if isinstance(node, Operand):
        return f"v({node.name!r}, 0.0) {node.sign} {node.bound!r}"
    if isinstance(node, Pair):
        left, right = groups[node.left], groups[node.right]
        return f"({left} in f and {right} in f and r.pair({left}, {right}, {node.reach}))"
    if isinstance(node, Many):
        return f"({groups[node.name]} in f and r.many({groups[node.name]}, {node.least}))"
    if isinstance(node, Not):
        return f"not ({source(node.part, groups)})"
    if isinstance(node, All | Some):
        if not node.parts:
            return "True" if isinstance(node, All) else "False"
        return (" and " if isinstance(node, All) else " or ").join(f"({source(part, groups)})" for part in node.parts)
    raise TypeError(type(node).__name__)
