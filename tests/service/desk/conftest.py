"""A desk over a fresh store, for pages in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.api.app import create_app
from service.assessor import Assessor
from service.settings import Settings


@pytest.fixture(scope="session")
def assessor() -> Assessor:
    return Assessor()


@pytest.fixture
def opened(tmp_path: Path, assessor: Assessor) -> Iterator[TestClient]:
    """A demo without incidents."""
    settings = Settings(database=f"sqlite:///{tmp_path}/a.db", jobs_folder=tmp_path / "jobs", demo=True, tier="rules")
    with TestClient(create_app(settings, assessor=assessor), base_url="http://127.0.0.1:8110") as client:
        yield client
