"""A local overlay of loss.yaml or payments.yaml reaches the answer, also where the compiled plan comes from the store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from pipeline.engine import Engine
from pipeline.rulepack.files import SHIPPED
from pipeline.values import Fraud, Incident

TOLD = "报警人称在网上刷单, 通过阳光豆给对方划了八千元, 又被叫再汇, 发现被骗"


def overlay(folder: Path, name: str, change: str) -> Path:
    """A rule folder with one changed list of facts."""
    (folder / "facts").mkdir(parents=True)
    own = folder / "facts" / f"{name}.yaml"
    shutil.copy(SHIPPED / "facts" / f"{name}.yaml", own)
    told = yaml.safe_load(own.read_text("utf-8"))
    if change == "channel":
        told["channels"]["sunbean"] = {"name": "阳光豆", "terms": ["阳光豆"]}
    else:
        told["cues"] = {}
        told["after"] = {}
    own.write_text(yaml.safe_dump(told, allow_unicode=True), "utf-8")
    return folder


def fraud(engine: Engine) -> Fraud:
    found = engine.assess(Incident(narrative=TOLD)).fraud
    assert found is not None
    return found


def channels(engine: Engine) -> set[str]:
    return {row["code"] for row in fraud(engine).money["channels"]}


@pytest.fixture
def own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("FENGQIAO_CACHE", str(tmp_path / "store"))


def test_an_own_channel_is_named(tmp_path, own_store):
    folder = overlay(tmp_path / "rules", "payments", "channel")
    assert "sunbean" not in channels(Engine.default())
    first, stored = Engine.load([folder]), Engine.load([folder])
    assert "sunbean" in channels(first)
    assert "sunbean" in channels(stored)
    assert first.pack.digest == stored.pack.digest != Engine.default().pack.digest


def test_own_cues_decide_what_was_lost(tmp_path, own_store):
    shipped = fraud(Engine.default())
    assert shipped.loss_yuan == 8000
    assert [row["role"] for row in shipped.money["sums"]] != ["other"]
    own = fraud(Engine.load([overlay(tmp_path / "rules", "loss", "no_cues")]))
    assert [row["role"] for row in own.money["sums"]] != [row["role"] for row in shipped.money["sums"]]
