"""Names in places where names seldom stand: sentences of many genres, by a hand of its own. `{…}` must be found whole, `[…]` may be, all else must be left alone.

`python -m tests.privacy.positions` shows what is missed and what is found besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.privacy import Deidentifier, Finding

FILE = Path(__file__).parent / "positions" / "names.txt"
UNSEEN = FILE.with_name("unseen.txt")
"""By the same hand, who knew the misses in `FILE`, in like forms; its own misses were counted, not read. An upper bound, no blind set."""
_SLOT = re.compile(r"\{([^}]+)\}|\[([^\]]+)\]")


class Sentence(NamedTuple):
    """A sentence without its marks; spans in code points, half-open."""

    genre: str
    text: str
    names: tuple[tuple[int, int], ...]
    free: tuple[tuple[int, int], ...]


class Score(NamedTuple):
    """What a finder found of the sentences: `missed` and `false` are (genre, words beside, name)."""

    planted: int
    found: int
    missed: list[tuple[str, str, str]]
    false: list[tuple[str, str, str]]

    @property
    def recall(self) -> float:
        return self.found / self.planted


def sentence(genre: str, line: str) -> Sentence:
    """A marked line.

    >>> sentence("群", "{胖丁}在[群]里").names
    ((0, 2),)
    """
    text, at = "", 0
    names: list[tuple[int, int]] = []
    free: list[tuple[int, int]] = []
    for slot in _SLOT.finditer(line):
        text += line[at : slot.start()]
        word = slot[1] or slot[2]
        (names if slot[1] else free).append((len(text), len(text) + len(word)))
        text += word
        at = slot.end()
    return Sentence(genre, text + line[at:], tuple(names), tuple(free))


def sentences(file: Path = FILE) -> list[Sentence]:
    """All sentences of a file in their order; lines that begin with # name the genre."""
    made, genre = [], ""
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("# "):
            genre = line[2:]
        elif line:
            made.append(sentence(genre, line))
    return made


def score(find: Callable[[str], Sequence[Finding]], told: Sequence[Sentence]) -> Score:
    """A name counts as found where every letter of it is covered; a finding is false where it touches no name and nothing free."""
    planted = found = 0
    missed, false = [], []
    for item in told:
        spans = [(one.start, one.end) for one in find(item.text)]
        for start, end in item.names:
            planted += 1
            whole = all(any(low <= at < high for low, high in spans) for at in range(start, end) if item.text[at].isalnum())
            found += whole
            if not whole:
                missed.append((item.genre, item.text, item.text[start:end]))
        for start, end in spans:
            if not any(low < end and start < high for low, high in (*item.names, *item.free)):
                false.append((item.genre, item.text, item.text[start:end]))
    return Score(planted, found, missed, false)


def main() -> None:
    got = score(Deidentifier.default().find, sentences())  # the misses of UNSEEN are counted alone
    print(f"{got.found}/{got.planted} = {got.recall:.3f}")
    for name, rows in (("missed", got.missed), ("false", got.false)):
        for row in rows:
            print(name, *row, sep="\t")


if __name__ == "__main__":
    main()
