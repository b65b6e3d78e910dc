"""What leaves carries no person, and still joins."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from label_tables import run

from pipeline.errors import InputError
from service.cli import app
from service.label.deid import Deid, deid, read_key

KEY = b"a key of this test, 32 bytes long"
SECRETS = ["王建国", "13800138000", "320106198001011236", "李秀英", "幸福路18号", "3单元502", "0099887"]
ROWS = [
    ["警情编号", "报警人", "联系电话", "报警内容", "处警情况", "事发地址", "备注", "人数", "身份证号"],
    [
        "0099887",
        "王建国",
        "13800138000",
        "报警人王建国电话13800138000称老公又打她",
        "李秀英持刀追王建国, 已控制",
        "江宁区东山街道幸福路18号3单元502室",
        "身份证320106198001011236",
        "2",
        "320106198001011236",
    ],
    ["0099888", "王建国", "138 0013 8000", "王建国再次报警, 邻居漏水", "", "江宁区东山街道幸福路18号3单元502室", "", "1", ""],
]


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(ROWS)
    return path


@pytest.mark.parametrize("mode", ["mask", "replace", "hash", "remove"])
def test_no_person_is_left_anywhere(source, tmp_path, mode):
    result = run(source, deid=Deid(mode, KEY))
    assert result.done.accounted
    told = "".join(path.read_text("utf-8") for path in tmp_path.glob("out*"))
    for secret in SECRETS:
        assert secret not in told.replace(" ", "")
    assert KEY.decode() not in told


def test_labels_are_those_of_the_original(source, tmp_path):
    plain, treated = run(source, tmp_path / "a.jsonl"), run(source, tmp_path / "b.jsonl", deid=Deid("mask", KEY))
    for before, after in zip(plain.rows, treated.rows, strict=True):
        assert {key: value for key, value in before.items() if key.startswith("fq_") and key != "fq_evidence"}.items() <= after.items()
        story = after["报警内容"] + after["处警情况"]
        assert after["fq_evidence"] is None or all(quote in story for quote in after["fq_evidence"].split(";"))


def test_the_same_person_and_place_keep_their_keys(source, tmp_path):
    first, second = run(source, tmp_path / "a.jsonl", deid=Deid("mask", KEY)).rows
    assert first["报警人"] == second["报警人"]
    assert first["联系电话"] == second["联系电话"]  # spaces are no difference
    assert first["身份证号"] not in ("", first["报警人"])
    assert first["警情编号"] != second["警情编号"]
    assert first["fq_person_key"] == second["fq_person_key"] is not None
    assert first["fq_place_key"] == second["fq_place_key"] is not None
    assert (first["人数"], second["处警情况"]) == ("2", "")
    other = run(source, tmp_path / "b.jsonl", deid=Deid("mask", b"another key of 32 bytes or so ..")).rows[0]
    assert other["fq_person_key"] != first["fq_person_key"]


def test_the_same_key_gives_the_same_bytes(source, tmp_path):
    first, second = (run(source, tmp_path / name / "out.parquet", deid=Deid("replace", KEY)).output for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "key"
    key = read_key(path)
    assert len(key) == 64
    assert path.stat().st_mode & 0o077 == 0
    assert read_key(path) == key
    assert repr(Deid("mask", key)).find(key.decode()) < 0


@pytest.mark.parametrize(
    ("mode", "name", "code"), [("mask", None, "FQ3020"), ("melt", "key", "FQ7002"), ("mask", "short", "FQ7001"), ("mask", "no/such", "FQ3020")]
)
def test_what_is_missing_is_told(tmp_path, mode, name, code):
    (tmp_path / "short").write_text("short")
    with pytest.raises(InputError) as caught:
        deid(mode, tmp_path / name if name else None)
    assert caught.value.code == code


def test_the_command(source, tmp_path):
    key = tmp_path / "key"
    done = CliRunner().invoke(app, ["label", str(source), "-o", str(tmp_path / "out.csv"), "--deid", "--deid-key", str(key), "-q"])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "out.csv.manifest.json").read_text())["options"]["deid"]["mode"] == "mask"
    refused = CliRunner().invoke(app, ["label", str(source), "-o", str(tmp_path / "x.csv"), "--deid", "--deid-key", str(key), "--full"])
    assert isinstance(refused.exception, InputError)


def test_a_second_reader_of_names_may_be_asked_for(source, tmp_path, monkeypatch):
    from pipeline.privacy import Deidentifier, second

    with pytest.raises(InputError, match="FQ7007"):
        deid("mask", tmp_path / "key", "other")
    monkeypatch.setattr(second, "find_spec", lambda name: None)
    second.lac_reader.cache_clear()
    Deidentifier.reading.cache_clear()
    told = ["label", str(source), "-o", str(tmp_path / "out.csv"), "--deid", "--deid-key", str(tmp_path / "key"), "-q", "--deid-reader"]
    assert "FQ7006" in str(CliRunner().invoke(app, [*told, "lac"]).exception)
    assert not (tmp_path / "out.csv").exists()
    assert CliRunner().invoke(app, [*told, "rules"]).exit_code == 0
    assert json.loads((tmp_path / "out.csv.manifest.json").read_text())["options"]["deid"]["reader"] == "rules"
