"""What the routes share: one value per application, made at the start, found at `request.app.state.context`."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from pipeline.repeats.compose import Remembering
from pipeline.repeats.keys import Keyer
from pipeline.repeats.settings import settings_of
from service.api.auth import Guard
from service.api.events import Feed
from service.api.metrics import Metrics
from service.assessor import Assessor
from service.jobs.runner import Runner
from service.papers.schema import Template
from service.repeats.memory import SqlMemory
from service.settings import Settings
from service.store.store import Store
from service.store.tables import repeats


@dataclass(slots=True)
class Context:
    """Settings, engine, store, guard, metrics and feed of one process. Made by `create_app`'s lifespan; `store` and `feed` are there once it runs."""

    settings: Settings
    assessor: Assessor
    metrics: Metrics = field(default_factory=Metrics)
    papers: dict[str, Template] = field(default_factory=dict)
    in_flight: int = 0
    draining: bool = False
    # long texts and batches: one at a time, off the event loop (the engine holds the interpreter's lock, more threads would gain nothing)
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="fengqiao-assess"))
    singles: ThreadPoolExecutor = field(init=False)  # single calls that are not done on the event loop: they do not stand in line behind a batch
    waiting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(64))
    store: Store = field(init=False)
    guard: Guard = field(init=False)
    feed: Feed = field(init=False)
    jobs: Runner = field(init=False)
    _memory: Remembering | None = None

    def __post_init__(self) -> None:
        cores = max(1, len(os.sched_getaffinity(0)) // self.settings.workers)
        wanted = 1 if self.assessor.inline else self.settings.assess_threads or min(4, cores)  # the encoder lets the lock go while it counts
        self.singles = ThreadPoolExecutor(wanted, thread_name_prefix="fengqiao-single")

    def memory(self) -> Remembering:
        """The memory of calls over the store, with the rules that stand now."""
        engine = self.assessor.engine
        if self._memory is None or self._memory.engine is not engine:
            sql = SqlMemory(self.store.reading, repeats, settings_of(engine.pack))
            self._memory = Remembering(engine, sql, Keyer(self.store.hash_key))
        return self._memory


async def context_of(request: Request) -> Context:
    """The application's context. `async`, or each request would wait for a thread of the pool."""
    found: Context = request.app.state.context
    return found


Here = Annotated[Context, Depends(context_of)]
