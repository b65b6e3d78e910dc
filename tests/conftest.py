"""Shared fixtures: one engine for the whole run, its compiled pack in a private folder."""

from __future__ import annotations

import os
import tempfile

import pytest
from hypothesis import settings

os.environ.setdefault("FENGQIAO_CACHE", tempfile.mkdtemp(prefix="fengqiao-tests-"))

from pipeline.engine import Engine

# The same texts in every run, so that a change is judged by what it changed; `FENGQIAO_SEARCH=1` looks for new ones instead.
settings.register_profile("fengqiao", derandomize="FENGQIAO_SEARCH" not in os.environ)
settings.load_profile("fengqiao")


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.default()
