"""What became of the records: resolution, satisfaction, how long, and whether it came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.metrics import Share
from service.report.counting import events
from service.report.history import History
from service.report.model import Block, Column, Prose, Section, Table, Tile, Tiles, percent
from service.report.names import UNTOLD


def outcome(history: History) -> Section | None:
    """None where no column says what became of the records."""
    if not history.has("status"):
        return None
    frame = history.frame
    mapping = history.mapping
    told = frame.filter(pl.col("resolution").is_not_null())
    closed = int(frame["resolution"].is_in(list(mapping.closed)).sum())
    resolved = int((told["resolution"] == _first(mapping.closed)).sum())
    disputes = frame.filter(pl.col("type").is_not_null())
    kept = disputes.filter(pl.col("resolution").is_not_null())
    solved = int((kept["resolution"] == _first(mapping.closed)).sum())
    tiles = [
        Tile("接报", f"{frame.height:,}", "全部记录"),
        Tile("办结率", _rate(Share(closed, frame.height)), f"{closed:,} / {frame.height:,} 接报"),
        Tile("化解率", _rate(Share(resolved, told.height)), f"{resolved:,} / {told.height:,} 写明结果的"),
        Tile("纠纷化解率", _rate(Share(solved, kept.height)), f"{solved:,} / {kept.height:,} 写明结果的纠纷"),
    ]
    if history.has("satisfaction"):
        rated = frame["content"].drop_nulls()
        happy = int((rated == next(iter(mapping.satisfaction))).sum())
        tiles.append(Tile("满意度", _rate(Share(happy, len(rated))), f"{happy:,} / {len(rated):,} 有评价的"))
    blocks: list[Block] = [Tiles(tiles), _results(history), _by_type(history, disputes)]
    unknown = _unknown(history)
    again = _recurrence(history)
    lead = "各率的分母都写在旁边：办结率的分母是全部接报，化解率的分母只含写明结果的，满意度的分母只含有评价的。空白不当作化解，也不当作未化解。"
    return Section("outcome", "化解、办结与复发", lead, (*blocks, *again, *([unknown] if unknown else [])))


def _first(codes: Sequence[str]) -> str:
    """The first of the closed states is the one that counts as resolved."""
    return codes[0]


def _rate(share: Share) -> str:
    return f"{share.value:.1%}" if share.total else "—"


def _results(history: History) -> Table:
    frame = history.frame
    counted = frame.group_by("resolution").len().sort("len", descending=True)
    rows = [(history.mapping.resolution_names.get(code, code) if code else f"{UNTOLD}或看不出", n, Share(n, frame.height)) for code, n in counted.iter_rows()]
    return Table(
        "处理结果",
        (Column("结果"), Column("条", "count"), Column("占接报", "share")),
        rows,
        note=f"按“{history.roles['status']}”一列归类；对照表见 mapping.yaml。",
    )


def _by_type(history: History, disputes: pl.DataFrame) -> Table:
    names, solved = history.names, _first(history.mapping.closed)
    counted = (
        disputes.group_by(pl.col("type").cast(pl.String))
        .agg(pl.len().alias("n"), pl.col("resolution").is_not_null().sum().alias("told"), (pl.col("resolution") == solved).sum().alias("solved"))
        .sort(["n", "type"], descending=[True, False])
    )
    rows = [(names.of("disputes", code), n, Share(good, told), Share(told, n)) for code, n, told, good in counted.iter_rows()]
    columns = (Column("纠纷类型"), Column("条", "count"), Column("化解率", "share"), Column("写明结果", "share"))
    return Table("各类纠纷的化解率", columns, rows, note="化解率的分母是写明结果的；分母不足 30 的颜色较淡，不宜比较。")


def _recurrence(history: History) -> list[Block]:
    """Resolved events after which the same person or household came back with the same kind within the window."""
    by = [key for key, role in (("person", history.person_by), ("household", "place" if history.has("place") else "")) if role]
    if not history.has("time") or not by:
        return []
    window = history.rules.person_days
    happened = events(history.frame).filter(pl.col("time").is_not_null() & pl.col("kind").is_not_null())
    last = happened["time"].max()
    if last is None:
        return []
    solved = happened["resolution"] == _first(history.mapping.closed)
    follow = happened.select(pl.col("time") <= pl.lit(last) - pl.duration(days=window)).to_series()
    reached = np.zeros(happened.height, np.bool_)
    for key in by:
        reached |= _comes_back(happened, key, window)
    keyed = happened.select(pl.any_horizontal(*(pl.col(key) != 0 for key in by))).to_series()
    rows: list[tuple[Any, ...]] = []
    for name, chosen in (("已化解的", solved.fill_null(False)), ("其余的", ~solved.fill_null(False))):
        base = chosen & follow & keyed
        rows.append((name, Share(int((base.to_numpy() & reached).sum()), int(base.sum()))))
    note = (
        f"此后 {window} 天内，同一{'、同一'.join({'person': '人', 'household': '户'}[key] for key in by)}又有同一事由的一起即为复发；"
        f"分母不含认不出人和户的、以及资料末尾不满 {window} 天的。"
    )
    table = Table(f"复发率({window} 天)", (Column("化解与否"), Column("复发", "share")), rows, note=note, sheet="复发率")
    return [table, Prose((f"已化解的 {window} 天内复发 {percent(rows[0][1])}。复发高不等于化解得不好：肯再报警的人也多。",))]


def _comes_back(happened: pl.DataFrame, key: str, window: int) -> NDArray[np.bool_]:
    """Whether another event of the same key and kind follows within the window."""
    indexed = (
        happened.select("event", key, pl.col("kind").cast(pl.String), "time").with_row_index("at").filter(pl.col(key) != 0).sort(key, "kind", "time", "at")
    )
    gap = indexed.with_columns((pl.col("time").shift(-1).over(key, "kind") - pl.col("time")).dt.total_seconds().alias("gap"))
    hits = gap.filter(pl.col("gap") <= window * 86400)["at"]
    found = np.zeros(happened.height, np.bool_)
    found[hits.to_numpy()] = True
    return found


def _unknown(history: History) -> Table | None:
    frame = history.frame
    left = frame.filter(pl.col("status").is_not_null() & pl.col("resolution").is_null())
    if not left.height:
        return None
    counted = left.select(pl.col("status").cast(pl.String).value_counts(sort=True)).unnest("status")
    note = "这些写法不在对照表里，没有计入化解与办结；用 --mapping 补充。"
    return Table("没有归类的处理结果", (Column("写法"), Column("条", "count")), list(counted.iter_rows()), note=note, page_rows=10)
