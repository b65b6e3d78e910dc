"""What every commit does, in as few steps as SQLite allows.

The writer's thread shares the interpreter's lock with the engine: every step of SQLite lets the lock go, and gets it back only when the engine's turn
is over (up to 5 ms). A group of rows is therefore one statement with many VALUES, not one step a row, and goes to the driver as it is: none of the
store's types needs converting, and SQLAlchemy's way to the driver costs ten times the insert. Statements come in sizes that are powers of two, so that
few are ever compiled. PostgreSQL's driver sends many rows in one go by itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from service.store.tables import meta

_LARGEST = 64  # rows of one statement: 64 × 21 columns stay far below SQLite's limit of 32,766 values


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns; none is none."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(table), rows)
        return
    names = tuple(rows[0])
    for part in _parts(rows):
        _run(connection, _statement(table, names, len(part)), [row[name] for row in part for name in names])


def get_meta(connection: Connection, name: str) -> str:
    """A value of `meta` that must be there."""
    if connection.dialect.name != "sqlite":
        return str(connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one())
    ((value,),) = _run(connection, "SELECT value FROM meta WHERE name = ?", [name])
    return str(value)


def set_meta(connection: Connection, name: str, value: str) -> None:
    """Change a value of `meta`."""
    if connection.dialect.name == "sqlite":
        _run(connection, "UPDATE meta SET value = ? WHERE name = ?", [value, name])
    else:
        connection.execute(update(meta).where(meta.c.name == name).values(value=value))


def _run(connection: Connection, statement: str, values: Sequence[Any]) -> Sequence[Any]:
    """Straight to the driver. Its errors come out as SQLAlchemy's, without the values."""
    driver: Any = connection.connection.dbapi_connection
    try:
        rows: Sequence[Any] = driver.execute(statement, values).fetchall()
    except sqlite3.IntegrityError as error:
        raise IntegrityError(statement, None, error) from None
    except sqlite3.Error as error:
        raise DatabaseError(statement, None, error) from None
    return rows


def _parts(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    start = 0
    while start < len(rows):
        size = min(_LARGEST, 1 << ((len(rows) - start).bit_length() - 1))
        yield rows[start : start + size]
        start += size


@cache
def _statement(table: Table, names: tuple[str, ...], size: int) -> str:
    columns = ", ".join(f'"{table.c[name].name}"' for name in names)
    one = "(" + ", ".join("?" * len(names)) + ")"
    return f'INSERT INTO "{table.name}" ({columns}) VALUES ' + ", ".join([one] * size)


@cache
def place_of(table: Table) -> int:
    """Where a table stands in the order in which rows may be inserted, parents before children."""
    return table.metadata.sorted_tables.index(table)
