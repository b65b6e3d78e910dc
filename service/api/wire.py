"""What goes over the wire: request models (pydantic, strict, described in Chinese) and responses made straight of bytes."""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import unicodedata
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from starlette.requests import Request
from starlette.responses import Response

from pipeline.values import Incident
from service.problems import Problem, of_errors

Purpose = Literal["dispatch", "analysis", "training"]
PURPOSES: dict[str, Purpose] = {
    "dispatch": "dispatch",
    "analysis": "analysis",
    "training": "training",
    "处警": "dispatch",
    "研判": "analysis",
    "培训": "training",
}
LINE = r"^[^\x00-\x1f\x7f]*$"  # one line, no control characters
TEXT = r"^[^\x00]*$"  # PostgreSQL's texts cannot hold NUL
IDENT = r"^[^\x00-\x1f\x7f/]*[^\x00-\x1f\x7f/.\s][^\x00-\x1f\x7f/]*$"  # … and no slash, nor mere dots and blanks: it becomes part of an address
PATTERNS = {LINE: "须是一行, 不含换行与控制字符", TEXT: "不含 NUL 字符", IDENT: "须是一行, 不含 / 与控制字符, 不能只有点或空格"}  # as problems say it
_EARLIEST, _LATEST = 1970, 2199
CHINA = dt.timezone(dt.timedelta(hours=8))  # one time zone by law: a time without one is told by it, whatever the clock of the server says


def epoch_ms(at: dt.datetime) -> int:
    """Milliseconds since 1970, UTC; a time without a zone is Beijing time."""
    return int((at if at.tzinfo is not None else at.replace(tzinfo=CHINA)).timestamp() * 1000)


class Wire(BaseModel):
    """Base of request bodies: unknown fields are refused, so that a misspelt one is not silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AssessIn(Wire):
    """一条警情。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"narrative": "楼上漏水把我家屋顶泡了, 找了三次都不管, 刚才还推了我一把", "incident_id": "J20261122001", "channel": "110"}]
        },
    )

    narrative: str = Field(description="警情文本, 原样; 证据位置按此文本的码点计")
    incident_id: str | None = Field(
        None, min_length=1, max_length=128, pattern=IDENT, description="警情编号(不含 /, 不能只有点或空格); 同一编号再次研判记为新版本。不给则由文本散列而来"
    )
    occurred_at: dt.datetime | None = Field(default=None, description="来电时间, ISO 8601")
    place: str = Field(default="", max_length=500, pattern=LINE, description="地点")
    station: str = Field(default="", max_length=64, pattern=LINE, description="辖区单位")
    channel: str = Field(default="", max_length=64, pattern=LINE, description="来源渠道, 如 110、网格群、message")
    caller: str = Field(default="", max_length=128, pattern=LINE, description="报警人标识(号码或其散列)")
    longitude: float | None = Field(default=None, ge=-180, le=180, description="经度; 与纬度同给。只保留到千分之一度(约 100 米), 只用于概览的热力图")
    latitude: float | None = Field(default=None, ge=-90, le=90, description="纬度; 与经度同给")
    history: list[dict[str, Any]] = Field(default=[], max_length=500, description="此前的相关警情")
    profile: str | None = Field(default=None, max_length=64, pattern=LINE, description="分级方案, 如 tongxin346")
    playbook: str | None = Field(default=None, max_length=64, pattern=LINE, description="工作模式, 如 zhenjiang_1_3_n")

    @field_validator("occurred_at")
    @classmethod
    def _plausible(cls, at: dt.datetime | None) -> dt.datetime | None:
        if at is not None and not _EARLIEST <= at.year <= _LATEST:
            raise PydanticCustomError("year_range", "year out of range")
        return at

    @model_validator(mode="after")
    def _both(self) -> AssessIn:
        if (self.longitude is None) != (self.latitude is None):
            raise PydanticCustomError("together", "longitude and latitude go together")
        return self

    @property
    def where(self) -> tuple[float, float] | None:
        """Longitude and latitude."""
        return None if self.longitude is None or self.latitude is None else (self.longitude, self.latitude)

    def incident(self) -> Incident:
        """As the engine takes it."""
        return Incident(
            narrative=self.narrative,
            incident_id=self.incident_id or "",
            occurred_at=self.occurred_at,
            place=self.place,
            channel=self.channel,
            caller=self.caller,
            history=tuple(self.history),
        )


class BatchIn(Wire):
    """成批警情。"""

    incidents: list[Any] = Field(min_length=1, description="每项同单条研判的请求体; 有误的一项不影响其余")


def officer(given: str | None) -> str | None:
    """An officer's number in one way of writing: ０１２３ and "0123 " are 0123, so that nobody is a second person by a space."""
    if given is None:
        return None
    told = unicodedata.normalize("NFKC", given).strip()
    if not told or "/" in told or any(unicodedata.category(letter)[0] in "CZ" for letter in told):
        raise ValueError("not an officer's number")
    return told


Officer = Annotated[str | None, AfterValidator(officer)]


class DecisionIn(Wire):
    """民警的决定。调高不需理由; 调低须写理由; 从较高两级(橙、红)调低或办结须第二人确认。"""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"colour": "red", "by": "民警0123"}]})

    colour: str | None = Field(default=None, max_length=32, pattern=LINE, description="定为哪一级; 与现级相同即为认可")
    close: bool = Field(default=False, description="办结; 须写理由")
    reason: str | None = Field(default=None, max_length=2000, pattern=TEXT, description="理由")
    confirms: str | None = Field(default=None, max_length=40, pattern=LINE, description="确认哪一个待第二人确认的决定")
    withdraws: str | None = Field(default=None, max_length=40, pattern=LINE, description="撤回哪一个待确认的决定")
    by: Officer = Field(default=None, min_length=1, max_length=48, pattern=LINE, description="作出决定的人(警号); 只有受托系统的密钥可以代填")
    second_person: Officer = Field(default=None, min_length=1, max_length=48, pattern=LINE, description="第二人(警号); 只有受托系统的密钥可以代填")
    purpose: Literal["dispatch", "analysis", "training"] | None = Field(default=None, description="用途")


Code = Annotated[str, Field(max_length=64, pattern=LINE)]


class SearchIn(Wire):
    """队列检索; 文字检索只用 POST, 不让文字进入网址和代理日志。"""

    text: str = Field(default="", max_length=200, pattern=TEXT, description="在警情文本中查找")
    status: Literal["open", "decided", "closed", "all"] = Field(default="open", description="状态")
    station: Annotated[list[Code], Field(max_length=50, description="辖区单位")] = []
    colour: Annotated[list[Code], Field(max_length=20, description="现级")] = []
    category: Annotated[list[Code], Field(max_length=20, description="类别")] = []
    dispute: Annotated[list[Code], Field(max_length=20, description="纠纷类型")] = []
    script: Annotated[list[Code], Field(max_length=30, description="诈骗剧本")] = []
    needs_review: bool | None = Field(default=None, description="是否需人工复核")
    since: dt.datetime | None = Field(default=None, description="此时以后收到")
    until: dt.datetime | None = Field(default=None, description="此时以前收到")
    limit: int = Field(default=50, ge=1, le=500, description="每页条数")
    cursor: str | None = Field(default=None, max_length=400, description="上一页给出的 next")

    @field_validator("since", "until")
    @classmethod
    def _plausible(cls, at: dt.datetime | None) -> dt.datetime | None:
        if at is not None and not _EARLIEST < at.year < _LATEST:
            raise PydanticCustomError("year_range", "year out of range")
        return at


class DeidentifyIn(Wire):
    """脱敏。"""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"texts": ["报警人王建国(13800138000)称被邻居张某打伤"], "mode": "mask"}]}
    )

    texts: list[str] = Field(min_length=1, max_length=500, description="文本, 一次最多 500 段; 同一次请求里同一人得同一化名或散列")
    mode: Literal["mask", "replace", "hash", "remove"] = Field(default="mask", description="mask 遮盖 · replace 换成虚构的 · hash 散列 · remove 删去")
    strict: Literal["auto", "on", "off"] = Field(default="auto", description="从严(未成年人、性侵、举报人): auto 自动判断")
    reader: Literal["rules", "lac"] = Field(
        default="rules", description="找人名的: rules 规则 · lac 规则之外再用 LAC 模型, 慢约 5 毫秒一段; 没有安装则 422(FQ7006)"
    )
    quotes: bool = Field(default=False, description="是否在 findings 中给出原文; 默认不给")


class StepIn(Wire):
    """闭环的一步。"""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"step": "assign", "unit": "东街社区警务队", "due": "2026-11-25T18:00:00"}]}
    )

    step: str = Field(max_length=32, pattern=LINE, description="步骤代码; 依次为 GET /v1/cases/{id} 所列")
    by: Officer = Field(default=None, min_length=1, max_length=48, pattern=LINE, description="经办人(警号); 只有受托系统的密钥可以代填")
    unit: str = Field(default="", max_length=64, pattern=LINE, description="承办单位")
    due: dt.datetime | None = Field(default=None, description="下一步的期限")
    result: str = Field(default="", max_length=64, pattern=LINE, description="这一步的结果")
    note: str | None = Field(default=None, max_length=2000, pattern=TEXT, description="说明")

    @field_validator("due")
    @classmethod
    def _plausible(cls, at: dt.datetime | None) -> dt.datetime | None:
        if at is not None and not _EARLIEST < at.year < _LATEST:
            raise PydanticCustomError("year_range", "year out of range")
        return at


class VisitIn(Wire):
    """一次回访。"""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"outcome": "stable", "note": "双方均称已无争执"}]})

    outcome: str = Field(max_length=32, pattern=LINE, description="回访结果代码, 为 GET /v1/cases/{id} 的 plan.outcomes 所列")
    by: Officer = Field(default=None, min_length=1, max_length=48, pattern=LINE, description="回访人(警号); 只有受托系统的密钥可以代填")
    note: str | None = Field(default=None, max_length=2000, pattern=TEXT, description="说明")


SetName = Annotated[str, Field(max_length=40, pattern=LINE)]
SetText = Annotated[str, Field(max_length=2000, pattern=TEXT)]


class PaperIn(Wire):
    """预填一份文书。"""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"incident": "J20261122001", "set": {"station": "某派出所", "mediator": "民警0123"}}]}
    )

    incident: str | None = Field(default=None, min_length=1, max_length=140, pattern=LINE, description="警情或研判编号; 由一起警情做成的文书必给")
    since: dt.datetime | None = Field(default=None, description="此时以后收到(含); 每日研判必给。不带时区的按北京时间")
    until: dt.datetime | None = Field(default=None, description="此时以前收到(不含); 每日研判必给")
    station: str = Field(default="", max_length=64, pattern=LINE, description="每日研判只取这一辖区单位的; 空为全部")
    set: dict[SetName, SetText] = Field(default={}, max_length=50, description="补填的项, 如 station、mediator、terms; 各文书可补哪些见 GET /v1/papers")

    @field_validator("since", "until")
    @classmethod
    def _plausible(cls, at: dt.datetime | None) -> dt.datetime | None:
        if at is not None and not _EARLIEST < at.year < _LATEST:
            raise PydanticCustomError("year_range", "year out of range")
        return at


class WebhookIn(Wire):
    """登记回调地址。"""

    url: str = Field(max_length=500, pattern=LINE, description="http(s) 地址")
    actions: list[Literal["assess", "decide", "case", "job"]] = Field(default=[], max_length=4, description="哪些事; 空为全部")
    form: Literal["cloudevents", "wecom"] = Field(default="cloudevents", description="cloudevents 或企业微信消息(只有到达用它)")
    least_rank: int = Field(default=0, ge=0, le=9, description="至少几级才告知(0 起); 3 在四色中为只告红色")


class SessionIn(Wire):
    """登录研判台。"""

    key: str = Field(max_length=200, pattern=LINE, description="密钥 fq_…")


class ListQuery(SearchIn):
    """`GET /v1/assessments`: the same filters without the text."""

    text: Literal[""] = Field(default="", exclude=True, description="不可用; 文字检索请用 POST /v1/assessments:search")


M = TypeVar("M", bound=BaseModel)
KNOWN = frozenset(
    name for model in (AssessIn, BatchIn, DecisionIn, SearchIn, SessionIn, DeidentifyIn, StepIn, VisitIn, PaperIn, WebhookIn) for name in model.model_fields
) | {
    "query",
    "path",
    "header",
    "body",
    "after",
    "id",
    "family",
}


async def read_body(request: Request, model: type[M]) -> M:
    """The body as a model. Raises Problem: 415 no JSON, 400 not UTF-8 or not JSON, 422 not by the schema."""
    media = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        raise Problem(415, "FQ6003", "请用 application/json", "send application/json", remedy="Content-Type: application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "FQ6016", "请求体不要压缩", "send the body uncompressed", remedy="去掉 Content-Encoding")
    data = (await request.body()).removeprefix(codecs.BOM_UTF8)  # some systems begin every text with it
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "FQ6006", "请求体不是 UTF-8", "the body is not UTF-8", remedy="旧系统多为 GBK, 请先转成 UTF-8") from None
    return validated(model, data)


def validated(model: type[M], value: bytes | Any) -> M:
    """`value` (JSON bytes or a parsed object) as a model. Raises Problem 400 or 422."""
    try:
        return model.model_validate_json(value) if isinstance(value, bytes) else model.model_validate(value)
    except ValidationError as error:
        raise of_errors(error.errors(include_url=False, include_input=False), KNOWN, PATTERNS) from None


def purpose_of(request: Request, given: str | None, default: str, *, required: bool) -> str:
    """What the request is for: the body's field, else the header, else the key's own. Raises Problem 422."""
    told = given or request.headers.get("fengqiao-purpose")
    if told is None:
        if required and not default:
            raise Problem(422, "FQ6007", "须说明用途", "a purpose is required", remedy="Fengqiao-Purpose: dispatch | analysis | training")
        return default or "dispatch"
    if told not in PURPOSES:
        raise Problem(422, "FQ6008", "用途不在可选值之中", "unknown purpose", remedy="dispatch(处警) | analysis(研判) | training(培训)")
    return PURPOSES[told]


def etag(body: bytes) -> str:
    """A strong ETag of the bytes."""
    return tag_of(hashlib.sha256(body).hexdigest())


def tag_of(digest: str) -> str:
    """The same, of their sha256."""
    return f'"{digest[:32]}"'


def json_bytes(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON bytes as they are."""
    return Response(body, status, headers, "application/json")


def json_response(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value of dicts, lists and structs as JSON."""
    return json_bytes(msgspec.json.encode(value), status=status, headers=headers)


def cached(request: Request, value: Any) -> Response:
    """A JSON resource with an ETag; 304 where the client has it."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    tag = etag(body)
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return json_bytes(body, headers=headers)
