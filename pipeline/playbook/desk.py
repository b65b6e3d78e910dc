"""A playbook compiled for use: every condition in one function, every entry with the numbers of its conditions. Immutable; shared between threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import RuleError
from pipeline.playbook.compose import compose
from pipeline.playbook.law import Laws
from pipeline.playbook.switch import Switchboard, gates
from pipeline.playbook.workdays import Workdays
from pipeline.rulepack.condition import Node, Not
from pipeline.rulepack.pack import Pack, RuleSpec


@dataclass(frozen=True, slots=True)
class Said:
    """Something to say where condition `on` holds."""

    id: str
    on: int
    says: str
    cites: tuple[str, ...]
    basis: str
    example: bool


@dataclass(frozen=True, slots=True)
class Named:
    """An entry of a file that holds where `on` does; `data` is what the answer shows of it."""

    on: int
    data: dict[str, Any]
    cites: tuple[str, ...] = ()
    off: int | None = None  # not shown where this holds


@dataclass(frozen=True, slots=True)
class Way:
    """A step of the playbook with its route."""

    id: str
    name: str
    unit: str
    target: str
    route: RuleSpec
    on: int
    because: tuple[Said, ...]
    blocked: tuple[Said, ...]
    due: dict[str, Any] | None
    moves_up: tuple[tuple[str, int | None], ...]
    shown: dict[str, Any]  # what is shown where it is done beside another
    mediates: bool
    safety: bool
    papers: tuple[tuple[str, int], ...]  # documents that only belong to it where a condition holds


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of mediation."""

    rule: RuleSpec
    on: int
    force: str
    blockers: tuple[Said, ...]
    needs: tuple[Named, ...]
    deadlines: tuple[Named, ...]
    shown: dict[str, dict[str, str]]  # by whether it is available: yes, no, unknown


@dataclass(frozen=True, slots=True)
class Body:
    """A department: whether the matter is its own, and why else it is told."""

    data: dict[str, Any]
    competent: int | None
    notify: tuple[Said, ...]


class Desk:
    """One playbook over one pack. Raises RuleError (ConditionError) where a condition, citation, route or party is unknown."""

    def __init__(self, pack: Pack, code: str) -> None:
        self.pack, self.code = pack, code
        self.book = compose(pack, code)
        self.laws = Laws(pack)
        self.cited: set[str] = set()
        self._told: dict[tuple[int, int], dict[str, Any]] = {}
        self.workdays = Workdays(rule.data for rule in pack.rules["calendar"].values())
        self.gates = {f"factor.{factor}": f"gate.{gate}" for factor, gate in gates(pack).items()}  # as operands
        self._board = Switchboard(pack)
        self.ways = tuple(self._way(step) for step in self.book["steps"])
        rules = sorted(pack.rules["mediation"].values(), key=lambda rule: (rule.data["order"], rule.id))
        shared = tuple(said for rule in rules if rule.data["shared"] for said in self._said(rule.data["blockers"], f"mediation/{rule.id}"))
        self.mediable = tuple(self._on(rule.data["when"], f"mediation/{rule.id}") for rule in rules if rule.data["shared"])
        self.kinds = tuple(self._kind(rule, shared) for rule in rules if not rule.data["shared"])
        self.shared = shared
        self.bodies = tuple(self._body(rule) for rule in sorted(pack.rules["departments"].values(), key=lambda rule: (rule.data["order"], rule.id)))
        self.owners = tuple((body.competent, body.data) for body in self.bodies if body.competent is not None)
        self.notices = tuple((body, entry) for body in self.bodies for entry in body.notify)
        self.safeguards = tuple(
            self._said([rule.data], f"safeguards/{rule.id}")[0]
            for rule in sorted(pack.rules["safeguards"].values(), key=lambda rule: (rule.data["order"], rule.id))
        )
        self.checklists = {rule.id: self._checklist(rule) for rule in pack.rules["checklists"].values()}
        self.diversion = tuple(sorted(pack.rules["diversion"].values(), key=lambda rule: (rule.data["order"], rule.id)))
        self._check_diversion()
        self.team = self._named("team", ("id", "name", "why", "basis"))
        self.partners = self._named("partners", ("id", "name", "why", "basis"))
        self.levels = self._named("levels", ("id", "name", "who", "basis", "example_default"))
        self.cards = self._named("cards", ("id", "name", "says", "content_known", "basis"))
        self.marks = self._said(self.book["marks"], f"playbooks/{code} marks")
        self.escalations = self._said(self.book["escalations"], f"playbooks/{code} escalations")
        self.conditions = len(self._board.nodes)
        self.decide = self._board.compiled()
        self.labels = tuple(frozenset(self._labels(node)) for node in self._board.nodes)

    def told(self, entry: Said, epoch: int) -> dict[str, Any]:
        """What is always the same about an entry in one epoch of the law; made once, never changed."""
        made = self._told.get((id(entry), epoch))
        if made is None:
            made = self._told[id(entry), epoch] = {
                "rule": entry.id, "says": entry.says, **self.laws.cited(entry.cites, epoch), "basis": entry.basis, "example_default": entry.example,
            }  # fmt: skip
        return made

    def asked(self, need: Named, epoch: int) -> dict[str, Any]:
        """What a need shows, with its citation; made once per epoch."""
        made = self._told.get((id(need), epoch))
        if made is None:
            made = self._told[id(need), epoch] = {**need.data, "citation": self.laws.cited(need.cites, epoch)["citation"]}
        return made

    def _check_cite(self, cite: str, where: str) -> None:
        self.laws.check(cite, where)
        self.cited.add(cite)

    def _on(self, text: str | None, where: str) -> int:
        return self._board.add(text, where)

    def _maybe(self, text: str | None, where: str) -> int | None:
        return self._board.add(text, where) if text else None

    def _said(self, entries: Iterable[Mapping[str, Any]], where: str) -> tuple[Said, ...]:
        made = []
        for entry in entries:
            for cite in entry["cite"]:
                self._check_cite(cite, f"{where} {entry['id']}")
            made.append(
                Said(
                    entry["id"],
                    self._on(entry["when"], f"{where} {entry['id']}"),
                    entry["says"],
                    tuple(entry["cite"]),
                    entry["basis"],
                    entry["example_default"],
                )
            )
        return tuple(made)

    def _named(self, part: str, keys: tuple[str, ...]) -> tuple[Named, ...]:
        where = f"playbooks/{self.code} {part}"
        return tuple(Named(self._on(entry["when"], f"{where} {entry['id']}"), {key: entry[key] for key in keys}) for entry in self.book[part])

    def _way(self, step: dict[str, Any]) -> Way:
        where = f"playbooks/{self.code} steps {step['id']}"
        route = self.pack.rules["routes"].get(step["route"])
        if route is None:
            raise RuleError("FQ1405", "没有这条路线", "unknown route", seen=f"{where} · {step['route']}", remedy="先建立 routes/ 下的文件")
        data = route.data
        name, unit = step["name"] or route.name, step["unit"] or data["unit"]
        for cite in (step["due"] or {}).get("cite", ()):
            self._check_cite(cite, where)
        return Way(
            step["id"],
            name,
            unit,
            data["target"],
            route,
            self._on(step["when"], where),
            self._said(step["because"], where),
            self._said(data["blocked"], f"routes/{route.id}"),
            step["due"],
            tuple((move["says"], self._maybe(move["unless"], where)) for move in step["moves_up"]),
            {"step": step["id"], "name": name, "unit": unit, "what": data["what"]},
            data["mediates"],
            data["safety"],
            tuple((paper["name"], self._on(paper["when"], f"routes/{route.id}")) for paper in data["papers"]),
        )

    def _kind(self, rule: RuleSpec, shared: tuple[Said, ...]) -> Kind:
        where, data = f"mediation/{rule.id}", rule.data
        for entry in (data, *data["needs"], *data["deadlines"]):
            for cite in entry["cite"]:
                self._check_cite(cite, where)
        needs = tuple(
            Named(
                self._on(need["when"], where),
                {key: need[key] for key in ("id", "name", "question", "essential", "basis")},
                tuple(need["cite"]),
                self._maybe(need["unless"], where),
            )
            for need in data["needs"]
        )
        deadlines = tuple(Named(self._on(entry["when"], where), entry, tuple(entry["cite"])) for entry in data["deadlines"])
        force = self.book["forces"].get(rule.id, data["force"])
        shown = {state: {"kind": rule.id, "name": rule.name, "force": force, "available": state} for state in ("yes", "no", "unknown")}
        return Kind(rule, self._on(data["when"], where), force, shared + self._said(data["blockers"], where), needs, deadlines, shown)

    def _body(self, rule: RuleSpec) -> Body:
        data = {"id": rule.id, "name": rule.name, "lines": rule.data["lines"], "outside_queue": rule.data["outside_queue"]}
        where = f"departments/{rule.id}"
        return Body(data, self._maybe(rule.data["competent"], where), self._said(rule.data["notify"], where))

    def _checklist(self, rule: RuleSpec) -> tuple[Named, tuple[Named, ...]]:
        where = f"checklists/{rule.id}"
        items = []
        for item in rule.data["items"]:
            for cite in item["cite"]:
                self._check_cite(cite, f"{where} {item['id']}")
            shown = {key: item[key] for key in ("id", "says", "question", "basis")}
            items.append(Named(self._on(None, where), shown, tuple(item["cite"]), self._maybe(item["told"], where)))
        return Named(self._on(rule.data["when"], where), {"id": rule.id, "name": rule.name}), tuple(items)

    def _check_diversion(self) -> None:
        for rule in self.diversion:
            where = f"diversion/{rule.id}"
            if rule.data["party"] not in self.pack.rules["departments"]:
                raise RuleError(
                    "FQ1406", "没有这个接收单位", "unknown receiving party", seen=f"{where} · {rule.data['party']}", remedy="先建立 departments/ 下的文件"
                )
            for cite in rule.data["cite"]:
                self._check_cite(cite, where)

    def _labels(self, node: Node) -> Iterable[str]:
        """The decided labels that speak for a condition, gates as the factors that close them; what stands under `not` speaks for nothing."""
        if isinstance(node, Not):
            return ()
        parts: tuple[Node, ...] = getattr(node, "parts", ())
        if parts:
            return [label for part in parts for label in self._labels(part)]
        found: list[str] = []
        for name in node.names():
            head, _, rest = name.partition(".")
            if head == "gate":
                found += [factor for factor, gate in self.gates.items() if rest == "any" or name == gate]
            else:
                found.append(f"{head}.{rest.partition('.')[0]}")
        return found
