"""Who may: API keys, OIDC bearer tokens, and in demo mode anybody on this machine; scopes, and limits on how often."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import Request
from limits import parse

from pipeline.errors import InputError
from service.keys import SCOPES, Keyring, Principal
from service.problems import Problem
from service.settings import Settings

DEMO = Principal("demo", "demo", frozenset(SCOPES), vouches=True, purpose="training")
SESSION = "fengqiao_session"
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


class Limiter:
    """At most so many requests per key and time; counted in this process. The rate is written as `limits` has it: 6000/minute, 10 per 2 hours.

    A sliding window of two counters: what came in the window before counts by the share of it that is still within reach. The library's own storage
    starts a thread whenever a count runs out, which cost a request more than its routing.
    """

    def __init__(self, rate: str) -> None:
        item = parse(rate)
        self._most, self._span = item.amount, float(item.get_expiry())
        self._window = 0
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()

    def hit(self, who: str) -> None:
        """Count a request. Raises Problem 429 with Retry-After."""
        self.check(who)
        self._now[who] += 1

    def check(self, who: str) -> None:
        """Raise the same without counting."""
        window, passed = divmod(time.monotonic(), self._span)
        if window != self._window:
            self._before = self._now if window == self._window + 1 else Counter()
            self._window, self._now = int(window), Counter()
        if self._before[who] * (1 - passed / self._span) + self._now[who] >= self._most:
            wait = max(1, int(self._span - passed) + 1)
            raise Problem(429, "FQ6202", "请求太频繁", "too many requests", remedy=f"{wait} 秒后再试", headers={"retry-after": str(wait)})


class Tokens:
    """OIDC bearer tokens: signature, issuer, audience and time checked against the issuer's published keys (a file, or an intranet address)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _keys(self) -> Any:
        import jwt

        source = self._settings.oidc_jwks or f"{self._settings.oidc_issuer}/.well-known/jwks.json"
        if source.startswith(("http://", "https://")):
            return jwt.PyJWKClient(source, cache_keys=True, lifespan=600, timeout=5)
        return jwt.PyJWKSet.from_json(Path(source).read_text("utf-8"))

    def check(self) -> None:
        """Read the keys where they are a file. Raises InputError where that cannot be used: at the start, not at somebody's call."""
        import jwt

        try:
            if not (self._settings.oidc_jwks or "http://").startswith(("http://", "https://")):
                _ = self._keys
        except (OSError, ValueError, jwt.PyJWTError) as error:
            kind = type(error).__name__
            raise InputError(
                "FQ6506", "OIDC 公钥文件不能用", "the OIDC keys cannot be read", seen=kind, remedy="FENGQIAO_OIDC_JWKS: JWKS 文件或内网地址"
            ) from None

    def principal(self, token: str) -> Principal | None:
        """Who the token speaks for, or None where it does not hold. Blocking: may fetch keys from the intranet."""
        import jwt

        try:
            keys = self._keys
            key = keys.get_signing_key_from_jwt(token).key if isinstance(keys, jwt.PyJWKClient) else keys[jwt.get_unverified_header(token)["kid"]].key
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                issuer=self._settings.oidc_issuer,
                audience=self._settings.oidc_audience,
                options={"require": ["exp", "iss", "aud", "sub"]},
                leeway=30,
            )
        except (jwt.PyJWTError, KeyError, ValueError):
            return None
        told = claims.get(self._settings.oidc_scope_claim, ())
        scopes = told.split() if isinstance(told, str) else [str(item) for item in told] if isinstance(told, list) else []
        granted = frozenset(name.removeprefix("fengqiao:") for name in scopes) & SCOPES.keys()
        return Principal("oidc", "oidc:" + "".join(letter for letter in str(claims["sub"]) if letter.isprintable())[:120], granted)


class Guard:
    """Authenticates requests. Failed attempts are limited per address, so that keys cannot be tried."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._settings, self._keyring = settings, keyring
        self._tokens = Tokens(settings) if settings.oidc_issuer else None
        self._rate, self._strangers = Limiter(settings.rate_limit), Limiter(settings.anonymous_rate_limit)

    async def principal(self, request: Request) -> Principal:
        """Who sends this request. Raises Problem 401, 403 or 429."""
        if self._settings.keyless:
            return DEMO
        found = await self._found(request)
        if found is None:  # only now: a neighbour behind the same address who tries keys must not shut out those who have one
            self._strangers.hit(_address(request))
            raise Problem(
                401, "FQ6101", "需要有效的密钥", "a valid key is required", remedy="Authorization: Bearer fq_…", headers={"www-authenticate": "Bearer"}
            )
        self._rate.hit(found.id if found.id != "oidc" else found.name)
        return found

    async def still(self, request: Request) -> bool:
        """Whether the request would still be let in: asked now and then of those who listen for long. Counts nothing."""
        return self._settings.keyless or await self._found(request) is not None

    async def _found(self, request: Request) -> Principal | None:
        presented = _presented(request)
        if presented.startswith("fq_"):
            known, found = self._keyring.recalled(presented)
            return found if known else await asyncio.to_thread(self._keyring.principal, presented)
        if presented:
            if self._tokens is None:
                return None
            self._strangers.check(_address(request))  # a token may make us fetch the issuer's keys: not for those who have been refused too often
            return await asyncio.to_thread(self._tokens.principal, presented)
        if SESSION not in request.cookies:
            return None
        # a browser's session: what changes something must come from our own pages
        if request.method not in ("GET", "HEAD") and not _same_origin(request):
            raise Problem(403, "FQ6103", "来自别处的网页, 已拒绝", "cross-site request refused")
        return await asyncio.to_thread(self._keyring.of_session, request.cookies[SESSION])

    def open_session(self, principal: Principal) -> str:
        """A cookie's value for this key."""
        return self._keyring.open_session(principal, hours=self._settings.session_hours)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is not None:
        return origin.partition("://")[2] == request.headers.get("host")
    return request.headers.get("sec-fetch-site") == "same-origin"


def _presented(request: Request) -> str:
    header = request.headers.get("authorization", "")
    kind, _, value = header.partition(" ")
    return value.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key", "").strip()


def allowed(scope: str) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency: the caller, who must have this scope. Raises Problem 401, 403 or 429."""
    assert scope in SCOPES

    async def caller(request: Request) -> Principal:
        principal: Principal = await request.app.state.context.guard.principal(request)
        request.scope["fengqiao.actor"] = principal.name
        if scope not in principal.scopes:
            raise Problem(403, "FQ6102", "此密钥没有这项权限", "the key lacks this scope", remedy=f"需要 {scope}")
        return principal

    return caller


def acting(who: Principal, by: str | None) -> str:
    """Who acts, for the audit: the key, and the officer whom it names. Raises Problem 403 where the key may not name one."""
    if by is not None and not who.vouches:
        raise Problem(403, "FQ6410", "此密钥不得代填警号", "this key may not name officers", remedy="每人用自己的密钥; 或 fengqiao keys create --vouches")
    return f"{who.name}/{by}" if by else who.name
