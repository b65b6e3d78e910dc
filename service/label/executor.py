"""What runs on Spark's executors: plain functions over Arrow batches, without pyspark. The engine is loaded once a worker process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.engine import Engine

INCIDENT = "part int, place int, narrative string, incident_id string, occurred_at timestamp_ntz, location string, channel string, caller string"
LABELLED = "part int, place int, error string, labels string"
_Work = Callable[[Iterator[Any]], Iterator[Any]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which engine: local rule folders, grading profile, playbook, tier of learned classification and its folder (shipped where None)."""

    rules: tuple[str, ...] = ()
    profile: str | None = None
    playbook: str | None = None
    tier: str = "cascade"
    models: str | None = None


@cache
def engine_of(choice: Choice) -> Engine:
    """The engine of this process, loaded once."""
    from service.runtime import load_engine

    folder = Path(choice.models) if choice.models else None
    return load_engine([Path(rule) for rule in choice.rules], profile=choice.profile, playbook=choice.playbook, tier=choice.tier, models=folder)


def label_incidents(choice: Choice, *, full: bool) -> _Work:
    """Batches of INCIDENT → batches of LABELLED; labels travel as JSON, so that they come back exactly as a local run has them."""

    def work(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        from pipeline.batch import Labeller
        from pipeline.columns import Columns
        from pipeline.values import Incident

        labeller = Labeller(engine_of(choice), Columns(()), full)
        for batch in batches:
            part, place, narrative, number, moment, location, channel, caller = (column.to_pylist() for column in batch.columns)
            errors: list[str | None] = []
            labels: list[str | None] = []
            for text, name, when, where, way, who in zip(narrative, number, moment, location, channel, caller, strict=True):
                try:
                    values = labeller.label(Incident(narrative=text, incident_id=name, occurred_at=when, place=where, channel=way, caller=who))
                except Exception as error:  # costs its row alone; the kind of error alone is told
                    errors.append(type(error).__name__)
                    labels.append(None)
                else:
                    errors.append(None)
                    labels.append(json.dumps(values, ensure_ascii=False))
            types = {"part": pa.int32(), "place": pa.int32(), "error": pa.string(), "labels": pa.string()}
            columns = (part, place, errors, labels)
            yield pa.RecordBatch.from_arrays([pa.array(values, kind) for values, kind in zip(columns, types.values(), strict=True)], names=list(types))

    return work


def label_tables(choice: Choice, *, texts: Sequence[str], id_column: str | None, full: bool) -> _Work:
    """Batches of any table → the same with labels; a row that the engine fails on stays, marked for review."""

    def work(batches: Iterator[Any]) -> Iterator[Any]:
        from pipeline.batch import label_table

        for batch in batches:
            yield label_table(batch, engine=engine_of(choice), texts=texts, id_column=id_column, full=full, keep_failed=True)

    return work
