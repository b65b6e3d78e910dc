"""What the API answers, as structs: the routes fill them, and openapi.json is made of them, so that the two cannot differ."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.values import Assessment


class ProblemField(msgspec.Struct, frozen=True):
    """有误的一项(只有名称, 没有内容)。"""

    field: str
    kind: str
    says: str


class ProblemOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 问题文档。"""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    remedy: str = ""
    errors: tuple[ProblemField, ...] = ()


class IncidentState(msgspec.Struct, frozen=True):
    """一起警情的现状; 时间为 1970 年以来的毫秒(UTC)。"""

    key: str
    incident_id: str
    received_at: int
    updated_at: int
    station: str
    channel: str
    versions: int
    assessment: str
    status: str
    profile: str
    levels: int
    machine_colour: str
    machine_rank: int
    colour: str
    rank: int
    urgency: int
    category: str
    dispute: str
    script: str
    needs_review: bool
    shadow: bool


class DecisionOut(msgspec.Struct, frozen=True):
    """一项民警的决定。"""

    id: str
    at: int
    kind: str
    state: str
    from_colour: str
    to_colour: str
    actor: str
    second: str | None
    purpose: str
    reason: str | None
    settles: str | None
    assessment: str


class Decided(msgspec.Struct, frozen=True):
    """决定及其后的现状; state=pending 表示待第二人确认, 现级未变。"""

    decision: DecisionOut
    incident: IncidentState


class VersionOut(msgspec.Struct, frozen=True):
    """一个版本的研判。"""

    id: str
    version: int
    at: int
    actor: str
    purpose: str
    colour: str
    rules: str
    input_hash: str


class Record(msgspec.Struct, frozen=True):
    """一起警情的全部: 现状、文本(若保存)、各版研判、决定。"""

    incident: IncidentState
    narrative: str | None
    input: dict[str, Any] | None
    versions: tuple[VersionOut, ...]
    decisions: tuple[DecisionOut, ...]


class QueueItem(msgspec.Struct, frozen=True):
    """队列中的一起; outside_filter: 不合筛选条件, 因最高级未决而始终列出。"""

    incident: IncidentState
    outside_filter: bool
    pending: bool
    excerpt: str | None


class Page(msgspec.Struct, frozen=True):
    """队列的一页, 依紧急程度、现级、先后排列; next 为下一页的 cursor。"""

    items: tuple[QueueItem, ...]
    next: str | None
    open_by_colour: dict[str, int]


class Rejected(msgspec.Struct, frozen=True):
    """成批研判中未能研判的一项。"""

    index: int
    code: str
    title: str
    errors: tuple[ProblemField, ...] = ()
    remedy: str = ""
    incident_id: str | None = None


class BatchOut(msgspec.Struct, frozen=True):
    """成批研判的结果, 与请求逐项对应; 有误的一项为 null 并列于 rejected。"""

    assessments: tuple[msgspec.Raw | None, ...]
    ids: tuple[str | None, ...]
    rejected: tuple[Rejected, ...]


class BatchShown(msgspec.Struct, frozen=True):
    """成批研判的结果, 与请求逐项对应; 有误的一项为 null 并列于 rejected。"""

    assessments: tuple[Assessment | None, ...]
    ids: tuple[str | None, ...]
    rejected: tuple[Rejected, ...]


class Shadowed(msgspec.Struct, frozen=True):
    """影子模式的回执: 已计算并存档, 不给研判。"""

    shadow: bool
    assessment: str
    incident: str


class RuleShort(msgspec.Struct, frozen=True):
    """规则一览中的一条。"""

    id: str
    family: str
    name: str
    status: str
    description: str


class RuleList(msgspec.Struct, frozen=True):
    """规则一览。"""

    digest: str
    rules: tuple[RuleShort, ...]


class RuleFull(msgspec.Struct, frozen=True):
    """一条规则: 名称、说明、出处、条件与本族的其他设置。"""

    id: str
    family: str
    name: str
    status: str
    description: str
    references: tuple[dict[str, Any], ...]
    condition: str
    settings: dict[str, Any]


class Level(msgspec.Struct, frozen=True):
    """分级方案的一级。"""

    code: str
    name: str
    handling: str


class Meta(msgspec.Struct, frozen=True):
    """版本、代码表、分级方案与限额。"""

    schema: str
    code: str
    rules: str
    model: str | None
    degraded: bool
    rules_stale: bool
    shadow: bool
    demo: bool
    incidents: str
    profile: str
    profiles: dict[str, tuple[Level, ...]]
    labels: dict[str, tuple[Label, ...]]
    purposes: dict[str, str]
    limits: dict[str, int | str]


class BreakOut(msgspec.Struct, frozen=True):
    """审计链不成立之处。"""

    seq: int
    kind: str
    says: str


class VerdictOut(msgspec.Struct, frozen=True):
    """审计核验的结果。"""

    ok: bool
    checked: int
    head: str
    breaks: tuple[BreakOut, ...]


class Health(msgspec.Struct, frozen=True):
    """服务状况。"""

    status: str
    checks: dict[str, str] = {}


class Label(msgspec.Struct, frozen=True):
    """一个代码及其中文名。"""

    code: str
    name: str


class SessionOut(msgspec.Struct, frozen=True):
    """登录者。"""

    name: str
    scopes: tuple[str, ...]
    vouches: bool


class Reloaded(msgspec.Struct, frozen=True):
    """规则重载的结果。"""

    rules: str
    reloads: int


def state_of(row: Any) -> IncidentState:
    """A row of `incidents` as it is shown."""
    return IncidentState(**{name: row[name] for name in IncidentState.__struct_fields__})


def decision_of(row: Any) -> DecisionOut:
    """A row of `decisions` as it is shown."""
    return DecisionOut(**{name: row[name] for name in DecisionOut.__struct_fields__})
