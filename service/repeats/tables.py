"""Tables of the memory of calls, for any MetaData. No name, no number, no narrative: keys are keyed hashes, vectors do not lead back to a text."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, String, Table


@dataclass(frozen=True, slots=True)
class Tables:
    """`calls`: one row per call. `links`: by what a call can be known again. `days`: events per area, kind and day, the roll-up."""

    calls: Table
    links: Table
    days: Table


def tables(metadata: MetaData) -> Tables:
    """The three tables in a MetaData; the same ones where they are there already. Times are seconds since 1970, local time."""
    known = metadata.tables
    if "repeat_calls" in known:
        return Tables(known["repeat_calls"], known["repeat_links"], known["repeat_days"])
    calls = Table(
        "repeat_calls",
        metadata,
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
        Column("event", BigInteger, nullable=False, index=True),  # number of the event's first call
        Column("incident_id", String(140), nullable=False, unique=True),
        Column("at", BigInteger, nullable=False),
        Column("kind", String(96), nullable=False),
        Column("area", String(96), nullable=False),
        Column("colour", String(32), nullable=False),
        Column("gates", String(255), nullable=False),
        Column("result", String(32), nullable=False),
        Column("vector", LargeBinary, nullable=False),
        Column("placed", SmallInteger, nullable=False),
        Index("ix_repeat_calls_area_at", "area", "at"),
        Index("ix_repeat_calls_kind_area_at", "kind", "area", "at"),
        Index("ix_repeat_calls_at", "at"),
    )
    links = Table(
        "repeat_links",
        metadata,
        Column("key", LargeBinary(16), primary_key=True),
        Column("role", SmallInteger, primary_key=True, autoincrement=False),
        Column("at", BigInteger, primary_key=True, autoincrement=False),
        Column("call", BigInteger, primary_key=True, autoincrement=False),
        Column("event", BigInteger, nullable=False),
        Index("ix_repeat_links_role_at", "role", "at"),
        sqlite_with_rowid=False,
    )
    days = Table(
        "repeat_days",
        metadata,
        Column("area", String(96), primary_key=True),  # * is all areas
        Column("day", Integer, primary_key=True, autoincrement=False),  # days since 1970
        Column("kind", String(96), primary_key=True),
        Column("events", Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    return Tables(calls, links, days)
