"""What is wrong with the records themselves, and how to read the report."""

from __future__ import annotations

import polars as pl

from service.metrics import Share
from service.report import knowledge
from service.report.history import History
from service.report.model import Block, Column, Prose, Section, Table


def quality(history: History) -> Section:
    """Empty, short, twice, damaged, undated; the files and which column was taken as what."""
    frame, rule = history.frame, history.settings.quality
    n = frame.height
    rows = [*_texts(history), *_ids(history), *_times(history), *_places(history), *_labels(history)]
    columns = (Column("查什么"), Column("条", "share"), Column("怎么看"))
    files = Table(
        "读了哪些文件",
        (
            Column("文件"),
            Column("格式"),
            Column("编码"),
            Column("条", "count"),
            Column("列数不齐", "count"),
            Column("解不开的字", "count"),
            Column("坏行", "count"),
        ),
        [(f.name, f.kind, f.encoding, f.rows, f.ragged, f.undecodable, f.broken) for f in history.files],
        note="列数不齐的行补空或截齐后照样计入；坏行(不是合法 JSON)没有计入。",
        page_rows=40,
    )
    roles = knowledge.headers().roles
    taken = [(roles[role].name, history.roles[role]) if role in history.roles else (roles[role].name, "(没有)") for role in roles]
    blocks: tuple[Block, ...] = (
        Table("数据质量", columns, rows),
        files,
        Table("哪一列当作什么", (Column("用作"), Column("表头")), taken, note="认错了用 --column 角色=表头 改，例如 --column time=受理时间。"),
    )
    lead = f"{n:,} 条里短于 {rule.short_characters} 字、空白、重复、时间缺失的各有多少。质量差的字段，相应的图表要打折扣看。"
    return Section("quality", "数据质量", lead, blocks)


_Rows = list[tuple[str, Share, str]]


def _texts(history: History) -> _Rows:
    frame, rule = history.frame, history.settings.quality
    n = frame.height
    if not history.has("text") and not history.has("outcome_text"):
        return [("没有文本列", Share(n, n), "标注时用过的文本列不在文件里，重复与一事多报查不了。")]
    empty = int((frame["length"] == 0).sum())
    short = int(((frame["length"] > 0) & (frame["length"] < rule.short_characters)).sum())
    told = frame.filter(pl.col("text") != 0)
    twice = told.height - told["text"].n_unique()
    joined = frame.height - frame["event"].n_unique()
    return [
        ("文本空白", Share(empty, n), "机器无从判断，不会判成最低一级。"),
        (f"文本短于 {rule.short_characters} 字", Share(short, n), "多半要复核。"),
        ("文本完全重复", Share(twice, told.height), "去空白后一字不差；分母是有文本的。可能是重复导入，也可能是套话。"),
        ("并为同一起的(一事多报)", Share(joined, n), "同一人、户、楼、小区或辖区，相隔不久，文字相近；在按起数的表里只计一次。"),
        ("乱码或解不开的字", Share(int(frame["garbled"].sum()), n), "含 � 或“锟斤拷”一类，多是转码出错。"),
    ]


def _ids(history: History) -> _Rows:
    frame = history.frame
    if not history.has("id"):
        return [("没有编号列", Share(frame.height, frame.height), "清单只能写行号。")]
    told = frame.filter(pl.col("id") != 0)
    return [
        ("编号空白", Share(frame.height - told.height, frame.height), ""),
        ("编号重复", Share(told.height - told["id"].n_unique(), told.height), "分母是有编号的。"),
        ("编号成了科学记数", Share(int(frame["id_damaged"].sum()), frame.height), "如 3.2E+17：Excel 把长编号当数字，原号已丢，要从源系统重导。"),
    ]


def _times(history: History) -> _Rows:
    frame, rule = history.frame, history.settings.quality
    n = frame.height
    if not history.has("time"):
        return [("没有时间列", Share(n, n), "时间、重复与趋势各节都做不了。")]
    dated = n - frame["time"].null_count()
    clocked = frame.filter(pl.col("clock"))
    midnight = Share(int(((clocked["time"].dt.hour() == 0) & (clocked["time"].dt.minute() == 0)).sum()), clocked.height)
    warning = "零点整过多，钟点多半没有登记，钟点图不可信。" if midnight.total and midnight.value > rule.midnight_share else "比例高时，钟点多半没有登记。"
    unread = int((frame["time_told"] & frame["time"].is_null()).sum())
    return [
        ("时间空白", Share(n - int(frame["time_told"].sum()), n), ""),
        ("时间写了但认不出", Share(unread, n), "不进时间各表。"),
        ("只有日期没有钟点", Share(dated - clocked.height, dated), "不进钟点图，也不参加一事多报的合并。"),
        ("零点整", midnight, warning),
    ]


def _places(history: History) -> _Rows:
    frame = history.frame
    n = frame.height
    rows: _Rows = []
    if history.has("area"):
        rows.append(("辖区空白", Share(frame["area"].null_count(), n), ""))
    if history.has("place"):
        rows.append(("案发地空白", Share(frame["community"].null_count(), n), "不进一地多起。"))
    if history.person_by:
        rows.append(("报警人与电话都空白", Share(int((frame["person"] == 0).sum()), n), "不进一人多次。"))
    return rows


def _labels(history: History) -> _Rows:
    frame = history.frame
    n = frame.height
    unknown = int((frame["rank"].is_null() & frame["colour"].is_not_null()).sum())
    rows: _Rows = [("没有机器分级", Share(frame["colour"].null_count(), n), "标注时被拒或中断的行。")]
    if unknown:
        rows.append(("级别不属于所用方案", Share(unknown, n), "标注用的方案同这里的不同，用 --profile 指明。"))
    return rows


def reading() -> Section:
    """How to read it and what it does not prove."""
    notes = knowledge.notes()
    return Section(
        "reading",
        "怎么读，以及不能证明什么",
        "",
        (Prose(notes.reading, listed=True, title="怎么读"), Prose(notes.not_proved, listed=True, title="不能证明什么")),
    )
