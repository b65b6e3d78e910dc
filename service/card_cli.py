"""`fengqiao model-card`: measure a folder of classifiers against hand labels and write its card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.engine import Engine
from service.evaluate_cli import assessed, read_gold, scores
from service.runtime import Tier, load_engine


def model_card(
    folder: Annotated[Path, typer.Argument(help="模型文件夹")],
    score: Annotated[list[Path], typer.Option("--score", help="人工标注 JSONL, 没参加训练的, 可多次")],
    beside: Annotated[list[Path] | None, typer.Option("--beside", help="同表比较的另一个模型文件夹, 可多次")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="写到该文件; 缺省为文件夹内 CARD.md")] = None,
) -> None:
    """评测并写模型卡 · measure and write the model card."""
    from models import card, store

    rows: list[dict[str, Any]] = []
    for path in score:
        gold = list(read_gold(path))
        rows.append(_row(path, "—", Tier.RULES, load_engine(tier=Tier.RULES), gold))
        for place in (folder, *(beside or ())):
            tiers = (Tier.FAST, Tier.CASCADE, Tier.FULL) if place == folder else (Tier.FULL,)
            rows.extend(_row(path, place.name, tier, load_engine(tier=tier, models=place), gold) for tier in tiers)
    (folder / "scores.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (out or folder / "CARD.md").write_text(card.render(store.manifest(folder), rows), "utf-8")


def _row(path: Path, models: str, tier: Tier, engine: Engine, gold: Sequence[dict[str, Any]]) -> dict[str, Any]:
    answers = assessed(engine, gold)
    levels = [str(level["code"]) for level in engine.pack.rules["profiles"][engine.profile].data["levels"]]
    found = {"set": path.stem, "models": models, "tier": tier.value, "n": len(gold), **dict(_figures(scores(gold, answers, levels)))}
    asked = getattr(engine.adviser, "asked", None)
    return found if asked is None else {**found, "encoder_asked": asked / len(gold)}


def _figures(result: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for field in ("category", "dispute_type"):
        if field in result:
            yield field, result[field]["accuracy"].value
            if field in result["calibration"]:
                yield f"ece_{field}", result["calibration"][field]["ece"]
    for field in ("factors", "fraud_scripts"):
        if field in result:
            yield field, result[field]["micro"].f1
    if "risk" in result:
        yield "quadratic_kappa", result["risk"]["quadratic_kappa"]
        for field in ("top_recall", "top_precision", "severe_graded_lowest"):
            yield field, result["risk"][field].value
    yield "needs_review", result["needs_review"].value
