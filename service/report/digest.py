"""每日研判: one day's sheet for the morning meeting: red list, the three kinds of key incidents, overdue, needs review, a week looked back on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import InputError
from service.metrics import Share
from service.report import knowledge
from service.report.build import facts_of
from service.report.clusters import returns, rises
from service.report.counting import events, grade_counts, severe
from service.report.fetch import Quotes
from service.report.gather import short_id
from service.report.history import History
from service.report.model import Block, Column, Prose, Report, Section, Table, Tile, Tiles, percent
from service.report.sections.lists import FILED_AS, Listed, ordered, tables_of
from service.report.sections.repeats import PLACES, rise_row, surge_columns


def digest(history: History, paths: Sequence[Path], quotes: Quotes, *, day: dt.date | None = None, now: dt.datetime | None = None) -> Report:
    """The sheet of one day, by default the last that has a record. Raises InputError FQ2207 where no record has a time."""
    last = history.frame["time"].max()
    if not isinstance(last, dt.datetime):
        raise InputError(
            "FQ2207",
            "没有报警时间, 做不了每日研判",
            "no times, no daily sheet",
            seen=history.files[0].name,
            remedy="--column time=列名, 指明哪一列是报警时间, 如 --column time=受理时间",
        )
    day = day or last.date()
    until = dt.datetime.combine(day, dt.time()) + dt.timedelta(days=1)
    frame = history.frame.filter(pl.col("time") < until)
    today = frame.filter(pl.col("time") >= until - dt.timedelta(days=1))
    sections = (
        _day(history, frame, today, day),
        _red(history, paths, quotes, today),
        _key_incidents(history, frame, today, day),
        _overdue(history, paths, quotes, frame, until),
        _review(history, paths, quotes, today),
        _week(history, frame, until),
        Section("reading", "说明", "", (Prose(_notes(history), listed=True),)),
    )
    return Report(f"每日研判 {day:%Y-%m-%d}", knowledge.notes().banner, facts_of(history, now), history.names.levels, sections)


def _notes(history: History) -> list[str]:
    rules = history.rules
    return [
        f"一人多次按 {rules.person_days} 天、一地多起按 {rules.place_days} 天(起数见表题)，一类多发按 {rules.kind_days} 天，都是示例配置，须由本地单位审定。",
        "清单供交办和核查；是不是骚扰、要不要改级、要不要告诫，由民警决定。",
        "多次报警的可能正是受害人：重复警情不得再只做现场调处。",
    ]


def _day(history: History, frame: pl.DataFrame, today: pl.DataFrame, day: dt.date) -> Section:
    names = history.names
    before = frame.filter(
        (pl.col("time") < dt.datetime.combine(day, dt.time())) & (pl.col("time") >= dt.datetime.combine(day, dt.time()) - dt.timedelta(days=28))
    )
    happened = events(frame).filter(pl.col("time") >= dt.datetime.combine(day, dt.time()))
    tiles = [Tile("当日警情", f"{today.height:,}", f"{happened.height:,} 起；前 28 天日均 {before.height / 28:.1f} 条")]
    for rank in reversed(range(len(names.levels))):
        n = int((today["rank"] == rank).sum())
        tiles.append(Tile(names.level(rank), f"{n:,}", f"前 28 天日均 {int((before['rank'] == rank).sum()) / 28:.1f}", rank))
    tiles.append(Tile("需复核", f"{int(today['review'].sum()):,}", percent(Share(int(today["review"].sum()), today.height))))
    rows = [(value, n, *grades) for value, n, grades in grade_counts(today, "kind", names)]
    blocks: list[Block] = [Tiles(tiles)]
    if rows:
        blocks.append(
            Table("当日事由", (Column("事由"), Column("条", "count"), *(Column(names.level(r), "count") for r in range(len(names.levels)))), rows, page_rows=12)
        )
    return Section("day", "当日概况", "", tuple(blocks))


def _red(history: History, paths: Sequence[Path], quotes: Quotes, today: pl.DataFrame) -> Section:
    top, _ = severe(history.names)
    name = history.names.level(top)
    chosen = today.filter(pl.col("rank") == top).with_columns(FILED_AS.alias("filed_as"), _handling(history))
    return Section(
        "red",
        f"{name}清单",
        "",
        tuple(
            tables_of(
                history,
                paths,
                [Listed(f"当日{name}", "“文本里的话”是分级所依据的原话。", ordered(chosen), "", why="处理结果", routed="fq_route" in history.roles)],
                quotes,
            )
        ),
    )


def _handling(history: History) -> pl.Expr:
    told = dict(history.mapping.resolution_names)
    return pl.coalesce(pl.col("resolution").replace_strict(told, default=None, return_dtype=pl.String), pl.lit("未写结果")).alias("why")


def _key_incidents(history: History, frame: pl.DataFrame, today: pl.DataFrame, day: dt.date) -> Section:
    happened = events(frame)
    blocks: list[Block] = []
    if history.person_by:
        blocks.append(_again(history, frame, "person", "person", "一人多次", day))
    if history.has("place"):
        blocks += [_again(history, frame, key, granularity, f"一地多起 · {name.partition('(')[0]}", day) for key, granularity, name in reversed(PLACES)]
    found, _, _ = rises(happened, history.rules, day)
    latest = [rise_row(rise) for rise in found if rise.latest]
    blocks.append(Table("一类多发(截至当日的窗口)", surge_columns(history), latest, note="同此前各窗口平均相比；门槛见规则 repeats，为示例配置。"))
    return Section("key", "三类重点警情", "一人多次、一地多起、一类多发：交办社区民警与网格核查。", tuple(blocks))


def _again(history: History, frame: pl.DataFrame, key: str, granularity: str, name: str, day: dt.date) -> Table:
    """Keys that came back on the day: how often within the window that ends with it."""
    days, least = history.rules.days(granularity), int(history.rules.flags[granularity]["least"])
    title = f"{name}({days} 天 {least} 起以上，当日又{'报' if key == 'person' else '有'})"
    found = returns(frame, key, days)
    now = found.events.filter((pl.col("time").dt.date() == day) & (pl.col("within") >= least))
    latest = now.sort("within", "time", descending=[True, False]).unique(key, keep="first", maintain_order=True)
    mine = found.events.join(latest.select(key, pl.col("time").alias("at")), on=key).filter(
        (pl.col("time") <= pl.col("at")) & (pl.col("time") >= pl.col("at") - pl.duration(days=days))
    )
    about = {row[0]: row[1:] for row in mine.group_by(key).agg(pl.col("kind").cast(pl.String).drop_nulls().unique().sort(), pl.col("rank").max()).iter_rows()}
    rows: list[tuple[Any, ...]] = []
    for value, within, area, community in latest.select(
        key, "within", pl.col("area").cast(pl.String), pl.col("community").cast(pl.String).alias("where")
    ).iter_rows():
        kinds, rank = about.get(value, ([], None))
        shown = short_id("R", value) if key == "person" else f"{community or ''} {short_id('H', value)}" if key == "household" else str(value)
        rows.append((shown, within, "、".join(kinds[:4]) + ("…" if len(kinds) > 4 else ""), rank, area, ""))
    columns = (
        Column("报警人(短标识)" if key == "person" else "地点", "id"),
        Column("窗口内几起", "count"),
        Column("事由"),
        Column("最高级", "colour"),
        Column("辖区"),
        Column("交办给"),
    )
    return Table(title, columns, rows, page_rows=history.settings.lists.top, sheet=title.partition("(")[0])


def _overdue(history: History, paths: Sequence[Path], quotes: Quotes, frame: pl.DataFrame, until: dt.datetime) -> Section:
    if not history.has("status"):
        return Section("overdue", "超期未办结", "文件里没有处理结果一列，看不出哪些没有办结。", ())
    closed = list(history.mapping.closed)
    waiting = frame.filter(~pl.col("resolution").is_in(closed).fill_null(False))
    if history.has("closed_at"):
        waiting = waiting.filter(pl.col("closed").is_null() | (pl.col("closed") >= until))
    if history.has("due_at"):
        late = waiting.filter(pl.col("due") < until).with_columns((pl.lit(until) - pl.col("due")).dt.total_days().alias("late"))
        basis = f"按“{history.roles['due_at']}”一列。"
    else:
        days = _open_days(history)
        told = "、".join(f"{history.names.level(rank)} {days[rank]} 天" for rank in reversed(range(len(history.names.levels))))
        allowed = pl.col("rank").replace_strict(days, default=None, return_dtype=pl.Int64)
        late = waiting.with_columns(((pl.lit(until) - pl.col("time")).dt.total_days() - allowed).alias("late")).filter(pl.col("late") > 0)
        basis = f"没有办理期限一列，按示例配置：{told}，须由本地单位审定。"
    late = late.with_columns(pl.format("超 {} 天", pl.col("late")).alias("why"), FILED_AS.alias("filed_as")).sort(
        ["rank", "late", "file", "row"], descending=[True, True, False, False], nulls_last=True
    )
    lead = f"截至当日未办结 {waiting.height:,} 条，其中超期 {percent(Share(late.height, waiting.height))}。{basis}空白的处理结果算未办结。"
    return Section(
        "overdue", "超期未办结", lead, tuple(tables_of(history, paths, [Listed("超期未办结", "先级别、后天数。", late, "", why="超期")], Quotes(None)))
    )


def _open_days(history: History) -> dict[int, int]:
    """Days allowed per grade: the settings name them from the top."""
    told = list(history.settings.digest.open_days.values())
    most = len(history.names.levels) - 1
    return {rank: told[min(round((most - rank) * (len(told) - 1) / max(1, most)), len(told) - 1)] for rank in range(most + 1)}


def _review(history: History, paths: Sequence[Path], quotes: Quotes, today: pl.DataFrame) -> Section:
    says = pl.col("codes").cast(pl.String).fill_null("").str.split(";")
    chosen = today.filter(pl.col("review")).with_columns(FILED_AS.alias("filed_as"), says.alias("told"))
    why = [history.names.joined("review", told) or "标注时要求复核" for told in chosen["told"].to_list()]
    chosen = chosen.with_columns(pl.Series("why", why, dtype=pl.String))
    return Section("review", "需人工复核", "", tuple(tables_of(history, paths, [Listed("当日需人工复核", "", ordered(chosen), "", why="复核原因")], quotes)))


def _week(history: History, frame: pl.DataFrame, until: dt.datetime) -> Section:
    """The last days beside those before, and what of the two highest grades is still open."""
    names, span = history.names, history.settings.digest.look_back_days
    start = until - dt.timedelta(days=span)
    now = frame.filter(pl.col("time") >= start)
    before = frame.filter((pl.col("time") >= start - dt.timedelta(days=span)) & (pl.col("time") < start))
    levels = [(names.level(rank), int((now["rank"] == rank).sum()), int((before["rank"] == rank).sum())) for rank in reversed(range(len(names.levels)))]
    levels.append(("合计", now.height, before.height))
    kinds = {value: n for value, n, _ in grade_counts(before, "kind", names)}
    moved = sorted(((value, n, kinds.get(value, 0)) for value, n, _ in grade_counts(now, "kind", names)), key=lambda row: (-abs(row[1] - row[2]), row[0]))
    columns = (Column("项"), Column(f"近 {span} 天", "count"), Column(f"再前 {span} 天", "count"))
    blocks: list[Block] = [
        Table(f"近 {span} 天", columns, levels),
        Table("变动最大的事由", columns, moved, page_rows=8, note="只是条数的增减；小数目的波动多半是偶然。"),
    ]
    if history.has("status"):
        top, second = severe(names)
        grave = now.filter(pl.col("rank") >= second)
        open_now = int((~grave["resolution"].is_in(list(history.mapping.closed)).fill_null(False)).sum())
        blocks.append(Prose((f"近 {span} 天{names.level(top)}与{names.level(second)}仍未办结 {percent(Share(open_now, grave.height))}，逐条回头看。",)))
    return Section("week", "一周回头看", "", tuple(blocks))
