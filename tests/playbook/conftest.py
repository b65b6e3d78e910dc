"""Helpers of the routing tests: one call at a fixed time, by a playbook."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.values import Incident

AT = dt.datetime(2026, 9, 21, 20, 0)  # a Monday in the week of 中秋, which takes the Friday


@pytest.fixture
def call(engine):
    """`call(text, …)` → the whole answer."""

    def make(text, *, playbook=None, at=AT, **besides):
        return engine.assess(Incident(narrative=text, occurred_at=at, **besides), playbook=playbook)

    return make


@pytest.fixture
def prior():
    """A prior call of the same person about the same matter, as a system with its own records sends it."""

    def make(days, **besides):
        at = (AT - dt.timedelta(days=days)).isoformat()
        return {"incident_id": f"old-{days}", "occurred_at": at, "caller": "13800000000", "category": "dispute", "dispute_type": "neighbour", **besides}

    return make
