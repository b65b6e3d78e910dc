"""Words of jieba's dictionary as evidence against names: 常常, 于是, 高兴 are words before they are a surname with something behind it."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from pipeline.text.segment import lexicon

_LINE = re.compile(r"^(\S{2,5}) (\d+) (?!nr|x$)[a-z]+$", re.M)
_NAMES = re.compile(r"^(\S{2,3}) (\d+) nr$", re.M)
_NAMED = 20  # times from which a word that is told as a name counts
_USUAL = 60  # times in jieba's corpus from which a word of two characters counts as usual


def _dictionary() -> str:
    """The text of jieba's dictionary; empty where jieba is not installed."""
    spec = importlib.util.find_spec("jieba")
    if spec is None or not spec.submodule_search_locations:
        return ""
    return Path(spec.submodule_search_locations[0], "dict.txt").read_text("utf-8")


@cache
def words() -> dict[str, int]:
    """Words of two to five characters with their frequency, names left out; the police lexicon is in it. Reads a file, imports no jieba."""
    told = {word: int(count) for word, count in _LINE.findall(_dictionary())}
    return told | {entry.word: entry.frequency for entry in lexicon() if len(entry.word) > 1}


@cache
def told_names() -> frozenset[str]:
    """Words of two or three characters that jieba's dictionary tells as names of persons, usual ones: most of them are words (文明, 查明, 养老).

    A doubled character is a pet name all the same.
    """
    return frozenset(word for word, count in _NAMES.findall(_dictionary()) if int(count) >= _NAMED and word[0] != word[1])


@cache
def usual_pairs() -> frozenset[str]:
    """The usual words of two characters."""
    return frozenset(word for word, count in words().items() if len(word) == 2 and count >= _USUAL)


@cache
def background() -> dict[str, tuple[int, int]]:
    """Character → times per million that it stands alone where it could be a surname, and times per million in all (background.tsv)."""
    lines = files("pipeline.privacy").joinpath("background.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {char: (int(alone), int(all_)) for char, alone, all_ in rows}
