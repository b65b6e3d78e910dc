"""What must stand before and after a word of the automaton, all of its checks asked at once.

A word such as 交 serves a dozen patterns of which one in eight holds where it stands. Instead of a dozen regular expressions one is run per side: a row
of optional lookaheads whose groups tell which of them hold. What must stand before is written backwards and run over the reversed text, where it is
anchored; the few that hold are then read forwards for their exact beginning. (Half of the time of a scan; measured 2026-11-22.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Entry = tuple[int, int, int, int]  # signal, number of what stands before (-1: anything), of what follows (-1: anything), most characters before
_Match = Callable[..., re.Match[str] | None]


class Check:
    """A regular expression compiled when first needed (a start touches few of them), then kept.

    `match` and `search` are those of the compiled pattern once it is there, so that the hot path pays for no indirection.
    """

    __slots__ = ("match", "search", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.match: _Match = self._first_match
        self.search: _Match = self._first_search

    def compiled(self) -> re.Pattern[str]:
        """Compile and put the pattern's own methods in place."""
        pattern = re.compile(self.text)
        self.match, self.search = pattern.match, pattern.search
        return pattern

    def _first_match(self, *args: Any) -> re.Match[str] | None:
        return self.compiled().match(*args)

    def _first_search(self, *args: Any) -> re.Match[str] | None:
        return self.compiled().search(*args)


class Beside:
    """The checks of one word, compiled where the word is first met.

    `checks` are the pack's own, by number; `mirrors` are those of them that stand before, written backwards.
    """

    __slots__ = ("_after", "_before", "_checks", "_entries", "_mirrors", "_needs_after", "_needs_before", "_rows")

    def __init__(self, entries: Sequence[Entry], checks: Sequence[Check], mirrors: Mapping[int, str]) -> None:
        self._entries, self._checks, self._mirrors = entries, checks, mirrors
        self._rows: tuple[tuple[int, int, int, Check | None, int], ...] | None = None
        self._after: _Match | None = None
        self._before: _Match | None = None
        self._needs_after, self._needs_before = all(entry[2] >= 0 for entry in entries), all(entry[1] >= 0 for entry in entries)

    def add(self, found: dict[int, list[tuple[int, int]]], text: str, mirrored: str, start: int, end: int) -> None:
        """Put the signals that hold at a word which stands from `start` to `end` into `found`, each with its whole span; `mirrored` is `text[::-1]`."""
        rows = self._rows or self._compiled()
        after = before = None
        right = left = 0  # the highest group that holds
        if self._after is not None:
            after = self._after(text, end)
            right = (after is not None and after.lastindex) or 0
            if not right and self._needs_after:
                return
        if self._before is not None:
            before = self._before(mirrored, len(mirrored) - start)
            left = (before is not None and before.lastindex) or 0
            if not left and self._needs_before:
                return
        for signal, follows, precedes, exact, reach in rows:
            if follows > right:
                break  # rows are in the order of what follows
            if precedes > left:
                continue
            last = after.end(follows) if after is not None and follows else end
            if last < 0 or (before is not None and precedes and before.end(precedes) < 0):
                continue
            first = start if exact is None else _begin(exact, text, start, reach)
            if first >= 0:
                found[signal].append((first, last))

    def _compiled(self) -> tuple[tuple[int, int, int, Check | None, int], ...]:
        follows: dict[int, int] = {}  # number of a check → its group
        precedes: dict[int, int] = {}
        rows = []
        for signal, before, after, reach in self._entries:
            right = follows.setdefault(after, len(follows) + 1) if after >= 0 else 0
            left = precedes.setdefault(before, len(precedes) + 1) if before >= 0 else 0
            rows.append((signal, right, left, self._checks[before] if before >= 0 else None, reach))
        self._after = _row([self._checks[number].text for number in follows])
        self._before = _row([self._mirrors[number] for number in precedes])
        self._rows = tuple(sorted(rows, key=lambda row: row[1]))
        return self._rows


def _begin(exact: Check, text: str, start: int, reach: int) -> int:
    match = exact.search(text, start - reach if start > reach else 0, start)
    return match.start() if match is not None else -1


def _row(texts: Sequence[str]) -> _Match | None:
    """One expression whose group n holds where the nth text does; a lone text is asked straight."""
    if not texts:
        return None
    return re.compile(f"({texts[0]})" if len(texts) == 1 else "".join(f"(?:(?=({text}))|)" for text in texts)).match
