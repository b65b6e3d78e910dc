"""Planted persons through the whole system: they are found nowhere they must not be, neither in answers to the wrong, nor in logs, metrics, audit, or files."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import app
from service.retention import purge
from tests.privacy.planting import planted

SENSITIVE = {"id_card", "mobile", "bank_card", "email", "wechat", "qq", "passport", "permit"}
cli = CliRunner()


def victims(count: int) -> tuple[list[str], list[str]]:
    """Planted narratives, and the values that must not come out: numbers as written, names of three characters and more."""
    texts, secrets = [], set()
    for item in planted(count, seed=31):
        if "\n" in item.text:
            continue
        texts.append(item.text)
        spans = {(kind, item.text[start:end]) for kind, start, end, form in item.spans if kind in SENSITIVE or (kind == "name" and form == "sentence")}
        secrets |= {value for kind, value in spans if len(value) > (2 if kind == "name" else 6)}
    return texts, sorted(secrets)


def leaks(told: str | bytes, secrets: list[str]) -> list[int]:
    """Which secrets (by number, not by name) stand in something told, in any of the usual encodings."""
    raw = told if isinstance(told, bytes) else told.encode("utf-8", "replace")
    forms = ("utf-8", "utf-16-le", "gb18030", "unicode_escape")
    return [number for number, secret in enumerate(secrets) if any(secret.encode(form) in raw for form in forms)]


def files_under(*folders: Path) -> bytes:
    return b"\n".join(path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture
def private_tmp(tmp_path, monkeypatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_the_search_itself_finds_what_is_there():
    texts, secrets = victims(5)
    assert leaks("\n".join(texts), secrets) == list(range(len(secrets)))
    assert len(secrets) > 10


def test_logs_metrics_audit_and_refusals_hold_no_person(service, headers, capfd, private_tmp):
    texts, secrets = victims(4)
    told = []
    for number, text in enumerate(texts):
        answered = service.assess(text, headers, incident_id=f"L{number}", caller=secrets[0])
        assert answered.status_code in (200, 201)
        told.append(str(answered.headers))
        refusals = [
            service.client.post("/v1/assessments", content=text.encode("gb18030"), headers=headers),
            service.client.post("/v1/assessments", json={"narrative": [text]}, headers=headers),
            service.client.post("/v1/assessments", json={"narrative": "甲", "profile": text[:60]}, headers=headers),
            service.client.post("/v1/deidentify", json={"texts": [text], "mode": text[:40]}, headers=headers),
            service.client.post("/v1/assessments", json={"narrative": text}, headers={"authorization": "Bearer wrong"}),
            service.client.get("/v1/assessments/none", headers=headers),
        ]
        assert all(reply.status_code >= 400 for reply in refusals)
        told += [reply.text for reply in refusals]
    service.client.post("/v1/deidentify", json={"texts": texts, "mode": "replace"}, headers=headers)
    told += [service.client.get(path, headers=headers).text for path in ("/metrics", "/healthz", "/readyz", "/v1/audit/export", "/v1/meta")]
    logged = capfd.readouterr()
    for piece in (*told, logged.out, logged.err):
        assert leaks(piece, secrets) == []
    assert leaks(files_under(private_tmp), secrets) == []


def test_deidentified_answers_over_http_hold_no_person(service, headers):
    texts, secrets = victims(12)
    for mode in ("mask", "replace", "hash", "remove"):
        answered = service.client.post("/v1/deidentify", json={"texts": texts, "mode": mode, "strict": "on"}, headers=headers)
        assert answered.status_code == 200
        left = leaks("\n".join(item["text"] for item in answered.json()["texts"]), secrets)
        assert len(left) <= len(secrets) // 50  # the finder's own recall, measured in tests/privacy


def test_purging_takes_a_person_out_of_the_files(service, headers, tmp_path):
    if not service.settings.database.startswith("sqlite"):
        pytest.skip("the server's files are its own; its tables are read in test_store")
    texts, secrets = victims(4)
    for number, text in enumerate(texts):
        service.assess(text, headers, incident_id=f"P{number}")
    assert leaks(files_under(tmp_path), secrets) != []  # the store keeps narratives: that is its purpose
    for number in range(len(texts)):
        purge(service.store, incident=f"P{number}")
    assert leaks(files_under(tmp_path), secrets) == []


def test_tables_labelled_and_reported_hold_no_person(tmp_path, private_tmp):
    texts, secrets = victims(12)
    source, labelled, key = tmp_path / "in" / "calls.csv", tmp_path / "out" / "calls.csv", tmp_path / "key"
    source.parent.mkdir()
    labelled.parent.mkdir()
    with source.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["警情编号", "报警人", "报警内容"])
        rows.writerows([f"N{number}", secrets[number % 7], text] for number, text in enumerate(texts))
    done = cli.invoke(app, ["label", str(source), "-o", str(labelled), "--deid", "--deid-key", str(key), "--workers", "1", "-q"])
    assert done.exit_code == 0, done.stderr
    assert leaks(done.stdout + done.stderr, secrets) == []
    allowed = len(secrets) // 50  # the finder's own recall
    assert len(leaks(files_under(labelled.parent), secrets)) <= allowed
    assert leaks(files_under(private_tmp), secrets) == []
    report = labelled.parent / "report.html"
    made = cli.invoke(app, ["report", str(labelled), "-o", str(report)])
    assert made.exit_code == 0, made.stderr
    assert len(leaks(report.read_bytes(), secrets)) <= allowed
    assert leaks(made.stdout + made.stderr, secrets) == []


@pytest.mark.parametrize("command", [["triage", "--profile", "none"], ["deid", "text", "--mode", "none"], ["label", "-o"], ["report", "-o"]])
def test_commands_that_fail_do_not_repeat_what_they_were_given(command):
    texts, secrets = victims(2)
    done = cli.invoke(app, [command[0], *([command[1]] if command[0] == "deid" else []), texts[0], *command[1 if command[0] != "deid" else 2 :]])
    assert done.exit_code != 0
    assert leaks(done.stdout + done.stderr + str(done.exception), secrets) == []


@pytest.mark.parametrize("form", ["order", "governance_csv", "wecom"])
@pytest.mark.parametrize(
    "text",
    ["女儿王晓燕14岁, 在枫林小学读书, 被同学李大勇打了", "我要实名举报王晓燕和李大勇开赌场, 请保密", "王晓燕下班路上被李大勇猥亵, 住枫林小区3号楼2单元501室"],
)
def test_an_export_about_the_specially_protected_names_nobody(service, headers, form, text):
    assert service.assess(text, headers, incident_id="E1", place="枫林小区3号楼2单元501室", caller="13800138000").status_code in (200, 201)
    told = service.client.get("/v1/assessments/E1/export", params={"form": form}, headers=headers)
    assert told.status_code == 200
    assert leaks(told.content, ["王晓燕", "李大勇", "枫林小学", "501室", "13800138000"]) == []


def test_an_export_about_others_keeps_what_the_other_system_needs(service, headers):
    service.assess("王晓燕称楼上漏水, 物业不管", headers, incident_id="E2")
    assert "王晓燕" in service.client.get("/v1/assessments/E2/export", params={"form": "order"}, headers=headers).text
