"""Shared fixtures: one engine for the whole run, its compiled pack in a private folder."""

from __future__ import annotations

import os
import tempfile

import pytest

os.environ.setdefault("FENGQIAO_CACHE", tempfile.mkdtemp(prefix="fengqiao-tests-"))

from pipeline.engine import Engine


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.default()
