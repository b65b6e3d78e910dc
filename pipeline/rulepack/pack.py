"""A rule pack ready to use: one automaton over the words of all rules, and the rules with their parsed conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import daachorse
import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.errors import ConditionError, RuleError
from pipeline.rulepack.asks import Asks
from pipeline.rulepack.board import Board
from pipeline.rulepack.condition import Condition, Group, Node, has_not, parse

# the families in the order in which they are decided; a condition may name only what comes before
ORDER = (
    "frames", "context", "factors", "scripts", "weights", "stages", "disputes", "categories", "grading", "review", "profiles", "questions", "response",
    "laws", "calendar", "departments", "diversion", "mediation", "safeguards", "checklists", "routes", "playbooks",
)  # fmt: skip
_NAMESPACES = {
    "frame": "frames", "factor": "factors", "script": "scripts", "stage": "stages", "dispute": "disputes", "category": "categories",
}  # fmt: skip
Weights = npt.NDArray[np.float64]
_MORE = ("once_settled", "sure", "proposed", "kept")  # further conditions of a rule, as in RuleSpec
_WEIGHED = {**_NAMESPACES, "matter": "categories"}  # kind of weights → family of its labels


class Check:
    """A regular expression compiled when first asked, then kept: a narrative meets few of ten thousand.

    `match` and `search` are those of the compiled pattern once it is there, so that the hot path pays for no indirection.
    """

    __slots__ = ("match", "search", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.match: Callable[..., re.Match[str] | None] = self._first_match
        self.search: Callable[..., re.Match[str] | None] = self._first_search

    def compiled(self) -> re.Pattern[str]:
        """Compile and put the pattern's own methods in place."""
        pattern = re.compile(self.text)
        self.match, self.search = pattern.match, pattern.search
        return pattern

    def _first_match(self, text: str, start: int) -> re.Match[str] | None:
        return self.compiled().match(text, start)

    def _first_search(self, text: str, start: int, end: int) -> re.Match[str] | None:
        return self.compiled().search(text, start, end)


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


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule as the engine uses it. `data` holds the family's own settings by the names of the rule file."""

    family: str
    id: str
    name: str
    groups: dict[str, int]
    condition: Condition
    always: bool  # may hold without a hit of its own
    inputs: tuple[tuple[str, float], ...]
    data: dict[str, Any] = field(default_factory=dict)
    number: int = -1  # among all rules of the pack
    once_settled: Condition | None = None  # of a factor: asked again once category and type are fixed
    sure: Condition | None = None  # of a script: where it holds, no sum of signs takes the script away
    proposed: Condition | None = None  # of a category: where it does not hold, no model puts the category first
    kept: Condition | None = None  # of a category: where it holds, no model puts another before the one that rules found


@dataclass(frozen=True, slots=True)
class Statement:
    """What lifts an axis, and the condition under which it does."""

    axis: str
    entry: dict[str, Any]
    condition: Condition


@dataclass(frozen=True, slots=True)
class Scale:
    """What signals weigh for the labels of one kind, in log-odds. A kind with one label is a yes or no."""

    labels: tuple[str, ...]
    base: Weights  # (labels,)
    weights: Weights  # (signals, labels)
    condition: Condition | None  # where it may be asked
    held: dict[str, Weights] = field(default_factory=dict)  # label that holds → (labels,)


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that rules know, compiled. Immutable but for lazily compiled checks."""

    digest: str
    settings: dict[str, Any]
    automaton: daachorse.CharwiseDoubleArrayAhoCorasick
    plain: tuple[tuple[int, ...], ...]  # word → signals that it makes alone
    asks: Asks  # what the words ask for beside them
    checks: list[Check]
    signals: tuple[SignalSpec, ...]
    rules: dict[str, dict[str, RuleSpec]]
    statements: Board[Statement]  # of grading, in the order of the files
    questions: Board[RuleSpec]  # in the order in which they are asked
    review: Board[RuleSpec]  # the reasons for review that have a condition
    maps: dict[str, tuple[tuple[Condition | None, int], ...]]  # profile → (condition, index of level), first match wins
    factors: tuple[RuleSpec, ...]  # each after those that its condition names
    settling: tuple[RuleSpec, ...]  # the factors with a `once_settled` condition
    placed: tuple[RuleSpec, ...]  # the factors that are told of some categories only
    facts: dict[str, dict[str, Any]]  # the word lists of the fact extractor
    masked: dict[int, tuple[int, ...]]  # signal of excepted words → the signals that may not overlap them
    owners: tuple[int, ...]  # signal → number of its rule
    scales: dict[str, Scale]  # category, script, stage, factor → what signals weigh for each label

    def patterns(self) -> int:
        """How many searchable words the automaton holds."""
        return len(self.plain)


def build(plan: dict[str, Any], problems: list[RuleError] | None = None) -> Pack:
    """Make a pack of a plan. Raises ConditionError where a condition does not parse or names something unknown; with `problems` given,
    unknown labels are recorded there and count as absent. A sealed plan was checked when it was made: its conditions wait until they are asked."""
    sealed: dict[str, Any] | None = plan.get("sealed")
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
    for data in plan["rules"]["context"].values():
        for key in ("pseudo", "stop"):
            data[key] = checks[data[key]] if isinstance(data[key], int) and data[key] >= 0 else None
    shared = msgspec.msgpack.decode(plan["plain"], type=list[tuple[int, ...]])
    plain = tuple([shared[number] for number in msgspec.msgpack.decode(plan["at"], type=list[int])])
    always: dict[str, list[str]] | None = sealed["always"] if sealed else None
    names = [(family, rule_id) for family, members in plan["rules"].items() for rule_id in members]
    numbers = {name: number for number, name in enumerate(names)}
    rules: dict[str, dict[str, RuleSpec]] = {family: {} for family in plan["rules"]}
    for name, number in numbers.items():
        rules[name[0]][name[1]] = _rule(name[0], plan["rules"][name[0]][name[1]], always, number)
    pack = Pack(
        plan["digest"],
        plan["settings"],
        daachorse.CharwiseDoubleArrayAhoCorasick.deserialize(plan["automaton"]),
        plain,
        Asks(plan["asks"]),
        checks,
        signals,
        rules,
        Board((statement, statement.condition) for statement in _statements(plan)),
        _board(sorted(rules["questions"].values(), key=lambda rule: (rule.data["order"], rule.id))),
        _board(rule for rule in rules["review"].values() if rule.data["when"]),
        {name: _map(rule) for name, rule in rules["profiles"].items()},
        tuple([rules["factors"][name] for name in (sealed["factor_order"] if sealed else _ordered(rules["factors"]))]),
        tuple([rule for rule in rules["factors"].values() if rule.once_settled is not None]),
        tuple([rule for rule in rules["factors"].values() if rule.data["matters"]]),
        plan["facts"],
        _masked(signals),
        tuple([numbers.get((spec.family, spec.rule), -1) for spec in signals]),
        _scales(rules, len(signals)),
    )
    if not sealed:
        _verify(pack, problems)
    return pack


def seal(plan: dict[str, Any], pack: Pack) -> dict[str, Any]:
    """The plan with what checking it found out, so that the next start from it need not check it again."""
    always = {family: [rule.id for rule in members.values() if rule.always] for family, members in pack.rules.items()}
    return {**plan, "sealed": {"always": always, "factor_order": [rule.id for rule in pack.factors]}}


def _names(plan: dict[str, Any], family: str, rule: str) -> tuple[str, ...]:
    """What `not_for` and `only_for` of a cue file may call a rule: its label, its kind, and the group of a factor."""
    kind = next((name for name, target in _NAMESPACES.items() if target == family), family)
    group = plan["rules"].get(family, {}).get(rule, {}).get("group")
    return (f"{kind}.{rule}", kind, f"group.{group}") if group else (f"{kind}.{rule}", kind)


def _statements(plan: dict[str, Any]) -> Iterator[Statement]:
    for rule_id, data in plan["rules"]["grading"].items():  # several files may lift one axis
        for entry in data["raises"]:
            yield Statement(data["axis"], entry, Condition(entry["when"], {}, f"grading/{rule_id}.yaml {entry['id']}"))


def _board(rules: Iterable[RuleSpec]) -> Board[RuleSpec]:
    return Board((rule, rule.condition) for rule in rules)


def _scales(rules: dict[str, dict[str, RuleSpec]], signals: int) -> dict[str, Scale]:
    """The weights by signal. A group that an overlay took away weighs nothing."""
    members: dict[str, list[RuleSpec]] = {}
    for rule in rules["weights"].values():
        kind, _, label = rule.data["of"].partition(".")
        if label in rules[_WEIGHED[kind]]:
            members.setdefault(kind, []).append(rule)
    made = {}
    for kind, told in members.items():
        weights = np.zeros((signals, len(told)))
        held: dict[str, Weights] = {}
        for place, rule in enumerate(told):
            for name, weight in rule.data["held"].items():
                held.setdefault(name, np.zeros(len(told)))[place] = weight
            for name, groups in rule.data["weights"].items():
                family, _, owner = name.partition(".")
                known = spec.groups if (spec := rules.get(family, {}).get(owner)) else {}
                for group in groups.keys() & known.keys():
                    weights[known[group], place] = groups[group]
        labels = tuple(rule.data["of"].partition(".")[2] for rule in told)
        made[kind] = Scale(labels, np.array([rule.data["base"] for rule in told]), weights, told[0].condition if told[0].data["condition"] else None, held)
    return made


def _masked(signals: Sequence[SignalSpec]) -> dict[int, tuple[int, ...]]:
    made: dict[int, tuple[int, ...]] = {}
    for number, spec in enumerate(signals):
        for mask in spec.masks:
            made[mask] = (*made.get(mask, ()), number)
    return made


def _rule(family: str, data: dict[str, Any], always: dict[str, list[str]] | None, number: int) -> RuleSpec:
    groups: dict[str, int] = data.get("groups", {})
    text = data.get("condition") or data.get("when")
    condition = Condition(text, groups, f"{family}/{data['id']}.yaml")
    inputs = tuple((data.get("inputs") or {}).items())
    more = [Condition(data[key], groups, f"{family}/{data['id']}.yaml {key}") if data.get(key) else None for key in _MORE]
    if always is not None:  # a sealed plan knows
        return RuleSpec(family, data["id"], data["name"], groups, condition, data["id"] in always[family], inputs, data, number, *more)
    known = condition.node.possible(own=False) if text else bool(inputs) or bool(data.get("base"))
    return RuleSpec(family, data["id"], data["name"], groups, condition, known, inputs, data, number, *more)


def _map(profile: RuleSpec) -> tuple[tuple[Condition | None, int], ...]:
    codes = [level["code"] for level in profile.data["levels"]]
    made = []
    for entry in profile.data["map"]:
        level = entry["level"] or entry["else_"]
        if level not in codes:
            raise ConditionError(
                "FQ1206", "分级方案没有这一级", "unknown level in profile", seen=f"profiles/{profile.id} · {level}", remedy="levels 中先写这一级"
            )
        made.append((Condition(entry["when"], {}, f"profiles/{profile.id}.yaml") if entry["when"] else None, codes.index(level)))
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
            rule.condition.compiled()
            yield f"{family}/{rule.id}", rule, family, rule.condition.node
            for name, _ in rule.inputs:
                yield f"{family}/{rule.id}", rule, family, Group(name) if "." not in name else parse(name)
            if rule.once_settled is not None:  # asked after the categories: it may name all that grading may
                rule.once_settled.compiled()
                yield f"{family}/{rule.id} once_settled", rule, "grading", rule.once_settled.node
            for key, condition in (("sure", rule.sure), ("proposed", rule.proposed), ("kept", rule.kept)):
                if condition is not None:
                    condition.compiled()
                    yield f"{family}/{rule.id} {key}", rule, family, condition.node
    for statement in pack.statements.items:
        statement.condition.compiled()
        yield f"grading/{statement.axis} {statement.entry['id']}", None, "grading", statement.condition.node
        if has_not(statement.condition.node):
            raise ConditionError(
                "FQ1204", "分级条件不得使用否定", "a grading condition may not speak of absence", seen=f"grading/{statement.axis}", remedy="改用正面的因素"
            )


def _verify_places(pack: Pack) -> None:
    """Factors told of some categories only name such as there are."""
    for rule in pack.placed:
        if unknown := set(rule.data["matters"]) - pack.rules["categories"].keys():
            raise ConditionError(
                "FQ1207", "没有这个类别", "unknown category", seen=f"factors/{rule.id} matters · {'、'.join(sorted(unknown))}", remedy="改正 matters 里的类别"
            )


def _verify_beside(pack: Pack) -> None:
    """Scripts stand beside such as there are."""
    scripts = pack.rules["scripts"]
    for rule in scripts.values():
        if unknown := set(rule.data["beside"]) - scripts.keys():
            raise ConditionError(
                "FQ1207", "没有这个剧本", "unknown script", seen=f"scripts/{rule.id} beside · {'、'.join(sorted(unknown))}", remedy="改正 beside 里的剧本"
            )


def _verify(pack: Pack, problems: list[RuleError] | None) -> None:
    """Every condition compiles, and every name in it is known and decided earlier."""
    for members in pack.maps.values():
        for condition, _ in members:
            if condition is not None:
                condition.compiled()
    _verify_places(pack)
    _verify_beside(pack)
    for where, rule, family, node in _operands(pack):
        for name in node.names():
            head, _, rest = name.partition(".")
            if not rest:
                if rule is None or head not in rule.groups:
                    raise ConditionError("FQ1202", "条件里的组不存在", "unknown group in condition", seen=f"{where} · {name}", remedy="改正组名")
                continue
            target = _NAMESPACES.get(head)
            code = rest.split(".")[0]
            if target is None or code in ("any", "best", "count", "loses", "none"):
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
