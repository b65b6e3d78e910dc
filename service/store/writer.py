"""The one writer: a thread that commits what has gathered while the last commit was under way.

A durable commit costs a disk flush, so throughput is flushes per second times the rows in each. The first unit starts a group, whatever is queued
joins it, and all of them are answered after the one commit. A unit that comes when nothing was written lately is written at once; under load a
group begins `pace` seconds after the one before, because a commit costs the processor as much as writing five units does. A unit that fails takes nobody with it: the group is
rolled back and its units are done one by one. Those who wait on an event loop are woken all at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Engine, Executable, Table, select, text
from sqlalchemy.engine import CursorResult

from pipeline.errors import FengqiaoError
from service.audit import Chain, Entry, Head
from service.store.bulk import get_meta, insert_rows, place_of, set_meta
from service.store.tables import audit

T = TypeVar("T")
HEAD = "audit_head"
_LOCK = 346_110  # the advisory lock under which PostgreSQL's chain grows


class Tx:
    """One transaction as units see it. Rows are gathered and inserted many at a time; a statement first lets the gathered rows go."""

    def __init__(self, connection: Connection, head: Head, chain: Chain) -> None:
        self._connection, self.head, self._chain = connection, head, chain
        self._rows: dict[Table, list[dict[str, Any]]] = {}
        self.writes = 0

    def add(self, table: Table, row: dict[str, Any]) -> None:
        """Insert a row (by the end of the transaction)."""
        self.writes += 1
        self._rows.setdefault(table, []).append(row)

    def audit(self, entry: Entry) -> int:
        """Append to the chain; gives the sequence number."""
        self.head, row = self._chain.link(self.head, entry)
        self.add(audit, row)
        return self.head.seq

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a statement that changes something."""
        self.writes += 1
        self.flush()
        result: CursorResult[Any] = self._connection.execute(statement, parameters)
        return result

    def rows(self, statement: Executable) -> Sequence[Any]:
        """Run a query; sees what this transaction wrote."""
        self.flush()
        return self._connection.execute(statement).mappings().all()

    def by(self, column: Column[Any], value: Any) -> Sequence[Any]:
        """The rows of a table with this value. Gathered rows stay gathered unless they are of this table and have it."""
        if any(row[column.name] == value for row in self._rows.get(column.table, ())):
            self.flush()
        return self._connection.execute(select(column.table).where(column == value)).mappings().all()

    def beside(self) -> Connection:
        """The connection, for tables whose rows nobody gathers: what is gathered of others stays so."""
        self.writes += 1
        return self._connection

    def flush(self) -> None:
        """Insert what has gathered, parents before children."""
        for table in sorted(self._rows, key=place_of):
            insert_rows(self._connection, table, self._rows[table])
        self._rows.clear()


Unit = Callable[[Tx], T]
Waiting = Future[Any] | asyncio.Future[Any]
Settled = tuple[Waiting, Any, BaseException | None]


class Writer:
    """Owns the write connection. `submit` from any thread; `close` finishes what was submitted."""

    def __init__(self, engine: Engine, chain: Chain, *, group_rows: int, pace: float = 0.0, committed: Callable[[], None] = lambda: None) -> None:
        self._engine, self._chain, self._group_rows, self._committed = engine, chain, group_rows, committed
        self._pace, self._began = pace, 0.0
        self._queue: queue.SimpleQueue[tuple[Unit[Any], Waiting] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fengqiao-writer", daemon=True)
        self._closed = False
        self._door = threading.Lock()
        self.groups = self.units = 0
        self._thread.start()

    def submit(self, unit: Unit[T]) -> Future[T]:
        """Queue a unit; the future resolves once it is durable. Raises RuntimeError after `close`."""
        future: Future[T] = Future()
        self._put(unit, future)
        return future

    async def written(self, unit: Unit[T]) -> T:
        """`submit` for the event loop. Giving up waiting does not undo the unit."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(unit, future)
        return await future

    def _put(self, unit: Unit[Any], waiting: Waiting) -> None:
        with self._door:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._queue.put((unit, waiting))

    @property
    def alive(self) -> bool:
        """Whether writes are taken."""
        return self._thread.is_alive() and not self._closed

    def close(self) -> None:
        """Write what is queued, then stop."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_ = True
        while open_:
            first = self._queue.get()
            group = [] if first is None else [first]
            open_ = first is not None
            if first is not None and isinstance(first[1], asyncio.Future):  # a command waits for nobody
                time.sleep(max(0.0, self._began + self._pace - time.monotonic()))
            self._began = time.monotonic()
            while open_ and len(group) < self._group_rows:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                open_ = item is not None
                group += [] if item is None else [item]
            if group:
                self._write(group)

    def _write(self, group: Sequence[tuple[Unit[Any], Waiting]]) -> None:
        try:
            outcomes = self._commit([unit for unit, _ in group])
        except BaseException as error:  # whatever it was, it reaches those who wait, and the thread lives on
            if len(group) == 1:
                _tell([(group[0][1], None, error)])
                return
            for item in group:
                self._write([item])
            return
        self.groups += 1
        self.units += len(group)
        _tell([(waiting, *outcome) for (_, waiting), outcome in zip(group, outcomes, strict=True)])
        self._committed()

    def _commit(self, units: Sequence[Unit[Any]]) -> list[tuple[Any, FengqiaoError | None]]:
        outcomes: list[tuple[Any, FengqiaoError | None]] = []
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            tx = Tx(connection, Head.parse(get_meta(connection, HEAD)), self._chain)
            before = tx.head
            for unit in units:
                writes = tx.writes
                try:
                    outcomes.append((unit(tx), None))
                except FengqiaoError as refused:
                    if tx.writes != writes:
                        raise
                    outcomes.append((None, refused))
            tx.flush()
            if tx.head != before:
                set_meta(connection, HEAD, str(tx.head))
        return outcomes


def _tell(settled: Sequence[Settled]) -> None:
    """Wake those who wait: on an event loop all of a group by one call, each of which costs a system call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Settled]] = {}
    for item in settled:
        if isinstance(item[0], asyncio.Future):
            by_loop.setdefault(item[0].get_loop(), []).append(item)
        else:
            _settle([item])
    for loop, items in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, items)


def _settle(settled: Sequence[Settled]) -> None:
    for waiting, result, error in settled:
        if waiting.done():
            continue
        if error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(result)
