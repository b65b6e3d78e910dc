"""`fengqiao deid`, tables and the vault: nothing is left behind, looking back leaves a trace, and without the key there is no way back."""

import json
import sqlite3

import pytest
from typer.testing import CliRunner

from pipeline.errors import InputError
from pipeline.privacy import Deidentifier
from service.cli import app
from service.vault import Vault, VaultError, destroy_key, make_key

TEXT = "报警人王建国（电话13800138000）称与李秀英争吵"
SECRETS = ("王建国", "李秀英", "13800138000")
run = CliRunner()


@pytest.fixture
def places(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "keys").mkdir()
    make_key(tmp_path / "keys" / "key")
    return tmp_path / "data" / "vault.db", tmp_path / "keys" / "key"


def kept(places, record="r1", text=TEXT):
    with Vault.open(*places, create=True) as vault:
        job = vault.job("j", who="甲")
        treated = Deidentifier.default().treat(text, "replace", job)
        vault.keep(job, record, treated)
    return treated.text


def test_what_was_kept_comes_back_with_a_reason_and_is_on_record(places):
    treated = kept(places)
    with Vault.open(*places) as vault:
        assert vault.restore("j", "r1", treated, who="乙", reason="核对伤情") == TEXT
        last = list(vault.log())[-1]
        assert (last.who, last.action, last.record, last.reason, last.outcome) == ("乙", "restore", "r1", "核对伤情", "done")
        assert vault.verify()


def test_the_file_and_its_log_hold_nothing_that_can_be_read(places):
    kept(places)
    raw = places[0].read_bytes()
    assert not any(secret.encode(code) in raw for secret in SECRETS for code in ("utf-8", "utf-16-le", "gb18030"))


def test_looking_back_needs_a_reason_and_the_very_text(places):
    treated = kept(places)
    with Vault.open(*places) as vault:
        with pytest.raises(InputError, match="FQ7104"):
            vault.restore("j", "r1", treated, who="乙", reason=" ")
        with pytest.raises(VaultError, match="FQ7105"):
            vault.restore("j", "r1", treated + "改", who="乙", reason="看看")
        assert list(vault.log())[-1].outcome == "FQ7105"


def test_a_destroyed_key_makes_everything_irreversible(places):
    treated = kept(places)
    destroy_key(places[1])
    with pytest.raises(VaultError, match="FQ7112"), Vault.open(*places):
        pass
    make_key(places[1])
    with Vault.open(*places) as vault, pytest.raises(VaultError, match="FQ7109"):
        vault.restore("j", "r1", treated, who="乙", reason="复核")


def test_forgetting_a_job_takes_its_key_out_of_the_file(places):
    treated = kept(places)
    with Vault.open(*places) as vault:
        wrapped = sqlite3.connect(places[0]).execute("SELECT wrapped FROM jobs").fetchone()[0]
        assert vault.forget("j", who="甲", reason="期满") == 1
        with pytest.raises(VaultError, match=r"FQ710[68]"):
            vault.restore("j", "r1", treated, who="乙", reason="复核")
    assert wrapped not in places[0].read_bytes()


def test_records_are_purged_by_id_and_by_age(places):
    kept(places, "r1")
    kept(places, "r2")
    with Vault.open(*places) as vault:
        assert vault.forget("j", record="r1", who="甲") == 1
        assert vault.purge(days=30, who="甲") == 0
        assert vault.purge(days=30, who="甲", now_ms=2**45) == 1


def test_a_changed_log_is_noticed(places):
    kept(places)
    with Vault.open(*places) as vault:
        assert vault.verify()
    database = sqlite3.connect(places[0])
    database.execute("UPDATE log SET who='别人'")
    database.commit()
    with Vault.open(*places) as vault:
        assert not vault.verify()


def test_the_key_lies_apart_and_is_its_owners_alone(places, tmp_path):
    beside = places[0].parent / "key"
    make_key(beside)
    with pytest.raises(VaultError, match="FQ7103"), Vault.open(places[0], beside, create=True):
        pass
    places[1].chmod(0o644)
    with pytest.raises(VaultError, match="FQ7111"), Vault.open(*places, create=True):
        pass


def test_an_entry_moved_to_another_record_does_not_open(places):
    treated = kept(places)
    database = sqlite3.connect(places[0])
    database.execute("UPDATE entries SET record='other'")
    database.commit()
    with Vault.open(*places) as vault, pytest.raises(VaultError, match="FQ7107"):
        vault.restore("j", "other", treated, who="乙", reason="复核")


def test_the_command_treats_a_text_and_explains_on_the_other_stream():
    done = run.invoke(app, ["deid", "text", TEXT, "--explain"])
    assert done.exit_code == 0
    assert done.stdout == "报警人王某某（电话138********）称与李某某争吵\n"
    assert "mobile/plain" in done.stderr


def test_json_tells_where_and_why_but_not_what():
    told = json.loads(run.invoke(app, ["deid", "text", TEXT, "--json"]).stdout)
    assert [finding["kind"] for finding in told["findings"]] == ["name", "mobile", "name"]
    assert not any(secret in json.dumps(told, ensure_ascii=False) for secret in SECRETS)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_a_table_is_treated_cell_by_cell(tmp_path, ending):
    source, target = tmp_path / "in.csv", tmp_path / f"out.{ending}"
    source.write_text(f"警情编号,报警人,联系电话,简要案情\n7,诸东流,13800138000,{TEXT}\n8,,,无\n", "utf-8")
    done = run.invoke(app, ["deid", "file", str(source), "-o", str(target), "--mode", "replace"])
    assert done.exit_code == 0, done.stderr
    raw = target.read_bytes()
    if ending == "parquet":
        import pyarrow.parquet as pq

        raw = str(pq.read_table(target).to_pydict()).encode()
    elif ending == "xlsx":
        import zipfile

        raw = b"".join(zipfile.ZipFile(target).read(name) for name in zipfile.ZipFile(target).namelist())
    assert not any(secret.encode() in raw for secret in (*SECRETS, "诸东流"))
    assert "争吵".encode() in raw
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({"in.csv", target.name})


def test_a_table_of_a_vault_comes_back_cell_by_cell(tmp_path, places):
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text(f"编号,简要案情\n1,{TEXT}\n", "utf-8")
    options = ["--vault", str(places[0]), "--vault-key", str(places[1])]
    with Vault.open(*places, create=True):
        pass
    assert run.invoke(app, ["deid", "file", str(source), "-o", str(target), "--mode", "replace", *options]).exit_code == 0
    text = json.loads(target.read_text("utf-8"))["简要案情"]
    done = run.invoke(app, ["deid", "restore", text, "--record", "in.csv#1.1", "--reason", "复核", *options])
    assert done.stdout == TEXT + "\n"


def test_a_table_for_a_folder_that_is_not_there_is_told_in_one_line(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("报警人,案情\n王建国,邻居漏水\n", "utf-8")
    done = run.invoke(app, ["deid", "file", str(source), "-o", str(tmp_path / "none" / "out.csv")])
    assert isinstance(done.exception, InputError)
    assert "FQ7205" in str(done.exception)
    assert str(tmp_path) not in str(done.exception)
    assert not (tmp_path / "none").exists()
