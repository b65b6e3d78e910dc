"""Facts that a narrative tells: parties, money, times, places, numbers of people, identifiers, apps, weapons, injuries, ages."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from pipeline.facts.extractor import Extractor
from pipeline.facts.lexicon import load_lists
from pipeline.facts.model import Fact, Facts
from pipeline.text.document import Document

__all__ = ["Extractor", "Fact", "Facts", "extract", "shipped"]


@cache
def shipped() -> Extractor:
    """The extractor over the word lists that ship, built at the first call."""
    return Extractor(load_lists())


def extract(document: Document, occurred_at: datetime | None = None) -> Facts:
    """Extract with the shipped word lists; `occurred_at` is when the call came in. Never raises on any text.

    >>> from pipeline.text.document import read
    >>> extract(read("五六个人堵在门口要三万块钱")).people
    5
    """
    return shipped().extract(document, occurred_at)
