"""All conditions of a playbook as one compiled function: each operand is looked up once, each condition is answered once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from pipeline.errors import ConditionError
from pipeline.match.hit import Hit
from pipeline.match.reading import Reading
from pipeline.rulepack.condition import All, Node, parse, source
from pipeline.rulepack.pack import Pack

Look = Callable[..., float]  # values.get
_OPERAND = re.compile(r"v\(('[^']+'), 0\.0\)")
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

    def compiled(self) -> Callable[[Look], Sequence[bool]]:
        """One function over `values.get`; the source is built from parsed nodes only."""
        texts = [source(node, {}) for node in self.nodes]
        names: dict[str, str] = {}
        for text in texts:
            for name in _OPERAND.findall(text):
                names.setdefault(name, f"a{len(names)}")
        looked = "".join(f" {local} = v({name}, 0.0)\n" for name, local in names.items())
        answers = "".join(f"  {_OPERAND.sub(lambda match: names[match.group(1)], text)},\n" for text in texts)
        space: dict[str, Callable[[Look], Sequence[bool]]] = {}
        exec(f"def decide(v):\n{looked} return (\n{answers} )\n", {"__builtins__": {}}, space)
        return space["decide"]

    def support(self, number: int, reading: Reading) -> list[Hit]:
        """The hits that a holding condition rests on."""
        return self.nodes[number].support(reading)
