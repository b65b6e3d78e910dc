"""The rule files' own examples and counterexamples, through the whole engine; and what every rule file must have."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest

from pipeline.rulepack import pattern
from pipeline.rulepack.condition import has_not, parse
from pipeline.rulepack.load import load
from pipeline.rulepack.schema import Grading, Rule
from service.rulecheck import check, examples

SOURCE = load()
BY_RULE = {where: list(members) for where, members in groupby(sorted(examples(), key=lambda e: e.where), key=lambda e: e.where)}
# examples that do not hold yet: listed, not deleted
OPEN = set((Path(__file__).parent.parent / "data" / "examples_open.txt").read_text("utf-8").splitlines())
RULES = [(family, rule) for family in ("factors", "scripts", "stages", "disputes", "categories", "frames") for rule in SOURCE.families[family].values()]


@pytest.mark.parametrize("where", sorted(BY_RULE))
def test_examples_give_what_their_file_says(engine, where):
    findings = [finding for example in BY_RULE[where] if (finding := check(engine, example)) is not None and f"{finding.where} {finding.text}" not in OPEN]
    assert not findings, "\n".join(f"{f.kind}: {f.text} → {f.got}" for f in findings)


@pytest.mark.parametrize(("family", "rule"), RULES, ids=[f"{family}/{rule.id}" for family, rule in RULES])
def test_every_rule_has_examples_of_both_kinds(family, rule):
    assert isinstance(rule, Rule)
    assert len(rule.examples) >= 4
    assert len(rule.counterexamples) >= 4
    assert rule.description


@pytest.mark.parametrize(("family", "rule"), [(f, r) for f, r in RULES if f in ("factors", "scripts", "disputes")], ids=lambda x: getattr(x, "id", x))
def test_every_rule_says_where_it_is_from_and_when(family, rule):
    assert rule.references
    assert all(reference.date for reference in rule.references)


def test_grading_never_speaks_of_absence():
    for axis in SOURCE.families["grading"].values():
        assert isinstance(axis, Grading)
        for entry in axis.raises:
            assert not has_not(parse(entry.when)), entry.id


FORBIDDEN = ("汉族", "回族", "维吾尔", "藏族", "穆斯林", "清真", "基督", "佛教", "河南人", "东北人", "新疆人", "外地人", "本地人", "少数民族")


@pytest.mark.parametrize(("family", "rule"), RULES, ids=[f"{family}/{rule.id}" for family, rule in RULES])
def test_no_rule_looks_at_who_people_are_by_birth_or_belief(family, rule):
    patterns = [one for signal in rule.signals.values() for one in signal.patterns]
    assert not [one for one in patterns if any(word in one for word in FORBIDDEN)]


def test_the_labelling_guide_is_covered():
    families = SOURCE.families
    assert len(families["categories"]) == 7
    assert len(families["disputes"]) == 18
    assert len(families["scripts"]) == 22
    assert len(families["stages"]) == 6
    assert {"tongxin346", "xiushui", "three_colours", "abcd"} <= families["profiles"].keys()
    assert len([factor for factor in families["factors"].values() if not factor.internal]) == 42


def _literals(parts):
    """Plain characters of a pattern, each with whether something stands behind it in its own sequence."""
    for place, part in enumerate(parts):
        if isinstance(part, pattern.Text):
            yield part.text, place < len(parts) - 1
        elif isinstance(part, pattern.Choice):
            for option in part.options:
                yield from _literals(option)


@pytest.mark.parametrize(("family", "rule"), RULES, ids=[f"{family}/{rule.id}" for family, rule in RULES])
def test_no_pattern_borrows_marks_of_regular_expressions(family, rule):
    """`没有?人`, `先交.{6}再` or `1\\d%` would ask for these very marks, which nobody writes."""
    stray = re.compile(r"[\\\[\]{}]|(?<![a-z0-9])\.(?![a-z0-9])|\?(?=.)")
    written = [*rule.except_, *(entry for signal in rule.signals.values() for entry in (*signal.patterns, *signal.except_))]
    read = [(one, text, more) for one in written for text, more in _literals(pattern.parse(one))]
    assert not [one for one, text, more in read if (stray.search(text) and text != ".") or (text.endswith("?") and more)]


def test_the_end_of_a_narrative_can_be_asked_for():
    (made,) = pattern.compile_pattern("一起走(吧|$)", lambda name: None)
    assert made.anchors == ("一起走",)
    assert re.compile(made.after).match("我们一起走", 5)
    assert not re.compile(made.after).match("我们一起走到村口", 5)
