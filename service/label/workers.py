"""Parts over processes: each worker loads the engine once; a worker that dies is replaced and its part done again; workers die with their parent."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from pipeline.engine import Engine
from pipeline.errors import FengqiaoError
from service.label.executor import engine_of
from service.label.job import Block, Job, Options
from service.label.part import PartMaker, Tally, make

DEATHS = 3  # pools that may break before the run gives up
AHEAD = 2  # parts that wait for each worker

_maker: PartMaker | None = None  # of this worker process, set by _begin
_folder: Path | None = None


def maker(job: Job) -> PartMaker:
    """A part maker with its engine."""
    return PartMaker(job, engine_for(job.options))


def engine_for(options: Options) -> Engine:
    """The engine that the options ask for, loaded once a process."""
    return engine_of(options.engine)


def in_process(job: Job, folder: Path, todo: Iterator[Block]) -> Iterator[Tally]:
    """One after another in this process."""
    made = maker(job)
    for block in todo:
        yield make(made, folder, block)


def in_pool(job: Job, folder: Path, todo: Iterator[Block], workers: int) -> Iterator[Tally]:
    """Over `workers` processes, tallies as parts are done. Never holds more than a few parts in memory."""
    waiting: dict[Future[Tally], Block] = {}
    again: list[Block] = []
    for _ in range(DEATHS):
        # spawned, not forked: the same on every system, and no thread of the progress bar is copied half-way
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (job, folder)) as pool:
            try:
                while True:
                    while len(waiting) < workers * AHEAD and (block := again.pop() if again else next(todo, None)) is not None:
                        waiting[pool.submit(_make, block)] = block
                    if not waiting:
                        return
                    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                        tally = future.result()
                        del waiting[future]
                        yield tally
            except BrokenProcessPool:
                again += waiting.values()
                waiting.clear()
    raise FengqiaoError("FQ3013", "工作进程一再被杀", "workers keep dying", seen=f"{DEATHS} 次 times", remedy="内存不足时减少 --workers, 再加 --resume 接着跑")


def _begin(job: Job, folder: Path) -> None:
    """Once in each worker: load the engine; watch the parent, whose death by kill -9 a pool does not notice."""
    global _maker, _folder
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()
    _maker, _folder = maker(job), folder


def _die_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)


def _make(block: Block) -> Tally:
    assert _maker is not None
    assert _folder is not None
    return make(_maker, _folder, block)
