"""Outgoing webhooks: CloudEvents (or a 企业微信 message) posted for entries of the audit chain, signed, retried with growing pauses, kept when dead.

One process of all sends at a time (a lease in the store), each receiver in a task of its own, so that a dead one delays nobody else. What is due is made of
the chain, so nothing is lost between an event and its delivery.
Signature: `webhook-signature: v1,base64(HMAC-SHA256(key, id.timestamp.body))`, by standardwebhooks.com: the key is the secret after `whsec_`, base64.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from pipeline.rulepack.pack import Pack
from pipeline.values import assessment_from_json
from service.adapters import Told, message, told_of
from service.logs import frames, log
from service.store.database import new_id, now_ms
from service.store.store import Store
from service.store.tables import assessments, audit, deliveries, incidents, meta, webhooks
from service.store.writer import Tx

ACTIONS = ("assess", "decide", "case", "job")
FORMS = ("cloudevents", "wecom")
PAUSES = (10, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200)  # seconds before each further attempt; then the delivery is dead
SECRET = "whsec_"
_TIMEOUT, _TICK, _LEASE_MS, _PAGE, _AT_ONCE = 10.0, 1.0, 15_000, 200, 8
_CURSOR, _HOLDER = "webhook_seq", "webhook_lease"


def new_secret() -> str:
    """A secret as the libraries of standardwebhooks.com take it."""
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, ident: str, timestamp: int, body: bytes) -> str:
    """The signature header of a delivery."""
    told = f"{ident}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), told, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    """The bytes of a secret. Those made before 2026-11-24 were no padded base64, and their receivers know them as the whole string."""
    told = secret.removeprefix(SECRET)
    return base64.b64decode(told) if told.endswith("=") else secret.encode()


def due_after(attempts: int, now: int) -> int | None:
    """When to try again after so many failed attempts (ms); None: no more."""
    return now + PAUSES[attempts - 1] * 1000 if attempts <= len(PAUSES) else None


class Sender:
    """The loop that sends in this process, while it holds the lease."""

    def __init__(self, store: Store, rules: Callable[[], Pack], *, tick: float = _TICK) -> None:
        self._store, self._rules, self._tick = store, rules, tick
        self._name = uuid.uuid4().hex
        (row,) = store.rows(select(meta.c.value).where(meta.c.name == "store_id"))
        self._source = f"/fengqiao/{row['value']}"

    async def run(self) -> None:
        """Until cancelled."""
        import httpx2

        busy: dict[str, asyncio.Task[None]] = {}
        async with httpx2.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client:
            try:
                while True:
                    with _kept():
                        if not await self._hooks():
                            pass
                        elif await self._store.write(self._lease):
                            await self._store.write(self._plan)
                            busy = {hook: task for hook, task in busy.items() if not task.done()}
                            for hook in await self._due():
                                if hook not in busy:
                                    busy[hook] = asyncio.create_task(self._send(client, hook))
                        else:  # another process sends now
                            await _ended(busy)
                    await asyncio.sleep(self._tick)
            finally:
                await _ended(busy)

    async def _hooks(self) -> bool:
        wanted = select(webhooks.c.id).where(webhooks.c.ended.is_(None)).limit(1)
        return bool(await self._store.read_async(lambda connection: connection.execute(wanted).all()))

    def _lease(self, tx: Tx) -> bool:
        """Take or keep the right to send."""
        at = now_ms()
        found = tx.rows(select(meta.c.value).where(meta.c.name == _HOLDER))
        holder, _, until = found[0]["value"].partition(":") if found else ("", "", "0")
        if holder not in ("", self._name) and int(until) > at:
            return False
        _put(tx, _HOLDER, f"{self._name}:{at + _LEASE_MS}", known=bool(found))
        return True

    def _plan(self, tx: Tx) -> None:
        """Make deliveries of the entries since the last time. A hook hears of what came after it was made."""
        found = tx.rows(select(meta.c.value).where(meta.c.name == _CURSOR))
        last = int(found[0]["value"]) if found else 0
        hooks = tx.rows(select(webhooks).where(webhooks.c.ended.is_(None)))
        rows = tx.rows(select(audit).where(audit.c.seq > last).order_by(audit.c.seq).limit(5_000))
        for row in rows:
            for hook in hooks:
                if row["action"] in hook["actions"].split() and row["at"] >= hook["at"] and _reaches(hook, row):
                    made = {"id": new_id(), "webhook": hook["id"], "seq": row["seq"], "state": "pending", "attempts": 0, "due": row["at"], "status": 0}
                    tx.add(deliveries, made)
        if rows:
            _put(tx, _CURSOR, str(rows[-1]["seq"]), known=bool(found))

    async def _due(self) -> list[str]:
        """The receivers for whom something is due."""
        wanted = select(deliveries.c.webhook).where(_pending()).distinct()
        return list(await self._store.read_async(lambda connection: connection.execute(wanted).scalars().all()))

    async def _send(self, client: Any, hook: str) -> None:
        """What is due for one receiver: the oldest alone, and while it takes them more at once. After a failure the rest waits for a later round."""
        with _kept():
            columns = (deliveries, webhooks.c.url, webhooks.c.secret, webhooks.c.form, webhooks.c.ended)
            mine = and_(_pending(), deliveries.c.webhook == hook)
            joined = select(*columns).join(webhooks, webhooks.c.id == deliveries.c.webhook).where(mine)
            wanted = joined.order_by(deliveries.c.due, deliveries.c.seq).limit(_PAGE)
            rows = await self._store.read_async(lambda connection: connection.execute(wanted).mappings().all())
            at, width = 0, 1
            while at < len(rows):
                if not all(await asyncio.gather(*(self._one(client, row) for row in rows[at : at + width]))):
                    return
                at, width = at + width, _AT_ONCE

    async def _one(self, client: Any, row: Any) -> bool:
        import httpx2

        body, media = await self._store.read_async(lambda connection: self._body(connection, row))
        at = int(time.time())
        headers = {"content-type": media, "user-agent": "fengqiao", "webhook-id": row["id"], "webhook-timestamp": str(at)}
        headers["webhook-signature"] = sign(row["secret"], row["id"], at, body)
        status = 0
        if row["ended"] is None:
            # the status is all that is read: neither a long answer nor a slow one costs us more
            with contextlib.suppress(httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError):
                async with asyncio.timeout(_TIMEOUT), client.stream("POST", row["url"], content=body, headers=headers) as answer:
                    status = answer.status_code
        attempts = row["attempts"] + 1
        due = due_after(attempts, now_ms())
        good = 200 <= status < 300
        state = "delivered" if good else "dead" if due is None or row["ended"] is not None or status == 410 else "pending"
        changed = update(deliveries).where(deliveries.c.id == row["id"]).values(state=state, attempts=attempts, status=status, due=due or row["due"])
        await self._store.write(lambda tx: tx.execute(changed).rowcount)
        if not good:
            log().warning("webhook", status=status, attempt=attempts, code=state)
        return good

    def _body(self, connection: Connection, row: Any) -> tuple[bytes, str]:
        entry = connection.execute(select(audit).where(audit.c.seq == row["seq"])).mappings().one()
        if row["form"] == "wecom" and entry["action"] == "assess":
            told = _told(connection, entry["subject"], self._rules())
            if told is not None:
                return msgspec.json.encode(message(told)), "application/json"
        return msgspec.json.encode(event(entry, self._source)), "application/cloudevents+json"


@contextlib.contextmanager
def _kept() -> Iterator[None]:
    """Whatever fails is logged, and the next turn tries again."""
    try:
        yield
    except Exception as error:
        log().error("error", kind="webhooks", where=frames(error))


async def _ended(busy: dict[str, asyncio.Task[None]]) -> None:
    """Cancel what still sends; what was not told to have arrived stays due."""
    for task in busy.values():
        task.cancel()
    await asyncio.gather(*busy.values(), return_exceptions=True)
    busy.clear()


def _pending() -> ColumnElement[bool]:
    return and_(deliveries.c.state == "pending", deliveries.c.due <= now_ms())


def event(entry: Any, source: str) -> dict[str, Any]:
    """An entry of the chain as a CloudEvent 1.0: codes only."""
    from service.api.events import shown

    return {
        "specversion": "1.0",
        "id": str(entry["seq"]),
        "source": source,
        "type": f"cn.fengqiao.{entry['action']}.v1",
        "subject": entry["subject"],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry["at"] / 1000)),
        "datacontenttype": "application/json",
        "data": shown(entry),
    }


def _told(connection: Connection, key: str, pack: Pack) -> Told | None:
    state: Any = connection.execute(select(incidents).where(incidents.c.key == key)).mappings().one()
    answer = connection.execute(select(assessments.c.answer).where(assessments.c.id == state["assessment"])).scalar_one()
    try:
        return told_of(state, assessment_from_json(answer), None, pack)
    except msgspec.MsgspecError:
        return None


def begin(tx: Tx) -> None:
    """For the first hook of all: what came before it is nothing to be planned, and need not be read."""
    found = tx.rows(select(meta.c.value).where(meta.c.name == _CURSOR))
    if not tx.rows(select(webhooks.c.id).where(webhooks.c.ended.is_(None)).limit(1)):
        _put(tx, _CURSOR, str(tx.head.seq), known=bool(found))


def _reaches(hook: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    if hook["least"] == 0:
        return True
    return int(msgspec.json.decode(row["detail"]).get("rank", 0)) >= int(hook["least"])


def _put(tx: Tx, name: str, value: str, *, known: bool) -> None:
    tx.execute(update(meta).where(meta.c.name == name).values(value=value) if known else insert(meta).values(name=name, value=value))
