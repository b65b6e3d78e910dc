"""枫桥接口的请求体。 由 service/api/openapi.json 生成(FENGQIAO_WRITE_OPENAPI=1 pytest tests/service/api/test_client.py), 不要手改。"""

from __future__ import annotations

from typing import Any, Literal, Required, TypedDict


class AssessIn(TypedDict, total=False):
    """一条警情。"""

    narrative: Required[str]  # 警情文本, 原样; 证据位置按此文本的码点计
    incident_id: str | None  # 警情编号(不含 /, 不能只有点或空格); 同一编号再次研判记为新版本。不给则由文本散列而来
    occurred_at: str | None  # 来电时间, ISO 8601
    place: str  # 地点
    station: str  # 辖区单位
    channel: str  # 来源渠道, 如 110、网格群、message
    caller: str  # 报警人标识(号码或其散列)
    longitude: float | None  # 经度; 与纬度同给。只保留到千分之一度(约 100 米), 只用于概览的热力图
    latitude: float | None  # 纬度; 与经度同给
    history: list[dict[str, Any]]  # 此前的相关警情
    profile: str | None  # 分级方案, 如 tongxin346
    playbook: str | None  # 工作模式, 如 zhenjiang_1_3_n


class BatchIn(TypedDict, total=False):
    """成批警情。"""

    incidents: Required[list[AssessIn]]  # 每项同单条研判的请求体; 有误的一项不影响其余


class DecisionIn(TypedDict, total=False):
    """民警的决定。调高不需理由; 调低须写理由; 从较高两级(橙、红)调低或办结须第二人确认。"""

    colour: str | None  # 定为哪一级; 与现级相同即为认可
    close: bool  # 办结; 须写理由
    reason: str | None  # 理由
    confirms: str | None  # 确认哪一个待第二人确认的决定
    withdraws: str | None  # 撤回哪一个待确认的决定
    by: str | None  # 作出决定的人(警号); 只有受托系统的密钥可以代填
    second_person: str | None  # 第二人(警号); 只有受托系统的密钥可以代填
    purpose: Literal["dispatch", "analysis", "training"] | None  # 用途


class DeidentifyIn(TypedDict, total=False):
    """脱敏。"""

    texts: Required[list[str]]  # 文本, 一次最多 500 段; 同一次请求里同一人得同一化名或散列
    mode: Literal["mask", "replace", "hash", "remove"]  # mask 遮盖 · replace 换成虚构的 · hash 散列 · remove 删去
    strict: Literal["auto", "on", "off"]  # 从严(未成年人、性侵、举报人): auto 自动判断
    reader: Literal["rules", "lac"]  # 找人名的: rules 规则 · lac 规则之外再用 LAC 模型, 慢约 5 毫秒一段; 没有安装则 422(FQ7006)
    quotes: bool  # 是否在 findings 中给出原文; 默认不给


class PaperIn(TypedDict, total=False):
    """预填一份文书。"""

    incident: str | None  # 警情或研判编号; 由一起警情做成的文书必给
    since: str | None  # 此时以后收到(含); 每日研判必给。不带时区的按北京时间
    until: str | None  # 此时以前收到(不含); 每日研判必给
    station: str  # 每日研判只取这一辖区单位的; 空为全部
    set: dict[str, Any]  # 补填的项, 如 station、mediator、terms; 各文书可补哪些见 GET /v1/papers


class SearchIn(TypedDict, total=False):
    """队列检索; 文字检索只用 POST, 不让文字进入网址和代理日志。"""

    text: str  # 在警情文本中查找
    status: Literal["open", "decided", "closed", "all"]  # 状态
    station: list[str]  # 辖区单位
    colour: list[str]  # 现级
    category: list[str]  # 类别
    dispute: list[str]  # 纠纷类型
    script: list[str]  # 诈骗剧本
    needs_review: bool | None  # 是否需人工复核
    since: str | None  # 此时以后收到
    until: str | None  # 此时以前收到
    limit: int  # 每页条数
    cursor: str | None  # 上一页给出的 next


class SessionIn(TypedDict, total=False):
    """登录研判台。"""

    key: Required[str]  # 密钥 fq_…


class StepIn(TypedDict, total=False):
    """闭环的一步。"""

    step: Required[str]  # 步骤代码; 依次为 GET /v1/cases/{id} 所列
    by: str | None  # 经办人(警号); 只有受托系统的密钥可以代填
    unit: str  # 承办单位
    due: str | None  # 下一步的期限
    result: str  # 这一步的结果
    note: str | None  # 说明


class VisitIn(TypedDict, total=False):
    """一次回访。"""

    outcome: Required[str]  # 回访结果代码, 为 GET /v1/cases/{id} 的 plan.outcomes 所列
    by: str | None  # 回访人(警号); 只有受托系统的密钥可以代填
    note: str | None  # 说明


class WebhookIn(TypedDict, total=False):
    """登记回调地址。"""

    url: Required[str]  # http(s) 地址
    actions: list[Literal["assess", "decide", "case", "job"]]  # 哪些事; 空为全部
    form: Literal["cloudevents", "wecom"]  # cloudevents 或企业微信消息(只有到达用它)
    least_rank: int  # 至少几级才告知(0 起); 3 在四色中为只告红色
