"""Counts that several chapters share: a column against the grades, months, lists of rows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from service.metrics import Share
from service.report.history import History
from service.report.model import Chart, Column, Series, Table
from service.report.names import UNTOLD, Names

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def grade_counts(frame: pl.DataFrame, by: str, names: Names) -> list[tuple[str, int, tuple[int, ...]]]:
    """(value, all, per grade) for each value of a column, most frequent first; the empty value last as 未填."""
    levels = range(len(names.levels))
    counted = frame.group_by(pl.col(by).cast(pl.String).alias("value")).agg(
        pl.len().alias("n"), *((pl.col("rank") == rank).sum().alias(f"g{rank}") for rank in levels)
    )
    rows = [(value, n, tuple(grades)) for value, n, *grades in counted.sort(["n", "value"], descending=[True, False], nulls_last=True).iter_rows()]
    return [(value, n, grades) for value, n, grades in rows if value is not None] + [(UNTOLD, n, grades) for value, n, grades in rows if value is None]


def severe(names: Names) -> tuple[int, int]:
    """The two highest grades."""
    return len(names.levels) - 1, len(names.levels) - 2


def grade_table(
    title: str, first: str, rows: Sequence[tuple[str, int, tuple[int, ...]]], history: History, *, note: str = "", page_rows: int | None = None
) -> Table:
    """Value, count, share of all, one column per grade, share of the two highest."""
    names, total = history.names, history.frame.height
    top, second = severe(names)
    columns = (
        Column(first), Column("条", "count"), Column("占全部", "share"),
        *(Column(names.level(rank), "count") for rank in range(len(names.levels))),
        Column(f"{names.level(top)}与{names.level(second)}占本行", "share"),
    )  # fmt: skip
    body = [(value, n, Share(n, total), *grades, Share(grades[top] + grades[second], n)) for value, n, grades in rows]
    return Table(title, columns, body, note=note, page_rows=page_rows)


def grade_chart(title: str, rows: Sequence[tuple[str, int, tuple[int, ...]]], names: Names, says: str, *, across: bool = True, width: int = 900) -> Chart:
    """The same as stacked bars."""
    series = [Series(names.level(rank), [grades[rank] for _, _, grades in rows], rank) for rank in range(len(names.levels))]
    return Chart(title, [value for value, _, _ in rows], series, says, across=across, width=width)


def said(rows: Sequence[tuple[str, int, tuple[int, ...]]], total: int, what: str) -> str:
    """The three largest in a sentence."""
    largest = "，".join(f"{value} {n:,} 条({n / total:.0%})" for value, n, _ in rows[:3]) if total else ""
    return f"{what}：{largest}。" if largest else "没有可数的记录。"


def months(frame: pl.DataFrame) -> list[str]:
    """All months from the first to the last, also those without a record."""
    first, last = frame["time"].min(), frame["time"].max()
    if first is None or last is None:
        return []
    return list(pl.date_range(first.date().replace(day=1), last.date(), "1mo", eager=True).dt.strftime("%Y-%m").to_list())


def per_month(frame: pl.DataFrame, labels: Sequence[str]) -> list[int]:
    """How many rows fall in each month."""
    counted = dict(frame.select(pl.col("time").drop_nulls().dt.strftime("%Y-%m").value_counts()).unnest("time").iter_rows())
    return [counted.get(label, 0) for label in labels]


def trends(frame: pl.DataFrame, by: str, labels: Sequence[str]) -> dict[str, list[int]]:
    """Value → rows per month."""
    counted = frame.drop_nulls(["time", by]).group_by(pl.col(by).cast(pl.String).alias("value"), pl.col("time").dt.strftime("%Y-%m").alias("month")).len()
    place = {label: index for index, label in enumerate(labels)}
    found: dict[str, list[int]] = {}
    for value, month, n in counted.iter_rows():
        found.setdefault(value, [0] * len(labels))[place[month]] = n
    return found


_OF_EVENTS = ("event", "time", "area", "community", "building", "household", "person", "kind", "resolution")


def events(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per event: what its first record says of time, place, kind and outcome, the highest grade that any of its records has, their number."""
    frame = frame.sort("time", nulls_last=True, maintain_order=True)
    highest = frame.group_by("event").agg(pl.col("rank").max(), pl.len().alias("records"))
    return frame.select(_OF_EVENTS).unique("event", keep="first", maintain_order=True).join(highest, on="event", how="left", maintain_order="left")


def having(codes: str, wanted: Sequence[str] | frozenset[str], frame: pl.DataFrame) -> pl.Series:
    """Whether the list in a cell (`a;b`) has any of the wanted codes."""
    lists = frame[codes].drop_nulls().unique().cast(pl.String).to_list()
    hits = [told for told in lists if not set(wanted).isdisjoint(told.split(";"))]
    return frame[codes].cast(pl.String).is_in(hits).fill_null(False)


def exploded(frame: pl.DataFrame, codes: str) -> list[tuple[str, int]]:
    """Code → rows that have it, most frequent first."""
    counted = frame.select(pl.col(codes).cast(pl.String).drop_nulls().str.split(";").list.unique().explode().value_counts()).unnest(codes)
    return sorted(((code, n) for code, n in counted.iter_rows() if code), key=lambda pair: (-pair[1], pair[0]))
