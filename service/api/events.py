"""`GET /v1/events`: arrivals and decisions as server-sent events. The feed is the audit chain, so that a reader who comes back misses nothing
(Last-Event-ID), and one process sees what another wrote."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy import select

from service.store.store import Store
from service.store.tables import audit

SENT = ("assess", "decide", "case", "job")  # the actions that readers of the feed are told of
_POLL_SECONDS = 1.0
_REST_SECONDS = 0.1  # between two readings for one reader: under load all commits of that time are told at once
_PING_SECONDS = 15.0
_PAGE = 500
_SHOWN = (
    "assessment", "decision", "version", "incident_id", "kind", "state", "from", "to", "colour", "rank", "levels", "urgency", "status", "station", "category", "dispute",
    "script", "review", "shadow", "step", "number", "due", "rows", "rejects",
)  # fmt: skip


async def _always() -> bool:
    return True


class Feed:
    """Wakes those who listen when something was committed; `stop` ends their streams."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.stopping = False
        self.readers = 0

    def committed(self) -> None:
        """Called by the writer's thread after each commit."""
        if self.readers and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def stop(self) -> None:
        """End all streams."""
        self.stopping = True
        self._wake()

    def stop_soon(self) -> None:
        """`stop` from a signal handler."""
        self.stopping = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    async def events(self, after: int | None, still: Callable[[], Awaitable[bool]] = _always) -> AsyncIterator[bytes]:
        """The stream from after that entry (None: from now on). A comment line every 15 s keeps proxies from closing it; as often `still` is asked
        whether the reader may go on reading."""
        self.readers += 1
        try:
            async for told in self._events(after, still):
                yield told
        finally:
            self.readers -= 1

    async def _events(self, after: int | None, still: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        last = (await asyncio.to_thread(self._store.head)).seq if after is None else after
        yield b"retry: 2000\n\n"
        quiet, checked = 0.0, time.monotonic()
        while not self.stopping:
            if time.monotonic() - checked >= _PING_SECONDS:
                checked = time.monotonic()
                if not await still():  # its key has ended meanwhile
                    return
            changed = self._changed
            rows = await self._store.read_async(lambda c, last=last: c.execute(_after(last)).mappings().all())  # type: ignore[misc]
            for row in rows:
                last = row["seq"]
                yield _event(row)
            if rows:
                quiet = 0.0
                await asyncio.sleep(_REST_SECONDS)
                continue
            try:
                await asyncio.wait_for(changed.wait(), _POLL_SECONDS)
            except TimeoutError:
                quiet += _POLL_SECONDS
                if quiet >= _PING_SECONDS:
                    quiet = 0.0
                    yield b": ping\n\n"


def _after(seq: int) -> Any:
    return select(audit).where(audit.c.seq > seq, audit.c.action.in_(SENT)).order_by(audit.c.seq).limit(_PAGE)


def shown(entry: Any) -> dict[str, Any]:
    """What readers are told of an entry of the chain: codes only."""
    detail = msgspec.json.decode(entry["detail"])
    return {"id": entry["subject"], "at": entry["at"], **{name: detail[name] for name in _SHOWN if name in detail}}


def _event(row: Any) -> bytes:
    return f"id: {row['seq']}\nevent: {row['action']}\ndata: ".encode() + msgspec.json.encode(shown(row)) + b"\n\n"
