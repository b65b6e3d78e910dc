"""The databases say what the ledger in memory says: all timelines, one by one and in bulk, and a random history against it."""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, event, inspect, select, text

from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.repeats.keys import BUILDING, ESTATE, HOUSEHOLD, PARTY, REPORTER, Keys
from pipeline.repeats.ledger import Ledger
from pipeline.repeats.model import Call
from pipeline.repeats.settings import DAY, settings_of
from service.repeats.memory import SqlMemory
from service.repeats.tables import tables
from service.store.database import connect

POSTGRES = os.environ.get("FENGQIAO_TEST_POSTGRES")  # a URL of an empty database; over a unix socket the tests need no network


def _timelines():
    spec = importlib.util.spec_from_file_location("repeat_timelines", Path(__file__).resolve().parents[2] / "repeats" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


TOLD = _timelines()
SETTINGS = settings_of(Engine.default().pack)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.skipif(not POSTGRES, reason="FENGQIAO_TEST_POSTGRES is not set"))])
def memory(request, tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'memory.db'}") if request.param == "sqlite" else create_engine(POSTGRES)
    if request.param == "sqlite":  # a test need not wait for the disk
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    made = tables(MetaData())
    if request.param == "postgresql":
        made.calls.metadata.drop_all(engine)
    memory = SqlMemory(engine, made, SETTINGS)
    memory.create()
    yield memory
    engine.dispose()


def test_all_timelines_one_call_after_another(memory):
    for timeline in TOLD.timelines():
        _empty(memory)
        for _, call in timeline.calls[:-1]:
            memory.record(call)
        incident, call = timeline.calls[-1]
        first = TOLD.answer(memory, incident, call)
        TOLD.check(first, timeline.expect)
        memory.record(call)
        assert TOLD.answer(memory, incident, call) == first, timeline.name


def test_all_timelines_in_bulk_and_in_any_order(memory):
    for timeline in TOLD.timelines():
        _empty(memory)
        incident, call = timeline.calls[-1]
        calls = [past for _, past in timeline.calls[:-1]]
        random.Random(11).shuffle(calls)
        assert memory.record_many(calls) == len({past.incident_id for past in calls})
        assert memory.record_many(calls) == 0
        TOLD.check(TOLD.answer(memory, incident, call), timeline.expect)


def _empty(memory):
    with memory._engine.begin() as connection:
        for table in reversed(memory._tables.calls.metadata.sorted_tables):
            connection.execute(table.delete())


def made_up(number: int, seed: int = 5) -> list[Call]:
    """Calls of half a year in a small place: persons, houses and kinds that come again, some calls minutes after others."""
    chance = random.Random(seed)
    calls: list[Call] = []
    at = 20_000 * DAY
    for i in range(number):
        at += chance.choice((60, 600, 3600, 9000, 30_000))
        house = chance.randrange(40)
        links = [(REPORTER, _key("p", chance.randrange(60)))]
        links += [(PARTY, _key("p", chance.randrange(60)))] if chance.random() < 0.4 else []
        if chance.random() < 0.8:
            links += [(HOUSEHOLD, _key("h", house)), (BUILDING, _key("b", house // 4)), (ESTATE, _key("e", house // 20))]
        vector = bytes(chance.choice((40, 216)) for _ in range(256)) if chance.random() < 0.7 else b""
        kind = chance.choice(("dispute/neighbour", "dispute/family", "crime", "help"))
        calls.append(Call(f"c{i}", at, Keys(tuple(links), f"town{house % 3}"), kind, chance.choice(("green", "red")), (), "", vector))
    return calls


def _key(kind: str, number: int) -> bytes:
    return f"{kind}{number:015}".encode()


@pytest.mark.parametrize("bulk", [False, True])
def test_a_random_history_is_told_as_the_ledger_tells_it(memory, bulk, monkeypatch):
    monkeypatch.setattr("service.repeats.memory.CHUNK", 70)  # several chunks, so that events cross their borders
    calls = made_up(260)
    ledger = Ledger(SETTINGS)
    ledger.record_many(calls[:240])
    if bulk:
        shuffled = calls[:240]
        random.Random(3).shuffle(shuffled)
        assert memory.record_many(shuffled) == 240
    else:
        for call in calls[:240]:
            memory.record(call)
    for call in calls[235:]:  # recorded ones and new ones
        assert memory.recall(call) == ledger.recall(call)
    until = calls[239].at
    for role in (REPORTER, PARTY, HOUSEHOLD, ESTATE):
        assert list(memory.frequent(role, until - 30 * DAY, until, 2)) == list(ledger.frequent(role, until - 30 * DAY, until, 2))
    for area in ("town0", "*"):
        assert memory.kinds(area, until) == ledger.kinds(area, until)


def test_a_bulk_load_joins_what_is_recorded_already(memory):
    calls = made_up(120)
    for call in calls[::2]:
        memory.record(call)
    assert memory.record_many(calls) == 60
    with memory._engine.connect() as connection:
        told = memory._tables.calls.c
        events = dict(connection.execute(select(told.number, told.event)).all())
    assert all(events[event] == event for event in events.values())
    assert len(set(events.values())) < len(events)


def test_closing_says_what_was_done_and_takes_codes_only(memory):
    calls = made_up(1)
    memory.record(calls[0])
    assert memory.close("c0", "agreement")
    assert not memory.close("nobody", "agreement")
    with pytest.raises(InputError, match="FQ2502"):
        memory.close("c0", "赔了三千元")


def test_the_database_holds_no_name_number_or_word(memory):
    timeline = next(timeline for timeline in TOLD.timelines() if timeline.name == "姓名连同小区才认得人")
    told = [call for _, call in timeline.calls]
    memory.record_many(told)
    with memory._engine.connect() as connection:
        stored = repr([connection.execute(select(table)).all() for table in memory._tables.calls.metadata.sorted_tables])
    assert "桃园" not in stored
    assert "李春梅" not in stored
    assert told[0].keys.links[0][1].hex() in repr([bytes(row.key).hex() for row in _all(memory)])


def _all(memory):
    with memory._engine.connect() as connection:
        return connection.execute(select(memory._tables.links)).all()


def test_counts_are_read_from_indexes(memory):
    if memory._engine.dialect.name != "sqlite":
        pytest.skip("the plan of SQLite is looked at")
    memory.record_many(made_up(50))
    told = str(inspect(memory._engine).get_indexes("repeat_links"))
    assert "role" in told
    with memory._engine.connect() as connection:
        plan = connection.execute(
            text("EXPLAIN QUERY PLAN SELECT count(DISTINCT event) FROM repeat_links WHERE key=x'00' AND role=0 AND at BETWEEN 1 AND 2")
        ).all()
    assert "USING PRIMARY KEY" in str(plan)


def test_the_tables_go_into_any_metadata_once():
    metadata = MetaData()
    assert tables(metadata) == tables(metadata)
    assert {table.name for table in metadata.sorted_tables} == {"repeat_calls", "repeat_links", "repeat_days"}
