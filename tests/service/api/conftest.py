"""An application over a fresh store in a private folder, and clients with keys of several scopes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.api.app import create_app
from service.assessor import Assessor
from service.keys import SCOPES, create
from service.settings import Settings
from tests.service.api.postgres import Cluster, binaries, cluster

os.environ.setdefault("FENGQIAO_TIER", "rules")  # what is under test here is the service; the classifiers have tests of their own
RED = "老公没有一天不打我, 今天又拿菜刀追我, 我躲在卫生间"
GREEN = "请问身份证到期了去哪里换"
ORANGE = "隔壁为了停车位又打了我两拳, 脸都肿了"


@pytest.fixture(scope="session")
def assessor() -> Assessor:
    return Assessor()


@dataclass
class Service:
    """A running application."""

    app: FastAPI
    client: TestClient
    settings: Settings

    @property
    def store(self):
        return self.app.state.context.store

    def key(self, name: str = "一号台", *scopes: str, **more: Any) -> dict[str, str]:
        """Headers with a new key (all scopes where none is named)."""
        _, key = create(self.store, name, scopes or SCOPES, **more)
        return {"authorization": f"Bearer {key}"}

    def assess(self, narrative: str, headers: dict[str, str], **more: Any):
        return self.client.post("/v1/assessments", json={"narrative": narrative, **more}, headers=headers)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    if binaries() is None:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    with cluster() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fq.db"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def run(database: str, assessor: Assessor, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    with contextlib.ExitStack() as stack:

        def start(**more: Any) -> Service:
            settings = Settings(**({"database": database, "jobs_folder": tmp_path / "jobs"} | more))
            app = create_app(settings, assessor=assessor)
            return Service(app, stack.enter_context(TestClient(app, raise_server_exceptions=True)), settings)

        yield start


@pytest.fixture
def service(run: Callable[..., Service]) -> Service:
    return run()


@pytest.fixture
def headers(service: Service) -> dict[str, str]:
    return service.key()
