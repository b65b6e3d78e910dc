"""Words of the dictionary that hold a surname, by surname: 公司, 经常, 施工."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

_USUAL = 2  # step of a word from which it speaks against a surname in it


class Held(NamedTuple):
    """Words that hold a surname, told by what else is in them: side by side they take a hundredth of the memory of a set of words."""

    before: str
    """Characters that make a usual word with the surname behind them: 公|司."""
    after: str
    """Characters that make a usual word with the surname before them: 经|常."""
    ends: frozenset[str]
    """What makes a usual word with the surname behind: 对|方."""
    titled: frozenset[str]
    """What makes a word with the surname before and goes on like a title: 施|工."""


NO_WORDS = Held("", "", frozenset(), frozenset())


def held_by(known: Mapping[str, int], surnames: Collection[str], begins: Collection[str], heads: Collection[str]) -> dict[str, Held]:
    """Surname → the words of the dictionary that hold it; `begins` are all characters that begin a surname, `heads` those that begin a title."""
    usual = [word for word, step in known.items() if step >= _USUAL]
    made: dict[str, tuple[set[str], set[str], set[str], set[str]]] = {char: (set(), set(), set(), set()) for char in {*surnames, *begins} if len(char) == 1}
    for word in usual:
        if len(word) == 2 and word[1] in surnames:
            made[word[1]][0].add(word[0])
        if len(word) == 2 and word[0] in surnames:
            made[word[0]][1].add(word[1])
        if word[-1] in begins:
            made[word[-1]][2].add(word[:-1])
    for word in known:
        if word[0] in begins and word[1] in heads:
            made[word[0]][3].add(word[1:])
    return {char: Held("".join(sorted(one)), "".join(sorted(two)), frozenset(three), frozenset(four)) for char, (one, two, three, four) in made.items()}
