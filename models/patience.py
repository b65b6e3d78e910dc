"""Until when the encoder may be asked. A service that answers callers sets it for each of them; who sets nothing waits as long as it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float | None] = ContextVar("fengqiao_encoder_until", default=None)


@contextmanager
def until(moment: float | None) -> Iterator[None]:
    """Within this block the encoder is not asked after `moment` (seconds of `time.monotonic`); None: no limit."""
    token = _until.set(moment)
    try:
        yield
    finally:
        _until.reset(token)


def over() -> bool:
    """Whether the moment has passed."""
    moment = _until.get()
    return moment is not None and time.monotonic() >= moment
