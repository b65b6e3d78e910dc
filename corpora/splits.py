"""Which narratives train and which measure. Whole writers go to one side, so that no event and no hand stands on both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VALIDATION = frozenset({"ua"})  # its errors were read while rules and bounds were made
TEST = frozenset(
    {"ub", "mb", "yf", "zc", "zu"}
)  # nobody read their rows to mend a rule or a model; mb are messages as pasted, yf a county's week, zc danger told flatly, zu everyday calls
SPLITS = ("train", "validation", "test")


def split_of(row: Mapping[str, Any]) -> str:
    """`train`, `validation` or `test`, by the writer alone.

    >>> split_of({"writer": "ub"})
    'test'
    """
    writer = str(row.get("writer") or "")
    return "test" if writer in TEST else "validation" if writer in VALIDATION else "train"
