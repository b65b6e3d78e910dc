"""The store: reads on their own connections, writes through the one writer, the audit chain in the same transaction as what it tells of."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Executable, select
from sqlalchemy.exc import SQLAlchemyError

from service.audit import Break, Chain, Head, Verdict
from service.settings import Settings
from service.store.database import StoreError, connect, migrate
from service.store.tables import assessments, audit, decisions, meta
from service.store.writer import HEAD, Unit, Writer

T = TypeVar("T")
_CHUNK = 2_000


class Store:
    """Opened by `Store.open`, closed by `close` once all that was submitted is durable. Safe to use from any thread."""

    def __init__(self, settings: Settings, *, committed: Callable[[], None] = lambda: None) -> None:
        self.engine = connect(settings.database)
        self.reading = self.engine.execution_options(reading=True)
        self._readers, self._active, self._closed = threading.Condition(), 0, False
        try:
            migrate(self.engine)
            kept = {row["name"]: row["value"] for row in self.rows(select(meta))}
        except SQLAlchemyError as error:
            self.engine.dispose()
            kind = type(error).__name__
            raise StoreError("FQ4506", "数据库打不开", "the database cannot be opened", seen=kind, remedy="检查 FENGQIAO_DATABASE、权限与磁盘") from None
        self.hash_key = settings.hash_key.get_secret_value().encode() if settings.hash_key else bytes.fromhex(kept["hash_key"])
        self.chain = Chain(settings.audit_key.get_secret_value().encode() if settings.audit_key else None)
        self.writer = Writer(self.engine, self.chain, group_rows=settings.group_rows, pace=settings.group_ms / 1000, committed=committed)

    def read(self, ask: Callable[[Connection], T]) -> T:
        """Run queries on one consistent state."""
        with self._readers:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._active += 1
        try:
            with self.reading.begin() as connection:
                return ask(connection)
        finally:
            with self._readers:
                self._active -= 1
                self._readers.notify_all()

    def rows(self, statement: Executable) -> Sequence[Any]:
        """Run one query."""
        return self.read(lambda connection: connection.execute(statement).mappings().all())

    async def read_async(self, ask: Callable[[Connection], T]) -> T:
        """`read` off the event loop."""
        return await asyncio.to_thread(self.read, ask)

    async def write(self, unit: Unit[T]) -> T:
        """Run a unit in the writer; returns once it is on disk. A request that is cancelled meanwhile does not undo it."""
        return await self.writer.written(unit)

    def write_now(self, unit: Unit[T]) -> T:
        """`write` for commands."""
        return self.writer.submit(unit).result()

    def keyed_hash(self, text: str) -> str:
        """A hash that nobody without the store's key can guess texts against."""
        return hmac.digest(self.hash_key, text.encode(), "sha256").hex()

    def close(self) -> None:
        """Finish the writes and the reads that are under way, and let the connections go."""
        self.writer.close()
        with self._readers:
            self._closed = True
            self._readers.wait_for(lambda: self._active == 0, timeout=30)
        self.engine.dispose()

    # the chain

    def head(self) -> Head:
        """The last audit entry."""
        (row,) = self.rows(select(meta.c.value).where(meta.c.name == HEAD))
        return Head.parse(row["value"])

    def entries(self, *, after: int = 0, upto: int | None = None) -> Iterator[Sequence[Mapping[str, Any]]]:
        """The audit entries in order, in chunks."""
        while True:
            statement = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(_CHUNK)
            rows = self.rows(statement if upto is None else statement.where(audit.c.seq <= upto))
            if not rows:
                return
            yield rows
            after = rows[-1]["seq"]

    def verify(self, written_down: Head | None = None) -> Verdict:
        """Check the chain as it stands now, and the records that it speaks of."""
        head = self.head()
        verdict = self.chain.verify(self.entries(upto=head.seq), head, records=self._records)
        if written_down is not None and written_down.seq <= verdict.head.seq:
            (row,) = self.rows(select(audit.c.hash).where(audit.c.seq == written_down.seq)) or ({"hash": ""},)
            if row["hash"] != written_down.hash:
                return Verdict(verdict.checked, verdict.head, (Break(written_down.seq, "unlinked", "与另行记下的链头不符"), *verdict.breaks))
        elif written_down is not None:
            return Verdict(verdict.checked, verdict.head, (Break(verdict.head.seq + 1, "cut", "比另行记下的链头短"), *verdict.breaks))
        return verdict

    def _records(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Break]:
        """Assessments and decisions that no longer are what the chain says. What was purged has no text to compare, but must still be there."""
        told = [(row["seq"], msgspec.json.decode(row["detail"])) for row in rows]
        held = self._held_answers([d["assessment"] for _, d in told if "answer_hash" in d]) | self._held_decisions(
            [d["decision"] for _, d in told if "decision" in d]
        )
        for seq, detail in told:
            for kind, digest in (("assessment", "answer_hash"), ("decision", "decision_hash")):
                if digest not in detail or kind not in detail:
                    continue
                now = held.get(detail[kind])
                if now is None:
                    yield Break(seq, "record", f"{kind} 记录不在")
                elif now not in ("", detail[digest]):
                    yield Break(seq, "record", f"{kind} 记录被改动")

    def _held_answers(self, ids: Sequence[str]) -> dict[str, str]:
        columns = (assessments.c.id, assessments.c.answer, assessments.c.answer_hash, assessments.c.whole)
        found = {}
        for part in _parts(ids):
            for row in self.rows(select(*columns).where(assessments.c.id.in_(part))):
                found[row["id"]] = hashlib.sha256(row["answer"].encode()).hexdigest() if row["whole"] else row["answer_hash"]
        return found

    def _held_decisions(self, ids: Sequence[str]) -> dict[str, str]:
        return {row["id"]: decision_hash(row) for part in _parts(ids) for row in self.rows(select(decisions).where(decisions.c.id.in_(part)))}


def decision_hash(row: Mapping[str, Any]) -> str:
    """The hash of a decision as it was made (its later fate has entries of its own)."""
    told = [row[name] for name in ("id", "incident", "assessment", "at", "kind", "from_colour", "to_colour", "actor", "reason_hash", "settles")]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def _parts(ids: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
