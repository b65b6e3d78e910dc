"""The vault: what a treated text stood for, encrypted, so that whoever has key and reason can look it up, and nobody once the key is gone.

A vault is one SQLite file. Its key lies in another place (a file of 32 bytes that only its owner reads; an HSM's mount, a stick). Each job has a
data key of its own, wrapped with the vault's key (AES-256-GCM); entries are encrypted with it. Destroying the vault's key, or forgetting one job's
wrapped key, makes its entries noise. Every opening is written to a log whose lines are chained by their hashes; it holds no text of a person.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import FengqiaoError, InputError
from pipeline.privacy import Job, Treated
from service.reach import how_to_read

_KEY_BYTES, _NONCE = 32, 12
_DAY_MS = 86_400_000
_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (name TEXT PRIMARY KEY, made_ms INTEGER NOT NULL, nonce BLOB NOT NULL, wrapped BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS entries (job TEXT NOT NULL, record TEXT NOT NULL, made_ms INTEGER NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (job, record));
CREATE TABLE IF NOT EXISTS log (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, job TEXT NOT NULL,
  record TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL, hash TEXT NOT NULL);
"""


class VaultError(FengqiaoError):
    """The vault does not open, or not with this key."""


@dataclass(frozen=True, slots=True)
class Access:
    """One line of the log."""

    number: int
    at_ms: int
    who: str
    action: str
    job: str
    record: str
    reason: str
    outcome: str
    hash: str


class Vault:
    """An opened vault. Raises VaultError where file and key do not belong together."""

    def __init__(self, path: Path, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise VaultError(
                "FQ7101", "保险库密钥须为 32 字节", "the vault key must have 32 bytes", seen=f"{len(key)} 字节", remedy="fengqiao deid vault init 生成"
            )
        self._key = key
        fresh = not path.exists()
        if fresh:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA secure_delete=ON")  # forgotten keys are overwritten in the file, not only unlinked
        try:
            self._db.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise VaultError("FQ7102", "不是保险库文件", "not a vault", seen=path.name, remedy="检查路径") from error

    @classmethod
    @contextmanager
    def open(cls, path: Path, key_file: Path, *, create: bool = False) -> Iterator[Vault]:
        """Open with the key of a file, which must not lie in the vault's folder. Raises VaultError where there is no vault, unless told to create one."""
        if not create and not path.exists():
            raise VaultError("FQ7102", "没有这个保险库", "no such vault", seen=path.name, remedy="检查路径, 或 fengqiao deid vault init")
        if key_file.resolve().parent == path.resolve().parent:
            raise VaultError(
                "FQ7103", "密钥不得与数据放在一处", "the key must not lie beside the data", seen=key_file.name, remedy="把密钥放到另一个目录或移动介质"
            )
        vault = cls(path, read_key(key_file))
        try:
            yield vault
        finally:
            vault.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def job(self, name: str, *, who: str) -> Job:
        """The job of that name with its key for pseudonyms; made at the first call, the same ever after."""
        with self._transaction():
            if self._wrapped(name) is None:
                fresh, nonce = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_NONCE)
                self._db.execute("INSERT INTO jobs VALUES (?,?,?,?)", (name, _now(), nonce, _cipher(self._key).encrypt(nonce, fresh, name.encode())))
                self._note(who, "job_made", name, "", "", "done")
            return Job(_derived(self._job_key(name), b"pseudonyms"), name)

    def keep(self, job: Job, record: str, treated: Treated) -> None:
        """Seal what was taken out of one record. A record kept before under this id is replaced."""
        told = {
            "text": hashlib.sha256(treated.text.encode("utf-8", "replace")).hexdigest(),
            "changes": [[change.new_start, change.new_end, treated.findings[change.finding].quote] for change in treated.offsets.changes],
        }
        nonce = secrets.token_bytes(_NONCE)
        cipher = _cipher(_derived(self._job_key(job.name), b"entries"))
        sealed = cipher.encrypt(nonce, json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass"), _bound(job.name, record))
        self._db.execute("INSERT OR REPLACE INTO entries VALUES (?,?,?,?,?)", (job.name, record, _now(), nonce, sealed))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Many records in one transaction: all are kept, or none."""
        with self._transaction():
            yield

    def restore(self, job: str, record: str, text: str, *, who: str, reason: str) -> str:
        """The original of a treated text. Raises InputError without a reason, VaultError where it cannot be had; both are logged before anything is told."""
        if not reason.strip() or not who.strip():
            raise InputError("FQ7104", "还原须写明何人何故", "restoring needs a person and a reason", remedy="--who 与 --reason")
        try:
            told = self._opened(job, record)
            if told["text"] != hashlib.sha256(text.encode("utf-8", "replace")).hexdigest():
                raise VaultError("FQ7105", "文本与入库时不同", "the text is not the one that was kept", seen=record, remedy="用去标识时输出的原样文本")
        except VaultError as error:
            with self._transaction():
                self._note(who, "restore", job, record, reason, error.code)
            raise
        with self._transaction():
            self._note(who, "restore", job, record, reason, "done")
        made, at = [], 0
        for start, end, quote in told["changes"]:
            made += [text[at:start], quote]
            at = end
        return "".join(made) + text[at:]

    def forget(self, job: str, *, record: str | None = None, who: str, reason: str = "") -> int:
        """Forget a record, or with a whole job its key too; what was kept cannot be had again. Returns how many records went."""
        with self._transaction():
            if record is None:
                gone = self._db.execute("DELETE FROM entries WHERE job=?", (job,)).rowcount
                self._db.execute("DELETE FROM jobs WHERE name=?", (job,))
            else:
                gone = self._db.execute("DELETE FROM entries WHERE job=? AND record=?", (job, record)).rowcount
            self._note(who, "forget", job, record or "*", reason, f"{gone}")
        self._db.execute("VACUUM")
        return gone

    def purge(self, *, days: float, who: str, now_ms: int | None = None) -> int:
        """Forget records kept longer ago than so many days; jobs left empty lose their key. Returns how many records went."""
        before = (now_ms if now_ms is not None else _now()) - int(days * _DAY_MS)
        with self._transaction():
            gone = self._db.execute("DELETE FROM entries WHERE made_ms<?", (before,)).rowcount
            self._db.execute("DELETE FROM jobs WHERE made_ms<? AND name NOT IN (SELECT job FROM entries)", (before,))
            self._note(who, "purge", "*", "*", f"{days:g} 天", f"{gone}")
        self._db.execute("VACUUM")
        return gone

    def log(self) -> Iterator[Access]:
        """Who opened what, oldest first."""
        for row in self._db.execute("SELECT * FROM log ORDER BY number"):
            yield Access(*row)

    def verify(self) -> bool:
        """Whether no line of the log was changed or taken out of its middle."""
        last = ""
        for number, line in enumerate(self.log(), 1):
            last = _linked(last, (line.number, line.at_ms, line.who, line.action, line.job, line.record, line.reason, line.outcome))
            if line.number != number or line.hash != last:
                return False
        return True

    def _opened(self, job: str, record: str) -> dict[str, Any]:
        from cryptography.exceptions import InvalidTag

        row = self._db.execute("SELECT nonce, sealed FROM entries WHERE job=? AND record=?", (job, record)).fetchone()
        if row is None:
            raise VaultError("FQ7106", "库里没有这条记录", "no such record in the vault", seen=f"{job}/{record}", remedy="检查任务名与编号, 或已被清除")
        try:
            told: dict[str, Any] = json.loads(
                _cipher(_derived(self._job_key(job), b"entries")).decrypt(row[0], row[1], _bound(job, record)).decode("utf-8", "surrogatepass")
            )
        except InvalidTag as error:
            raise VaultError("FQ7107", "条目被改动或密钥不符", "the entry was changed or the key is another", seen=record, remedy="核对密钥与备份") from error
        return told

    def _wrapped(self, name: str) -> tuple[bytes, bytes] | None:
        row: tuple[bytes, bytes] | None = self._db.execute("SELECT nonce, wrapped FROM jobs WHERE name=?", (name,)).fetchone()
        return row

    def _job_key(self, name: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        row = self._wrapped(name)
        if row is None:
            raise VaultError("FQ7108", "任务密钥已销毁或从未有过", "the job's key is gone or never was", seen=name, remedy="已不可还原")
        try:
            return bytes(_cipher(self._key).decrypt(row[0], row[1], name.encode()))
        except InvalidTag as error:
            raise VaultError("FQ7109", "密钥与保险库不符", "the key does not belong to this vault", seen=name, remedy="换用建库时的密钥") from error

    def _note(self, who: str, action: str, job: str, record: str, reason: str, outcome: str) -> None:
        last = self._db.execute("SELECT number, hash FROM log ORDER BY number DESC LIMIT 1").fetchone() or (0, "")
        row = (last[0] + 1, _now(), who, action, job, record, reason, outcome)
        self._db.execute("INSERT INTO log VALUES (?,?,?,?,?,?,?,?,?)", (*row, _linked(last[1], row)))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def make_key(path: Path) -> None:
    """Write a fresh key that only its owner reads. Raises VaultError where the file is there already."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise VaultError("FQ7110", "密钥文件已存在, 不覆盖", "the key file exists and is not overwritten", seen=path.name, remedy="另取文件名") from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(secrets.token_bytes(_KEY_BYTES))


def read_key(path: Path) -> bytes:
    """The key of a file. Raises VaultError where it cannot be read, or where others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise VaultError("FQ7111", "密钥文件他人可读", "the key file can be read by others", seen=path.name, remedy="chmod 600")
        return path.read_bytes()
    except OSError as error:
        raise VaultError("FQ7112", "读不到密钥", "cannot read the key", seen=path.name, remedy=f"{how_to_read(error)}; 密钥已销毁则不可还原") from error


def destroy_key(path: Path) -> None:
    """Overwrite and remove a key: all that was sealed with it is noise from then on. (Copies and snapshots of the medium are the owner's to destroy.)"""
    read_key(path)
    with path.open("r+b", buffering=0) as stream:
        stream.write(secrets.token_bytes(_KEY_BYTES))
        os.fsync(stream.fileno())
    path.unlink()


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _derived(key: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), _KEY_BYTES, None, b"fengqiao.vault/1 " + purpose).derive(key)


def _bound(job: str, record: str) -> bytes:
    """An entry moved to another record does not open."""
    return f"{job}\0{record}".encode("utf-8", "replace")


def _linked(last: str, row: tuple[Any, ...]) -> str:
    return hashlib.sha256(json.dumps([last, *row], ensure_ascii=False).encode()).hexdigest()


def _now() -> int:
    return time.time_ns() // 1_000_000
