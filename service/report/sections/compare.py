"""The machine beside the labels that the file already has: agreement, κ, confusion, and what changed between the call and its handling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from service.metrics import Share
from service.report.agreement import Agreement, agreement
from service.report.history import FiledLevels, History
from service.report.model import Block, Column, Prose, Section, Table

Pairs = dict[tuple[Any, Any], int]


def compare(history: History) -> Section | None:
    """None where the file has no labels of its own."""
    if not any(history.has(role) for role in ("final_label", "dispute_label", "level_label", "initial_label")):
        return None
    rows: list[tuple[Any, ...]] = []
    blocks: list[Block] = []
    for name, pairs, order, table in (*_categories(history), *_types(history), *_levels(history)):
        rows.append(_line(name, agreement(pairs, order)))
        blocks.append(table)
    columns = (Column("比什么"), Column("一致", "share"), Column("κ"), Column("加权 κ"), Column("机器偏低", "share"), Column("机器偏高", "share"))
    rows = [(*row[:4], *_sides(history, row[0])) for row in rows]
    note = "κ 扣去了碰巧一致的部分：0 是碰巧，1 是全同；加权 κ 按档差的平方计。只比能归到同一套代码的记录。原标注不是标准答案，不一致要看原文。"
    drift = _drift(history)
    lead = "原有的人工标注按对照表换成同一套代码，再同机器比。不一致既可能是人记得粗，也可能是机器错；下面两张清单请人看原文。"
    first = [Table("一致程度", columns, rows, note=note)] if rows else []
    return Section("compare", "同原标注比", lead, (*first, *blocks, *drift, *_unknown(history)))


def _line(name: str, found: Agreement) -> tuple[Any, ...]:
    return name, found.equal, _kappa(found.kappa), "" if found.weighted is None else _kappa(found.weighted)


def _kappa(value: float) -> str:
    return "—" if math.isnan(value) else f"{value:.3f}"


def _sides(history: History, name: str) -> tuple[Any, Any]:
    """Share of records that the machine graded lower and higher than the person; only grades have an order."""
    if history.levels is None or not name.startswith("等级"):
        return None, None
    both = graded(history)
    lower = int((both["machine"] < both["filed_level_grade"]).sum())
    higher = int((both["machine"] > both["filed_level_grade"]).sum())
    return Share(lower, both.height), Share(higher, both.height)


def graded(history: History) -> pl.DataFrame:
    """Records with a grade of both: `filed_level_grade` and the machine's on the same scale, `machine`."""
    assert history.levels is not None
    frame = history.frame.with_row_index("index").with_columns(
        pl.col("rank").replace_strict(history.levels.of_rank, default=None, return_dtype=pl.Int8).alias("machine")
    )
    return frame.filter(pl.col("machine").is_not_null() & pl.col("filed_level_grade").is_not_null())


def _pairs(frame: pl.DataFrame, left: str, right: str) -> Pairs:
    return {(a, b): n for a, b, n in frame.group_by(left, right).len().iter_rows()}


_Compared = list[tuple[str, Pairs, Sequence[Any] | None, Table]]


def _categories(history: History) -> _Compared:
    names = history.names
    both = history.frame.filter(pl.col("human_category").is_not_null() & pl.col("category").is_not_null()).with_columns(pl.col("category").cast(pl.String))
    if not both.height:
        return []
    pairs = _pairs(both, "human_category", "category")
    order = list(names.families["categories"])
    table = confusion("类别：原标注(行)与机器(列)", pairs, [(code, names.of("categories", code)) for code in order])
    return [("类别", pairs, None, table)]


def _types(history: History) -> _Compared:
    """A filed label may allow several types: the machine's answer counts as equal where it is one of them, else the first stands for the label."""
    names = history.names
    both = history.frame.filter(pl.col("human_types").is_not_null() & (pl.col("human_category") == pl.col("category").cast(pl.String)))
    both = both.select(pl.col("human_types").str.split(";").alias("allowed"), pl.col("type").cast(pl.String).fill_null(""))
    if not both.height:
        return []
    both = both.with_columns(pl.when(pl.col("allowed").list.contains(pl.col("type"))).then("type").otherwise(pl.col("allowed").list.first()).alias("human"))
    pairs = _pairs(both, "human", "type")
    order = [(code, names.of("disputes", code)) for code in names.families["disputes"] if any(code in key for key in pairs)]
    if any(key[1] == "" for key in pairs):
        order.append(("", "(无)"))
    return [("纠纷类型(类别一致的)", pairs, None, confusion("纠纷类型：原标注(行)与机器(列)", pairs, order))]


def _levels(history: History) -> _Compared:
    if history.levels is None:
        return []
    both = graded(history)
    pairs = _pairs(both, "filed_level_grade", "machine")
    grades = list(enumerate(history.levels.grades))
    table = confusion(f"等级({history.levels.name})：原标注(行)与机器(列)", pairs, grades, note=_covers(history, history.levels))
    return [(f"等级({history.levels.name})", pairs, [grade for grade, _ in grades], table)]


def _covers(history: History, levels: FiledLevels) -> str:
    told = "；".join(f"机器{history.names.level(rank)}算“{levels.grades[grade]}”" for rank, grade in sorted(levels.of_rank.items()))
    return f"对照：{told}。对角线上是一致的。"


def confusion(title: str, pairs: Pairs, order: Sequence[tuple[Any, str]], *, note: str = "对角线上是一致的。颜色深浅按条数。", first: str = "原标注") -> Table:
    """A confusion matrix as a shaded table, with sums of the rows and the share on the diagonal."""
    columns = (Column(first), *(Column(name, "count") for _, name in order), Column("合计", "number"), Column("一致", "share"))
    rows = []
    for code, name in order:
        counts = [pairs.get((code, other), 0) for other, _ in order]
        if sum(counts):
            rows.append((name, *counts, sum(counts), Share(pairs.get((code, code), 0), sum(counts))))
    return Table(title, columns, rows, note=note, heat=True, sheet=title.partition("：")[0] + "混淆")


def _drift(history: History) -> list[Block]:
    """From the label at the call to the label after handling."""
    if not history.has("initial_label", "final_label"):
        return []
    frame = history.frame.filter(pl.col("initial").is_not_null() & pl.col("filed").is_not_null())
    if not frame.height:
        return []
    names = history.names
    top = len(names.levels) - 1
    moved = frame.with_columns(pl.col("initial", "filed").cast(pl.String)).filter(pl.col("initial") != pl.col("filed"))
    counted = (
        moved.group_by("initial", "filed")
        .agg(
            pl.len().alias("n"),
            (pl.col("initial_category") == pl.col("category").cast(pl.String)).sum().alias("before"),
            (pl.col("human_category") == pl.col("category").cast(pl.String)).sum().alias("after"),
            (pl.col("rank") >= top - 1).sum().alias("severe"),
        )
        .sort(["n", "initial", "filed"], descending=[True, False, False])
    )
    rows = [(a, b, n, Share(n, frame.height), Share(before, n), Share(after, n), Share(severe, n)) for a, b, n, before, after, severe in counted.iter_rows()]
    columns = (
        Column("接警类别"), Column("处警类别"), Column("条", "count"), Column("占两者都有的", "share"), Column("机器同接警一致", "share"), Column("机器同处警一致", "share"),
        Column(f"机器判{names.level(top)}或{names.level(top - 1)}", "share"),
    )  # fmt: skip
    share = Share(moved.height, frame.height)
    note = f"接警与处警类别不同的 {share.value:.1%}({share.hits:,}/{share.total:,})。改动本身正常(到场才知真情)；机器仍同接警一致、且判得高的，值得看。"
    pairs = _pairs(frame.filter(pl.col("initial_category").is_not_null() & pl.col("human_category").is_not_null()), "initial_category", "human_category")
    order = [(code, names.of("categories", code)) for code in names.families["categories"] if any(code in key for key in pairs)]
    matrix = confusion("接警类别(行)到处警类别(列)", pairs, order, note="按对照表归并后的大类。", first="接警类别")
    return [Table("接警到处警的改动", columns, rows, note=note, page_rows=history.settings.lists.top), matrix]


def _unknown(history: History) -> list[Block]:
    """Filed names that the mapping does not know."""
    tables: list[Block] = []
    for role, column in (("initial_label", "initial"), ("final_label", "filed"), ("dispute_label", "filed_type")):
        if not history.has(role):
            continue
        left = history.frame.filter(pl.col(column).is_not_null() & pl.col(f"{column}_category").is_null())
        if left.height:
            counted = left.select(pl.col(column).cast(pl.String).value_counts(sort=True)).unnest(column)
            filled = history.frame.height - history.frame[column].null_count()
            note = f"“{history.roles[role]}”一列填了的 {filled:,} 条中 {left.height:,} 条的写法不在对照表里，没有参加比较；用 --mapping 补充。"
            tables.append(Table(f"没有对照的{history.roles[role]}", (Column("写法"), Column("条", "count")), list(counted.iter_rows()), note=note, page_rows=8))
    return tables or [Prose(("原标注的写法都在对照表里。",))]
