"""What a check needs beside its anchor: told by hand for small patterns, and never in the way of a match."""

from __future__ import annotations

import re

import pytest

from corpora import narratives
from pipeline.rulepack.asks import Asks
from pipeline.rulepack.need import Need, begins, either, need, tables
from pipeline.rulepack.pack import Check
from pipeline.rulepack.pattern import BUILTIN, DIGITS, parse
from pipeline.text.document import read

LISTS = {"kin": ["爸爸", "我妈", "大舅"], "none": []}.get


def told(pattern, *, leftward=False):
    made = need(parse(pattern), LISTS, leftward=leftward)
    return made and ("".join(sorted(made.chars)), made.reach)


@pytest.mark.parametrize(
    ("pattern", "leftward", "chars", "reach"),
    [
        ("驴", False, "驴", 1),
        ("的驴", False, "驴", 2),  # the rarer of two
        ("的驴", True, "驴", 1),  # before an anchor it is counted from the right
        ("的(驴|骡)", False, "驴骡", 2),
        ("驴...的", False, "驴", 1),
        ("<kin>", False, "妈爸舅", 2),  # 我 and 大 stand everywhere
        ("<kin>", True, "妈爸舅", 1),
        ("(的)?驴", False, "驴", 2),
        ("驴$", False, "驴", 1),  # the end of the narrative is no character
        ("<num>", False, "".join(sorted(DIGITS)), 1),
        ("<name>", False, "".join(sorted("某小老阿先女师姓甲乙丙丁")), 2),
        ("<name>", True, "".join(sorted("某小老阿生士傅子甲乙丙丁")), 2),
    ],
)
def test_the_need_is_the_rarest_of_what_must_stand_there(pattern, leftward, chars, reach):
    assert told(pattern, leftward=leftward) == (chars, reach)


@pytest.mark.parametrize("pattern", ["(驴)?", "(驴|)", "<none>", "(的)?(驴)?", "(驴|$)", "$"])
def test_what_may_be_absent_or_anything_is_no_need(pattern):
    assert told(pattern) is None


def test_behind_a_number_of_any_length_nothing_is_near():
    made = need(parse("<num>驴"), LISTS)
    assert made == Need(frozenset(DIGITS), 1)


@pytest.mark.parametrize(
    ("pattern", "chars"),
    [
        ("驴子", "驴"),
        ("(驴|骡)子", "驴骡"),
        ("(的)?驴", "的驴"),
        ("(的)?(驴)?", None),
        ("$", None),
        ("<none>驴", "驴"),
        ("<kin>", "大我爸"),
        ("<name>", None),
        ("<num>驴", DIGITS),
        ("(驴|)", None),
    ],
)
def test_what_a_match_begins_with(pattern, chars):
    assert begins(parse(pattern), LISTS) == (chars and frozenset(chars))


def test_of_several_checks_one_without_a_need_leaves_none():
    assert either([Need(frozenset("驴"), 2), None]) is None
    assert either([Need(frozenset("驴"), 2), Need(frozenset("骡"), 5)]) == Need(frozenset("驴骡"), 5)
    assert either([]) is None


def test_behind_a_name_of_any_length_nothing_is_near():
    assert told("<name>驴") == told("<name>")


@pytest.mark.parametrize("name", ["张某", "李某某", "王某甲", "小王", "老李", "阿珍", "陈先生", "刘女士", "赵师傅", "周姓男子", "吴姓女子", "甲"])
def test_every_name_has_what_a_name_needs(name):
    assert re.fullmatch(BUILTIN["name"][0], name)
    for leftward, near in ((False, name[:2]), (True, name[-2:])):
        assert not need(parse("<name>"), LISTS, leftward=leftward).chars.isdisjoint(near)


def test_a_check_is_compiled_when_first_asked():
    check = Check("驴(?:子)?")
    assert check.match == check._first_match  # not compiled yet
    assert check.match("一头驴子", 2).group() == "驴子"
    assert check.match != check._first_match


WORD = "给"
BEFORE, AFTER = Need(frozenset("驴"), 2), Need(frozenset(DIGITS), 3)
EACH = ((0, -1, 1, 9), (1, 0, -1, 9), (2, 0, 1, 9), (3, -1, 2, 9))  # asks after, before, on both sides, and what may be anything


def likely(text, asks=EACH, needs=(BEFORE, AFTER, None)):
    """The signals whose asks may hold in a text, at each place of the word."""
    places, kept = Asks(tables([0], [asks], needs)).likely(text, [(match.start(), match.end(), 0) for match in re.finditer(WORD, text)])
    return [(place, ask[0]) for place, ask in zip(places, kept, strict=True)]


@pytest.mark.parametrize(
    ("text", "signals"),
    [
        ("给", [3]),
        ("给了他3", [0, 3]),
        ("给了他们3", [3]),  # too far
        ("3给", [3]),  # on the wrong side
        ("给٣", [0, 3]),  # digits of any script are digits
        ("驴给", [1, 3]),
        ("驴要给", [1, 3]),
        ("驴要他给", [3]),
        ("驴给三", [0, 1, 2, 3]),
        ("给驴\U0001d7d3", [0, 3]),  # a digit beyond the basic plane
        ("给\U00020bb7", [3]),
    ],
)
def test_an_ask_fails_for_want_of_a_character(text, signals):
    assert likely(text) == [(0, signal) for signal in signals]


def test_each_place_of_a_word_is_looked_at_by_itself():
    assert likely("给三,驴给") == [(0, 0), (0, 3), (1, 1), (1, 3)]
    assert likely("没有") == []
    assert likely("给", asks=()) == []


def test_a_character_beyond_the_basic_plane_is_not_looked_for():
    assert likely("给他", needs=(BEFORE, Need(frozenset("\U00020bb7"), 1), None)) == [(0, 0), (0, 3)]


def test_no_need_keeps_a_check_from_a_match_that_it_has(engine):
    """Every check that some texts ask, without its need and with it."""
    pack, compiled, told, asked, held = engine.pack, {}, _asks(engine.pack), 0, 0
    for row in list(narratives())[::241]:
        text = read(row["text"]).text
        words = pack.automaton.find_overlapping(text)
        kept = {(place, *ask) for place, ask in zip(*pack.asks.likely(text, words), strict=True)}
        for place, (start, end, word) in enumerate(words):
            for ask in told(word):
                _, before, after, reach = ask
                holds = True
                for number, way, at in ((before, "search", (max(0, start - reach), start)), (after, "match", (end,))):
                    if number >= 0:
                        plain = compiled.get(number) or compiled.setdefault(number, re.compile(pack.checks[number].text))
                        holds = holds and getattr(plain, way)(text, *at) is not None
                asked += 1
                held += holds
                assert not holds or (place, *ask) in kept, (pack.checks[before].text, pack.checks[after].text)
    assert 0 < held < asked / 5


def _asks(pack):
    """All that a word of a pack asks."""
    first, count, asks = pack.asks._first.tolist(), pack.asks._count.tolist(), pack.asks._asks.tolist()
    return lambda word: asks[first[word] : first[word] + count[word]]
