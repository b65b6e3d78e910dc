"""What a check needs beside its anchor: told by hand for small patterns, and never in the way of a match."""

from __future__ import annotations

import re

import pytest

from corpora import narratives
from pipeline.rulepack.need import Need, begins, either, need
from pipeline.rulepack.pack import Check, plain_digits
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
    check = Check("驴(?:子)?", ("驴", 1))
    assert check.match == check._first_match  # not compiled yet
    assert check.match("一头驴子", 2).group() == "驴子"
    assert check.match != check._first_match


def test_what_it_needs_tells_that_a_check_does_not_hold_without_compiling_it():
    check = Check("驴(?:子)?", ("驴", 1))
    assert [check.absent(near) for near in ("骡", "", "驴", "骡")] == [True, True, False, True]
    assert check.match == check._first_match
    assert not Check("驴?").absent("骡")


def test_digits_of_any_script_are_digits():
    check = Check(r"\d+", (DIGITS, 1))
    assert not check.absent(plain_digits("给了٣千")[2:3])
    assert check.match("给了٣千", 2)


def test_no_need_keeps_a_check_from_a_match_that_it_has(engine):
    """Every check that some texts ask, without its need and with it."""
    pack, compiled, asked, held = engine.pack, {}, 0, 0
    for row in list(narratives())[::241]:
        text = read(row["text"]).text
        for start, end, word in pack.automaton.find_overlapping(text):
            for _, before, after, reach in pack.actions[word][1]:
                low = max(0, start - reach)
                for number, way, place in ((before, "search", (low, start)), (after, "match", (end,))):
                    if number < 0:
                        continue
                    check = pack.checks[number]
                    plain = compiled.get(number) or compiled.setdefault(number, re.compile(check.text))
                    found = getattr(plain, way)(text, *place)
                    near = plain_digits(text[max(0, start - check.near) : start] if way == "search" else text[end : end + check.near])
                    asked += 1
                    if found:
                        held += 1
                        assert not check.absent(near), check.text
    assert 0 < held < asked / 5
