"""All conditions of a playbook as one compiled function: each operand is looked up once, each condition is answered once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.errors import ConditionError
from pipeline.match.hit import Hit
from pipeline.match.reading import Reading
from pipeline.rulepack.board import Answers, together
from pipeline.rulepack.condition import All, Node, parse
from pipeline.rulepack.pack import Pack

# what the engine gives besides labels
_FACTS = frozenset({"people", "households", "money", "calls", "victim_age", "length", "han", "common", "characters", "loss", "loss_told", "loss_sure"})
_FREE = re.compile(r"(?:repeat|meta)\..")  # what others put beside the labels, under names of their own
_AXES = frozenset({"urgency", "danger", "difficulty", "max"})
_FAMILY = {
    "frame": "frames", "factor": "factors", "script": "scripts", "stage": "stages", "dispute": "disputes", "category": "categories", "diversion": "diversion",
}  # fmt: skip


def gates(pack: Pack) -> dict[str, str]:
    """Factor → the gate that it closes."""
    return {
        rule.id: rule.data["gate"] if isinstance(rule.data["gate"], str) else rule.id
        for rule in pack.rules["factors"].values()
        if rule.data["gate"]
    }  # fmt: skip


def _known(pack: Pack) -> Mapping[str, frozenset[str]]:
    labels = {head: frozenset(pack.rules[family]) | {"any", "best", "count"} for head, family in _FAMILY.items()}
    colours = frozenset(level["code"] for profile in pack.rules["profiles"].values() for level in profile.data["levels"])
    return {**labels, "gate": frozenset(gates(pack).values()) | {"any"}, "axis": _AXES, "fact": _FACTS, "colour": colours}


class Switchboard:
    """Collects conditions, then answers all of them at once.

    >>> from pipeline.engine import Engine
    >>> board = Switchboard(Engine.default().pack)
    >>> number = board.add("axis.max >= 2", "example")
    >>> board.compiled()({"axis.max": 2.0}.get)[number]
    True
    """

    def __init__(self, pack: Pack) -> None:
        self._known = _known(pack)
        self._numbers: dict[str, int] = {}
        self.nodes: list[Node] = []

    def add(self, text: str | None, where: str) -> int:
        """The number of a condition (None: always). Raises ConditionError where it does not parse or names something unknown."""
        text = text or ""
        if text not in self._numbers:
            try:
                node = parse(text) if text else All(())
            except ConditionError as error:
                raise ConditionError(error.code, error.zh, error.en, seen=f"{where} · {error.seen}", remedy=error.remedy) from error
            for name in node.names():
                self._check(name, where)
            self._numbers[text] = len(self.nodes)
            self.nodes.append(node)
        return self._numbers[text]

    def _check(self, name: str, where: str) -> None:
        head, _, rest = name.partition(".")
        known = self._known.get(head)
        if _FREE.match(name) or (known is not None and rest.partition(".")[0] in known):
            return
        raise ConditionError(
            "FQ1401", "路由条件里的名字不存在", "unknown name in a routing condition", seen=f"{where} · {name}", remedy="改正代码, 或先建立该文件"
        )

    def operands(self) -> frozenset[str]:
        """Every operand that some condition looks at."""
        return frozenset(name for node in self.nodes for name in node.names())

    def compiled(self) -> Answers:
        """One function over `values.get` that answers every condition, by number."""
        return together(self.nodes)

    def support(self, number: int, reading: Reading) -> list[Hit]:
        """The hits that a holding condition rests on."""
        return self.nodes[number].support(reading)
