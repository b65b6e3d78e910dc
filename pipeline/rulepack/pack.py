"""A rule pack ready to use: one automaton over the words of all rules, and the rules with their parsed conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import daachorse

from pipeline.errors import ConditionError, RuleError
from pipeline.rulepack.condition import All, Group, Node, Some, has_not, parse, source

# the families in the order in which they are decided; a condition may name only what comes before
ORDER = (
    "frames", "context", "factors", "scripts", "stages", "disputes", "categories", "grading", "review", "profiles", "questions", "response",
    "laws", "calendar", "departments", "diversion", "mediation", "safeguards", "checklists", "routes", "playbooks",
)  # fmt: skip
_NAMESPACES = {
    "frame": "frames", "factor": "factors", "script": "scripts", "stage": "stages", "dispute": "disputes", "category": "categories",
}  # fmt: skip


class Check:
    """A regular expression compiled when first needed (a start touches few of them), then kept.

    `match` and `search` are those of the compiled pattern once it is there, so that the hot path pays for no indirection.
    """

    __slots__ = ("match", "search", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.match: Callable[..., re.Match[str] | None] = lambda *args: self.compiled().match(*args)
        self.search: Callable[..., re.Match[str] | None] = lambda *args: self.compiled().search(*args)

    def compiled(self) -> re.Pattern[str]:
        """Compile and put the pattern's own methods in place."""
        pattern = re.compile(self.text)
        self.match, self.search = pattern.match, pattern.search
        return pattern


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """A group of patterns in the pack: whose it is and which statuses of a hit count."""

    family: str
    rule: str
    group: str
    weight: float
    counts: frozenset[str] | None  # None: any
    stage: str | None
    masks: tuple[int, ...]
    names: tuple[str, ...]  # what cue files may call the rule: factor.threat, factor, group.threat


Test = Callable[[Any, Any, Any], bool]  # (signals found, values.get, reading) → does the condition hold


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule as the engine uses it. `data` holds the family's own settings by the names of the rule file."""

    family: str
    id: str
    name: str
    groups: dict[str, int]
    condition: Node
    test: Test  # the condition, compiled
    always: bool  # may hold without a hit of its own
    inputs: tuple[tuple[str, float], ...]
    data: dict[str, Any] = field(default_factory=dict)


Checked = tuple[int, Check | None, Check | None, int]  # signal, what stands before, what follows, most characters before
Actions = tuple[tuple[int, ...], tuple[Checked, ...]]  # signals that the word alone makes, signals that ask for more


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that rules know, compiled. Immutable but for lazily compiled checks."""

    digest: str
    settings: dict[str, Any]
    automaton: daachorse.CharwiseDoubleArrayAhoCorasick
    actions: tuple[Actions, ...]
    signals: tuple[SignalSpec, ...]
    rules: dict[str, dict[str, RuleSpec]]
    statements: dict[str, tuple[tuple[dict[str, Any], Node, Test], ...]]  # grading axis → (raise, condition, compiled)
    maps: dict[str, tuple[tuple[Test | None, int], ...]]  # profile → (condition, index of level), first match wins
    factor_order: tuple[str, ...]

    def patterns(self) -> int:
        """How many searchable words the automaton holds."""
        return len(self.actions)


def build(plan: dict[str, Any], problems: list[RuleError] | None = None) -> Pack:
    """Make a pack of a plan. Raises ConditionError where a condition does not parse or names something unknown; with `problems` given,
    unknown labels are recorded there and count as absent."""
    checks = [Check(text) for text in plan["regexes"]]
    signals = tuple(
        SignalSpec(
            s["family"],
            s["rule"],
            s["group"],
            s.get("weight", 0.0),
            None if (c := s.get("counts")) is None else frozenset(c),
            s.get("stage"),
            tuple(s.get("masks", ())),
            _names(plan, s["family"], s["rule"]),
        )
        for s in plan["signals"]
    )
    shared = tuple(_actions(entries, checks) for entries in plan["actions"])
    for data in plan["rules"]["context"].values():
        for key in ("pseudo", "stop"):
            data[key] = checks[data[key]] if isinstance(data[key], int) and data[key] >= 0 else None
    actions = tuple(shared[number] for number in plan["at"])
    rules = {family: {rule_id: _rule(family, data) for rule_id, data in members.items()} for family, members in plan["rules"].items()}
    statements: dict[str, tuple[tuple[dict[str, Any], Node, Test], ...]] = {}
    for rule_id, data in plan["rules"]["grading"].items():  # several files may lift one axis
        statements[data["axis"]] = statements.get(data["axis"], ()) + tuple(_statement(entry, f"grading/{rule_id}") for entry in data["raises"])
    pack = Pack(
        plan["digest"],
        plan["settings"],
        daachorse.CharwiseDoubleArrayAhoCorasick(plan["words"] or ["\x00"]),
        actions,
        signals,
        rules,
        statements,
        {name: _map(rule) for name, rule in rules["profiles"].items()},
        _ordered(rules["factors"]),
    )
    _verify(pack, problems)
    return pack


def _actions(entries: Sequence[Sequence[int]], checks: Sequence[Check]) -> Actions:
    plain = tuple(signal for signal, before, after, _ in entries if before < 0 and after < 0)
    checked = tuple(
        (signal, checks[before] if before >= 0 else None, checks[after] if after >= 0 else None, reach)
        for signal, before, after, reach in entries
        if before >= 0 or after >= 0
    )
    return plain, checked


def _condition(text: str, where: str) -> Node:
    try:
        return parse(text)
    except ConditionError as error:
        raise ConditionError(error.code, error.zh, error.en, seen=f"{where}.yaml · {error.seen}", remedy=error.remedy) from error


def _test(node: Node, groups: Mapping[str, int], where: str) -> Test:
    """The condition as a compiled function; the source is built from parsed nodes only."""
    try:
        text = source(node, groups)
    except KeyError as error:
        raise ConditionError("FQ1202", "条件里的组不存在", "unknown group in condition", seen=f"{where} · {error.args[0]}", remedy="改正组名") from None
    made: Test = eval(f"lambda f, v, r: {text}", {"__builtins__": {"bool": bool}})
    return made


def _statement(entry: dict[str, Any], where: str) -> tuple[dict[str, Any], Node, Test]:
    node = _condition(entry["when"], where)
    return entry, node, _test(node, {}, f"{where} {entry['id']}")


def _names(plan: dict[str, Any], family: str, rule: str) -> tuple[str, ...]:
    """What `not_for` and `only_for` of a cue file may call a rule: its label, its kind, and the group of a factor."""
    kind = next((name for name, target in _NAMESPACES.items() if target == family), family)
    group = plan["rules"].get(family, {}).get(rule, {}).get("group")
    return (f"{kind}.{rule}", kind, f"group.{group}") if group else (f"{kind}.{rule}", kind)


def _rule(family: str, data: dict[str, Any]) -> RuleSpec:
    groups: dict[str, int] = data.get("groups", {})
    text = data.get("condition") or data.get("when")
    if text:
        node = _condition(text, f"{family}/{data['id']}")
    elif groups:
        node = Some(tuple(Group(name) for name in groups))
    else:
        node = All(())
    inputs = tuple((data.get("inputs") or {}).items())
    always = node.possible(own=False) if text else bool(inputs) or bool(data.get("base"))
    return RuleSpec(family, data["id"], data["name"], groups, node, _test(node, groups, f"{family}/{data['id']}"), always, inputs, data)


def _map(profile: RuleSpec) -> tuple[tuple[Test | None, int], ...]:
    codes = [level["code"] for level in profile.data["levels"]]
    made = []
    for entry in profile.data["map"]:
        level = entry["level"] or entry["else_"]
        if level not in codes:
            raise ConditionError(
                "FQ1206", "分级方案没有这一级", "unknown level in profile", seen=f"profiles/{profile.id} · {level}", remedy="levels 中先写这一级"
            )
        where = f"profiles/{profile.id}"
        made.append((_test(_condition(entry["when"], where), {}, where) if entry["when"] else None, codes.index(level)))
    return tuple(made)


def _ordered(factors: dict[str, RuleSpec]) -> tuple[str, ...]:
    """Factors so that each comes after those that its condition names."""
    needs = {name: {n.split(".")[1] for n in rule.condition.names() if n.startswith("factor.")} & factors.keys() for name, rule in factors.items()}
    done: dict[str, None] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            raise ConditionError(
                "FQ1203", "因素互相引用成环", "factors name each other in a circle", seen=" → ".join((*trail, name)), remedy="去掉其中一处引用"
            )
        if name not in done:
            for need in sorted(needs[name] - {name}):
                visit(need, (*trail, name))
            done[name] = None

    for name in sorted(factors):
        visit(name, ())
    return tuple(done)


def _operands(pack: Pack) -> Iterator[tuple[str, RuleSpec | None, str, Node]]:
    for family, members in pack.rules.items():
        for rule in members.values():
            yield f"{family}/{rule.id}", rule, family, rule.condition
            for name, _ in rule.inputs:
                yield f"{family}/{rule.id}", rule, family, Group(name) if "." not in name else parse(name)
    for axis, entries in pack.statements.items():
        for entry, node, _ in entries:
            yield f"grading/{axis} {entry['id']}", None, "grading", node
            if has_not(node):
                raise ConditionError(
                    "FQ1204", "分级条件不得使用否定", "a grading condition may not speak of absence", seen=f"grading/{axis}", remedy="改用正面的因素"
                )


def _verify(pack: Pack, problems: list[RuleError] | None) -> None:
    """Every name in every condition is known and decided earlier."""
    for where, rule, family, node in _operands(pack):
        for name in node.names():
            head, _, rest = name.partition(".")
            if not rest:
                if rule is None or head not in rule.groups:
                    raise ConditionError("FQ1202", "条件里的组不存在", "unknown group in condition", seen=f"{where} · {name}", remedy="改正组名")
                continue
            target = _NAMESPACES.get(head)
            code = rest.split(".")[0]
            if target is None or code in ("any", "best", "count"):
                continue
            if code not in pack.rules.get(target, {}):
                unknown = ConditionError(
                    "FQ1202", "条件里的标签不存在", "unknown label in condition", seen=f"{where} · {name}", remedy="改正代码, 或先建立该文件"
                )
                if problems is None:
                    raise unknown
                problems.append(unknown)
            if ORDER.index(target) > ORDER.index(family):
                raise ConditionError("FQ1205", "条件引用了后面才判定的标签", "names a label that is decided later", seen=f"{where} · {name}", remedy="调整条件")
