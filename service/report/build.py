"""The report put together: every chapter for which the files have columns, in the order in which an analyst asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from service.report import knowledge
from service.report.fetch import Quotes
from service.report.history import History
from service.report.model import Report, Section
from service.report.sections.compare import compare
from service.report.sections.fraud import fraud
from service.report.sections.lists import lists
from service.report.sections.outcome import outcome
from service.report.sections.quality import quality, reading
from service.report.sections.repeats import repeats
from service.report.sections.shape import areas, kinds, overview, review, times


def build(history: History, paths: Sequence[Path], quotes: Quotes, *, title: str = "警情研判报告", now: dt.datetime | None = None) -> Report:
    """The whole report. Same files, same key, same rules, same `now`: the same report."""
    told = (
        overview(history), kinds(history), areas(history), times(history), repeats(history), fraud(history), outcome(history), compare(history),
        lists(history, paths, quotes), review(history), quality(history), reading(),
    )  # fmt: skip
    sections: tuple[Section, ...] = tuple(section for section in told if section is not None)
    return Report(title, knowledge.notes().banner, facts_of(history, now), history.names.levels, sections)


def facts_of(history: History, now: dt.datetime | None) -> tuple[tuple[str, str], ...]:
    """What stands under the title: period, files, profile, rules, when made."""
    frame = history.frame
    first, last = frame["time"].min(), frame["time"].max()
    period = f"{first:%Y-%m-%d} 至 {last:%Y-%m-%d}" if isinstance(first, dt.datetime) and isinstance(last, dt.datetime) else "没有时间列"
    names = "、".join(facts.name for facts in history.files[:3]) + (f" 等 {len(history.files)} 个" if len(history.files) > 3 else "")
    facts = [
        ("资料期间", period), ("记录", f"{frame.height:,} 条"), ("文件", names), ("分级方案", history.names.profile_name),
        ("名称依据的规则包", history.names.rules.removeprefix("sha256:")[:12]),
    ]  # fmt: skip
    if now is not None:
        facts.append(("制表", f"{now:%Y-%m-%d %H:%M}"))
    return tuple(facts)
