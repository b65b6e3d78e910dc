"""API keys: 256 random bits shown once, kept as a hash, with scopes, an end date and a purpose; rotated and revoked by `fengqiao keys`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from pipeline.errors import InputError
from service.audit import Entry
from service.store.database import now_ms
from service.store.store import Store
from service.store.tables import api_keys
from service.store.writer import Tx

SCOPES = {
    "assess": "研判(单条与成批)",
    "read": "读回研判、队列、事件流、规则",
    "decide": "记录民警的决定与闭环步骤",
    "deidentify": "脱敏",
    "jobs": "长批量任务",
    "audit": "核验与导出审计",
    "metrics": "指标",
    "admin": "重载规则、清除、回调地址",
}
DUTY = ("assess", "read", "decide")
_CACHE_SECONDS = 5.0  # a revoked key may still be taken for this long by a process that has just seen it


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `vouches`: a system that names its own officers (`by`, `second_person`)."""

    id: str
    name: str
    scopes: frozenset[str]
    vouches: bool = False
    purpose: str = ""


def create(
    store: Store, name: str, scopes: Iterable[str], *, vouches: bool = False, purpose: str = "", days: int | None = None, actor: str = "cli"
) -> tuple[str, str]:
    """Make a key; gives its id and the key itself, which is shown nowhere again. Raises InputError for an unknown scope."""
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= SCOPES.keys():
        raise InputError("FQ4601", "没有这个权限", "unknown scope", seen=" ".join(set(wanted) - SCOPES.keys()), remedy="可用 " + " ".join(SCOPES))
    ident, secret, at = secrets.token_hex(5), secrets.token_urlsafe(32), now_ms()
    row = {
        "id": ident,
        "name": name[:64],
        "hash": _hash(secret),
        "scopes": " ".join(wanted),
        "vouches": vouches,
        "purpose": purpose,
        "created_at": at,
        "expires_at": None if days is None else at + days * 86_400_000,
        "revoked_at": None,
    }

    def unit(tx: Tx) -> None:
        tx.execute(insert(api_keys).values(row))
        tx.audit(Entry(at, actor, "", "key_create", ident, {"scopes": wanted, "vouches": vouches}))

    store.write_now(unit)
    return ident, f"fq_{ident}_{secret}"


def rotate(store: Store, ident: str, *, grace_hours: float = 24.0, actor: str = "cli") -> tuple[str, str]:
    """A new key with the same rights; the old one ends after the grace. Raises InputError where there is none."""
    (row,) = store.rows(select(api_keys).where(api_keys.c.id == ident, api_keys.c.revoked_at.is_(None))) or (None,)
    if row is None:
        raise InputError("FQ4602", "没有这个有效的密钥", "no such key", seen=ident, remedy="fengqiao keys list")
    made = create(store, row["name"], row["scopes"].split(), vouches=row["vouches"], purpose=row["purpose"], actor=actor)
    ends = now_ms() + int(grace_hours * 3_600_000)
    until = ends if row["expires_at"] is None else min(ends, row["expires_at"])

    def unit(tx: Tx) -> None:
        tx.execute(update(api_keys).where(api_keys.c.id == ident).values(expires_at=until))
        tx.audit(Entry(now_ms(), actor, "", "key_rotate", ident, {"to": made[0], "until": until}))

    store.write_now(unit)
    return made


def revoke(store: Store, ident: str, *, actor: str = "cli") -> None:
    """End a key at once. Raises InputError where there is none."""

    def unit(tx: Tx) -> int:
        count = tx.execute(update(api_keys).where(api_keys.c.id == ident, api_keys.c.revoked_at.is_(None)).values(revoked_at=now_ms())).rowcount
        if count:
            tx.audit(Entry(now_ms(), actor, "", "key_revoke", ident, {}))
        return count

    if not store.write_now(unit):
        raise InputError("FQ4602", "没有这个有效的密钥", "no such key", seen=ident, remedy="fengqiao keys list")


class Keyring:
    """Looks keys up, with a short memory; and makes sessions of keys, for browsers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[bytes, tuple[float, Principal | None]] = {}

    def principal(self, presented: str) -> Principal | None:
        """Who has this key, or None."""
        mark, _, rest = presented.partition("_")
        ident, _, secret = rest.partition("_")
        if mark != "fq" or not secret or not ident.isascii() or not ident.isalnum() or len(ident) > 16:
            return None
        return self._remembered(presented, ident, lambda row: hmac.compare_digest(row["hash"], _hash(secret)))

    def recalled(self, presented: str) -> tuple[bool, Principal | None]:
        """Whether it was looked up a moment ago, and whom it stood for. Asks no database."""
        seen = self._seen.get(_mark(presented))
        fresh = seen is not None and time.monotonic() - seen[0] < _CACHE_SECONDS
        return fresh, seen[1] if fresh and seen is not None else None

    def open_session(self, principal: Principal, *, hours: float) -> str:
        """A token for a cookie: says which key and until when, signed with the store's key. It ends with the key."""
        told = f"{principal.id}.{now_ms() + int(hours * 3_600_000)}"
        return f"{told}.{self._sign(told)}"

    def of_session(self, token: str) -> Principal | None:
        """Who opened this session, or None where it is not ours, has ended, or its key has."""
        told, _, mac = token.rpartition(".")
        ident, _, until = told.partition(".")
        if not mac.isascii() or not hmac.compare_digest(mac, self._sign(told)) or int(until) <= now_ms():
            return None
        return self._remembered(told, ident, lambda _: True)

    def _sign(self, told: str) -> str:
        return self._store.keyed_hash(f"session:{told}")

    def _remembered(self, presented: str, ident: str, right: Callable[[Mapping[str, Any]], bool]) -> Principal | None:
        digest, at = _mark(presented), time.monotonic()
        seen = self._seen.get(digest)
        if seen is not None and at - seen[0] < _CACHE_SECONDS:
            return seen[1]
        if len(self._seen) > 4096:
            self._seen.clear()
        rows = self._store.rows(select(api_keys).where(api_keys.c.id == ident))
        row: Mapping[str, Any] = rows[0] if rows else {"hash": "0" * 64, "revoked_at": 1, "expires_at": None}
        holds = right(row) and row["revoked_at"] is None and (row["expires_at"] is None or row["expires_at"] > now_ms())
        found = Principal(row["id"], row["name"], frozenset(row["scopes"].split()), row["vouches"], row["purpose"]) if holds else None
        self._seen[digest] = (at, found)
        return found


def _mark(presented: str) -> bytes:
    return hashlib.sha256(presented.encode("utf-8", "surrogateescape")).digest()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def listing(store: Store) -> list[dict[str, Any]]:
    """All keys without their hashes."""
    shown = ("id", "name", "scopes", "vouches", "purpose", "created_at", "expires_at", "revoked_at")
    return [{name: row[name] for name in shown} for row in store.rows(select(api_keys).order_by(api_keys.c.created_at))]
