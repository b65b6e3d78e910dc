"""Reading the timelines of tests/data/repeats: the calls as a memory records them, and what it must answer for the last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from pipeline import facts
from pipeline.engine import Engine
from pipeline.repeats.answer import History, repeat_of
from pipeline.repeats.keys import Keyer, cues
from pipeline.repeats.model import Call, Memory, seconds
from pipeline.repeats.settings import settings_of
from pipeline.repeats.vectors import vector
from pipeline.text.document import read
from pipeline.values import Incident

FOLDER = Path(__file__).resolve().parent.parent / "data" / "repeats"
KEYER = Keyer(b"a secret of the tests, no other")
SETTINGS = settings_of(Engine.default().pack)


@dataclass(frozen=True)
class Timeline:
    name: str
    calls: tuple[tuple[Incident, Call], ...]
    expect: dict

    def __str__(self) -> str:
        return self.name


def timelines() -> list[Timeline]:
    rows = [row for path in sorted(FOLDER.glob("*.yaml")) for row in yaml.safe_load(path.read_text("utf-8"))]
    return [Timeline(row["name"], tuple(_calls(row)), row["expect"]) for row in rows]


def _calls(row):
    number = 0
    for told in row["calls"]:
        at = dt.datetime.strptime(f"2026-{told['at']}", "%Y-%m-%d %H:%M")
        for i in range(told.get("repeat", 1)):
            number += 1
            when = at + dt.timedelta(hours=told.get("hours", 0) * i)
            incident = Incident(
                narrative=told.get("text", ""), incident_id=told.get("id", f"i{number:04}"), occurred_at=when,
                caller=told.get("caller", ""), place=told.get("place", ""),
            )  # fmt: skip
            yield incident, call_of(incident, told["kind"], told.get("result", ""), tuple(told.get("gates", ())))


def call_of(incident: Incident, kind: str, result: str = "", gates: tuple[str, ...] = ()) -> Call:
    found = facts.extract(read(incident.narrative))
    keys = KEYER.keys(cues(incident, found, SETTINGS))
    return Call(incident.incident_id, seconds(incident.occurred_at), keys, kind, "yellow", gates, result, vector(incident.narrative, SETTINGS))


def answer(memory: Memory, incident: Incident, call: Call) -> dict:
    """What `repeat` says of a call that is not recorded yet."""
    known = replace(incident, history=memory.recall(call))
    return repeat_of(History(known, facts.extract(read(incident.narrative)), SETTINGS), call.kind, call.kind)


def check(told: dict, expect: dict) -> None:
    for name, wanted in expect.items():
        if name == "flags":
            assert [flag["on"] for flag in told["flags"]] == wanted
        elif isinstance(wanted, dict):
            assert {key: told[name][key] for key in wanted} == wanted, name
        else:
            assert told[name] == wanted, name


def pytest_generate_tests(metafunc):
    if "timeline" in metafunc.fixturenames:
        metafunc.parametrize("timeline", timelines(), ids=str)


@pytest.fixture(scope="session")
def settings():
    return SETTINGS


@pytest.fixture(scope="session")
def keyer():
    return KEYER


@pytest.fixture(scope="session", name="answer")
def _answer():
    return answer


@pytest.fixture(scope="session", name="check")
def _check():
    return check


@pytest.fixture(scope="session", name="call_of")
def _call_of():
    return call_of


@pytest.fixture(scope="session", name="all_timelines")
def _all_timelines():
    return timelines()
