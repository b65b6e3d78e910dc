"""Route and mediation as lines of plain text: what the terminal and the page both show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.values import Assessment

_ALLOWED = {"yes": "可以", "no": "不可以", "unknown": "尚不能定"}
_FEW = 4


def rows(answer: Assessment) -> Iterator[tuple[str, str]]:
    """Heading and text, in the order in which a person acts on them."""
    if answer.route is not None:
        barred = {entry["rule"] for entry in answer.mediation["blockers"]} if answer.mediation else set()
        yield from _route(answer.route, barred)
    if answer.mediation is not None:
        yield from _mediation(answer.mediation)
    if answer.route is not None:
        yield from _papers(answer.route)


def _route(route: dict[str, Any], barred: set[str]) -> Iterator[tuple[str, str]]:
    due = route["due_within"]
    when = f" · {route['due'][:16].replace('T', ' ')} 前" if route["due"] else f" · {due['says']}" if due and due["says"] else ""
    example = "(示例时限)" if due and due["example_default"] else ""
    yield "下一步", f"{route['name']} → {route['unit']} [{route['target']}]{when}{example}"
    yield "怎么做", route["what"]
    yield "理由", "; ".join(_reason(entry) for entry in route["reasons"])
    if route["together"]:
        yield "同时", "; ".join(f"{entry['name']} → {entry['unit']}" for entry in route["together"])
    if route["safeguards"]:
        yield "务必", " ".join(_reason(entry) for entry in route["safeguards"])
    for entry in route["blocked"][:_FEW]:
        own = [_reason(reason) for reason in entry["reasons"] if reason["rule"] not in barred][:3]
        lawful = ["见“调解障碍”"] if len(own) < len(entry["reasons"]) and barred else []  # said once, below
        yield "不可", f"{entry['name']}: " + "; ".join(own + lawful)
    if route["alternatives"]:
        yield "其次", "、".join(entry["name"] for entry in route["alternatives"])
    if route["moves_up"]:
        yield "何时上送", "; ".join(route["moves_up"])
    if route["also_notify"]:
        yield "并告知", "; ".join(_told(entry) for entry in route["also_notify"])
    if route["diversion"] is not None:
        yield "分流", _diverted(route["diversion"])


def _told(entry: dict[str, Any]) -> str:
    lines = f" {'/'.join(entry['lines'])}" if entry["lines"] else ""
    return f"{entry['name']}{lines}({entry['says']}{', ' + entry['citation'] if entry['citation'] else ''})"


def _diverted(item: dict[str, Any]) -> str:
    if not item["allowed"]:
        return f"在清单上({item['name']}), 但本警情不可分流或另有去处; 留存职责: {item['duty']}"
    return f"{item['name']} → {item['party']['name']} {item['line']} (由接警员确认)。告知: “{item['sentence']}” 留存职责: {item['duty']} ({item['citation']})"


def _mediation(mediation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kind = f" · {mediation['name']}" if mediation["name"] else ""
    yield "调解", f"{_ALLOWED[mediation['eligible']]}{kind}" + (f" ({mediation['citation']})" if mediation["citation"] else "")
    for entry in mediation["blockers"][:_FEW]:
        yield "调解障碍", _reason(entry)
    if mediation["missing"]:
        yield "调解前要问", " ".join(f"{entry['question']}{_cited(entry['citation'])}" for entry in mediation["missing"])
    for entry in mediation["deadlines"]:
        yield (
            "期限",
            f"{entry['says']}{': ' + entry['date'] if entry['date'] else ''}{_cited(entry['citation'])}{'; ' + entry['assumes'] if entry['assumes'] else ''}",
        )
    if mediation["warnings"]:
        yield "引用注意", "; ".join(mediation["warnings"])


def _papers(route: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if route["team"]:
        yield "队伍", "、".join(entry["name"] for entry in route["team"])
    if route["competent"]:
        yield "归口", "、".join(entry["name"] for entry in route["competent"])
    if route["documents"]:
        yield "文书", "、".join(route["documents"])
    for entry in route["checklists"]:
        yield "清单", f"{entry['name']}: " + " ".join(f"{'☑' if item['told'] else '□'} {item['says']}" for item in entry["items"])
    if route["call_back"]:
        days = "、".join(f"{entry['date'] or str(entry['days']) + ' 日'}" for entry in route["call_back"])
        yield "回访", f"{days} (示例配置, 由本地审定); 责任人: {route['owner']}"
    for entry in route["cards"]:
        yield "方法", f"{entry['name']}: {entry['says']}"
    if route["marks"]:
        yield "标记", "; ".join(entry["says"] for entry in route["marks"])
    if route["escalations"]:
        yield "上报", "; ".join(entry["says"] for entry in route["escalations"])


def _reason(entry: dict[str, Any]) -> str:
    quotes = quoted(piece["quote"] for piece in entry["evidence"])
    return f"{entry['says']}{quotes}{_cited(entry['citation'] or entry['basis'])}"


def quoted(words: Iterable[str]) -> str:
    """Quotes in their marks, each once; one that stands inside another is told by it.

    >>> quoted(["老公", "拿菜刀", "老公", "拿菜刀追"])
    '“老公”“拿菜刀追”'
    """
    told = list(dict.fromkeys(words))
    return "".join(f"“{word}”" for word in told if word and not any(word != other and word in other for other in told))


def _cited(text: str) -> str:
    return f"({text})" if text else ""
