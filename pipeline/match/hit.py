"""One place where a signal of a rule was found in a narrative."""

from __future__ import annotations

from typing import NamedTuple

ASSERTED = "asserted"


class Hit(NamedTuple):
    """Half-open span in the normalised text, the signal's number in the pack, and how it is meant."""

    start: int
    end: int
    signal: int
    status: str = ASSERTED
    fresh: bool = False  # told as happening now or just now
    cause: bool = False  # stands in a clause that tells the cause
