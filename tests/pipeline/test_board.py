"""A board answers as each of its conditions would."""

from __future__ import annotations

import random

from pipeline.rulepack.board import Board
from pipeline.rulepack.condition import Condition, parse


def test_a_board_holds_what_each_condition_holds_by_itself(engine):
    statements = engine.pack.statements
    operands = sorted({name for statement in statements.items for name in statement.condition.names()})
    chance = random.Random(7)
    seen = set()
    for _ in range(200):
        values = {name: float(chance.choice((1, 3, 900))) for name in operands if chance.random() < 0.05}
        told = [statement for statement in statements.items if statement.condition.test({}, values.get, None)]
        assert statements.holding(values.get) == told
        seen.update(statement.entry["id"] for statement in told)
    assert len(seen) > len(statements.items) / 2


def test_a_board_keeps_its_order_and_knows_always_and_never():
    board = Board((text or "always", Condition(text, {}, "here")) for text in (None, "not factor.a", "factor.a and fact.people >= 3", "factor.a"))
    assert board.holding({}.get) == ["always", "not factor.a"]
    assert board.holding({"factor.a": 1.0, "fact.people": 3.0}.get) == ["always", "factor.a and fact.people >= 3", "factor.a"]


def test_the_kinds_of_a_condition_are_what_it_looks_at_besides_its_own_groups():
    assert Condition("act near sum and not script.none or factor.threat.fresh", {"act": 0, "sum": 1}, "here").kinds == {"script", "factor"}
    assert Condition(None, {"act": 0}, "here").kinds == frozenset()
    assert list(parse("fact.people >= 3").names()) == ["fact.people"]
