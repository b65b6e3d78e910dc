"""Commands over a store: a database that is not there is said so, and nothing is made in its place."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipeline.errors import InputError
from service.cli import app

RUNNER = CliRunner()


@pytest.mark.parametrize(
    "told",
    [("audit", "verify"), ("audit", "head"), ("audit", "export"), ("store", "backup", "copy.db"), ("store", "purge", "--incident", "J1"), ("keys", "list")],
)
@pytest.mark.parametrize("empty", [False, True])
def test_a_database_that_is_not_there_is_no_clean_bill(tmp_path, monkeypatch, told, empty):
    monkeypatch.chdir(tmp_path)
    if empty:  # somebody's file, but no store
        (tmp_path / "none.db").touch()
    done = RUNNER.invoke(app, [*told, "--database", f"sqlite:///{tmp_path}/none.db"])
    assert isinstance(done.exception, InputError)
    assert done.exception.code == "FQ4508"
    assert "成立" not in done.output
    assert [path.name for path in tmp_path.iterdir()] == (["none.db"] if empty else [])
    assert not empty or (tmp_path / "none.db").stat().st_size == 0


def test_a_database_that_is_there_is_checked(tmp_path):
    url = f"sqlite:///{tmp_path}/new/a.db"
    assert RUNNER.invoke(app, ["store", "upgrade", "--database", url]).exit_code == 0
    done = RUNNER.invoke(app, ["audit", "verify", "--database", url])
    assert (done.exit_code, "✓ 成立" in done.stdout) == (0, True)
