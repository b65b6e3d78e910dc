"""The measuring itself: made-up calls are the same each time, all are loaded, every question is asked."""

from __future__ import annotations

import pytest
from sqlalchemy import MetaData

from pipeline.engine import Engine
from pipeline.repeats.keys import REPORTER
from pipeline.repeats.settings import DAY, settings_of
from service.repeats.bench import fill, made_up_calls, measure
from service.repeats.memory import SqlMemory
from service.repeats.tables import tables
from service.store.database import connect


@pytest.fixture
def memory(tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'bench.db'}")
    memory = SqlMemory(engine, tables(MetaData()), settings_of(Engine.default().pack))
    memory.create()
    yield memory
    engine.dispose()


def check(memory, number):
    calls = list(made_up_calls(number))
    assert calls == list(made_up_calls(number))
    fill(memory, number)
    figures = measure(memory, number, memory.settings, times=8)
    assert len({figure.name for figure in figures}) == len(figures) == 8
    assert all(0 < figure.median <= figure.p99 for figure in figures)
    until = max(call.at for call in calls)
    most = memory.frequent(REPORTER, until - 365 * DAY, until, 1)
    assert {key for key, _ in most} == {key for call in calls for key in call.keys.of(REPORTER)}


def test_a_small_year_is_loaded_and_asked(memory):
    check(memory, 300)


@pytest.mark.slow
def test_a_larger_year_crosses_chunks(memory):
    check(memory, 45_000)
