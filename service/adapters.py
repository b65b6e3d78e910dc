"""Answers in the shapes that other systems take: a message of 企业微信, a work order of the government hotline, a CSV of the governance centre.

Messages to groups carry codes, colours and what to do, never the narrative. Orders and tables carry it: they go from one duty system to another;
where it is about a minor, sexual violence or an informant, persons are masked in it (the desk keeps the original under its number).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from pipeline.rulepack.pack import Pack
from pipeline.values import Assessment, Incident
from service.standing import standing

_CHINA = dt.timezone(dt.timedelta(hours=8))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Told:
    """What an adapter is given: the incident's state, the newest answer at the level that stands, the input where it is kept.

    `machine`: what the machine called the level, where a person has decided otherwise; else "".
    """

    state: Mapping[str, Any]
    answer: Assessment
    incident: Incident | None
    machine: str = ""


def told_of(state: Mapping[str, Any], answer: Assessment, incident: Incident | None, pack: Pack) -> Told:
    """What stands: an adapter never sends the machine's level where a person has decided otherwise."""
    stands = standing(answer, state, pack)
    return Told(state, stands, incident, answer.risk.name if stands.risk.colour != answer.risk.colour else "")


def sheltered(told: Told) -> Told:
    """The same with the persons masked in narrative and place, and without the caller, where the stricter rules of strict.yaml apply."""
    from pipeline.privacy import Deidentifier

    incident, deidentifier = told.incident, Deidentifier.default()
    factors = [factor.code for factor in told.answer.risk.factors]
    if incident is None or not deidentifier.reasons(incident.narrative, factors):
        return told
    narrative, place = (deidentifier.treat(text, strict="on").text for text in (incident.narrative, incident.place))
    return replace(told, incident=msgspec.structs.replace(incident, narrative=narrative, place=place, caller=""))


def message(told: Told) -> dict[str, Any]:
    """企业微信群机器人的 markdown 消息。"""
    answer, risk = told.answer, told.answer.risk
    lines = [
        f"**{risk.name}** {answer.category.name}{'·' + answer.dispute.name if answer.dispute else ''}",
        f"> 编号: {told.state['incident_id']}",
        f"> 辖区: {told.state['station'] or '未填'}",
        f"> 因素: {'、'.join(factor.name for factor in risk.factors) or '无'}",
        f"> 处置: {risk.handling}",
    ]
    if answer.fraud and answer.fraud.scripts:
        lines.append(f"> 涉诈: {answer.fraud.scripts[0].name} · {answer.fraud.stage_name}")
    if answer.needs_review.flag:
        lines.append("> 需人工复核")
    lines.append(f"等级已由民警决定(机器研判: {told.machine})" if told.machine else "仅供参考, 由民警决定")
    return {"msgtype": "markdown", "markdown": {"content": "\n".join(lines)}}


def order(told: Told) -> dict[str, Any]:
    """政务热线工单(字段名为通行写法, 由对接方映射)。"""
    answer, incident = told.answer, told.incident
    return {
        "orderNo": told.state["incident_id"],
        "orderSource": "110非警务分流" if answer.route is not None else "110",
        "acceptTime": _time(told.state["received_at"]),
        "happenTime": _clock(incident.occurred_at) if incident and incident.occurred_at else None,
        "title": answer.dispute.name if answer.dispute else answer.category.name,
        "category": answer.category.name,
        "content": incident.narrative if incident else None,
        "address": incident.place if incident else None,
        "urgency": answer.risk.name,
        "handleUnit": (answer.route or {}).get("unit"),
        "dueTime": _clock(due) if (due := (answer.route or {}).get("due")) else None,
        "suggestion": answer.risk.handling,
        "needConfirm": True,
    }


Field = Callable[[Told], object]
_COLUMNS: dict[str, Field] = {
    "事件编号": lambda t: t.state["incident_id"],
    "上报时间": lambda t: _time(t.state["received_at"]),
    "发生时间": lambda t: _clock(t.incident.occurred_at) if t.incident and t.incident.occurred_at else "",
    "所属网格": lambda t: t.state["station"],
    "发生地点": lambda t: t.incident.place if t.incident else "",
    "事件类别": lambda t: t.answer.category.name,
    "矛盾类型": lambda t: t.answer.dispute.name if t.answer.dispute else "",
    "风险等级": lambda t: t.answer.risk.name,
    "机器研判等级": lambda t: t.machine or t.answer.risk.name,
    "风险因素": lambda t: "、".join(factor.name for factor in t.answer.risk.factors),
    "事件描述": lambda t: t.incident.narrative if t.incident else "",
    "建议单位": lambda t: (t.answer.route or {}).get("unit", ""),
    "处置建议": lambda t: t.answer.risk.handling,
    "办理状态": lambda t: {"open": "待办", "decided": "已定级", "closed": "已办结"}[t.state["status"]],
}


def table(items: Iterable[Told]) -> bytes:
    """综治中心 CSV: UTF-8 with a mark, so that Excel reads it; no cell starts a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for item in items:
        writer.writerow([_safe(field(item)) for field in _COLUMNS.values()])
    return out.getvalue().encode("utf-8-sig")


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _time(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, _CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _clock(at: dt.datetime | str) -> str:
    """A time as these systems write it, Beijing time; a word that is no time stays."""
    try:
        told = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return str(at)
    return (told.astimezone(_CHINA) if told.tzinfo is not None else told).strftime("%Y-%m-%d %H:%M:%S")


def rendered(form: str, items: Sequence[Told]) -> tuple[bytes, str]:
    """Bytes and media type of a form: message and order of the first, a table of all."""
    if form == "governance_csv":
        return table(items), "text/csv; charset=utf-8"
    return msgspec.json.encode(message(items[0]) if form == "wecom" else order(items[0])), "application/json"
