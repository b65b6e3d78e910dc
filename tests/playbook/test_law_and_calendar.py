"""Citations by version, working days as announced, and playbooks that cannot be used."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import yaml

from pipeline.errors import RuleError
from pipeline.playbook.check import findings
from pipeline.playbook.desk import Desk
from pipeline.playbook.law import Laws, article_name
from pipeline.playbook.workdays import Workdays
from pipeline.rulepack.condition import Condition
from pipeline.rulepack.pack import RuleSpec
from pipeline.rulepack.schema_playbook import Playbook


@pytest.fixture(scope="module")
def calendar(engine):
    return Workdays(rule.data for rule in engine.pack.rules["calendar"].values())


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-01", False), ("2026-01-04", True), ("2026-02-14", True), ("2026-02-16", False), ("2026-02-23", False), ("2026-02-28", True),
        ("2026-04-06", False), ("2026-05-09", True), ("2026-06-19", False), ("2026-09-20", True), ("2026-09-25", False), ("2026-10-07", False),
        ("2026-10-08", True), ("2026-10-10", True), ("2026-10-11", False), ("2025-01-26", True), ("2025-10-08", False), ("2025-10-11", True),
        ("2024-02-18", True), ("2024-02-09", True), ("2024-02-12", False), ("2023-01-28", True), ("2023-10-06", False),
    ],
)  # fmt: skip
def test_days_are_as_the_notices_say(calendar, day, works):
    assert calendar.works(dt.date.fromisoformat(day)) is works


@pytest.mark.parametrize(("year", "shifted"), [(2023, 7), (2024, 8), (2025, 5), (2026, 6)])
def test_each_year_lists_days_off_on_weekdays_and_as_many_shifted_days_as_announced(engine, year, shifted):
    data = engine.pack.rules["calendar"][f"cn_{year}"].data
    assert all(day.startswith(str(year)) for day in data["holidays"] + data["workdays"])
    assert all(dt.date.fromisoformat(day).weekday() < 5 for day in data["holidays"])
    assert all(dt.date.fromisoformat(day).weekday() >= 5 for day in data["workdays"])
    assert len(data["workdays"]) == shifted


def test_seven_working_days_over_the_spring_festival(calendar):
    # Friday 13 February 2026: Saturday 14 works, then nine days off, then Tue 24 … Fri 27, Saturday 28 works, Mon 2 March
    assert calendar.after(dt.date(2026, 2, 13), 7) == (dt.date(2026, 3, 2), True)


def test_a_year_not_announced_knows_weekends_only_and_says_so(calendar):
    assert calendar.after(dt.date(2031, 5, 1), 1) == (dt.date(2031, 5, 2), False)
    assert calendar.after(dt.date(2026, 12, 30), 7)[1] is False


@pytest.mark.parametrize(
    ("number", "name"), [("9", "第九条"), ("10", "第十条"), ("20", "第二十条"), ("105", "第一百零五条"), ("178", "第一百七十八条"), ("转办", "转办")]
)
def test_articles_are_named_in_chinese(number, name):
    assert article_name(number) == name


def test_every_version_of_a_law_has_every_article_and_is_dated(engine):
    laws = engine.pack.rules["laws"]
    assert {"public_security_law", "case_procedure", "peoples_mediation_law", "anti_domestic_violence_law", "hotline_opinion"} <= laws.keys()
    for rule in laws.values():
        articles = [set(version["articles"]) for version in rule.data["versions"]]
        assert all(one == articles[0] for one in articles)
        for version in rule.data["versions"]:
            assert version["in_force"] <= version["checked"]
    assert {str(number) for number in range(178, 187)} <= set(laws["case_procedure"].data["versions"][0]["articles"])


def test_a_law_is_stale_after_its_review(engine):
    laws = Laws(engine.pack)
    fresh = laws.cite("peoples_mediation_law#17", laws.epoch(dt.date(2026, 5, 1)))
    stale = laws.cite("peoples_mediation_law#17", laws.epoch(dt.date(2028, 5, 1)))
    assert fresh["warning"] is None
    assert "已过复核期" in stale["warning"]
    assert fresh["citation"] == stale["citation"] == "《人民调解法》(2010年)第十七条"


BROKEN = {
    "condition": ("category.disputes", "FQ1401"),
    "gate": ("gate.murder", "FQ1401"),
    "syntax": ("category.dispute and", "FQ1201"),
}


@pytest.mark.parametrize(("when", "code"), BROKEN.values(), ids=list(BROKEN))
def test_a_step_with_a_wrong_condition_cannot_be_used(engine, when, code):
    with pytest.raises(RuleError, match=code):
        desk_with(engine, step(when=when))


def test_a_citation_or_route_that_is_not_there_cannot_be_used(engine):
    with pytest.raises(RuleError, match="FQ1402"):
        desk_with(engine, step(cite="public_security_law#999"))
    with pytest.raises(RuleError, match="FQ1405"):
        desk_with(engine, step(route="nowhere"))
    with pytest.raises(RuleError, match="FQ1403"):
        engine.desk("nobody")


def test_playbooks_may_not_compose_each_other_in_a_circle(engine):
    with pytest.raises(RuleError, match="FQ1404"):
        desk_with(engine, "id: local\nname: 本地\ncomposes: [{playbook: local, parts: [steps]}]\n")


def test_a_playbook_with_a_dead_end_or_without_sources_is_found(engine):
    told = list(
        findings(desk_with(engine, "id: local\nname: 短\nsteps: [{id: a, route: on_scene, order: 1, when: category.dispute, because: [{id: b, says: 无}]}]\n"))
    )
    assert any("死路" in note for note in told)
    assert any("没有出处" in note for note in told)
    assert not list(findings(desk_with(engine, step())))


def step(*, when="category.dispute", cite="case_procedure#178", route="on_scene"):
    reason = f'{{id: a, says: 理由, cite: ["{cite}"]}}'
    return f"id: local\nname: 本地\ncomposes: [{{playbook: common, parts: [steps]}}]\nsteps: [{{id: x, route: {route}, order: 5, when: {when}, because: [{reason}]}}]\n"


def desk_with(engine, text):
    """The desk of a playbook put beside the shipped ones, without compiling a pack anew."""
    made = Playbook.model_validate(yaml.safe_load(text))
    rule = RuleSpec("playbooks", made.id, made.name, {}, Condition(None, {}, "playbooks"), True, (), made.model_dump(mode="json"))
    rules = engine.pack.rules | {"playbooks": engine.pack.rules["playbooks"] | {made.id: rule}}
    return Desk(dataclasses.replace(engine.pack, rules=rules), made.id)
