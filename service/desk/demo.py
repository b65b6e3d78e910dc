"""`serve --demo`: a county that does not exist, with a week of incidents made of the narratives that the project wrote."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from corpora import narratives
from pipeline.repeats.compose import Remembering
from pipeline.repeats.keys import Keyer
from pipeline.repeats.settings import settings_of
from pipeline.values import Incident, to_json
from service.api.auth import DEMO
from service.assessor import Assessor
from service.audit import Entry
from service.decisions import Decision
from service.desk.names import words
from service.desk.view import CHINA
from service.intake import Intake, Taken, Who
from service.repeats.memory import SqlMemory
from service.settings import Settings
from service.store.database import new_id, now_ms
from service.store.store import Store
from service.store.tables import case_steps, incidents, repeats
from service.store.writer import Tx

_WEEK_MINUTES = 7 * 24 * 60
_SHIFT_MINUTES = 8 * 60
_HOUR_MS = 3_600_000
_LONGEST = 160  # characters: what a newcomer reads at a glance
_SEED = 1963  # the same county each time


def fill(store: Store, assessor: Assessor) -> int:
    """Fill an empty store; returns how many incidents were taken in (0 where there are some already)."""
    (row,) = store.rows(select(func.count().label("n")).select_from(incidents))
    if row["n"]:
        return 0
    chance = random.Random(_SEED)
    engine = assessor.engine
    memory = Remembering(engine, SqlMemory(store.reading, repeats, settings_of(engine.pack)), Keyer(store.hash_key))
    levels = {name: assessor.level(name) for name in engine.pack.rules["profiles"]}
    number = 0
    for minutes, told, done in sorted(_week(chance), key=lambda item: -item[0]):
        number += 1
        taken, colour = _take(store, assessor, memory, levels, chance, (number, minutes, told["text"]))
        if done:
            _decide(store, levels, chance, taken, colour)
            if colour in words()["demo"]["loop"]["colours"]:
                _walk(store, assessor, chance, taken.incident, now_ms() - int(minutes * 60_000))
    return number


def _week(chance: random.Random) -> Iterator[tuple[float, dict[str, Any], bool]]:
    """Minutes ago, narrative, and whether somebody has decided it: what is open came in during this shift."""
    by_colour = defaultdict(list)
    for told in narratives():
        if 15 <= len(told["text"]) <= _LONGEST and not told["uncertain"]:
            by_colour[told["risk"]].append(told)
    for colour in by_colour:
        chance.shuffle(by_colour[colour])
    demo = words()["demo"]
    for done, span in ((False, (2, _SHIFT_MINUTES)), (True, (_SHIFT_MINUTES, _WEEK_MINUTES))):
        for colour, count in demo["done" if done else "open"].items():
            for _ in range(min(count, len(by_colour[colour]))):
                # the graver, the fresher: reds are not left lying
                yield chance.uniform(*span) * (0.08 if colour == "red" and not done else 1), by_colour[colour].pop(), done


def _where(chance: random.Random) -> tuple[str, str, str, tuple[float, float]]:
    """Station, place, caller, coordinates: most callers call once, a few call again and again from the same home."""
    demo = words()["demo"]
    often = demo["often"]
    caller = f"often-{chance.randrange(often['callers'])}" if chance.random() < often["share"] else f"demo-{chance.randrange(demo['callers'])}"
    home = random.Random(caller)  # the same caller, the same home
    station = home.choice(list(demo["stations"]))
    name, buildings, longitude, latitude = home.choice(demo["stations"][station])
    building, room = home.randint(1, buildings), f"{home.randint(1, 6)}0{home.randint(1, 4)}"
    spot = (longitude + home.uniform(-0.004, 0.004), latitude + home.uniform(-0.004, 0.004))
    return station, f"{demo['county']}{name}{building}号{'楼' if name.endswith(('小区', '花园')) else ''}{room}室", caller, spot


def _take(store: Store, assessor: Assessor, memory: Remembering, levels: Any, chance: random.Random, item: tuple[int, float, str]) -> tuple[Taken, str]:
    number, minutes, text = item
    seen = now_ms() - int(minutes * 60_000)
    when = dt.datetime.fromtimestamp(seen / 1000, CHINA).replace(tzinfo=None)
    station, place, caller, spot = _where(chance)
    incident = Incident(
        narrative=text,
        incident_id=f"YX{when:%m%d}{number:04d}",
        occurred_at=when,
        place=place,
        channel=chance.choice(words()["demo"]["channels"]),
        caller=caller,
    )
    turn = memory.turn()
    answer = assessor.assess(incident, recall=turn.recall)
    colours = tuple(levels[answer.risk.profile])
    intake = Intake(
        incident, answer, to_json(answer), Who(DEMO.name, DEMO.purpose), colours, station, named=True, first_seen=seen, where=spot, turn=turn
    )  # fmt: skip
    return store.write_now(intake.unit(store)), answer.risk.colour


def _walk(store: Store, assessor: Assessor, chance: random.Random, incident: str, since: int) -> None:
    """Some steps of the loop (or none yet), taken by officers in the days since `since` (ms); a third of the matters have gone through all of them."""
    demo, now = words()["demo"], now_ms()
    rule = assessor.engine.pack.rules["playbooks"].get(Settings.model_fields["case_playbook"].default)
    loop = [step["id"] for step in rule.data["loop"]] if rule is not None else []
    count = len(loop) if chance.random() < 0.35 else chance.randint(0, max(0, len(loop) - 1))
    at = float(since)
    unit, officer = chance.choice(demo["loop"]["units"]), chance.choice(demo["officers"])
    rows = []
    for number, step in enumerate(loop[:count], 1):
        at = min(now - 60_000.0 * (count - number + 1), at + chance.uniform(0.3, 6) * _HOUR_MS)
        told = {"number": number, "step": step, "at": int(at), "actor": f"{DEMO.name}/{officer}", "unit": unit, "due": None, "result": "", "note": None}
        rows.append({"id": new_id(), "incident": incident} | told)

    def write(tx: Tx) -> None:
        for row in rows:
            tx.add(case_steps, row)
            tx.audit(Entry(row["at"], row["actor"], DEMO.purpose, "case", incident, {"step": row["step"], "number": row["number"], "unit": unit}))

    store.write_now(write)


def _decide(store: Store, levels: Any, chance: random.Random, taken: Taken, colour: str) -> None:
    """What an officer did: mostly accepted, some closed with a reason and a second person."""
    demo = words()["demo"]
    first, second = chance.sample(demo["officers"], 2)
    close = chance.random() < 0.4
    reason = chance.choice(demo["reasons"]) if close else None
    decision = Decision(Who(f"{DEMO.name}/{first}", DEMO.purpose), f"{DEMO.name}/{second}" if close else None, colour, close, reason, None, None, levels)
    store.write_now(decision.unit(store, taken.incident))
