"""A file of earlier calls as a memory: what `triage --history FILE` and the daily sheet look things up in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import MsgspecError
from msgspec.structs import replace

from pipeline.batch import Labeller
from pipeline.columns import guess
from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.repeats.compose import Remembering
from pipeline.repeats.keys import Keyer
from pipeline.repeats.ledger import Ledger
from pipeline.repeats.settings import Settings, settings_of
from pipeline.values import Assessment, Incident, assessment_from_json


@dataclass(frozen=True, slots=True)
class Past:
    """One row of a history: the incident; what was done where the row tells it with a code or name of the settings; what `label --full` made of it."""

    incident: Incident
    result: str
    answer: Assessment | None = None


def read_history(path: Path, settings: Settings) -> Iterator[Past]:
    """The rows of a table (CSV, Excel, JSONL, Parquet; headers guessed as `label` does). Raises InputError where it cannot be read.

    Rows without an id get one of file and line; rows without a time come too, though a memory cannot place them.
    """
    from service.label.rows import Row
    from service.label.sources import open_sources

    names = {name: code for code, name in settings.results.items()} | {code: code for code in settings.results}
    for reader in open_sources(path).readers:
        columns = guess([name for name in reader.columns if not name.startswith("fq_")])
        for item in reader:
            if isinstance(item, Row):
                cells: Mapping[str, Any] = dict(zip(reader.columns, item.cells, strict=False))
                incident = Labeller.incident_of(columns, cells)
                result = next((names[cell] for cell in cells.values() if isinstance(cell, str) and cell in names), "")
                named = incident if incident.incident_id else replace(incident, incident_id=f"{reader.source}:{item.number}")
                yield Past(named, result, _answer(cells.get("fq_assessment")))


def _answer(cell: Any) -> Assessment | None:
    try:
        return assessment_from_json(cell) if isinstance(cell, str) and cell else None
    except MsgspecError:  # of another version: assessed again
        return None


def empty(engine: Engine) -> Remembering:
    """The engine with a memory that is empty and gone with the process; its secret is made for it alone."""
    return Remembering(engine, Ledger(settings_of(engine.pack)), Keyer(secrets.token_bytes(32)))


def remembering(engine: Engine, path: Path) -> Remembering:
    """The engine with a memory of this file. Raises InputError where no row has a time."""
    made = empty(engine)
    past = list(read_history(path, made.settings))
    calls = [call for row in past if (call := made.call_of(row.incident, engine.assess(row.incident))) is not None]
    if past and not calls:
        raise InputError("FQ2503", "历史记录里没有一条有时间", "no row of the history has a time", seen=path.name, remedy="须有报警时间一列")
    made.memory.record_many(calls)
    for row in past:
        if row.result:
            made.memory.close(row.incident.incident_id, row.result)
    return made
