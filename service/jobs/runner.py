"""Running jobs: one at a time per service process, claimed in the store, so that no two processes run the same and none is forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select, update

from service.audit import Entry
from service.jobs.worker import STARTED_BY
from service.logs import frames, log
from service.store.database import now_ms
from service.store.store import Store
from service.store.tables import jobs
from service.store.writer import Tx

STALE_MS = 20_000  # a running job whose owner has not spoken for so long is anybody's; at once where its process is known to be gone
_PAUSE = 0.3
_ORPHAN_MS = 86_400_000  # nobody uploads for a day
_OURS = re.compile("[0-9a-f]{32}")
ENDED = ("done", "failed", "cancelled")
_FAULT = ("title", "reason", "remedy")
_BROKEN = {"title": "标注进程意外退出", "reason": "the labelling process died", "remedy": "重新上传; 再次发生时凭任务编号查服务日志、内存与磁盘"}


class Runner:
    """The loop that runs jobs in this process."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._place = this_place()
        self._owner = f"{self._place}:{os.getpid()}:{uuid.uuid4().hex[:16]}"
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A job was added."""
        self._woken.set()

    def place(self, ident: str) -> Path:
        """The job's folder."""
        return self._folder / ident

    async def run(self) -> None:
        """Until cancelled: claim and run. What was under way is given back, and goes on where its parts end."""
        while True:
            try:
                row = await self._store.write(self._claim)
                if row is not None:
                    await self._one(row)
                    continue
            except Exception as error:  # a job that cannot be run must not end the loop
                log().error("error", kind="jobs", where=frames(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), 2.0)
            self._woken.clear()

    def _claim(self, tx: Tx) -> Mapping[str, Any] | None:
        at = now_ms()
        free = or_(jobs.c.status == "queued", and_(jobs.c.status == "running", or_(jobs.c.beat < at - STALE_MS, jobs.c.owner.startswith(f"{self._place}:"))))
        rows = tx.rows(select(jobs).where(free).order_by(jobs.c.at, jobs.c.id).limit(100))
        found = [row for row in rows if row["status"] == "queued" or row["beat"] < at - STALE_MS or not _alive(row["owner"])]
        if not found:
            return None
        tx.execute(update(jobs).where(jobs.c.id == found[0]["id"]).values(status="running", owner=self._owner, beat=at))
        row: Mapping[str, Any] = found[0]
        return row

    async def _one(self, row: Mapping[str, Any]) -> None:
        folder = self.place(row["id"])
        environment = {**os.environ, STARTED_BY: str(os.getpid()), "OMP_NUM_THREADS": "1"}
        with (folder / "worker.log").open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "service.jobs.worker", str(folder), stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said, env=environment
            )
        try:
            while process.returncode is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(process.wait()), _PAUSE)
                if not await self._store.write(lambda tx: self._beat(tx, row["id"], folder)):
                    await _end(process)
                    await self._clear_if_cancelled(row["id"], folder)
                    return
        except asyncio.CancelledError:
            await asyncio.shield(_end(process))
            await asyncio.shield(self._store.write(lambda tx: self._give_back(tx, row["id"])))
            raise
        finally:
            await _end(process)  # also where the store fails: nobody may be at work on a job that another will take up
        await self._finish(row, folder, int(process.returncode or 0))

    async def _clear_if_cancelled(self, ident: str, folder: Path) -> None:
        """Remove a cancelled job's files; one that another process has taken up meanwhile needs them."""
        rows = await self._store.read_async(lambda connection: connection.execute(select(jobs.c.status).where(jobs.c.id == ident)).scalars().all())
        if rows == ["cancelled"]:
            await asyncio.to_thread(clear, folder, keep=())

    def _mine(self, ident: str) -> Any:
        return and_(jobs.c.id == ident, jobs.c.owner == self._owner, jobs.c.status == "running")

    def _beat(self, tx: Tx, ident: str, folder: Path) -> bool:
        """Write the progress down; False where the job was cancelled or is somebody else's."""
        told = _read(folder / "progress.json")
        counts = {name: told.get(name, 0) for name in ("records", "rows", "rejects")}
        return tx.execute(update(jobs).where(self._mine(ident)).values(beat=now_ms(), **counts)).rowcount > 0

    def _give_back(self, tx: Tx, ident: str) -> None:
        tx.execute(update(jobs).where(self._mine(ident)).values(status="queued", owner=""))

    async def _finish(self, row: Mapping[str, Any], folder: Path, status: int) -> None:
        told = _read(folder / "result.json")
        good = status == 0 and told.get("code") == ""
        values: dict[str, Any] = {name: told[name] for name in ("records", "rows", "rejects") if good}
        if not good:
            fault = {name: str(told.get(name, "")) for name in _FAULT} if told.get("code") else _BROKEN
            values["fault"] = json.dumps(fault, ensure_ascii=False)
        values |= {"status": "done" if good else "failed", "code": told.get("code") or ("" if good else "FQ6505"), "ended": now_ms()}

        def unit(tx: Tx) -> bool:
            if not tx.execute(update(jobs).where(self._mine(row["id"])).values(values)).rowcount:
                return False
            detail: dict[str, Any] = {name: values[name] for name in ("status", "code", "records", "rows", "rejects") if name in values}
            tx.audit(Entry(values["ended"], row["actor"], row["purpose"], "job", row["id"], detail))
            return True

        if not await self._store.write(unit):  # cancelled in the last moment
            await self._clear_if_cancelled(row["id"], folder)
            return
        keep = (f"result.{row['wanted']}", f"result.{row['wanted']}.rejects.jsonl", f"result.{row['wanted']}.manifest.json")
        await asyncio.to_thread(clear, folder, keep=keep if good else ())


def this_place() -> str:
    """Where process numbers mean the same: this boot of this machine (or container); empty where the system does not tell."""
    try:
        told = Path("/proc/sys/kernel/random/boot_id").read_text("ascii") + os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _alive(owner: str) -> bool:
    """Whether the process that runs a job still is: known only of those of this place."""
    place, _, rest = owner.partition(":")
    number = rest.partition(":")[0]
    if not place or place != this_place() or not number.isdigit():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _read(path: Path) -> dict[str, Any]:
    try:
        made: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return made


def clear(folder: Path, *, keep: tuple[str, ...]) -> None:
    """Remove the upload and what the worker left, but not the results."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not keep:
        with contextlib.suppress(OSError):
            folder.rmdir()


def forget(store: Store, folder: Path, *, before: int) -> int:
    """Remove the files of jobs that ended before `before` (ms), and folders that no job owns: uploads that a dying process left behind."""
    rows = store.rows(select(jobs.c.id).where(jobs.c.ended.is_not(None), jobs.c.ended < before))
    done = sum(_removed(folder / row["id"]) for row in rows)
    for path in folder.iterdir() if folder.is_dir() else ():
        if (
            _OURS.fullmatch(path.name)
            and path.stat().st_mtime * 1000 < now_ms() - _ORPHAN_MS
            and not store.rows(select(jobs.c.id).where(jobs.c.id == path.name))
        ):
            done += _removed(path)
    return done


def _removed(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    shutil.rmtree(folder)
    return 1
