"""openapi.json: requests from the pydantic models, answers from the structs, every operation in Chinese, the common problems on each."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from pipeline.values import Assessment
from service.api import replies, replies_work, wire

_REF = "#/components/schemas/{name}"
TITLE = "枫桥 fengqiao"
ABOUT = """离线、可解释的警情文本研判: 只提建议, 由人决定。

- 每个结论附所据文字: `narrative[start:end] == quote`(码点), 只有 `asserted` 的证据支持结论。
- 密钥: `Authorization: Bearer fq_…`; 用途: `Fengqiao-Purpose: dispatch|analysis|training`(处警/研判/培训)。
- 出错一律为 RFC 9457 问题文档, 带代码与请求编号, 从不带来文。
- 写入可带 `Idempotency-Key`; 答复都已落盘并记入审计链。"""
_PROBLEMS = {
    "400": "请求读不了", "401": "需要密钥", "403": "没有权限", "404": "没有", "409": "冲突", "413": "过大", "415": "不是 JSON", "422": "不合要求", "429": "太频繁",
    "500": "内部错误", "503": "忙或正在停止",
}  # fmt: skip
_ONCE = ("/v1/assessments", "/v1/assessments:batch", "/v1/assessments/{id}/decision", "/v1/cases/{id}/steps", "/v1/cases/{id}/visits")
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "幂等键: 同一请求再发一次得到第一次的答复, 不会记两次; 记 24 小时",
}  # fmt: skip
_INPUTS = (
    wire.AssessIn,
    wire.BatchIn,
    wire.DecisionIn,
    wire.SearchIn,
    wire.SessionIn,
    wire.DeidentifyIn,
    wire.StepIn,
    wire.VisitIn,
    wire.PaperIn,
    wire.WebhookIn,
)
_EXTRA_INPUTS: list[Any] = []
_EXTRA_OUTPUTS: list[Any] = []


def register(*, inputs: tuple[Any, ...] = (), outputs: tuple[Any, ...] = ()) -> None:
    """For routers of their own files: models and structs that their `body` and `reply` name."""
    _EXTRA_INPUTS.extend(model for model in inputs if model not in _EXTRA_INPUTS)
    _EXTRA_OUTPUTS.extend(struct for struct in outputs if struct not in _EXTRA_OUTPUTS)


def body(model: str) -> dict[str, Any]:
    """`openapi_extra` for a route that reads its body itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": _REF.format(name=model)}}}}}


def reply(name: str, status: int, description: str = "") -> dict[int | str, dict[str, Any]]:
    """`responses` for a route that answers with this struct."""
    return {status: {"description": description or "好", "content": {"application/json": {"schema": {"$ref": _REF.format(name=name)}}}}}


def operation_id(route: Any) -> str:
    """tag-name: what generated clients call their methods after."""
    return f"{route.tags[0]}-{route.name}" if route.tags else str(route.name)


def install(app: FastAPI) -> None:
    """Give the application its schema, made once when first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = made(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def made(app: FastAPI) -> dict[str, Any]:
    """The whole document."""
    document = get_openapi(title=TITLE, version=app.version, description=ABOUT, routes=app.routes, tags=_TAGS)
    components = document.setdefault("components", {})
    components["schemas"] = _schemas() | {
        name: schema for name, schema in components.get("schemas", {}).items() if name not in ("HTTPValidationError", "ValidationError")
    }
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "fengqiao keys create 所给的密钥, 或 OIDC 令牌"}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path.startswith("/v1/") and path != "/v1/session":
                operation["security"] = [{"key": []}]
            _problems(operation, protected=path.startswith("/v1/"))
    for path in _ONCE:
        document["paths"][path]["post"].setdefault("parameters", []).append(_KEY)
    return document


def _problems(operation: dict[str, Any], *, protected: bool) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    if responses.get("200") == {"description": "Successful Response", "content": {"application/json": {"schema": {}}}}:
        responses["200"] = {"description": "好"}
    for answer in responses.values():
        media = answer.get("content", {})
        if len(media) > 1 and media.get("application/json") == {"schema": {}}:  # the framework's default, where the route answers with something else
            del media["application/json"]
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(name="ProblemOut")}}}
    for status, says in _PROBLEMS.items():
        if protected or status in ("500", "503", "400", "422", "401", "403", "429", "404"):
            responses.setdefault(status, {"description": says, "content": copy.deepcopy(content)})


_TAGS = [
    {"name": "assessments", "description": "研判、读回、决定、队列"},
    {"name": "cases", "description": "重复警情与闭环"},
    {"name": "papers", "description": "文书草稿: 警单、调解协议书、告诫书等, Word 或网页"},
    {"name": "jobs", "description": "长批量任务"},
    {"name": "integration", "description": "回调与对接样式"},
    {"name": "events", "description": "事件流"},
    {"name": "catalogue", "description": "规则与代码表"},
    {"name": "audit", "description": "审计"},
    {"name": "operations", "description": "运行"},
]


def _schemas() -> dict[str, Any]:
    told = [
        struct for module in (replies, replies_work) for struct in vars(module).values() if isinstance(struct, type) and struct.__module__ == module.__name__
    ]
    structs = [struct for struct in told if issubclass(struct, msgspec.Struct) and struct is not replies.BatchOut]
    _, outputs = msgspec.json.schema_components((Assessment, *structs, *_EXTRA_OUTPUTS), ref_template=_REF)
    _, inputs = models_json_schema([(model, "validation") for model in (*_INPUTS, *_EXTRA_INPUTS)], ref_template=_REF.replace("{name}", "{model}"))
    batch = inputs["$defs"]["BatchIn"]["properties"]["incidents"]
    batch["items"] = {"$ref": _REF.format(name="AssessIn")}
    batch["maxItems"] = 500
    merged: dict[str, Any] = outputs | inputs["$defs"]
    for line in _TOLD.strip().splitlines():
        name, field, says = line.split(" ", 2)
        properties = merged[name]["properties"]
        properties[field] = _described(properties[field], says)
    return dict(sorted(merged.items()))


def _described(schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"allOf": [schema], "description": says} if "$ref" in schema else schema | {"description": says}


# struct, field, what it is: one a line
_TOLD = """
Assessment schema 答案格式的版本
Assessment incident_id 警情编号; 未给时由文本散列而来
Assessment category 类别
Assessment dispute 纠纷类型; 不是纠纷则为 null
Assessment risk 四色分级及理由
Assessment fraud 诈骗剧本与环节; 不涉诈骗则为 null
Assessment facts 文中的人、钱、时间、地点、号码等
Assessment repeat 重复情况; 没有历史则为 null
Assessment mediation 可否调解及法律依据
Assessment route 流转建议
Assessment resources 可用资源
Assessment missing_information 还应追问什么
Assessment needs_review 是否需人工复核及原因代码
Assessment set_aside 看到而不作数的文字(否定、假设、他人等)
Assessment frames 文体
Assessment advisory 恒为 true: 只是建议
Assessment degraded true: 模型未加载, 只有规则
Assessment versions 程序、规则、模型的版本
Evidence by 规则或模型
Evidence start 起(码点, 含)
Evidence end 止(码点, 不含)
Evidence quote 原文
Evidence status asserted 陈述 · negated 否定 · hypothetical 假设 · reported 转述 · historical 既往 · other_person 他人 · averted 未遂
Evidence clause 所在小句
Risk colour 哪一级
Risk profile 分级方案
Risk score 此级判断的历史准确率
Risk urgency 紧急 0–3
Risk danger 危险 0–3
Risk difficulty 难度 0–3
Risk factors 因素
Risk gates 不得只作调解、不得转走的情形
Risk why_not_higher 为何不更高
Risk why_not_lower 为何不更低
Risk handling 此级的处置
Fraud scripts 剧本
Fraud stage 最深的环节
Fraud loss_yuan 损失(元)
Fraud paid 是否已付
Fraud response 七字工作法或止付步骤
"""
