"""`fengqiao evaluate GOLD.jsonl`: scores against hand labels, per class, with intervals, confusion and under-grading."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.values import Assessment, Incident
from service import calibration, metrics
from service.metrics import Counts, Share
from service.reach import read_bytes
from service.runtime import Tier, load_engine

FIELDS = ("category", "dispute_type", "risk", "factors", "fraud_scripts", "fraud_stage", "loss_yuan")
_Row = dict[str, Any]


def evaluate(
    gold: Annotated[Path, typer.Argument(help="JSONL: text 与任一标注字段")],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    errors: Annotated[Path | None, typer.Option("--errors", help="把判错的条目写到该文件")] = None,
    rules: Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹")] = None,
    tier: Annotated[Tier, typer.Option("--tier", help="rules | fast | cascade | full")] = Tier.CASCADE,
    models: Annotated[Path | None, typer.Option("--models", help="另训的模型文件夹")] = None,
    least_kappa: Annotated[float, typer.Option("--least-kappa", help="四色加权 κ 低于此值则以 1 退出")] = -1.0,
) -> None:
    """对照人工标注评分 · score against hand labels."""
    rows = list(read_gold(gold))
    engine = load_engine(rules, tier=tier, models=models)
    answers = assessed(engine, rows)
    levels = [str(level["code"]) for level in engine.pack.rules["profiles"][engine.profile].data["levels"]]
    result = scores(rows, answers, levels)
    if errors is not None:
        errors.write_bytes(b"".join(msgspec.json.encode(entry) + b"\n" for entry in wrong(rows, answers)))
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1, default=_plain) + "\n")
    else:
        _print(Console(), result)
    value = result["risk"]["quadratic_kappa"] if "risk" in result else 1.0
    raise typer.Exit(1 if value < least_kappa else 0)


def assessed(engine: Engine, rows: Sequence[_Row]) -> list[Assessment]:
    """What an engine makes of hand-labelled rows, each read as it came in (`channel`, where the row tells it)."""
    return [engine.assess(Incident(narrative=row["text"], channel=str(row.get("channel") or ""))) for row in rows]


def read_gold(path: Path) -> Iterator[_Row]:
    """Rows of a JSONL file; raises InputError with the line that cannot be used."""
    try:
        lines = read_bytes(path).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("FQ2003", "不是 UTF-8", "not UTF-8", seen=path.name, remedy="存成 UTF-8 的 JSONL(每行一个 JSON 对象)再试") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError("FQ2005", "不是合法的 JSON", "not valid JSON", seen=f"{path.name}:{number}", remedy="每行一个 JSON 对象") from error
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise InputError("FQ2006", "缺少 text 字段", "no field text", seen=f"{path.name}:{number}", remedy="每条需有 text 及任一标注字段")
        yield row


def predicted(answer: Assessment) -> _Row:
    """An answer in the fields of the labelling guide."""
    fraud = answer.fraud
    return {
        "category": answer.category.code,
        "dispute_type": answer.dispute.type if answer.dispute else None,
        "risk": answer.risk.colour,
        "factors": [factor.code for factor in answer.risk.factors],
        "fraud_scripts": [script.code for script in fraud.scripts] if fraud else [],
        "fraud_stage": fraud.stage if fraud else None,
        "loss_yuan": fraud.loss_yuan if fraud else None,
    }


def wrong(rows: Sequence[_Row], answers: Sequence[Assessment]) -> Iterator[_Row]:
    """Rows with a field that differs, and both answers."""
    for row, answer in zip(rows, answers, strict=True):
        seen = predicted(answer)
        differ = [f for f in FIELDS if f in row and (set(row[f] or ()) != set(seen[f]) if isinstance(seen[f], list) else row[f] != seen[f])]
        if differ:
            yield {
                "id": row.get("id"),
                "wrong": differ,
                "gold": {f: row[f] for f in differ},
                "seen": {f: seen[f] for f in differ},
                "why": answer.risk.why_not_lower,
                "text": row["text"],
            }


def scores(rows: Sequence[_Row], answers: Sequence[Assessment], levels: Sequence[str]) -> dict[str, Any]:
    """All scores for the fields that the rows have."""
    seen = [predicted(answer) for answer in answers]
    has = {field: [index for index, row in enumerate(rows) if field in row] for field in FIELDS}
    result: dict[str, Any] = {"n": len(rows), "needs_review": Share(sum(a.needs_review.flag for a in answers), len(answers))}
    for field in ("category", "dispute_type"):
        chosen = [i for i in has[field] if rows[i][field] is not None]
        if chosen:
            result[field] = _single([rows[i][field] for i in chosen], [seen[i][field] for i in chosen])
    if has["risk"]:
        result["risk"] = _colours([rows[i]["risk"] for i in has["risk"]], [seen[i]["risk"] for i in has["risk"]], levels)
    for field in ("factors", "fraud_scripts"):
        if has[field]:
            result[field] = _many([rows[i][field] or () for i in has[field]], [seen[i][field] for i in has[field]])
    result |= _fraud(rows, seen, has)
    result["calibration"] = calibration.measure(rows, answers)
    sources = sorted({str(row.get("source") or row.get("writer") or "") for row in rows} - {""})
    if len(sources) > 1:
        result["by_source"] = {
            s: _brief([(r, p) for r, p in zip(rows, seen, strict=True) if str(r.get("source") or r.get("writer") or "") == s], levels) for s in sources
        }
    return result


def _single(gold: list[str], seen: list[str | None]) -> dict[str, Any]:
    counts = metrics.per_label([(g,) for g in gold], [(s,) if s else () for s in seen])
    return {
        "accuracy": metrics.accuracy(gold, seen),
        "macro_f1": metrics.macro_f1(counts.values()),
        "per_label": counts,
        "confusions": metrics.confusions(gold, seen)[:20],
    }


def _many(gold: list[Any], seen: list[Any]) -> dict[str, Any]:
    counts = metrics.per_label(gold, seen)
    return {"micro": metrics.micro(counts.values()), "macro_f1": metrics.macro_f1(counts.values()), "per_label": counts}


def _colours(gold: list[str], seen: list[str], levels: Sequence[str]) -> dict[str, Any]:
    rank = {code: index for index, code in enumerate(levels)}
    pairs = [(rank[g], rank[s]) for g, s in zip(gold, seen, strict=True)]
    top, severe = len(levels) - 1, len(levels) - 2
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    return {
        "accuracy": metrics.accuracy(gold, seen),
        "quadratic_kappa": metrics.kappa(left, right, quadratic=True),
        "kappa": metrics.kappa(left, right, quadratic=False),
        "top_recall": Share(sum(a == b == top for a, b in pairs), sum(a == top for a in left)),
        "top_precision": Share(sum(a == b == top for a, b in pairs), sum(b == top for b in right)),
        "severe_graded_lowest": Share(sum(a >= severe and b == 0 for a, b in pairs), sum(a >= severe for a in left)),
        "under_graded": Share(sum(b < a for a, b in pairs), len(pairs)),
        "over_graded": Share(sum(b > a for a, b in pairs), len(pairs)),
        "confusions": metrics.confusions(gold, seen),
    }


def _fraud(rows: Sequence[_Row], seen: Sequence[_Row], has: dict[str, list[int]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if has["fraud_scripts"]:
        any_gold = [bool(rows[i]["fraud_scripts"]) for i in has["fraud_scripts"]]
        any_seen = [bool(seen[i]["fraud_scripts"]) for i in has["fraud_scripts"]]
        result["fraud_or_not"] = metrics.micro(
            [metrics.per_label([("x",) if g else () for g in any_gold], [("x",) if s else () for s in any_seen]).get("x", Counts())]
        )
    told = [i for i in has["fraud_stage"] if rows[i]["fraud_stage"]]
    if told:
        result["fraud_stage"] = _single([rows[i]["fraud_stage"] for i in told], [seen[i]["fraud_stage"] for i in told])
    sums = [i for i in has["loss_yuan"] if rows[i]["loss_yuan"] is not None]
    if sums:
        result["loss_exact"] = metrics.accuracy([rows[i]["loss_yuan"] for i in sums], [seen[i]["loss_yuan"] for i in sums])
    return result


def _brief(pairs: list[tuple[_Row, _Row]], levels: Sequence[str]) -> dict[str, Any]:
    rank = {code: index for index, code in enumerate(levels)}
    typed = [(r, p) for r, p in pairs if r.get("dispute_type")]
    graded = [(rank[r["risk"]], rank[p["risk"]]) for r, p in pairs if r.get("risk") in rank]
    return {
        "n": len(pairs),
        "category": metrics.accuracy([r.get("category") for r, _ in pairs], [p["category"] for _, p in pairs]),
        "dispute_type": metrics.accuracy([r["dispute_type"] for r, _ in typed], [p["dispute_type"] for _, p in typed]),
        "quadratic_kappa": metrics.kappa([a for a, _ in graded], [b for _, b in graded], quadratic=True),
    }


def _plain(value: object) -> object:
    if isinstance(value, Share):
        return {"value": value.value, "hits": value.hits, "total": value.total, "interval": value.interval}
    if isinstance(value, Counts):
        return {"precision": value.precision, "recall": value.recall, "f1": value.f1, "tp": value.tp, "fp": value.fp, "fn": value.fn}
    return str(value)


def _shown(share: Share) -> str:
    low, high = share.interval
    return f"{share.value:.3f}  [{low:.3f}, {high:.3f}]  {share.hits}/{share.total}"


def _print(out: Console, result: dict[str, Any]) -> None:
    table = Table("指标", "值 [95% 区间] 分子/分母", title=f"n = {result['n']}", box=None)
    for name, text in _lines(result):
        table.add_row(name, text)
    out.print(table)
    for field in ("category", "dispute_type", "risk"):
        if field in result:
            out.print(f"{field} 混淆: " + "; ".join(f"{a}→{b} {n}" for a, b, n in result[field]["confusions"][:10]), highlight=False)
    for field in ("category", "dispute_type", "factors", "fraud_scripts"):
        if field in result:
            _per_label(out, field, result[field]["per_label"])
    calibration.show(out, result["calibration"])
    for source, brief in result.get("by_source", {}).items():
        out.print(
            f"{source}: n {brief['n']} 类别 {brief['category'].value:.3f} 类型 {brief['dispute_type'].value:.3f} κ² {brief['quadratic_kappa']:.3f}",
            highlight=False,
        )


_SHARES = (("top_recall", "红色召回"), ("top_precision", "红色精确"), ("severe_graded_lowest", "红橙判绿"), ("under_graded", "偏低"), ("over_graded", "偏高"))


def _lines(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field, name in (("category", "类别准确率"), ("dispute_type", "纠纷类型准确率"), ("fraud_stage", "诈骗环节准确率")):
        if field in result:
            yield name, _shown(result[field]["accuracy"]) + f"  宏F1 {result[field]['macro_f1']:.3f}"
    if "risk" in result:
        risk = result["risk"]
        yield "四色加权 κ", f"{risk['quadratic_kappa']:.3f}  (κ {risk['kappa']:.3f}, 准确率 {risk['accuracy'].value:.3f})"
        yield from ((name, _shown(risk[key])) for key, name in _SHARES)
    for field, name in (("factors", "因素 微F1"), ("fraud_scripts", "剧本 微F1")):
        if field in result:
            counts = result[field]["micro"]
            yield name, f"{counts.f1:.3f}  P {counts.precision:.3f} R {counts.recall:.3f}  宏F1 {result[field]['macro_f1']:.3f}"
    if "fraud_or_not" in result:
        yield "是否诈骗 F1", f"{result['fraud_or_not'].f1:.3f}"
    if "loss_exact" in result:
        yield "损失金额全对", _shown(result["loss_exact"])
    yield "需人工复核", _shown(result["needs_review"])


def _per_label(out: Console, field: str, counts: dict[str, Counts]) -> None:
    table = Table(field, "P", "R", "F1", "n", box=None)
    for label, c in sorted(counts.items(), key=lambda item: -(item[1].tp + item[1].fn)):
        table.add_row(label, f"{c.precision:.2f}", f"{c.recall:.2f}", f"{c.f1:.2f}", str(c.tp + c.fn))
    out.print(table)
