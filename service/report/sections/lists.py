"""The lists that ask a person to look: the highest grade, graded lower than the machine, filed as too little, violence without admonition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from service.metrics import Share
from service.report import knowledge
from service.report.counting import having
from service.report.fetch import Place, Quotes, fetch
from service.report.history import History
from service.report.knowledge import Audit, Proof
from service.report.model import Column, Prose, Section, Table, percent
from service.report.sections.compare import graded


@dataclass(frozen=True, slots=True)
class Listed:
    """A list before its ids and quotes are known. `frame`: the chosen records in order, `why` and `filed_as` as text; `codes`: factors to quote."""

    title: str
    note: str
    frame: pl.DataFrame
    point: str
    codes: tuple[str, ...] = ()
    why: str = "为什么列出"
    routed: bool = False  # show where the machine would send it


def lists(history: History, paths: Sequence[Path], quotes: Quotes) -> Section | None:
    """The lists of what people may have graded or filed as too little; None where the file has no labels."""
    found = [*_downgraded(history), *_dropped(history), *(_audit(history, audit) for audit in _audits(history)), *_admonition(history)]
    if not found:
        return None
    tables = tables_of(history, paths, found, quotes)
    lead = "清单是线索，不是错案名单。先看原文和处警记录，再决定要不要改标注、补手续。"
    return Section("lists", "降级与漏标清单", lead, (Prose([listed.point for listed in found], listed=True), *tables))


def _audits(history: History) -> tuple[Audit, ...]:
    return knowledge.audits().audits if history.has("final_label") or history.has("dispute_label") else ()


FILED_AS = pl.concat_str([pl.col("filed").cast(pl.String), pl.col("filed_type").cast(pl.String)], separator=" / ", ignore_nulls=True)


def ordered(frame: pl.DataFrame, *by: str) -> pl.DataFrame:
    """By the given columns, then the gravest and the latest first; ties by place in the files."""
    return frame.sort([*by, "rank", "time", "file", "row"], descending=[*(True for _ in by), True, True, False, False], nulls_last=True)


def _downgraded(history: History) -> list[Listed]:
    if history.levels is None:
        return []
    grades = dict(enumerate(history.levels.grades))
    both = graded(history).with_columns((pl.col("machine") - pl.col("filed_level_grade")).alias("gap"))
    both = both.with_columns(
        pl.concat_str(pl.lit("人工“"), pl.col("filed_level_grade").replace_strict(grades, return_dtype=pl.String), pl.lit("”，机器“"), pl.col("machine").replace_strict(grades, return_dtype=pl.String), pl.lit("”")).alias("why"),
        FILED_AS.alias("filed_as"),
    )  # fmt: skip
    lower, higher = ordered(both.filter(pl.col("gap") > 0), "gap"), ordered(both.filter(pl.col("gap") < 0).with_columns((-pl.col("gap")).alias("gap")), "gap")
    point = f"降级清单：人工定级低于机器 {percent(Share(lower.height, both.height))}；反过来人工高于机器 {percent(Share(higher.height, both.height))}。"
    found = [Listed("降级清单：人工定级低于机器", f"按差几档、再按机器的级别排。分母：两边都有级别的 {both.height:,} 条。", lower, point)]
    if higher.height:
        told = f"人工高于机器的 {higher.height:,} 条另列，可用来找机器的漏判。"
        found.append(Listed("人工定级高于机器", "人看到了文本以外的事，或机器漏了；两样都值得知道。", higher, told))
    return found


def _dropped(history: History) -> list[Listed]:
    """Graded lower after handling than at the call."""
    if history.levels is None or history.initial_levels is None or history.levels.grades != history.initial_levels.grades:
        return []
    grades = dict(enumerate(history.levels.grades))
    frame = history.frame.filter(pl.col("initial_level_grade").is_not_null() & pl.col("filed_level_grade").is_not_null())
    lower = frame.filter(pl.col("filed_level_grade") < pl.col("initial_level_grade")).with_columns(
        pl.concat_str(pl.lit("接警“"), pl.col("initial_level_grade").replace_strict(grades, return_dtype=pl.String), pl.lit("”，处警“"), pl.col("filed_level_grade").replace_strict(grades, return_dtype=pl.String), pl.lit("”")).alias("why"),
        FILED_AS.alias("filed_as"),
    )  # fmt: skip
    point = f"接警到处警调低：{percent(Share(lower.height, frame.height))} 的级别在处警后调低。"
    return [Listed("接警到处警调低了级别", "到场后调低多半有理；机器仍判得高的排在前面。", ordered(lower), point)]


def _audit(history: History, audit: Audit) -> Listed:
    """Records filed as the audit says, with the first proof that holds."""
    frame = history.frame.with_columns(FILED_AS.fill_null("").alias("filed_as"))
    filed = audit.filed
    chosen = pl.lit(not (filed.names or filed.categories or filed.types))
    if filed.names:
        chosen = chosen | pl.any_horizontal(*(pl.col("filed_as").str.contains(name, literal=True) for name in filed.names))
    if filed.categories:
        chosen = chosen | pl.col("human_category").is_in(list(filed.categories))
    if filed.types:
        chosen = chosen | pl.col("human_types").fill_null("").str.split(";").list.eval(pl.element().is_in(list(filed.types))).list.any()
    for name in filed.not_names:
        chosen = chosen & ~pl.col("filed_as").str.contains(name, literal=True)
    frame = frame.filter((pl.col("filed_as") != "") & chosen.fill_null(False))
    strength = pl.Series([len(audit.evidence)] * frame.height, dtype=pl.Int16)
    for order, proof in reversed(list(enumerate(audit.evidence))):
        strength = strength.to_frame("s").select(pl.when(_proves(proof, frame)).then(order).otherwise(pl.col("s"))).to_series()
    says = {order: proof.says for order, proof in enumerate(audit.evidence)}
    base = frame.height
    found = frame.with_columns(strength.cast(pl.Int64).alias("order")).filter(pl.col("order") < len(audit.evidence))
    found = found.with_columns(pl.col("order").replace_strict(says, return_dtype=pl.String).alias("why"), (-pl.col("order")).alias("strength"))
    point = f"{audit.name}：这样记录的 {base:,} 条中 {percent(Share(found.height, base))} 在文本里有证据。"
    codes = tuple(code for proof in audit.evidence for code in proof.factors)
    return Listed(audit.name, f"{audit.about}依据：{audit.basis}。", ordered(found, "strength"), point, codes)


def _proves(proof: Proof, frame: pl.DataFrame) -> pl.Series:
    held = pl.Series([True] * frame.height, dtype=pl.Boolean)
    if proof.factors:
        held &= having("factors", proof.factors, frame)
    for column, wanted in (("type", proof.types), ("category", proof.categories), ("stage", proof.stages)):
        if wanted:
            held &= frame[column].cast(pl.String).is_in(list(wanted)).fill_null(False)
    return held


def _admonition(history: History) -> list[Listed]:
    if not history.has("admonition"):
        return []
    rule = knowledge.audits().admonition
    frame = history.frame.filter(having("factors", rule.factors, history.frame)).with_columns(FILED_AS.alias("filed_as"))
    cells = frame["admonition"].cast(pl.String).fill_null("")
    issued = {cell: history.filing.admonished(cell) for cell in cells.unique().to_list()}
    without = frame.filter(~cells.replace_strict(issued, return_dtype=pl.Boolean)).with_columns(pl.lit("未见告诫书").alias("why"))
    point = f"{rule.name}：{percent(Share(without.height, frame.height))}。"
    return [Listed(rule.name, rule.about, ordered(without), point, rule.factors)]


def tables_of(history: History, paths: Sequence[Path], found: Sequence[Listed], quotes: Quotes) -> list[Table]:
    """The lists as tables: ids for all rows, quotes for those that the page shows."""
    limits = history.settings.lists
    wanted: set[Place] = set()
    texts: set[Place] = set()
    for listed in found:
        places = listed.frame.head(limits.workbook_rows).select("file", "row").rows()
        wanted.update(places)
        texts.update(places[: limits.page_rows])
    ids, told = fetch(paths, history.files, wanted, texts)
    return [_table(history, listed, ids, lambda place, codes: quotes.of(told.get(place), codes)) for listed in found]


def _table(history: History, listed: Listed, ids: dict[Place, str], quote: Callable[[Place, tuple[str, ...]], str]) -> Table:
    names, limits = history.names, history.settings.lists
    rows: list[tuple[Any, ...]] = []
    shown = listed.frame.head(limits.workbook_rows).select(
        "file",
        "row",
        "time",
        pl.col("area").cast(pl.String),
        "filed_as",
        "rank",
        "why",
        pl.col("kind").cast(pl.String),
        pl.col("factors").cast(pl.String),
        pl.col("route").cast(pl.String),
    )
    for file, row, time, area, filed_as, rank, why, kind, factors, route in shown.iter_rows():
        told = [code for code in (factors or "").split(";") if code in names.external]
        words = quote((file, row), listed.codes) if len(rows) < limits.page_rows else ""
        when = f"{time:%Y-%m-%d %H:%M}" if time else ""
        sent = (names.joined("routes", [route or ""]),) if listed.routed else ()
        rows.append(
            (ids.get((file, row)) or f"第 {row} 行", when, area or "", filed_as or "", rank, why, kind or "", names.joined("factors", told), *sent, words)
        )
    columns = (
        Column("编号", "id"), Column("时间", "id"), Column("辖区"), Column("原标注"), Column("机器", "colour"), Column(listed.why), Column("机器判为"), Column("因素"),
        *((Column("建议去向"),) if listed.routed else ()), Column("文本里的话"),
    )  # fmt: skip
    return Table(listed.title, columns, rows, note=listed.note, total=listed.frame.height, page_rows=limits.page_rows)
