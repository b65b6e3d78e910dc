"""Whether a score means what it says, and what it costs to answer less: calibration error and risk–coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.values import Assessment
from service.metrics import Share

BINS = 10
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def measure(rows: Sequence[dict[str, Any]], answers: Sequence[Assessment]) -> dict[str, Any]:
    """Per field: expected calibration error of the best label, its bins, accuracy at shares of the rows kept by score; and what review catches."""
    out: dict[str, Any] = {}
    category = [(a.category.score, a.category.code == r["category"]) for r, a in zip(rows, answers, strict=True) if r.get("category")]
    dispute = [
        (a.dispute.score, a.dispute.type == r["dispute_type"]) for r, a in zip(rows, answers, strict=True) if r.get("dispute_type") and a.dispute is not None
    ]
    for field, pairs in (("category", category), ("dispute_type", dispute)):
        if pairs:
            out[field] = {"ece": error(pairs), "bins": bins(pairs), "risk_coverage": coverage(pairs)}
    asked = [(a.needs_review.flag, a.category.code == r["category"]) for r, a in zip(rows, answers, strict=True) if r.get("category")]
    if asked:
        out["category_without_review"] = Share(sum(right for flag, right in asked if not flag), sum(not flag for flag, _ in asked))
    return out


def bins(pairs: Sequence[tuple[float, bool]]) -> list[dict[str, float]]:
    """Mean score and accuracy of equal bins of the score."""
    made = []
    for number in range(BINS):
        held = [(score, right) for score, right in pairs if min(int(score * BINS), BINS - 1) == number]
        if held:
            made.append({"n": len(held), "score": sum(s for s, _ in held) / len(held), "accuracy": sum(r for _, r in held) / len(held)})
    return made


def error(pairs: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error: distance of score and accuracy, weighted by the bins' sizes."""
    return sum(abs(one["score"] - one["accuracy"]) * one["n"] for one in bins(pairs)) / len(pairs)


def coverage(pairs: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Accuracy among the best-scored share of the rows, for each share."""
    ordered = sorted(pairs, key=lambda pair: -pair[0])
    kept = [(share, max(1, round(share * len(ordered)))) for share in COVERAGES]
    return [(share, sum(right for _, right in ordered[:number]) / number) for share, number in kept]


def show(out: Console, found: dict[str, Any]) -> None:
    """Print both as a table."""
    table = Table("把握程度", "ECE", *(f"前 {share:.0%}" for share in COVERAGES), box=None)
    for field in ("category", "dispute_type"):
        if field in found:
            table.add_row(field, f"{found[field]['ece']:.3f}", *(f"{accuracy:.3f}" for _, accuracy in found[field]["risk_coverage"]))
    out.print(table)
    if "category_without_review" in found:
        share = found["category_without_review"]
        out.print(f"不需复核的 {share.total} 条, 类别准确率 {share.value:.3f}", highlight=False)
