"""Retention: texts and quotes go when their time is over, labels, hashes and the audit chain stay. Purged answers keep their labels and offsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import and_, delete, or_, select, text, update

from pipeline.values import assessment_from_json, to_json
from service.audit import Entry
from service.intake import without_quotes
from service.store.database import now_ms
from service.store.store import Store
from service.store.tables import assessments, case_steps, case_visits, decisions, idempotency, incidents
from service.store.writer import Tx

DAY = 86_400_000
_REPLAY_MS = DAY  # how long an Idempotency-Key is remembered
_SLICE = 200


@dataclass(frozen=True, slots=True)
class Purged:
    """How many assessments lost their text, how many reasons and remembered answers went, and how many of the incidents were still open."""

    assessments: int
    reasons: int
    replays: int
    still_open: int


def purge(store: Store, *, before: int | None = None, incident: str | None = None, actor: str = "retention") -> Purged:
    """Empty the texts of incidents last touched before `before` (ms), or of one incident. In slices, so that others can write between them."""
    wanted = []
    if before is not None:
        wanted.append(incidents.c.updated_at < before)
    if incident is not None:
        wanted.append(or_(incidents.c.key == incident, incidents.c.incident_id == incident))
    count = reasons = 0
    touched: set[str] = set()
    if wanted:
        keys = select(incidents.c.key).where(and_(*wanted))
        while True:
            done, some = store.write_now(lambda tx: _slice(tx, keys))
            count += done
            touched |= some
            if done < _SLICE:
                break
        emptied = update(decisions).where(decisions.c.incident.in_(keys), decisions.c.reason.is_not(None)).values(reason=None)
        reasons = store.write_now(lambda tx: tx.execute(emptied).rowcount)
    if wanted:
        for table in (case_steps, case_visits):
            notes = update(table).where(table.c.incident.in_(keys), table.c.note.is_not(None)).values(note=None)
            store.write_now(lambda tx, notes=notes: tx.execute(notes).rowcount)  # type: ignore[misc]
        spots = update(incidents).where(and_(*wanted), incidents.c.longitude.is_not(None)).values(longitude=None, latitude=None)
        store.write_now(lambda tx: tx.execute(spots).rowcount)
    old = delete(idempotency).where(idempotency.c.at < now_ms() - _REPLAY_MS if incident is None else idempotency.c.at >= 0)
    replays = store.write_now(lambda tx: tx.execute(old).rowcount)
    opened = store.read(lambda c: sum(1 for part in _parts(sorted(touched)) for _ in c.execute(_open(part))))
    result = Purged(count, reasons, replays, opened)
    if count or reasons:
        detail = {"before": before, "assessments": count, "reasons": reasons, "still_open": opened}
        store.write_now(lambda tx: tx.audit(Entry(now_ms(), actor, "", "purge", incident or "", detail)))
        _overwrite(store)
    return result


def _slice(tx: Tx, keys: Any) -> tuple[int, set[str]]:
    columns = (assessments.c.id, assessments.c.incident, assessments.c.answer)
    rows = tx.rows(select(*columns).where(assessments.c.incident.in_(keys), or_(assessments.c.payload.is_not(None), assessments.c.whole)).limit(_SLICE))
    for row in rows:
        tx.execute(update(assessments).where(assessments.c.id == row["id"]).values(payload=None, whole=False, answer=_bare(row["answer"])))
    return len(rows), {row["incident"] for row in rows}


def _bare(answer: str) -> str:
    """The answer without quotes; of one whose schema we no longer read only the fact that it was."""
    try:
        return to_json(without_quotes(assessment_from_json(answer))).decode()
    except msgspec.MsgspecError:
        return '{"purged":true}'


def _open(keys: list[str]) -> Any:
    return select(incidents.c.key).where(incidents.c.key.in_(keys), incidents.c.status == "open")


def _parts(keys: list[str]) -> list[list[str]]:
    return [keys[start : start + 500] for start in range(0, len(keys), 500)]


def _overwrite(store: Store) -> None:
    """SQLite overwrites what was deleted (secure_delete); the write-ahead log is emptied as well."""
    if store.engine.dialect.name == "sqlite":
        with store.engine.execution_options(plain=True).connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
