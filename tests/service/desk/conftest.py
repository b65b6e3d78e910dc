"""A desk over a fresh store, for pages in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.api.app import create_app
from service.assessor import Assessor
from service.settings import Settings
from tests.service.desk.chromium import Desk, browser, complaints, serving


@pytest.fixture(scope="session")
def assessor() -> Assessor:
    return Assessor()


@pytest.fixture
def opened(tmp_path: Path, assessor: Assessor) -> Iterator[TestClient]:
    """A demo without incidents."""
    settings = Settings(database=f"sqlite:///{tmp_path}/a.db", jobs_folder=tmp_path / "jobs", demo=True, tier="rules")
    with TestClient(create_app(settings, assessor=assessor), base_url="http://127.0.0.1:8110") as client:
        yield client


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests."""
    import pytest_socket

    pytest_socket.enable_socket()  # a session's fixture runs before the mark is looked at
    with browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, assessor: Assessor) -> Iterator[str]:
    """Where a demo listens; one for a module."""
    import pytest_socket

    pytest_socket.enable_socket()
    with serving(tmp_path_factory.mktemp("browser"), assessor=assessor) as where:
        yield where


@pytest.fixture
def desk(address: str, driver: Any) -> Iterator[Desk]:
    """The desk in the browser. After the test: nothing in the console but the refusals that were meant, and nothing asked of anybody else."""
    desk = Desk(driver, address)
    desk.size(1366, 768)
    desk.go("/desk/login")
    complaints(desk)
    yield desk
    refused, others, outside = complaints(desk)
    desk.go("/desk/login")  # closes the stream of events
    assert (refused, others, outside) == (desk.refusals, [], set())
