"""Logs: one JSON line per event on stderr, of allow-listed fields only. A narrative, a name or a number has no field to be in."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from functools import cache
from typing import Any

import msgspec

FIELDS = frozenset(
    [
        "event",
        "level",
        "at",
        "request_id",
        "trace_id",
        "route",
        "method",
        "status",
        "ms",
        "actor",
        "code",
        "kind",
        "count",
        "seq",
        "rules",
        "port",
        "workers",
        "database",
        "reason_code",
        "where",
        "attempt",
    ]
)
_level = logging.INFO


def only_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list."""
    return {name: value for name, value in event.items() if name in FIELDS}


def _line(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """One line of JSON, in half the time of the standard library's."""
    try:
        return msgspec.json.encode(event, enc_hook=str).decode()
    except UnicodeEncodeError:  # a lone surrogate, in an actor's name that a token brought
        return json.dumps(event, default=str)


class _Stderr:
    """Where lines go: stderr as it is when they are written."""

    def msg(self, line: str) -> None:
        """Write a line."""
        sys.stderr.write(line + "\n")

    debug = info = warning = error = msg


@cache
def _made(level: int) -> Any:
    import structlog

    return structlog.wrap_logger(
        _Stderr(),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            only_allowed,
            _line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    ).bind()


def log() -> Any:
    """The service's logger. It is not configured through structlog's globals, so that no program around it can open the list."""
    return _made(_level)


def configure(level: str) -> None:
    """The level for this process; what libraries say passes through the same filter."""
    global _level
    _level = int(getattr(logging, level))
    logging.basicConfig(handlers=[Plain(logging.WARNING)], level=logging.WARNING, force=True)


class Plain(logging.Handler):
    """Messages of libraries: their template without its arguments, and where an error came from without its words."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line for a warning or worse."""
        error = record.exc_info[1] if record.exc_info else None
        log().warning("error" if error else str(record.msg)[:120], kind=record.name, where=frames(error) if error else f"{record.filename}:{record.lineno}")


def frames(error: BaseException, most: int = 8) -> str:
    """Where an error came from: files, lines and functions, without its message, which may hold input."""
    found = traceback.extract_tb(error.__traceback__)[-most:]
    return f"{type(error).__name__} @ " + " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in reversed(found))
