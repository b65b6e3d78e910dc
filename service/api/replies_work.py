"""What the API answers beside assessing and deciding: privacy, resources, repeats, cases, jobs, webhooks."""

from __future__ import annotations

from typing import Any

import msgspec

from service.api.replies import IncidentState, Label


class TreatedOut(msgspec.Struct, frozen=True):
    """一段脱敏后的文本; offsets 为 [原起, 原止, 新起, 新止]。"""

    text: str
    findings: tuple[dict[str, Any], ...]
    offsets: tuple[tuple[int, int, int, int], ...]
    strict: tuple[str, ...]


class Deidentified(msgspec.Struct, frozen=True):
    """脱敏结果, 与请求逐段对应; rules 为识别规则的散列。"""

    mode: str
    rules: str
    texts: tuple[TreatedOut, ...]


class ResourceOut(msgspec.Struct, frozen=True):
    """一项可用资源; why、score 说明为何推荐(只在给出 assessment 时有)。"""

    id: str
    name: str
    kind: str
    kind_name: str
    area: str
    phone: str
    hours: str
    why: str
    score: float | None
    stale_days: int | None


class ResourceList(msgspec.Struct, frozen=True):
    """资源名录, 或适合某一研判的资源。"""

    resources: tuple[ResourceOut, ...]


class ShadowRow(msgspec.Struct, frozen=True):
    """机器定级与人工定级的一种组合。"""

    machine: str
    person: str
    count: int


class ShadowReport(msgspec.Struct, frozen=True):
    """影子对照: 一致率、加权一致、机器偏低与偏高。"""

    profile: str
    compared: int
    without_decision: int
    agreed: int
    agreement: float | None
    weighted_kappa: float | None
    machine_lower: int
    machine_higher: int
    table: tuple[ShadowRow, ...]
    lower: tuple[str, ...]


class KindCount(msgspec.Struct, frozen=True):
    """一类警情在一个辖区的近况: 本窗口与此前各窗口的起数(新的在前)。"""

    kind: str
    events: int
    earlier: tuple[int, ...]


class Frequent(msgspec.Struct, frozen=True):
    """多次出现的一个人、一户或一处; key 为散列, 不能还原。"""

    role: str
    key: str
    events: int


class Repeats(msgspec.Struct, frozen=True):
    """重复情况: 给出警情编号时为该警情的(repeat, 同答案), 否则为辖区的一类多发(窗口 kind_window_days 由规则定)、一人多次、一地多起(窗口 window_days 即所问的 days)。"""

    repeat: dict[str, Any] | None
    window_days: int
    kind_window_days: int
    kinds: tuple[KindCount, ...]
    frequent: tuple[Frequent, ...]


class CaseStep(msgspec.Struct, frozen=True):
    """闭环中已办的一步。"""

    number: int
    step: str
    name: str
    at: int
    actor: str
    unit: str
    due: int | None
    result: str
    note: str | None


class CaseVisit(msgspec.Struct, frozen=True):
    """一次已做的回访。again: 又起纠纷, 警情重新进入闭环。"""

    at: int
    actor: str
    outcome: str
    name: str
    again: bool
    note: str | None


class Planned(msgspec.Struct, frozen=True):
    """规则所定的一步或一次回访: 期限(毫秒)、已逾期几小时、由谁、要留什么凭据。"""

    name: str
    due: int
    late_hours: float
    who: tuple[str, ...]
    needs: tuple[str, ...]


class CasePlan(msgspec.Struct, frozen=True):
    """闭环规则(loop)对这起警情的安排: 下一步, 走完后的回访及其结果代码(outcomes)。status 为 trial 时期限与岗位是示例, 须由本单位审定。"""

    loop: str
    status: str
    next: Planned | None
    visits: tuple[Planned, ...]
    outcomes: tuple[Label, ...] = ()


class Case(msgspec.Struct, frozen=True):
    """一起警情的闭环: 已办各步、下一步、所定期限及是否逾期; plan 为规则的安排, 供参考。"""

    incident: IncidentState
    playbook: str
    steps: tuple[CaseStep, ...]
    next: Label | None
    due: int | None
    overdue: bool
    plan: CasePlan | None
    visits: tuple[CaseVisit, ...] = ()


class CaseList(msgspec.Struct, frozen=True):
    """在办的闭环, 逾期在前, 依期限排列。"""

    cases: tuple[Case, ...]


class GradedCount(msgspec.Struct, frozen=True):
    """一个名称(事由、单位)下各级各有多少起, 由低到高。"""

    name: str
    by_rank: tuple[int, ...]


class DayCount(msgspec.Struct, frozen=True):
    """一天里各级各有多少起, 由低到高; again/known: 报警人可认的起数里, 窗口内报过别的事的。"""

    day: str
    by_rank: tuple[int, ...]
    again: int
    known: int


class CellCount(msgspec.Struct, frozen=True):
    """坐标网格(千分之一度)里各级各有多少起, 由低到高。"""

    longitude: int
    latitude: int
    by_rank: tuple[int, ...]


class RepeatShare(msgspec.Struct, frozen=True):
    """重复报警占比 = again / known: 报警人可认的起数里, 此前 window_days 天内同一报警人报过别的事的; 同一起事的几次来电只算一起。"""

    window_days: int
    again: int
    known: int


class Overview(msgspec.Struct, frozen=True):
    """一段时间的计数; 时间为毫秒。levels 为默认方案的各级代码, 由低到高; 按别的方案分级的(other_profile)不入分级计数。repeats 只在不限单位时有。"""

    since: int
    until: int
    received: int
    other_profile: int
    levels: tuple[str, ...]
    by_rank: tuple[int, ...]
    open: int
    needs_review: int
    kinds: tuple[GradedCount, ...]
    stations: tuple[GradedCount, ...]
    hours: tuple[tuple[int, ...], ...]
    weekdays: tuple[tuple[int, ...], ...]
    days: tuple[DayCount, ...]
    repeats: RepeatShare | None
    cells: tuple[CellCount, ...]
    cut: bool


class PaperOut(msgspec.Struct, frozen=True):
    """一种可预填的文书。many: 由一段时间的警情做成(每日研判), 否则由一起; set: 可以补填的项。"""

    id: str
    name: str
    description: str
    status: str
    draft: str
    many: bool
    set: tuple[str, ...]


class PaperList(msgspec.Struct, frozen=True):
    """文书一览。"""

    papers: tuple[PaperOut, ...]


class JobOut(msgspec.Struct, frozen=True):
    """一个长批量任务。status: queued 排队 · running 进行 · done 完成 · failed 失败(code、title、reason、remedy 说明) · cancelled 已取消。"""

    id: str
    at: int
    actor: str
    purpose: str
    status: str
    records: int
    rows: int
    rejects: int
    code: str
    ended: int | None
    input: str
    output: str
    deid: str | None
    title: str
    reason: str
    remedy: str


class JobList(msgspec.Struct, frozen=True):
    """任务一览。"""

    jobs: tuple[JobOut, ...]


class WebhookOut(msgspec.Struct, frozen=True):
    """一个回调地址; secret 只在登记时给出一次。"""

    id: str
    at: int
    url: str
    actions: tuple[str, ...]
    form: str
    least_rank: int
    deliveries: dict[str, int]
    secret: str | None


class WebhookList(msgspec.Struct, frozen=True):
    """回调地址一览。"""

    webhooks: tuple[WebhookOut, ...]


class DeliveryOut(msgspec.Struct, frozen=True):
    """一次投递: 审计序号、状态、已试次数、下次时间、上次的状态码(0 为没有回应)。"""

    id: str
    seq: int
    state: str
    attempts: int
    due: int
    status: int


class DeliveryList(msgspec.Struct, frozen=True):
    """投递情况。"""

    deliveries: tuple[DeliveryOut, ...]
