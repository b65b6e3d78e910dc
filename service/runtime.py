"""Putting an engine together for a process that will answer many narratives."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

from pipeline.engine import Engine


def load_engine(rules: Sequence[Path] | None = None, *, profile: str | None = None) -> Engine:
    """An engine whose rule pack the garbage collector leaves alone: half a million objects that live as long as the process.

    Without this every full collection walks them again, a fifth of all time (measured 2026-11-22 on 150 narratives).
    """
    engine = Engine.load(rules or (), profile=profile)
    gc.collect()
    gc.freeze()
    return engine
