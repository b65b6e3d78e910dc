"""Errors as RFC 9457 problem documents: a stable code, Chinese for people, the request id; never what was sent.

FQ60xx the request · FQ61xx who may · FQ62xx limits · FQ63xx not there · FQ64xx decisions and conflicts · FQ65xx the service itself
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from pipeline.errors import FengqiaoError

MEDIA = "application/problem+json"


class Problem(FengqiaoError):
    """An error with an HTTP status. `errors`: the fields it is about, by name only."""

    def __init__(
        self,
        status: int,
        code: str,
        zh: str,
        en: str,
        *,
        remedy: str = "",
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, zh, en, remedy=remedy)
        self.status, self.errors, self.headers = status, tuple(errors), dict(headers or {})

    def body(self, request_id: str) -> bytes:
        """The problem document."""
        document: dict[str, Any] = {
            "type": f"urn:fengqiao:problem:{self.code}",
            "title": self.zh,
            "status": self.status,
            "detail": self.en,
            "code": self.code,
            "request_id": request_id,
        }
        if self.remedy:
            document["remedy"] = self.remedy
        if self.errors:
            document["errors"] = self.errors
        return msgspec.json.encode(document)

    def response(self, request_id: str) -> Response:
        """The problem as a response."""
        return Response(self.body(request_id), self.status, self.headers, MEDIA)


def not_found(zh: str = "没有这条记录", en: str = "no such record") -> Problem:
    """404."""
    return Problem(404, "FQ6301", zh, en, remedy="核对编号; 队列见 GET /v1/assessments, 任务见 GET /v1/jobs")


_HTTP = {
    400: ("FQ6001", "请求读不了", "the request cannot be read", "按 /docs 的说明改写请求"),
    404: ("FQ6302", "没有这个地址", "no such address", "地址见 /docs 或 /openapi.json"),
    405: ("FQ6002", "这个地址不支持此方法", "method not allowed", "可用的方法见响应头 Allow 与 /docs"),
    413: ("FQ6201", "请求体过大", "the body is too large", "分批发送; 大批记录用长批量任务 /v1/jobs"),
    415: ("FQ6003", "请用 application/json", "send application/json", "Content-Type: application/json"),
}


def of_http(status: int, headers: Mapping[str, str] | None) -> Problem:
    """A problem for an error of the framework; its own words are not passed on, they may hold input."""
    code, zh, en, remedy = _HTTP.get(status, ("FQ6000", "请求未能完成", "the request failed", "按 /docs 的说明改写请求"))
    return Problem(status, code, zh, en, headers=headers, remedy=remedy)


_SAYS = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这一项(可用的项名见 /docs; 发来的项名不重复, 其中可能有警情文字)",
    "string_too_long": "太长",
    "string_too_short": "太短",
    "too_long": "太多",
    "too_short": "太少",
    "string_type": "须是文字",
    "string_pattern_mismatch": "格式不对",
    "json_invalid": "不是合法的 JSON",
    "datetime_from_date_parsing": "须是 ISO 8601 时间",
    "datetime_parsing": "须是 ISO 8601 时间",
    "literal_error": "不在可选值之中",
    "enum": "不在可选值之中",
    "bool_parsing": "须是 true 或 false",
    "bool_type": "须是 true 或 false",
    "year_range": "年份须在 1970 与 2199 之间",
    "together": "经度与纬度须同给",
}


_BOUNDS = {  # what the schema says of a bound, by kind of error: the context that pydantic gives, and how it is said
    "literal_error": ("expected", "可用 {}"),
    "string_too_long": ("max_length", "最多 {} 字"),
    "string_too_short": ("min_length", "至少 {} 字"),
    "too_long": ("max_length", "最多 {} 项"),
    "too_short": ("min_length", "至少 {} 项"),
    "greater_than_equal": ("ge", "不小于 {}"),
    "less_than_equal": ("le", "不大于 {}"),
    "less_than": ("lt", "小于 {}"),
}


def _says(item: Mapping[str, Any], patterns: Mapping[str, str]) -> str:
    """What is wrong with an item, with what the schema allows; nothing of what was sent."""
    kind, context = str(item["type"]), item.get("ctx") or {}
    if kind == "string_pattern_mismatch":
        return patterns.get(str(context.get("pattern")), _SAYS[kind])
    name, says = _BOUNDS.get(kind, ("", ""))
    told = context.get(name)
    bound = "" if told is None else says.format(str(told).replace("'", "").replace(" or ", ", "))
    return "; ".join(part for part in (_SAYS.get(kind, "" if bound else "不合要求"), bound) if part)


def of_errors(items: Sequence[Any], known: frozenset[str], patterns: Mapping[str, str]) -> Problem:
    """400 or 422 of pydantic's error items: the places and kinds of what is wrong, and what is allowed there. Names that the client made up are not
    repeated, they may be anything; what was sent is not repeated either. `patterns`: what the schema's patterns ask for, in words."""
    errors = []
    for item in items[:20]:
        place = ".".join(str(part) if isinstance(part, int) or part in known else "?" for part in item["loc"])
        errors.append({"field": place or "body", "kind": item["type"], "says": _says(item, patterns)})
    if errors and errors[0]["kind"] == "json_invalid":
        return Problem(400, "FQ6004", "请求体不是合法的 JSON", "the body is not valid JSON", errors=errors)
    return Problem(422, "FQ6005", "请求内容不合要求", "the request does not follow the schema", errors=errors, remedy="按 /docs 的说明改正所列各项")
