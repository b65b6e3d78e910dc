"""A job: what makes the same person the same pseudonym. Everything follows from its key, so workers need not talk to each other."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.errors import InputError

_Item = TypeVar("_Item")
_LEAST_KEY = 16


@dataclass(frozen=True, slots=True, repr=False)
class Job:
    """A name for people and a secret key. Whoever has the key can try out names; throw it away when the job is done."""

    key: bytes
    name: str = ""

    def __post_init__(self) -> None:
        if len(self.key) < _LEAST_KEY:
            raise InputError("FQ7001", "任务密钥太短", "the job key is too short", seen=f"{len(self.key)} 字节", remedy="至少 16 字节, 例如 Job.random()")

    def __repr__(self) -> str:
        return f"Job(name={self.name!r}, key=…)"

    @classmethod
    def random(cls, name: str = "") -> Job:
        """A job with a fresh key of 32 bytes."""
        return cls(secrets.token_bytes(32), name)

    def digest(self, kind: str, value: str) -> bytes:
        """HMAC-SHA256 of a value, apart for each kind."""
        return hmac.digest(self.key, f"{kind}\0{value}".encode("utf-8", "replace"), hashlib.sha256)

    def number(self, kind: str, value: str) -> int:
        """A number below 2**64 that stands for the value in this job."""
        return int.from_bytes(self.digest(kind, value)[:8], "big")

    def digits(self, kind: str, value: str, count: int) -> str:
        """So many digits that stand for the value in this job."""
        made = ""
        while len(made) < count:
            made += f"{self.number(kind, f'{value}#{len(made)}'):020d}"[-18:]
        return made[:count]

    def pick(self, kind: str, value: str, pool: Sequence[_Item], step: int = 0) -> _Item:
        """The item of a pool that stands for the value; `step` moves on where it is taken."""
        return pool[(self.number(kind, value) + step) % len(pool)]
