"""One set of labelled records for all tests of the report."""

from __future__ import annotations

import pytest

from pipeline.rulepack.store import load_pack
from service.report.history import load_history
from tests.report import labelled

KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def records():
    return labelled.rows(900)


@pytest.fixture(scope="module")
def path(records, tmp_path_factory):
    return labelled.write(tmp_path_factory.mktemp("labelled") / "records.csv", records)


@pytest.fixture(scope="module")
def pack():
    return load_pack(())


@pytest.fixture(scope="module")
def history(path, pack):
    return load_history([path], pack, key=KEY)
