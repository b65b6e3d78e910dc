"""Opening a database: SQLite as a durable file with many readers, PostgreSQL by URL; migrated to the newest schema under a lock."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import sqlite3
import time
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import FengqiaoError
from service.audit import FIRST
from service.store.tables import meta

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 30
_chance = random.Random()  # for ids, which are no secrets: seeded by the system once per process, where asking it each time is a system call
os.register_at_fork(after_in_child=_chance.seed)


class StoreError(FengqiaoError):
    """The database cannot be opened, read or written."""


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """An id that sorts by time: 12 hex digits of milliseconds, 20 of chance."""
    return f"{now_ms():012x}{_chance.getrandbits(80):020x}"


def chance_id(bits: int = 128) -> str:
    """So many bits of chance in hex: for requests and traces."""
    return f"{_chance.getrandbits(bits):0{bits // 4}x}"


def connect(url: str) -> Engine:
    """An engine for the URL. SQLite: WAL, synchronous=FULL, foreign keys; a transaction that writes says so at its begin."""
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"), hide_parameters=True)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    return engine


def _prepare_sqlite(engine: Engine) -> None:
    name = make_url(engine.url).database or ""
    if name in ("", ":memory:"):
        raise StoreError("FQ4501", "SQLite 须是文件", "SQLite must be a file", seen="内存库", remedy="sqlite:///文件名")
    Path(name).expanduser().absolute().parent.mkdir(parents=True, exist_ok=True)

    # pages of the log are copied back every 16 MiB, not every 4: the same index pages are in most commits, and are then copied once
    pragmas = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", f"busy_timeout={_BUSY_SECONDS * 1000}"]
    pragmas += ["wal_autocheckpoint=4000", "cache_size=-16000"]

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin decides, below
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("plain", False):  # outside of any transaction
            return
        reading = options.get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def there(url: str) -> bool:
    """Whether the URL leads to a database that holds a store. Makes and changes nothing; what cannot be asked is left to the opening to complain of."""
    try:
        if make_url(url).get_backend_name() == "sqlite":
            path = Path(make_url(url).database or "").expanduser()
            if not path.is_file():
                return make_url(url).database in (None, "", ":memory:")
            with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (meta.name,)).fetchone() is not None
        engine = create_engine(url, hide_parameters=True)
        try:
            return inspect(engine).has_table(meta.name)
        finally:
            engine.dispose()
    except (SQLAlchemyError, sqlite3.Error):
        return True


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version; several processes may start at once, one migrates. Raises StoreError for a newer schema."""
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(346111)"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                "FQ4502", "数据库的版本比程序新", "the schema is newer than this program", seen=str(engine.dialect.name), remedy="升级程序"
            ) from error
        known = set(connection.execute(select(meta.c.name)).scalars())
        given = {"audit_head": str(FIRST), "hash_key": secrets.token_hex(32), "store_id": uuid.uuid4().hex}
        missing = [{"name": name, "value": value} for name, value in given.items() if name not in known]
        if missing:
            connection.execute(insert(meta), missing)


def backup(engine: Engine, target: Path) -> None:
    """A consistent copy of a SQLite store while it is in use. PostgreSQL has pg_dump for this. Raises StoreError."""
    if engine.dialect.name != "sqlite":
        raise StoreError("FQ4503", "PostgreSQL 请用 pg_dump 备份", "use pg_dump for PostgreSQL", remedy="pg_dump --format=custom")
    if target.exists():
        raise StoreError("FQ4504", "备份文件已存在", "the backup file exists", seen=target.name, remedy="换一个文件名")
    if not target.parent.is_dir():
        raise StoreError("FQ4509", "没有这个文件夹", "no such folder", seen=target.parent.name, remedy="先建文件夹, 或换一个位置")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    source = sqlite3.connect(f"file:{make_url(engine.url).database}?mode=ro", uri=True)
    copy = sqlite3.connect(partial)
    try:
        source.backup(copy)
        (state,) = copy.execute("PRAGMA integrity_check").fetchone()
    finally:
        source.close()
        copy.close()
    if state != "ok":
        partial.unlink()
        raise StoreError("FQ4505", "备份自检未通过", "the copy failed its integrity check", seen=target.name, remedy="检查磁盘后重试")
    partial.rename(target)
