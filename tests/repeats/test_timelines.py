"""Timelines of repeats with exact counts, and the same from every memory in every order."""

from __future__ import annotations

import random

from pipeline.repeats.ledger import Ledger


def test_there_are_at_least_forty_timelines_and_each_asserts_something(all_timelines):
    assert len(all_timelines) >= 40
    assert len({timeline.name for timeline in all_timelines}) == len(all_timelines)
    assert all(timeline.expect and len(timeline.calls) > 1 for timeline in all_timelines)


def test_counts_are_exact(timeline, settings, answer, check):
    memory = Ledger(settings)
    for _, call in timeline.calls[:-1]:
        memory.record(call)
    incident, call = timeline.calls[-1]
    first = answer(memory, incident, call)
    check(first, timeline.expect)
    memory.record(call)
    assert answer(memory, incident, call) == first, "recording the call itself changes nothing that is said of it"


def test_a_history_in_bulk_and_in_any_order_says_the_same(timeline, settings, answer, check):
    incident, call = timeline.calls[-1]
    calls = [past for _, past in timeline.calls[:-1]]
    random.Random(7).shuffle(calls)
    memory = Ledger(settings)
    assert memory.record_many(calls) == len({past.incident_id for past in calls})
    check(answer(memory, incident, call), timeline.expect)
