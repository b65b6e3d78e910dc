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
    return Problem(404, "FQ6301", zh, en)


_HTTP = {
    400: ("FQ6001", "请求读不了", "the request cannot be read"),
    404: ("FQ6302", "没有这个地址", "no such address"),
    405: ("FQ6002", "这个地址不支持此方法", "method not allowed"),
    413: ("FQ6201", "请求体过大", "the body is too large"),
    415: ("FQ6003", "请用 application/json", "send application/json"),
}


def of_http(status: int, headers: Mapping[str, str] | None) -> Problem:
    """A problem for an error of the framework; its own words are not passed on, they may hold input."""
    code, zh, en = _HTTP.get(status, ("FQ6000", "请求未能完成", "the request failed"))
    return Problem(status, code, zh, en, headers=headers)


_SAYS = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这一项",
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
}


def of_errors(items: Sequence[Any], known: frozenset[str]) -> Problem:
    """400 or 422 of pydantic's error items: the places and kinds of what is wrong. Names that the client made up are not repeated, they may be
    anything; what was sent is not repeated either."""
    errors = []
    for item in items[:20]:
        place = ".".join(str(part) if isinstance(part, int) or part in known else "?" for part in item["loc"])
        errors.append({"field": place or "body", "kind": item["type"], "says": _SAYS.get(item["type"], "不合要求")})
    if errors and errors[0]["kind"] == "json_invalid":
        return Problem(400, "FQ6004", "请求体不是合法的 JSON", "the body is not valid JSON", errors=errors)
    return Problem(422, "FQ6005", "请求内容不合要求", "the request does not follow the schema", errors=errors, remedy="按 /docs 的说明改正所列各项")
