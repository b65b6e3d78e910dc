"""A playbook with the parts that it takes from others put in place."""

from __future__ import annotations

from typing import Any

from pipeline.errors import RuleError
from pipeline.rulepack.pack import Pack

LISTS = ("steps", "duties", "team", "partners", "levels", "marks", "cards", "escalations", "loop", "measures")
TABLES = ("forces", "targets")


def selectable(pack: Pack) -> list[str]:
    """Codes of the playbooks that a user can choose."""
    return sorted(code for code, rule in pack.rules["playbooks"].items() if rule.data["selectable"])


def compose(pack: Pack, code: str, trail: tuple[str, ...] = ()) -> dict[str, Any]:
    """The playbook's own data with composed parts: entries of the same id (duties: level) are replaced by the later one.

    Raises RuleError for an unknown playbook and for playbooks that compose each other in a circle.
    """
    rule = pack.rules["playbooks"].get(code)
    if rule is None:
        raise RuleError("FQ1403", "没有这个工作法", "unknown playbook", seen=code, remedy="可用 available: " + "、".join(selectable(pack)))
    if code in trail:
        raise RuleError("FQ1404", "工作法互相引用成环", "playbooks compose each other in a circle", seen=" → ".join((*trail, code)), remedy="去掉其中一处引用")
    lists: dict[str, dict[Any, Any]] = {part: {} for part in LISTS}
    tables: dict[str, dict[str, str]] = {part: {} for part in TABLES}
    for entry in rule.data["composes"]:
        _take(lists, tables, compose(pack, entry["playbook"], (*trail, code)), entry["parts"])
    _take(lists, tables, rule.data, (*LISTS, *TABLES))
    made = {**rule.data, **{part: list(entries.values()) for part, entries in lists.items()}, **tables}
    made["steps"] = sorted(made["steps"], key=lambda step: (step["order"], step["id"]))
    made["duties"] = sorted(made["duties"], key=lambda duty: duty["level"])
    return made


def _take(lists: dict[str, dict[Any, Any]], tables: dict[str, dict[str, str]], data: dict[str, Any], parts: Any) -> None:
    for part in parts:
        if part in tables:
            tables[part] |= data[part]
        else:
            key = "level" if part == "duties" else "id"
            lists[part] |= {entry[key]: entry for entry in data[part]}
