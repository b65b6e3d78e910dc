"""Taking a history of calls into a service's store, so that its memory does not begin empty.

A narrative is assessed once, for its kind, level and gates (`label --full` has that in a column already: then nothing is assessed again), over as many
processes as asked for; what is remembered goes in by chunks, each a transaction of the store's one writer with its entry in the audit chain. Loading
a file again adds nothing.
"""

from __future__ import annotations

import itertools
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine import Engine
from pipeline.repeats.compose import Remembering
from pipeline.repeats.keys import Keyer
from pipeline.repeats.ledger import Ledger
from pipeline.repeats.model import Call
from pipeline.repeats.settings import Settings, settings_of
from service.audit import Entry
from service.repeats.history import Past, read_history
from service.repeats.memory import SqlMemory
from service.store.database import now_ms
from service.store.store import Store
from service.store.tables import repeats
from service.store.writer import Tx

PART = 200  # rows that a process takes at a time
CHUNK = 2_000  # calls of one transaction: others write in between


@dataclass(slots=True)
class Loaded:
    """Rows read, those that have no time and cannot be remembered, and calls that were new."""

    rows: int = 0
    without_time: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """What a process needs to make calls of rows."""

    rules: tuple[Path, ...]
    key: bytes


_made: Remembering | None = None  # of this process


def load(store: Store, path: Path, rules: Sequence[Path] = (), *, workers: int = 1, actor: str = "cli", told: Callable[[int], None] = lambda _: None) -> Loaded:
    """Load a table of calls (see `read_history`). Raises InputError where it cannot be read, RuleError where the rules do not load."""
    source = Source(tuple(rules), store.hash_key)
    engine = _begin(source).engine
    settings = settings_of(engine.pack)
    done, calls = Loaded(), []
    for found in _over(_parts(read_history(path, settings)), source, workers):
        done.rows += len(found)
        calls += [call for call in found if call is not None]
        told(done.rows)
    done.without_time = done.rows - len(calls)
    done.new = _write(store, settings, sorted(calls, key=lambda call: (call.at, call.incident_id)), actor)
    return done


def _write(store: Store, settings: Settings, calls: Sequence[Call], actor: str) -> int:
    memory = SqlMemory(store.reading, repeats, settings)
    new = 0
    for start in range(0, len(calls), CHUNK):
        part = calls[start : start + CHUNK]

        def unit(tx: Tx, part: Sequence[Call] = part) -> int:
            count = memory.record_many_on(tx.beside(), part)
            tx.audit(Entry(now_ms(), actor, "", "history", "", {"calls": len(part), "new": count}))
            return count

        new += store.write_now(unit)
    return new


def _parts(rows: Iterable[Past]) -> Iterator[list[Past]]:
    rows = iter(rows)
    while part := list(itertools.islice(rows, PART)):
        yield part


def _over(parts: Iterable[list[Past]], source: Source, workers: int) -> Iterator[list[Call | None]]:
    """The calls of the parts, in order; a few parts ahead of what is taken, so that a long table is never held."""
    if workers == 1:
        yield from map(_calls, parts)
        return
    waiting: deque[Future[list[Call | None]]] = deque()
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (source,)) as pool:
        for part in parts:
            waiting.append(pool.submit(_calls, part))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _begin(source: Source) -> Remembering:
    global _made
    engine = Engine.load(source.rules)
    _made = Remembering(engine, Ledger(settings_of(engine.pack)), Keyer(source.key))
    return _made


def _calls(part: Sequence[Past]) -> list[Call | None]:
    assert _made is not None
    return [_call(_made, row) for row in part]


def _call(made: Remembering, row: Past) -> Call | None:
    if row.incident.occurred_at is None:
        return None
    call = made.call_of(row.incident, row.answer or made.engine.assess(row.incident))
    return call and Call(call.incident_id, call.at, call.keys, call.kind, call.colour, call.gates, row.result, call.vector)
