"""Chapters on the shape of the records: what to see first, grades, kinds, areas, times, what awaits review."""

from __future__ import annotations

import polars as pl

from service.metrics import Share
from service.report.counting import WEEKDAYS, events, exploded, grade_chart, grade_counts, grade_table, having, months, said, severe, trends
from service.report.history import History
from service.report.model import Block, Chart, Column, Pair, Section, Series, Table, Tile, Tiles, percent, wan
from service.report.names import UNTOLD


def overview(history: History) -> Section:
    """The numbers to see first."""
    frame, names = history.frame, history.names
    n = frame.height
    top, second = severe(names)
    happened = events(frame)
    count = {rank: int((frame["rank"] == rank).sum()) for rank in range(len(names.levels))}
    gated = int(having("factors", names.gates, frame).sum())
    told = frame["scripts"].is_not_null()
    loss = frame.filter(told)["loss"].drop_nulls()
    tiles = [
        Tile("警情", f"{n:,}", f"并一事多报后 {happened.height:,} 起"),
        *(Tile(names.level(rank), f"{count[rank]:,}", percent(Share(count[rank], n)), rank) for rank in (top, second, 0)),
        Tile("需人工复核", f"{int(frame['review'].sum()):,}", percent(Share(int(frame["review"].sum()), n))),
        Tile("涉特殊关注", f"{gated:,}", "持械、轻生、家暴、未成年人等"),
        Tile("诈骗", f"{int(told.sum()):,}", f"说明损失的 {len(loss):,} 条，共 {wan(float(loss.sum()))}"),
    ]
    if history.has("time"):
        tiles.append(Tile("有报警时间", f"{n - frame['time'].null_count():,}", percent(Share(n - frame["time"].null_count(), n))))
    rows = [(names.level(rank), count[rank], Share(count[rank], n)) for rank in reversed(range(len(names.levels)))]
    unknown = n - sum(count.values())
    if unknown:
        rows.append((UNTOLD, unknown, Share(unknown, n)))
    factors = [(names.of("factors", code), amount, Share(amount, n)) for code, amount in exploded(frame, "factors") if code in names.external]
    blocks: tuple[Block, ...] = (
        Tiles(tiles),
        Pair(
            Table("四色分级" if len(names.levels) == 4 else "分级", (Column("级"), Column("条", "count"), Column("占全部", "share")), rows, note=f"方案：{names.profile_name}。", sheet="分级"),
            Table("最常见的风险因素", (Column("因素"), Column("条", "count"), Column("占全部", "share")), factors, note="一条可有几个因素，各行相加大于全部。", page_rows=10, sheet="风险因素"),
        ),
    )  # fmt: skip
    return Section("overview", "先看这些", f"{n:,} 条记录按“{names.profile_name}”分级。颜色说的是先后缓急，括号里是分子与分母。", blocks)


def kinds(history: History) -> Section:
    """Categories, dispute types."""
    frame, names = history.frame, history.names
    total = frame.height
    categories = [(names.of("categories", value), n, grades) for value, n, grades in grade_counts(frame, "category", names)]
    typed = frame.filter(pl.col("type").is_not_null())
    disputes = [(names.of("disputes", value), n, grades) for value, n, grades in grade_counts(typed, "type", names)]
    labels = months(frame)
    trend = {names.of("disputes", value): counts for value, counts in trends(typed, "type", labels).items()}
    top, second = severe(names)
    columns = (
        Column("纠纷类型"), Column("条", "count"), Column("占纠纷", "share"), *(Column(names.level(rank), "count") for rank in range(len(names.levels))),
        Column(f"{names.level(top)}与{names.level(second)}占本行", "share"), Column("逐月", "trend"),
    )  # fmt: skip
    rows = [(v, n, Share(n, typed.height), *grades, Share(grades[top] + grades[second], n), trend.get(v, [])) for v, n, grades in disputes]
    return Section(
        "kinds",
        "类别与纠纷类型",
        said(categories, total, "最多的类别") + (" " + said(disputes, typed.height, "最多的纠纷") if disputes else ""),
        (
            grade_chart("各类别的分级", categories, names, said(categories, total, "按类别数条数，最多的是")),
            grade_table("各类别的分级", "类别", categories, history),
            grade_chart("各类纠纷的分级", disputes, names, said(disputes, typed.height, "按纠纷类型数条数，最多的是")),
            Table("各类纠纷", columns, rows, note=f"分母：有纠纷类型的 {typed.height:,} 条；逐月 {labels[0]} 至 {labels[-1]}。" if labels else ""),
        ),
    )


def areas(history: History) -> Section | None:
    """By area; None without such a column."""
    if not history.has("area"):
        return None
    frame, names = history.frame, history.names
    counted = grade_counts(frame, "area", names)
    top = history.settings.lists.top
    kinds_here = _kinds_by_area(frame, [value for value, _, _ in counted[:8] if value != UNTOLD])
    return Section(
        "areas",
        "辖区",
        said(counted, frame.height, f"按“{history.roles['area']}”一列，最多的是") + "没有人口与登记口径，条数多少不能用来比治安好坏。",
        (
            grade_chart("各辖区的分级", counted[:top], names, said(counted, frame.height, "条数最多的辖区")),
            grade_table("各辖区的分级", "辖区", counted, history, page_rows=30),
            *([kinds_here] if kinds_here else []),
        ),
    )


def _kinds_by_area(frame: pl.DataFrame, chosen: list[str]) -> Table | None:
    if len(chosen) < 2:
        return None
    counted = frame.group_by(pl.col("kind").cast(pl.String).alias("what"), pl.col("area").cast(pl.String).alias("where")).len()
    table = {(what, where): n for what, where, n in counted.iter_rows()}
    totals: dict[str, int] = {}
    for (what, _), n in table.items():
        if what:
            totals[what] = totals.get(what, 0) + n
    leading = sorted(totals, key=lambda what: (-totals[what], what))[:15]
    columns = (Column("事由"), *(Column(where, "count") for where in chosen))
    return Table(
        "事由与辖区",
        columns,
        [(what, *(table.get((what, where), 0) for where in chosen)) for what in leading],
        note="颜色深浅按条数；列为条数最多的辖区。",
        heat=True,
    )


def times(history: History) -> Section | None:
    """By month, weekday and hour."""
    frame, names = history.frame, history.names
    timed = frame.filter(pl.col("time").is_not_null())
    if not history.has("time") or not timed.height:
        return None
    labels = months(timed)
    by_month = {value: (value, n, grades) for value, n, grades in grade_counts(timed.with_columns(pl.col("time").dt.strftime("%Y-%m").alias("m")), "m", names)}
    monthly = [by_month.get(label, (label, 0, (0,) * len(names.levels))) for label in labels]
    clocked = timed.filter(pl.col("clock"))
    hour = {value: n for value, n, _ in grade_counts(clocked.with_columns(pl.col("time").dt.hour().alias("h")), "h", names)}
    day = {value: (n, grades) for value, n, grades in grade_counts(timed.with_columns(pl.col("time").dt.weekday().alias("d")), "d", names)}
    hours = [hour.get(str(h), 0) for h in range(24)]
    days = [(name, *day.get(str(index + 1), (0, (0,) * len(names.levels)))) for index, name in enumerate(WEEKDAYS)]
    peak = max(range(24), key=lambda h: hours[h]) if clocked.height else 0
    lead = f"{timed['time'].min():%Y-%m-%d} 至 {timed['time'].max():%Y-%m-%d}，有时间的 {timed.height:,} 条，其中写明钟点的 {clocked.height:,} 条。"
    first_last = "首末两月可能不满月。"
    return Section(
        "times",
        "时间",
        lead + (f"最多的钟点是 {peak:02d}:00({hours[peak] / clocked.height:.1%})。" if clocked.height else ""),
        (
            grade_chart("逐月条数与分级", monthly, names, f"从 {labels[0]} 到 {labels[-1]} 逐月的条数，按分级堆叠。", across=False),
            grade_table("逐月条数与分级", "月", monthly, history, note=first_last + "“占全部”的分母含没有时间的记录。", page_rows=36),
            Pair(
                Chart("各钟点", [str(h) for h in range(24)], [Series("条", hours)], f"一天里各钟点的条数，最多的是 {peak:02d}:00。", width=430),
                grade_chart("各星期几", days, names, "星期一到星期日的条数，按分级堆叠。", across=False, width=430),
            ),
            _week(clocked),
        ),
    )


def _week(clocked: pl.DataFrame) -> Table:
    counted = clocked.group_by(pl.col("time").dt.weekday().alias("d"), pl.col("time").dt.hour().alias("h")).len()
    table = {(d, h): n for d, h, n in counted.iter_rows()}
    rows = [
        (name, *(table.get((index + 1, h), 0) for h in range(24)), sum(table.get((index + 1, h), 0) for h in range(24))) for index, name in enumerate(WEEKDAYS)
    ]
    rows.append(("合计", *(sum(table.get((d, h), 0) for d in range(1, 8)) for h in range(24)), clocked.height))
    columns = (Column("星期"), *(Column(str(h), "count") for h in range(24)), Column("合计", "number"))
    return Table("星期与钟点", columns, rows, note=f"分母：写明钟点的 {clocked.height:,} 条。颜色深浅按条数，末行为合计。", heat=True, summed=True)


def review(history: History) -> Section:
    """What the machine asks a person to look at."""
    frame, names = history.frame, history.names
    flagged = frame.filter(pl.col("review"))
    codes = [(names.of("review", code), n, Share(n, flagged.height)) for code, n in exploded(flagged, "codes")]
    by_category = [(names.of("categories", v), n) for v, n, _ in grade_counts(frame, "category", names)]
    hits = {names.of("categories", v): n for v, n, _ in grade_counts(flagged, "category", names)}
    ranks = [(r, Share(int((flagged["rank"] == r).sum()), int((frame["rank"] == r).sum()))) for r in reversed(range(len(names.levels)))]
    share = Share(flagged.height, frame.height)
    low, high = share.interval
    blocks: tuple[Block, ...] = (
        Pair(
            Table("为什么要复核", (Column("原因"), Column("条", "count"), Column("占需复核", "share")), codes, note="一条可有几个原因。"),
            Table("各类别需复核的占比", (Column("类别"), Column("需复核", "share")), [(v, Share(hits.get(v, 0), n)) for v, n in by_category]),
        ),
        Table("各级里需复核的占比", (Column("级", "colour"), Column("需复核", "share")), ranks),
    )  # fmt: skip
    return Section("review", "需人工复核", f"机器自己没有把握、请人看的 {percent(share)}，95% 区间 {low:.1%}–{high:.1%}。", blocks)
