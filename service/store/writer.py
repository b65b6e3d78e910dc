"""The one writer: a thread that commits what has gathered while the last commit was under way.

A durable commit costs a disk flush, so throughput is flushes per second times the rows in each. Nobody waits for a timer: the first unit starts a
group, whatever is queued joins it, and all of them are answered after the one commit. A unit that fails takes nobody with it: the group is
rolled back and its units are done one by one.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Table, insert, select, text, update
from sqlalchemy.engine import CursorResult

from pipeline.errors import FengqiaoError
from service.audit import Chain, Entry, Head
from service.store.tables import audit, meta

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

    def flush(self) -> None:
        """Insert what has gathered, parents before children."""
        for table in sorted(self._rows, key=lambda t: t.metadata.sorted_tables.index(t)):
            self._connection.execute(insert(table), self._rows[table])
        self._rows.clear()


Unit = Callable[[Tx], T]


class Writer:
    """Owns the write connection. `submit` from any thread; `close` finishes what was submitted."""

    def __init__(self, engine: Engine, chain: Chain, *, group_rows: int, committed: Callable[[], None] = lambda: None) -> None:
        self._engine, self._chain, self._group_rows, self._committed = engine, chain, group_rows, committed
        self._queue: queue.SimpleQueue[tuple[Unit[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fengqiao-writer", daemon=True)
        self._closed = False
        self._door = threading.Lock()
        self.groups = self.units = 0
        self._thread.start()

    def submit(self, unit: Unit[T]) -> Future[T]:
        """Queue a unit; the future resolves once it is durable. Raises RuntimeError after `close`."""
        future: Future[T] = Future()
        with self._door:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._queue.put((unit, future))
        return future

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
            while open_ and len(group) < self._group_rows:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                open_ = item is not None
                group += [] if item is None else [item]
            if group:
                self._write(group)

    def _write(self, group: Sequence[tuple[Unit[Any], Future[Any]]]) -> None:
        try:
            outcomes = self._commit([unit for unit, _ in group])
        except BaseException as error:  # whatever it was, it reaches those who wait, and the thread lives on
            if len(group) == 1:
                group[0][1].set_exception(error)
                return
            for item in group:
                self._write([item])
            return
        self.groups += 1
        self.units += len(group)
        for (_, future), (result, refused) in zip(group, outcomes, strict=True):
            if refused is not None:
                future.set_exception(refused)
            else:
                future.set_result(result)
        self._committed()

    def _commit(self, units: Sequence[Unit[Any]]) -> list[tuple[Any, FengqiaoError | None]]:
        outcomes: list[tuple[Any, FengqiaoError | None]] = []
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            tx = Tx(connection, _head(connection), self._chain)
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
                connection.execute(update(meta).where(meta.c.name == HEAD).values(value=str(tx.head)))
        return outcomes


def _head(connection: Connection) -> Head:
    value = connection.execute(select(meta.c.value).where(meta.c.name == HEAD)).scalar_one()
    return Head.parse(value)
