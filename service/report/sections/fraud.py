"""Fraud by script, stage, loss and month."""

from __future__ import annotations

from typing import Any

import polars as pl

from service.metrics import Share
from service.report.counting import grade_counts, months, per_month, trends
from service.report.history import History
from service.report.model import Block, Chart, Column, Section, Series, Table, number, percent, wan
from service.report.names import UNTOLD


def fraud(history: History) -> Section | None:
    """None where no record tells of fraud."""
    frame, names = history.frame, history.names
    told = frame.filter(pl.col("scripts").is_not_null())
    if not told.height:
        return None
    by_script = told.with_columns(pl.col("scripts").cast(pl.String).str.split(";")).explode("scripts").drop_nulls("scripts")
    rows = [(names.of("scripts", script), *rest) for script, *rest in _script_rows(by_script)]
    labels = months(frame)
    trend = {names.of("scripts", script): counts for script, counts in trends(by_script, "scripts", labels).items()}
    sums = told["loss"].drop_nulls()
    blocks: list[Block] = [
        Chart(
            "各类骗术的条数", [row[0] for row in rows], [Series("条", [row[1] for row in rows])], f"条数最多的是{rows[0][0]}，{rows[0][1]:,} 条。", across=True
        ),
        _scripts(rows, told.height, trend),
        _stages(history, told),
        _matrix(history, by_script),
        *_monthly(told, labels),
    ]
    lead = (
        f"{percent(Share(told.height, frame.height))} 的记录说到诈骗的套路(一条可有几种)。说明损失的 {percent(Share(len(sums), told.height))}，"
        f"合计 {wan(float(sums.sum()))}，中位数 {wan(float(sums.median() or 0))}；没有说金额的不补。"
    )
    return Section("fraud", "诈骗：套路、环节与损失", lead, tuple(blocks))


def _script_rows(by_script: pl.DataFrame) -> list[tuple[Any, ...]]:
    counted = by_script.group_by("scripts").agg(
        pl.len().alias("n"),
        pl.col("loss").count().alias("told"),
        pl.col("loss").sum().alias("sum"),
        pl.col("loss").median().alias("mid"),
        pl.col("loss").max().alias("most"),
    )
    return list(counted.sort(["n", "scripts"], descending=[True, False]).iter_rows())


def _scripts(rows: list[tuple[Any, ...]], total: int, trend: dict[str, list[int]]) -> Table:
    columns = (
        Column("套路"), Column("条", "count"), Column("占诈骗", "share"), Column("说明损失", "share"), Column("损失合计(元)", "yuan"), Column("中位数(元)", "yuan"),
        Column("最大(元)", "yuan"), Column("逐月", "trend"),
    )  # fmt: skip
    body = [(name, n, Share(n, total), Share(told, n), sums if told else None, middle, most, trend.get(name, [])) for name, n, told, sums, middle, most in rows]
    note = f"分母：{total:,} 条诈骗。一条有几种套路时，损失在每种里各计一次，各行不可相加。"
    return Table("各类骗术与损失", columns, body, note=note)


def _stages(history: History, told: pl.DataFrame) -> Table:
    names = history.names
    counted = told.group_by(pl.col("stage").cast(pl.String).alias("s")).agg(
        pl.len().alias("n"), pl.col("loss").count().alias("told"), pl.col("loss").sum().alias("sum")
    )
    table = {stage: (n, losses, sums) for stage, n, losses, sums in counted.iter_rows()}
    order = [*names.families["stages"], *(stage for stage in table if stage is not None and stage not in names.families["stages"]), None]
    rows = [
        (
            names.of("stages", stage) if stage else UNTOLD,
            table[stage][0],
            Share(table[stage][0], told.height),
            Share(table[stage][1], table[stage][0]),
            table[stage][2],
        )
        for stage in order
        if stage in table
    ]
    columns = (Column("环节"), Column("条", "count"), Column("占诈骗", "share"), Column("说明损失", "share"), Column("所说金额合计(元)", "yuan"))
    note = "环节是报警那一刻走到了哪一步；“正要转”“刚转出”的以分钟计，见红色清单。"
    return Table("走到哪一步", columns, sorted(rows, key=lambda row: -row[1]), note=note)


def _matrix(history: History, by_script: pl.DataFrame) -> Table:
    names = history.names
    counted = by_script.filter(pl.col("stage").is_not_null()).group_by("scripts", pl.col("stage").cast(pl.String)).len()
    table = {(script, stage): n for script, stage, n in counted.iter_rows()}
    stages = [stage for stage in names.families["stages"] if any(key[1] == stage for key in table)]
    scripts = [script for script, _, _ in grade_counts(by_script, "scripts", names)]
    rows = [(names.of("scripts", script), *(table.get((script, stage), 0) for stage in stages)) for script in scripts]
    return Table("套路与环节", (Column("套路"), *(Column(names.of("stages", stage), "count") for stage in stages)), rows, note="颜色深浅按条数。", heat=True)


def _monthly(told: pl.DataFrame, labels: list[str]) -> list[Block]:
    if len(labels) < 2:
        return []
    counts = per_month(told, labels)
    summed = told.drop_nulls(["time", "loss"]).group_by(pl.col("time").dt.strftime("%Y-%m").alias("m")).agg(pl.col("loss").sum(), pl.len())
    losses = {m: (float(total), n) for m, total, n in summed.iter_rows()}
    rows = [(label, n, Share(losses.get(label, (0.0, 0))[1], n), losses.get(label, (0.0, 0))[0]) for label, n in zip(labels, counts, strict=True)]
    most = max(range(len(labels)), key=lambda index: counts[index])
    return [
        Chart("诈骗逐月", labels, [Series("条", counts)], f"逐月的诈骗条数，最多的是 {labels[most]}，{number(counts[most])} 条。"),
        Table("诈骗逐月", (Column("月"), Column("条", "count"), Column("说明损失", "share"), Column("损失合计(元)", "yuan")), rows, page_rows=36),
    ]
