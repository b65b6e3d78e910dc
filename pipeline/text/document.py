"""The narrative as the engine reads it: normalised, cut into sentences and clauses, always traceable to the original."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from pipeline.text.normalise import normalise

_SENTENCE = re.compile(r"[^。!?;\n…]+")
_INSIDE = r"[^,。!?;: \n…\"“”()《》【】]"  # 、 lists one thing after another and stays inside a clause
_WORD = r"[^,、。!?;: \n…\"“”()《》【】]{1,6}"
QUOTED_WORD = re.compile(rf"[\"“]({_WORD})[\"”]")  # 持“水果刀”: no speech, so it ends no clause
_CLAUSE = re.compile(rf"(?:{_INSIDE}+|[\"“]{_WORD}[\"”])+")


class Document(msgspec.Struct, frozen=True):
    """One normalised narrative.

    `text` is what patterns match on. `offsets` is None where normalising kept every position (the usual case), otherwise
    `offsets[i]` is the position in `narrative` of `text[i]` and `offsets[len(text)] == len(narrative)`.
    `sentences` and `clauses` are half-open spans in `text`, in order.
    """

    narrative: str
    text: str
    offsets: Sequence[int] | None
    sentences: tuple[tuple[int, int], ...]
    clauses: tuple[tuple[int, int], ...]

    @property
    def says_something(self) -> bool:
        """Whether there is a single letter, character or digit; blanks and marks alone say nothing."""
        return any(map(str.isalnum, self.text))

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Map a half-open span of `text` to the span of `narrative` that it came from."""
        if self.offsets is None:
            return start, end
        first = self.offsets[start]
        return first, (self.offsets[end - 1] + 1 if start < end else first)


def read(narrative: str) -> Document:
    """Normalise and cut a narrative. Never raises on any text.

    >>> read("对方没有动手,只是骂人。").sentences
    ((0, 11),)
    """
    text, offsets = normalise(narrative)
    return Document(
        narrative,
        text,
        offsets,
        tuple(m.span() for m in _SENTENCE.finditer(text)),
        tuple(m.span() for m in _CLAUSE.finditer(text)),
    )
