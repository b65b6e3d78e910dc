"""How fast the memory answers with a million calls in it: made-up calls, real tables, each figure the median and the 99th of a hundred."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.repeats.keys import BUILDING, ESTATE, HOUSEHOLD, PARTY, REPORTER, Keys
from pipeline.repeats.model import Call
from pipeline.repeats.settings import DAY, Settings
from service.repeats.memory import CHUNK, SqlMemory

KINDS = 25
_START = 20_000 * DAY


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds: half of the questions were answered faster than `median`, 99 of 100 faster than `p99`."""

    name: str
    median: float
    p99: float


def made_up_calls(number: int, days: int = 365, seed: int = 346) -> Iterator[Call]:
    """Calls of a county's year, in order of time: a tenth of the persons makes half of the calls, 30 towns, 25 kinds, four links each."""
    chance = random.Random(seed)
    persons, houses = max(10, number // 3), max(10, number // 5)
    vectors = [chance.randbytes(256) for _ in range(4096)]
    step = days * DAY / number
    for i in range(number):
        person = chance.randrange(persons // 10) if chance.random() < 0.5 else chance.randrange(persons)
        house = chance.randrange(houses // 10) if chance.random() < 0.3 else chance.randrange(houses)
        links = [(REPORTER, _key(1, person)), (HOUSEHOLD, _key(2, house)), (BUILDING, _key(3, house // 40)), (ESTATE, _key(4, house // 800))]
        if chance.random() < 0.3:
            links.append((PARTY, _key(1, chance.randrange(persons))))
        area, kind = f"town{house % 30:02}", f"kind{min(chance.randrange(KINDS), chance.randrange(KINDS)):02}"
        yield Call(f"m{i:08}", _START + int(i * step), Keys(tuple(links), area), kind, "yellow", (), "", vectors[chance.randrange(4096)])


def _key(kind: int, number: int) -> bytes:
    """Spread like a hash, so that the index is as hard to use as with real keys."""
    return random.Random(kind << 40 | number).randbytes(16)


def fill(memory: SqlMemory, number: int, told: Callable[[int], None] = lambda _: None) -> float:
    """Load made-up calls; seconds that it took."""
    start, chunk, done = time.perf_counter(), [], 0
    for call in made_up_calls(number):
        chunk.append(call)
        if len(chunk) == CHUNK:
            done += memory.record_many(chunk)
            chunk = []
            told(done)
    memory.record_many(chunk)
    return time.perf_counter() - start


def measure(memory: SqlMemory, number: int, settings: Settings, times: int = 100) -> list[Figure]:
    """Ask what a call at the end of the year asks, each question with other keys."""
    asked = [call for i, call in enumerate(made_up_calls(number)) if i >= number - 4 * times][::4]
    until = max(call.at for call in asked)
    since = until - settings.person_days * DAY
    with memory._reading() as connection:
        reading = memory._at(connection)

        def count(role: int) -> Callable[[Call], object]:
            return lambda call: reading.count([(role, key) for key in call.keys.of(role)], since, until, -1)

        questions: list[tuple[str, Callable[[Call], object]]] = [
            ("一人多次 · person, 30 days", count(REPORTER)),
            ("一地多起 · household, 30 days", count(HOUSEHOLD)),
            ("一地多起 · building, 30 days", count(BUILDING)),
            ("一地多起 · estate, 30 days", count(ESTATE)),
            ("一类多发 · all kinds of an area against 8 weeks", lambda call: reading.kinds(call.keys.area, until)),
            ("一类多发 · all kinds everywhere", lambda _: reading.kinds("*", until)),
            ("similar cases · 500 candidates", lambda call: reading.like(call.kind, call.keys.area, until, int(settings.similar["candidates"]))),
            ("recall · all of it for one call", lambda call: memory.recall_on(connection, call)),
        ]
        return [_timed(name, question, asked) for name, question in questions]


def _timed(name: str, question: Callable[[Call], object], asked: list[Call]) -> Figure:
    question(asked[0])
    spent = []
    for call in asked:
        start = time.perf_counter()
        question(call)
        spent.append((time.perf_counter() - start) * 1e3)
    spent.sort()
    return Figure(name, spent[len(spent) // 2], spent[min(len(spent) - 1, len(spent) * 99 // 100)])
