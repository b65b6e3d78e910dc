"""Every combination of category, type, level, gate and history finds a route; what must never happen never does."""

from __future__ import annotations

from itertools import product

import pytest

from pipeline.match.reading import Decided, Reading
from pipeline.playbook.case import Case
from pipeline.playbook.compose import selectable
from pipeline.playbook.mediate import mediation
from pipeline.playbook.route import route

LEVELS = (0, 1, 2, 3)
# what the record or the caller says of the past: nothing, told in words, once before, often before, often and mediated in vain
PASTS: tuple[dict[str, float], ...] = (
    {},
    {"factor.repeat": 1.0},
    {"repeat.again": 1.0, "repeat.by_person": 1.0},
    {"repeat.again": 4.0, "repeat.by_person": 4.0, "repeat.by_place": 4.0},
    {"repeat.again": 3.0, "repeat.failed_mediations": 2.0, "factor.failed_mediation": 1.0},
)
# a factor that closes each gate and the other matters that are never diverted and never only mediated
GUARDED = (None, "domestic_violence", "minor", "suicide_threat", "suicide_act", "sexual_violence", "child_abuse", "weapon", "elder_abuse")
MANNERS: tuple[str | None, ...] = (None, "assault", "refuses_mediation")


def labels(pack, *, few=False):
    """Every label that an answer can carry: category, and below it a dispute type or a script with its stage (`few`: every script or every stage)."""
    for code, rule in pack.rules["categories"].items():
        if rule.data["dispute_type"] == "always":
            yield from ((code, kind, None, None) for kind in pack.rules["disputes"])
        elif rule.data["scripts"]:
            stages = (*pack.rules["stages"], None)
            yield from (
                (code, None, script, stage) for number, script in enumerate(pack.rules["scripts"]) for stage in stages if not few or not number or not stage
            )
        else:
            yield code, None, None, None
            if rule.data["dispute_type"] == "if_scored":
                yield from ((code, kind, None, None) for kind in pack.rules["disputes"])


class Stand(Reading):
    """A reading with labels set by hand: no narrative, no hits."""

    def __init__(self, pack, names, values):
        from pipeline.text.document import read

        super().__init__(pack, read(""), {}, dict(values))
        self.values |= dict.fromkeys(names, 1.0)
        families = {"category": "categories", "dispute": "disputes", "factor": "factors", "script": "scripts", "stage": "stages"}
        for name in names:
            head, code = name.split(".")
            self.decided[name] = Decided(pack.rules[families[head]][code], 1.0, (), False)


def cases(engine, book, label, manner):
    from pipeline.playbook.case import operands

    desk = engine.desk(book)
    category, kind, script, stage = label
    named = [f"category.{category}", *(f"{head}.{code}" for head, code in (("dispute", kind), ("script", script), ("stage", stage)) if code)]
    for level, guard, past in product(LEVELS, GUARDED, PASTS):
        factors = [f"factor.{code}" for code in (guard, manner) if code] + [name for name in past if name.startswith("factor.")]
        reading = Stand(engine.pack, named + factors, past | ({"script.any": 1.0} if script else {}))
        operands(desk, reading, None, "none", {"urgency": level, "danger": 0, "difficulty": 0}, dispute=bool(kind))
        case = Case(desk, reading, lambda hit: None, None)
        settled = mediation(case)
        yield (level, guard, past), desk, settled, route(case, settled)


def wrong(desk, guard, past, settled, way):
    """Why a route may not be as it is; nothing where it is right."""
    taken = next(entry for entry in desk.ways if entry.id == way["step"]).route
    routes = {entry.id: entry.route for entry in desk.ways}
    offered = [taken, *(routes[entry["step"]] for entry in way["alternatives"])]
    if not way["reasons"]:
        yield "no reason"
    if past and any(entry.data["bare"] and entry.data["mediates"] for entry in offered):
        yield "a repeat sent to bare mediation on the spot"
    if guard and any(entry.data["diverts"] for entry in offered):
        yield "diverted"
    if guard and guard != "weapon":
        if any(entry.data["mediates"] for entry in offered) and not way["together"] and not way["safeguards"]:
            yield "mediation only"
        if guard != "minor" and settled is not None and settled["eligible"] != "no":
            yield "mediation allowed"
    if any(not entry["reasons"] for entry in way["blocked"]):
        yield "blocked without a reason"


def test_the_labels_are_all_there(engine):
    found = list(labels(engine.pack))
    assert len({category for category, *_ in found}) == 7
    assert len({kind for _, kind, *_ in found if kind}) == 18
    assert len({script for _, _, script, _ in found if script}) == 22


def walk(engine, book, found, manner):
    """How many combinations there are, those with a wrong route, and those that only the catch-all takes."""
    seen, bad, lost = 0, [], []
    for label in found:
        for (level, guard, past), desk, settled, way in cases(engine, book, label, manner):
            seen += 1
            bad += [(note, label, level, guard, past, way["step"]) for note in wrong(desk, guard, past, settled, way)]
            if way["step"] == desk.ways[-1].id:
                lost.append((label, level, guard, past))
    return seen, bad, lost


def test_every_label_level_gate_and_past_finds_a_lawful_route(engine):
    seen, bad, lost = walk(engine, engine.playbook, labels(engine.pack, few=True), None)
    assert seen > 10_000
    assert not bad, (len(bad), bad[:6])
    assert not lost, (len(lost), lost[:6])  # nothing needs the catch-all


@pytest.mark.slow
@pytest.mark.parametrize("manner", MANNERS)
def test_every_combination_with_every_stage_of_every_script(engine, manner):
    seen, bad, lost = walk(engine, engine.playbook, labels(engine.pack), manner)
    assert seen > 30_000
    assert not bad, (len(bad), bad[:6])
    assert not lost, (len(lost), lost[:6])


@pytest.mark.slow
@pytest.mark.parametrize("book", ["tongxin_346", "zhenjiang_1_3_n", "suqian_source_governance", "suqian_three_axes", "ezhou_seven_skills"])
def test_every_playbook_finds_a_lawful_route_for_every_label(engine, book):
    assert book in selectable(engine.pack)
    _, bad, lost = walk(engine, book, labels(engine.pack, few=True), None)
    assert not bad, (len(bad), bad[:6])
    assert not lost, (len(lost), lost[:6])
