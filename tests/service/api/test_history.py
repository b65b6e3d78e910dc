"""`fengqiao repeats load`: a history goes into the service's memory, once, without a name; the next call is known by it."""

from __future__ import annotations

import csv
import json

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from pipeline.engine import Engine
from pipeline.values import Incident, to_json
from service.cli import app
from service.settings import Settings
from service.store.store import Store
from service.store.tables import audit, repeats

RUNNER = CliRunner()
ROWS = [
    ("A1", "2026-11-05 22:10", "13900000001", "桃园小区3栋2单元501室", "楼上半夜拖椅子吵得睡不着", "调解未达成协议"),
    ("A2", "2026-11-12 23:00", "13900000001", "桃园小区三幢2单元501", "楼上又拖椅子敲地板", ""),
    ("A3", "2026-11-13 09:00", "13900000099", "柳岸小区1栋", "电动车在楼下被偷了", ""),
    ("A4", "", "13900000001", "桃园小区3栋", "没有时间的一条", ""),
]
HEAD = ["警情编号", "报警时间", "报警人电话", "事发地址", "报警内容", "处理结果"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "history.csv"
    with path.open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows([HEAD, *ROWS])
    return path


def loaded(path, database, *more):
    done = RUNNER.invoke(app, ["repeats", "load", str(path), "--database", database, *more])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_history_is_known_to_the_next_call(run, table, database):
    assert "读 4 行, 新记 3 起来电, 1 行没有时间" in loaded(table, database)
    assert "新记 0 起来电" in loaded(table, database)  # a second time adds nothing
    service = run()
    headers = service.key()
    sent = {"incident_id": "N1", "occurred_at": "2026-11-18T22:30:00", "place": "桃园小区3号楼2单元501室", "caller": "139 0000 0001"}
    repeat = service.assess("楼上半夜拖椅子, 吵得睡不着, 讲过不听。", headers, **sent).json()["repeat"]
    assert (repeat["by_person"], repeat["failed_mediations"]) == (2, 1)
    assert set(repeat["prior_ids"]) == {"A1", "A2"}
    assert service.store.verify().ok
    told = [json.loads(row["detail"]) for row in service.store.rows(select(audit.c.detail).where(audit.c.action == "history"))]
    assert told == [{"calls": 3, "new": 3}, {"calls": 3, "new": 0}]


def test_the_store_holds_no_name_or_number_of_it(table, tmp_path):
    database = f"sqlite:///{tmp_path}/fq.db"
    loaded(table, database)
    held = b"".join(path.read_bytes() for path in tmp_path.glob("fq.db*"))
    for _, _, number, address, narrative, _ in ROWS:
        assert not [word for word in (number, address, narrative) if word.encode() in held]


def test_what_is_labelled_already_is_not_assessed_again(table, tmp_path, monkeypatch):
    database, labelled = f"sqlite:///{tmp_path}/fq.db", tmp_path / "labelled.csv"
    engine = Engine.default()
    with labelled.open("w", encoding="utf-8", newline="") as stream:
        answers = [to_json(engine.assess(Incident(narrative=row[4]))).decode() for row in ROWS]
        csv.writer(stream).writerows([[*HEAD, "fq_assessment"], *([*row, answer] for row, answer in zip(ROWS, answers, strict=True))])
    monkeypatch.setattr(Engine, "assess", lambda *_, **__: pytest.fail("assessed again"))
    assert "新记 3 起来电" in loaded(labelled, database)


def test_many_processes_load_what_one_loads(table, tmp_path, monkeypatch):
    from service.repeats import load

    def kept(name, workers):
        store = Store(Settings(database=f"sqlite:///{tmp_path}/{name}.db", hash_key="k" * 32))
        try:
            load.load(store, table, workers=workers)
            columns = [column for column in repeats.calls.c if column.name != "number"]
            assert store.rows(select(func.count()).select_from(repeats.links))[0]["count_1"] > 3
            return [tuple(row.values()) for row in store.rows(select(*columns).order_by(repeats.calls.c.incident_id))]
        finally:
            store.close()

    monkeypatch.setattr(load, "PART", 1)
    assert kept("one", 1) == kept("two", 2)


def test_a_history_without_times_loads_nothing_and_says_so(tmp_path):
    path = tmp_path / "h.csv"
    path.write_text("警情编号,报警内容\nA1,楼上漏水\n", "utf-8")
    assert "新记 0 起来电, 1 行没有时间" in loaded(path, f"sqlite:///{tmp_path}/fq.db")
