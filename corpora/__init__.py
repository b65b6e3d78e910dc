"""The narratives that the project wrote, and the reader that hands them out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any


def narratives() -> Iterator[dict[str, Any]]:
    """The authored narratives with their labels (fields of the labelling guide): the first 21 writers, then later ones by name.

    >>> next(narratives())["id"]
    'ta-001'
    """
    folder = files("corpora")
    later = sorted((path for path in folder.joinpath("narratives").iterdir() if path.name.endswith(".jsonl")), key=lambda path: path.name)
    for path in (folder.joinpath("authored.jsonl"), *later):
        for line in path.read_text("utf-8").splitlines():
            if line:
                yield json.loads(line)
