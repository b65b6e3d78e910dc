"""The memory's statements on SQLite without SQLAlchemy's way to the driver: looking a call up takes some twenty of them, each of which costs the
database 20 µs and would cost eight times that to be taken there. They are compiled once; lists are filled up to a power of two, so that few sizes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import sqlite

_DIALECT: Any = sqlite.dialect(paramstyle="qmark")
_Sizes = tuple[tuple[str, int], ...]


class Executes(Protocol):
    """A Connection, or something that stands for one."""

    def execute(self, statement: Executable, parameters: Any = None, /) -> Any:
        """Run a statement; gives a result."""


class Rows(list[Any]):
    """What a statement gave, as far as the memory asks of it."""

    def scalar(self) -> Any:
        """The first value, None where there is none."""
        return self[0][0] if self else None

    scalar_one = scalar


class Plain:
    """Runs prebuilt statements on the driver's connection; within the transaction that the connection is in."""

    def __init__(self, connection: Connection) -> None:
        self._driver: Any = connection.connection.dbapi_connection

    def execute(self, statement: Executable, parameters: Mapping[str, Any] | None = None, /) -> Rows:
        """See Executes."""
        told = parameters or {}
        lists = {name: _filled(value) for name, value in told.items() if isinstance(value, list | tuple)}
        if any(not value for value in lists.values()):
            return Rows()
        text, names, fixed = _compiled(statement, tuple((name, len(value)) for name, value in lists.items()))
        values = [lists[name][place] if place is not None else told[name] if name in told else fixed[name] for name, place in names]
        return Rows(self._driver.execute(text, values).fetchall())


def plainly(connection: Executes) -> Executes:
    """The quickest way to run statements on this connection."""
    return Plain(connection) if isinstance(connection, Connection) and connection.dialect.name == "sqlite" else connection


def _filled(values: Sequence[Any]) -> list[Any]:
    """The values, the last again and again up to a power of two: IN does not mind."""
    size = 1 << max(0, len(values) - 1).bit_length()
    return list(values) + [values[-1]] * (size - len(values)) if values else []


@lru_cache(maxsize=512)
def _compiled(statement: Any, sizes: _Sizes) -> tuple[str, list[tuple[str, int | None]], Mapping[str, Any]]:
    """SQL; for each of its places the parameter's name and, where that is a list, which of its values; the values that stand in the statement."""
    made = statement.compile(dialect=_DIALECT)
    state = made.construct_expanded_state({**made.params, **{name: [0] * size for name, size in sizes}})
    places = {each: (name, number) for name in dict(sizes) for number, each in enumerate(state.parameter_expansion[name])}
    return state.statement, [places.get(name, (name, None)) for name in state.positiontup], made.params
