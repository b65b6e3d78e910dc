"""Writing once: a request with an Idempotency-Key is carried out a single time, however often it is sent; the answer is stored with the write."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from service.api.context import Context
from service.keys import Principal
from service.problems import Problem
from service.store.database import now_ms
from service.store.tables import idempotency
from service.store.writer import Tx, Unit

T = TypeVar("T")
_LONGEST = 200
_in_flight: set[str] = set()


async def replayed(request: Request, here: Context, who: Principal) -> Response | None:
    """The answer given before to this key, or None. Raises Problem 409 while the first is under way, 422 for another body."""
    name = _name(request, who)
    if name is None:
        return None
    if name in _in_flight:
        raise Problem(409, "FQ6407", "同一请求正在处理", "the first request with this key is under way", remedy="1 秒后再试", headers={"retry-after": "1"})
    return await _stored(here, name, *await _fingerprint(request, here))


async def _stored(here: Context, name: str, fingerprint: str, key: bytes) -> Response | None:
    found = await here.store.read_async(lambda c: c.execute(select(idempotency).where(idempotency.c.key == name)).mappings().all())
    if not found:
        return None
    if found[0]["fingerprint"] != fingerprint:
        raise Problem(
            422,
            "FQ6408",
            "同一 Idempotency-Key 用于不同的请求",
            "the key was used for another request",
            remedy="另一请求用新的 Idempotency-Key; 重试时请求体须一字不差",
        )
    headers = msgspec.json.decode(found[0]["headers"], type=dict[str, str]) | {"idempotency-replayed": "true"}
    return Response(opened(bytes(found[0]["body"]), key), found[0]["status"], headers, "application/json")


async def commit(request: Request, here: Context, who: Principal, unit: Unit[T], render: Callable[[T], Response]) -> Response:
    """Write durably, then answer. With a key, answer and write are one transaction."""
    name = _name(request, who)
    if name is None:
        return render(await here.store.write(unit))
    fingerprint, key = await _fingerprint(request, here)

    def once(tx: Tx) -> Response:
        response = render(unit(tx))
        headers = {key: value for key, value in response.headers.items() if key not in ("content-length", "content-type")}
        row: dict[str, Any] = {"key": name, "fingerprint": fingerprint, "at": now_ms(), "status": response.status_code}
        tx.add(idempotency, row | {"headers": msgspec.json.encode(headers).decode(), "body": sealed(bytes(response.body), key)})
        return response

    _in_flight.add(name)
    try:
        return await here.store.write(once)
    except IntegrityError:  # another process was first
        answer = await _stored(here, name, fingerprint, key)
        if answer is None:
            raise
        return answer
    finally:
        _in_flight.discard(name)


def _name(request: Request, who: Principal) -> str | None:
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    if not 1 <= len(given) <= _LONGEST:
        raise Problem(422, "FQ6009", "Idempotency-Key 长度须为 1 至 200", "Idempotency-Key must have 1 to 200 characters")
    told = "\0".join((who.id, who.name, request.method, request.url.path, given))
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()


async def _fingerprint(request: Request, here: Context) -> tuple[str, bytes]:
    """What tells one body from another, and the key under which its answer is kept."""
    digest = hashlib.sha256(await request.body()).hexdigest()
    return here.store.keyed_hash(digest), bytes.fromhex(here.store.keyed_hash(f"answer:{digest}"))


def sealed(body: bytes, key: bytes) -> bytes:
    """The answer as it is kept: readable only with the request that it answers, so that a store that keeps no words keeps none here either."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, body, None)


def opened(kept: bytes, key: bytes) -> bytes:
    """The answer that was sealed."""
    return AESGCM(key).decrypt(kept[:12], kept[12:], None)
