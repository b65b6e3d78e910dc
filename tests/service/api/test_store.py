"""The store: one writer, durable groups, a schema by migrations, retention, backup; and the audit chain under attack."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from pipeline.errors import InputError
from service.audit import Chain, Entry, Head
from service.retention import DAY, purge
from service.settings import Settings
from service.store.database import StoreError, now_ms
from service.store.store import Store
from service.store.tables import audit, incidents, meta, metadata
from tests.service.api.conftest import GREEN, RED


@pytest.fixture
def store(database):
    opened = Store(Settings(database=database))
    yield opened
    opened.close()


def note(number: int):
    return lambda tx: tx.audit(Entry(number, "甲", "dispatch", "note", str(number), {"n": number}))


def test_the_migrations_make_the_tables_that_the_code_speaks_of(store):
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_twice_changes_nothing(store, database):
    again = Store(Settings(database=database))
    assert again.hash_key == store.hash_key
    again.close()


def test_writes_of_many_threads_make_one_chain_in_few_commits(store):
    futures = []
    threads = [threading.Thread(target=lambda k=k: futures.extend(store.writer.submit(note(k * 50 + n)) for n in range(50))) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(future.result() for future in futures) == list(range(1, 401))
    assert store.verify().ok
    assert store.writer.groups < 400


def test_a_unit_that_fails_takes_nobody_with_it(store):
    gate = threading.Event()
    first = store.writer.submit(lambda tx: gate.wait(10))
    row = {"name": "audit_head", "value": "x"}
    futures = [store.writer.submit(note(1)), store.writer.submit(lambda tx: tx.add(meta, row)), store.writer.submit(note(2))]
    refused = store.writer.submit(_refuse)
    gate.set()
    first.result()
    assert [futures[0].result(), futures[2].result()] == [1, 2]
    with pytest.raises(IntegrityError):
        futures[1].result()
    with pytest.raises(InputError):
        refused.result()
    assert store.verify().ok


def _refuse(tx):
    raise InputError("FQ0000", "不行", "no")


def test_two_processes_on_one_database_keep_one_chain(store, database):
    other = Store(Settings(database=database))
    for number in range(20):
        (store, other)[number % 2].write_now(note(number))
    assert store.verify().checked == 20
    assert other.verify().ok
    other.close()


def test_closing_writes_what_was_submitted(database):
    store = Store(Settings(database=database))
    futures = [store.writer.submit(note(n)) for n in range(100)]
    store.close()
    assert [future.result() for future in futures] == list(range(1, 101))
    with pytest.raises(RuntimeError):
        store.writer.submit(note(0))


def test_the_database_itself_refuses_to_change_the_chain(store):
    store.write_now(note(1))
    for statement in ("UPDATE audit SET actor = '乙'", "DELETE FROM audit"):
        with pytest.raises(DatabaseError, match="append-only"), store.engine.begin() as connection:
            connection.execute(text(statement))
    assert store.verify().ok


def attack(store, *statements):
    """What an administrator of the database could do."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for name in ("UPDATE", "DELETE"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_no_{name}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(statement if not isinstance(statement, str) else text(statement))


@pytest.mark.parametrize(
    ("statement", "where", "kind"),
    [
        ("UPDATE audit SET actor = '乙' WHERE seq = 4", 4, "altered"),
        ("UPDATE audit SET detail = '{}' WHERE seq = 10", 10, "altered"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1, "altered"),
        ("DELETE FROM audit WHERE seq = 5", 6, "missing"),
        ("DELETE FROM audit WHERE seq > 7", 8, "cut"),
        ("DELETE FROM audit", 1, "cut"),
    ],
)
def test_tampering_is_found_and_located(store, statement, where, kind):
    for number in range(10):
        store.write_now(note(number))
    assert store.verify().ok
    attack(store, statement)
    found = store.verify()
    assert (found.breaks[0].seq, found.breaks[0].kind) == (where, kind)


def test_an_entry_rewritten_with_its_own_hash_breaks_the_link(store):
    for number in range(5):
        store.write_now(note(number))
    (row,) = store.rows(select(audit).where(audit.c.seq == 3))
    forged = {**row, "actor": "乙"}
    attack(store, audit.update().where(audit.c.seq == 3).values(actor="乙", hash=Chain().digest(row["prev"], forged)))
    assert [(item.seq, item.kind) for item in store.verify().breaks] == [(4, "unlinked")]


def test_a_chain_rewritten_whole_shows_by_its_key_or_by_a_head_written_down(database):
    store = Store(Settings(database=database, audit_key="k"))
    for number in range(5):
        store.write_now(note(number))
    written_down = store.head()
    head, rows = Head(0, "0" * 64), []
    for row in store.rows(select(audit).order_by(audit.c.seq)):
        head, made = Chain().link(head, Entry(row["at"], "乙", row["purpose"], row["action"], row["subject"], {}))
        rows.append(made)
    attack(store, "DELETE FROM audit", insert(audit).values(rows), meta.update().where(meta.c.name == "audit_head").values(value=str(head)))
    assert store.verify().breaks[0].kind == "altered"  # without the key nobody can make these hashes
    store.close()
    keyless = Store(Settings(database=database))
    assert keyless.verify().ok
    assert keyless.verify(written_down).breaks[0].seq == 5
    keyless.close()


def test_changed_answers_and_decisions_are_found(service, headers):
    service.assess(RED, headers, incident_id="T1")
    service.client.post("/v1/assessments/T1/decision", json={"colour": "red"}, headers=headers)
    service.assess(GREEN, headers, incident_id="T2")
    assert service.client.get("/v1/audit/verify", headers=headers).json()["ok"]
    attack(service.store, "UPDATE assessments SET answer = replace(answer, '\"red\"', '\"green\"') WHERE incident = 'T1'")
    attack(service.store, "UPDATE decisions SET to_colour = 'green' WHERE incident = 'T1'")
    attack(service.store, "DELETE FROM assessments WHERE incident = 'T2'")
    found = service.client.get("/v1/audit/verify", headers=headers).json()
    assert [(item["kind"], item["says"].split()[0]) for item in found["breaks"]] == [("record", "assessment"), ("record", "decision"), ("record", "assessment")]


def test_retention_takes_the_words_and_leaves_labels_and_proof(service, headers, tmp_path):
    service.assess("赵铁柱拿鱼叉追我", headers, incident_id="R1")
    service.client.post("/v1/assessments/R1/decision", json={"colour": "red", "reason": "赵铁柱已到场"}, headers=headers)
    service.assess("钱二嫂骂人", headers, incident_id="R2")
    attack(service.store, incidents.update().where(incidents.c.key == "R1").values(updated_at=now_ms() - 10 * DAY))
    done = purge(service.store, before=now_ms() - 5 * DAY)
    assert (done.assessments, done.reasons, done.still_open) == (1, 1, 0)
    record = service.client.get("/v1/assessments/R1/record", headers=headers).json()
    assert (record["narrative"], record["incident"]["colour"], record["decisions"][0]["reason"]) == (None, "red", None)
    answer = service.client.get("/v1/assessments/R1", headers=headers)
    assert answer.json()["risk"]["colour"] == "red"
    assert "鱼叉" not in answer.text
    assert service.client.get("/v1/assessments/R2/record", headers=headers).json()["narrative"] == "钱二嫂骂人"
    assert service.client.get("/v1/audit/verify", headers=headers).json()["ok"]
    assert purge(service.store, before=now_ms() - 5 * DAY).assessments == 0
    for path in tmp_path.glob("fq.db*"):
        assert "鱼叉".encode() not in path.read_bytes()


def test_a_backup_is_whole_while_writing_goes_on(tmp_path):
    from service.store.database import backup

    store = Store(Settings(database=f"sqlite:///{tmp_path}/a.db"))
    for number in range(50):
        store.write_now(note(number))
    futures = [store.writer.submit(note(number)) for number in range(200)]
    backup(store.engine, tmp_path / "b.db")
    assert futures[-1].result() == 250
    store.close()
    copy = Store(Settings(database=f"sqlite:///{tmp_path}/b.db"))
    verdict = copy.verify()
    assert verdict.ok
    assert 50 <= verdict.checked <= 250
    with pytest.raises(StoreError, match="FQ4504"):
        backup(copy.engine, tmp_path / "b.db")
    copy.close()


def test_sqlite_is_durable_as_asked(tmp_path):
    store = Store(Settings(database=f"sqlite:///{tmp_path}/a.db"))
    with store.engine.connect() as connection:
        told = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert told == ["wal", 2, 1]
    store.close()


def test_a_store_that_cannot_be_opened_says_so_in_one_line(tmp_path):
    (tmp_path / "x.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="FQ4506"):
        Store(Settings(database=f"sqlite:///{tmp_path}/x.db"))
    newer = tmp_path / "newer.db"
    Store(Settings(database=f"sqlite:///{newer}")).close()
    connection = sqlite3.connect(newer)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="FQ4502"):
        Store(Settings(database=f"sqlite:///{newer}"))


def test_the_migrations_ship_with_the_package():
    import service.store

    assert list((Path(service.store.__file__).parent / "migrations" / "versions").glob("0*.py"))
