"""The narratives that the project wrote, and the reader that hands them out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any


def narratives() -> Iterator[dict[str, Any]]:
    """The authored narratives with their labels (fields of the labelling guide), in order.

    >>> next(narratives())["id"]
    'ta-001'
    """
    for line in files("corpora").joinpath("authored.jsonl").read_text("utf-8").splitlines():
        yield json.loads(line)
