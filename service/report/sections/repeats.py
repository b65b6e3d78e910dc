"""The three kinds of key incidents: 一人多次, 一地多起, 一类多发, with their trends and denominators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from service.metrics import Share
from service.report.clusters import Returns, Rise, returns, rises
from service.report.counting import events, months, trends
from service.report.gather import short_id
from service.report.history import History
from service.report.model import Block, Chart, Column, Prose, Section, Series, Table, percent

FEW = 30  # months with fewer are not drawn
PLACES = (("community", "estate", "小区(村、单位)"), ("building", "building", "楼"), ("household", "household", "户"))  # column, granularity of the rules, name


def repeats(history: History) -> Section | None:
    """All three; None where there are no times."""
    if not history.has("time") or history.frame["time"].null_count() == history.frame.height:
        return None
    frame = history.frame
    happened = events(frame)
    labels = months(frame)
    blocks: list[Block] = []
    points = [_joined(history, happened)]
    for told in (_persons(history, labels), _places(history, labels), _rising(history, happened)):
        if told is not None:
            points.append(told[0])
            blocks += told[1]
    lead = "按“起”数：同一辖区、相隔不久、文字相近的几条并为一起，多人报一事不重复计数。多次报警的可能正是受害人，是不是骚扰由人判断。"
    return Section("repeats", "一人多次、一地多起、一类多发", lead, (Prose(points, listed=True), *blocks))


def _joined(history: History, happened: pl.DataFrame) -> str:
    rules = history.rules
    several = happened.filter(pl.col("records") > 1)
    return (
        f"一事多报：{several.height:,} 起共 {int(several['records'].sum()):,} 条记录(最多一起 {int(happened['records'].max() or 0)} 条)；"
        f"{history.frame.height:,} 条并为 {happened.height:,} 起。条件：距首报 {rules.join_seconds / 3600:g} 小时内，同一人、同一户、同一楼、同一小区或(没说清地点的)同辖区，"
        f"且各有各的相似程度(规则 repeats)。"
    )


def _persons(history: History, labels: Sequence[str]) -> tuple[str, list[Block]] | None:
    if not history.person_by:
        return None
    days, least = history.rules.person_days, int(history.rules.flags["person"]["least"])
    frame = history.frame
    found = returns(frame, "person", days)
    often = found.keys.filter(pl.col("most") >= least)
    by = "电话" if history.person_by == "phone" else "姓名(同名会并在一起)"
    mine = int(often["n"].sum())
    point = (
        f"一人多次：按{by}认人，{found.keys.height:,} 人中 {days} 天内 {least} 起以上的 {percent(Share(often.height, found.keys.height))}，"
        f"他们的警情占 {percent(Share(mine, found.events.height))}；重复报警率 {percent(found.again)}(报警前 {days} 天内同一人报过别的事；"
        f"资料头 {days} 天内的看不到从前，不进分母)。"
    )
    table = _key_table(history, found, often, "person", f"一人多次({days} 天内 {least} 起以上)", labels)
    return point, [table, *_again_by_month(found, labels, days)]


def _again_by_month(found: Returns, labels: Sequence[str], window: int) -> list[Block]:
    start = found.events["time"].min()
    if start is None or len(labels) < 3:
        return []
    seen = found.events.filter(pl.col("time") >= start + pl.duration(days=window))
    counted = seen.group_by(pl.col("time").dt.strftime("%Y-%m").alias("m")).agg(pl.len().alias("n"), (pl.col("within") > 1).sum().alias("again"))
    table = {m: Share(again, n) for m, n, again in counted.iter_rows()}
    kept = [label for label in labels if label in table]
    enough = [label for label in kept if table[label].total >= FEW]
    rates = [round(100 * table[label].value, 1) for label in enough]
    return [
        Chart("重复报警率逐月(%)", enough, [Series("重复报警率", rates)], "逐月的重复报警率，百分比，数字见下表；分母不足 30 的月不画。", line=True, unit="%"),
        Table("重复报警率逐月", (Column("月"), Column("重复报警率", "share")), [(label, table[label]) for label in kept], sheet="重复报警率"),
    ]


def _key_table(history: History, found: Returns, often: pl.DataFrame, key: str, title: str, labels: Sequence[str]) -> Table:
    kept = often.head(history.settings.lists.workbook_rows)
    mine = found.events.filter(pl.col(key).is_in(kept[key].implode()))
    about = mine.group_by(key).agg(
        pl.col("kind").cast(pl.String).drop_nulls().mode().sort().first().alias("kind"),
        pl.col("rank").max(),
        pl.col("area").cast(pl.String).drop_nulls().mode().sort().first().alias("area"),
        pl.col("community").cast(pl.String).first().alias("where"),
        pl.col("kind").cast(pl.String).drop_nulls().n_unique().alias("kinds"),
    )
    trend = trends(mine, key, labels)
    rows = []
    for value, n, most, first, last, kind, rank, area, community, kinds in kept.join(about, on=key, how="left", maintain_order="left").iter_rows():
        rows.append((_shown(key, value, community), n, most, f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}", kind, kinds, rank, area, trend.get(str(value), [])))
    columns = (
        Column({"person": "报警人(短标识)"}.get(key, "地点"), "id"), Column("起", "count"), Column("窗口内最多", "count"), Column("首次", "id"), Column("末次", "id"),
        Column("主要事由"), Column("事由种数", "count"), Column("最高级", "colour"), Column("主要辖区"), Column("逐月", "trend"),
    )  # fmt: skip
    return Table(title, columns, rows, total=often.height, page_rows=history.settings.lists.top, sheet=title.partition("(")[0])


def _shown(key: str, value: Any, community: str | None) -> str:
    if key == "person":
        return short_id("R", value)
    return f"{community or ''} {short_id('H', value)}".strip() if key == "household" else str(value)


def _places(history: History, labels: Sequence[str]) -> tuple[str, list[Block]] | None:
    if not history.has("place"):
        return None
    days, flags = history.rules.place_days, history.rules.flags
    told, tables = [], []
    for key, granularity, name in PLACES:
        found, least = returns(history.frame, key, days), int(flags[granularity]["least"])
        often = found.keys.filter(pl.col("most") >= least)
        mine = int(often["n"].sum())
        told.append(f"{name}一级 {least} 起以上 {percent(Share(often.height, found.keys.height))} 处，占 {percent(Share(mine, found.events.height))} 的警情")
        tables.append(_key_table(history, found, often, key, f"一地多起 · {name}({days} 天内 {least} 起以上)", labels))
    point = f"一地多起：{days} 天内，" + "；".join(told) + "。地址写法不一会拆散同一处；户一级只给短标识。"
    return point, list(tables)


def _rising(history: History, happened: pl.DataFrame) -> tuple[str, list[Block]]:
    days, rule = history.rules.kind_days, history.rules.surge
    found, looked, expected = rises(happened, history.rules)
    latest = [rise for rise in found if rise.latest]
    point = (
        f"一类多发：事由 × 辖区，每 {days} 天同此前 {rule['windows']:g} 个窗口比(资料开头不足的，至少 {rule['least_windows']:g} 个)，共比了 {looked:,} 次，提示 {len(found):,} 次，最近一个窗口 {len(latest):,} 个。"
        f"如果什么都没有变，按同样的门槛偶然也会提示约 {expected:,.1f} 次。"
    )
    note = f"门槛：{rule['least_count']:g} 起以上、为此前平均的 {rule['ratio']:g} 倍以上、偶然概率低于 {rule['chance']:g}(负二项)。均为示例配置，须由本地单位审定。"
    table = Table("一类多发", surge_columns(history), [rise_row(rise) for rise in found], note=note, page_rows=history.settings.lists.top)
    return point, [table]


def surge_columns(history: History) -> tuple[Column, ...]:
    """The columns of a table of rises."""
    windows = int(history.rules.surge["windows"])
    return (
        Column("事由"), Column("辖区"), Column("窗口"), Column("起", "count"), Column("此前平均", "number"), Column("偶然概率"), Column(f"此前 {windows} 窗与本窗", "trend"),
    )  # fmt: skip


def rise_row(rise: Rise) -> tuple[Any, ...]:
    """A rise as a row of such a table."""
    chance = "<0.0001" if rise.chance < 0.0001 else f"{rise.chance:.4f}"
    return rise.kind, rise.area or "全部", f"{rise.start} 至 {rise.end}", rise.count, round(rise.baseline, 2), chance, list(rise.weeks)
