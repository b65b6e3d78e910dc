"""What the templates show, made of what the API answers: values without markup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from pipeline.values import Assessment, Evidence
from service.api.replies import IncidentState, QueueItem
from service.desk.names import Level, Names, words
from service.terminal import all_evidence

CHINA = dt.timezone(dt.timedelta(hours=8))
_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the narrative. `kind` is the family of the evidence on top ("" for plain text)."""

    text: str
    kind: str = ""
    by: str = ""
    title: str = ""
    struck: bool = False


def spans(narrative: str, answer: Assessment, names: Names) -> list[Span]:
    """The narrative in pieces, each with the evidence that covers it; what weighs most is on top."""
    aside = {id(piece) for piece in answer.set_aside}
    pieces = [piece for piece in (*answer.set_aside, *all_evidence(answer)) if piece.end > piece.start]
    edges = sorted({0, len(narrative), *(piece.start for piece in pieces), *(piece.end for piece in pieces)})
    return [_span(narrative[start:end], [p for p in pieces if p.start <= start and end <= p.end], aside, names) for start, end in pairwise(edges)]


def _span(text: str, over: Sequence[Evidence], aside: set[int], names: Names) -> Span:
    if not over:
        return Span(text)
    top = over[-1]
    said = dict.fromkeys(names.spoken(piece) for piece in reversed(over))
    by = " ".join(dict.fromkeys(piece.by.partition("/")[0] for piece in over))
    return Span(text, top.by.partition(".")[0], by, "\n".join(said), struck=all(id(piece) in aside for piece in over))


@dataclass(frozen=True, slots=True)
class Row:
    """An incident in the queue. `due` is minutes left by the playbook's clock (negative: overdue), None without one."""

    state: IncidentState
    level: Level
    machine: Level
    kind: str
    excerpt: str
    age: str
    at: str
    outside: bool
    pending: bool
    due: int | None
    due_says: str


class Due(msgspec.Struct, frozen=True):
    """Within what time something is to be done."""

    minutes: int | None = None
    says: str = ""


class _Route(msgspec.Struct, frozen=True):
    due_within: Due | None = None


class _Fraud(msgspec.Struct, frozen=True):
    stage_name: str = ""


class Clock(msgspec.Struct, frozen=True):
    """The part of an answer that a row of the queue shows besides what the store's table has."""

    route: _Route | None = None
    fraud: _Fraud | None = None


_CLOCK = msgspec.json.Decoder(Clock)


def row(item: QueueItem, answer: str | None, names: Names, now: int) -> Row:
    """A row of the queue. `answer`: the assessment's JSON, for the clock; `now` in ms."""
    state = item.incident
    clock = _CLOCK.decode(answer) if answer else Clock()
    due = clock.route.due_within if clock.route is not None else None
    stage = clock.fraud.stage_name if clock.fraud is not None and state.script and not state.dispute else ""
    left = None
    if due is not None and due.minutes is not None and state.status == "open":
        left = due.minutes - (now - state.received_at) // _MINUTE
    return Row(
        state,
        names.level(state.profile, state.colour),
        names.level(state.profile, state.machine_colour),
        " · ".join(part for part in (names.kind(state.category, state.dispute, state.script), stage) if part),
        item.excerpt or "(文本未保存)",
        age(now - state.received_at),
        moment(state.received_at),
        item.outside_filter,
        item.pending,
        left,
        due.says if due is not None else "",
    )


def late_says(left: int, says: str) -> str:
    """How long past its time (minutes left, below nought)."""
    if says == "立即":
        return "应立即处置"
    if left > -60:
        return f"已超时 {-left} 分"
    return f"已超时 {-left // 60} 时 {-left % 60} 分" if left > -2880 else f"已超时 {-left // 1440} 天"


def span(ms: int) -> str:
    """A length of time in few characters."""
    hours = ms // (60 * _MINUTE)
    return f"{max(1, ms // _MINUTE)} 分" if hours < 1 else f"{hours} 时" if hours < 48 else f"{hours // 24} 天"


def age(ms: int) -> str:
    """How long ago, in few characters."""
    minutes = max(0, ms // _MINUTE)
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes} 分"
    return f"{minutes // 60} 时" if minutes < 48 * 60 else f"{minutes // 1440} 天"


def day_moment(ms: int) -> str:
    """A point of time in China, with the year."""
    return dt.datetime.fromtimestamp(ms / 1000, CHINA).strftime("%Y-%m-%d %H:%M")


def moment(ms: int) -> str:
    """A point of time in China."""
    return dt.datetime.fromtimestamp(ms / 1000, CHINA).strftime("%m-%d %H:%M")


def heading(answer: Assessment) -> str:
    """What a note is about: of a fraud its script and how far it has gone, of a dispute its type, else the category."""
    if answer.dispute is not None:
        return answer.dispute.name
    if answer.fraud is not None and answer.fraud.scripts:
        return " · ".join(part for part in (answer.fraud.scripts[0].name, answer.fraud.stage_name) if part)
    return answer.category.name


def facts(answer: Assessment) -> list[tuple[str, list[str]]]:
    """Facts worth a chip, by heading: each as the text has it, once."""
    shown = []
    for family, heading in words()["facts"].items():
        told = list(dict.fromkeys(item["quote"] for item in answer.facts.get(family, ()) if item.get("quote")))
        if told:
            shown.append((heading, told))
    return shown


def fraud_bar(answer: Assessment, names: Names) -> list[tuple[str, str, bool]]:
    """The course of a fraud: code, name, and whether it stands there."""
    if answer.fraud is None:
        return []
    order = list(words()["stages"])
    if answer.fraud.stage and answer.fraud.stage not in order:
        order.append(answer.fraud.stage)
    return [(code, names.of("stages", code), code == answer.fraud.stage) for code in order]
