"""枫桥接口的连接: 出错、重发、事件流。手写; 每个操作的方法在 client.py(生成)。"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Self

import httpx2


class Problem(Exception):
    """服务的 RFC 9457 问题文档: status、code(FQ…)、request_id(查日志用)、remedy(怎么办); retry_after 为建议等待的秒数。"""

    def __init__(self, answer: httpx2.Response) -> None:
        told = answer.json() if answer.headers.get("content-type", "").startswith("application/problem+json") else {}
        self.status, self.code, self.remedy = answer.status_code, str(told.get("code", "")), str(told.get("remedy", ""))
        self.request_id, self.errors = answer.headers.get("x-request-id", ""), told.get("errors", [])
        self.retry_after = int(answer.headers.get("retry-after", 0))
        super().__init__(f"{self.status} {self.code} {told.get('title', '')} ({self.request_id})")


class Connection:
    """一个连接池; 可在多个线程里用。`purpose`: dispatch 处警 · analysis 研判 · training 培训。`answer` 是上一次的应答头所在。

    写入的方法各带一个幂等键 `once`(不给则自动生成), 断线时以同一个键再发一次, 不会记两次。
    """

    def __init__(self, base_url: str, key: str = "", *, purpose: str = "", timeout: float = 30.0, transport: httpx2.BaseTransport | None = None) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        headers |= {"fengqiao-purpose": purpose} if purpose else {}
        self._http = httpx2.Client(base_url=base_url, headers=headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _call(
        self, verb: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None, content: Any = None, once: str | None = ""
    ) -> httpx2.Response:
        """`once`: 幂等键; None 为自动生成, 空为不用。"""
        headers = {} if once == "" else {"idempotency-key": once or str(uuid.uuid4())}
        headers |= {"content-type": "application/octet-stream"} if content is not None else {}
        told = {name: value for name, value in (query or {}).items() if value is not None}
        sent: dict[str, Any] = {"params": told, "headers": headers, "content": content} | ({} if body is None else {"json": body})
        try:
            answer = self._http.request(verb, path, **sent)
        except httpx2.TransportError:
            if once == "" or content is not None:
                raise
            answer = self._http.request(verb, path, **sent)
        if answer.status_code >= 400:
            raise Problem(answer)
        return answer

    def _events(self, verb: str, path: str, *, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """事件流里的一条条事件: id、event、data。"""
        told = {name: value for name, value in (query or {}).items() if value is not None}
        with self._http.stream(verb, path, params=told, timeout=None) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise Problem(answer)
            event: dict[str, Any] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line and name in ("id", "event", "data"):
                    event[name] = json.loads(value) if name == "data" else value
                elif not line and "data" in event:
                    yield event
                    event = {}
