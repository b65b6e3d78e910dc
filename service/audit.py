"""The audit chain: who looked at or decided what, when, why, on which input and versions. Append-only; each entry carries the hash of the one before.

Entries hold hashes and codes, never a narrative, and of a reason only its hash: the text lives in `decisions` and can be purged, the proof cannot.
`verify` reads the whole chain and locates what was changed, removed, inserted or reordered; the head kept beside the chain shows a cut-off tail;
with a key (FENGQIAO_AUDIT_KEY) even a chain rewritten whole does not verify. Write the head down elsewhere (`fengqiao audit head`) to prove more.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

GENESIS = "0" * 64
_DETAIL = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened. `detail` holds codes, hashes and counts only."""

    at: int
    actor: str
    purpose: str
    action: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: its number and its hash."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, value: str) -> Head:
        """Read `seq:hash`. Raises ValueError where it is neither."""
        seq, _, digest = value.partition(":")
        if len(digest) != 64:
            raise ValueError("a head is SEQ:HASH")
        return cls(int(seq), digest)


FIRST = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the chain does not hold. `seq`: the entry; `kind`: altered · missing · unlinked · cut · record."""

    seq: int
    kind: str
    says: str


Records = Callable[[Sequence[Mapping[str, Any]]], Iterable[Break]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: entries read, the head, and the first hundred breaks."""

    checked: int
    head: Head
    breaks: tuple[Break, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.breaks


class Chain:
    """Links and checks entries, with or without a key."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    def digest(self, prev: str, row: Mapping[str, Any]) -> str:
        """The hash of an entry that follows `prev`."""
        told = msgspec.json.encode([row["seq"], row["at"], row["actor"], row["purpose"], row["action"], row["subject"], row["detail"]])
        data = prev.encode() + b"\n" + told
        return hmac.digest(self._key, data, "sha256").hex() if self._key else hashlib.sha256(data).hexdigest()

    def link(self, head: Head, entry: Entry) -> tuple[Head, dict[str, Any]]:
        """The row that follows `head`, and the new head."""
        row: dict[str, Any] = {
            "seq": head.seq + 1,
            "at": entry.at,
            "actor": entry.actor,
            "purpose": entry.purpose,
            "action": entry.action,
            "subject": entry.subject,
            "detail": _DETAIL.encode(entry.detail).decode(),
        }
        row |= {"prev": head.hash, "hash": self.digest(head.hash, row)}
        return Head(row["seq"], row["hash"]), row

    def verify(self, chunks: Iterable[Sequence[Mapping[str, Any]]], head: Head, *, records: Records | None = None, most: int = 100) -> Verdict:
        """Read all entries in order. `head`: as kept beside the chain or written down; `records` looks at the things that entries speak of."""
        breaks: list[Break] = []
        last, checked = FIRST, 0
        for rows in chunks:
            for row in rows:
                breaks.extend(self._entry(row, last))
                if row["seq"] == head.seq and row["hash"] != head.hash:
                    breaks.append(Break(row["seq"], "unlinked", "与所记链头不符"))
                last = Head(row["seq"], row["hash"])
            checked += len(rows)
            breaks.extend(records(rows) if records is not None else ())
        if last.seq < head.seq:
            breaks.append(Break(last.seq + 1, "cut", f"链尾缺 {head.seq - last.seq} 条"))
        return Verdict(checked, last, tuple(breaks[:most]))

    def _entry(self, row: Mapping[str, Any], last: Head) -> Iterator[Break]:
        if row["seq"] != last.seq + 1:
            yield Break(row["seq"], "missing", f"第 {last.seq + 1} 至 {row['seq'] - 1} 条不在")
        elif row["prev"] != last.hash:
            yield Break(row["seq"], "unlinked", "与前一条不相连")
        if not hmac.compare_digest(self.digest(row["prev"], row), row["hash"]):
            yield Break(row["seq"], "altered", "内容与散列不符")
