"""A report as one self-contained HTML page: everything escaped by Jinja, no script, no outside address, a policy that forbids both."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service.metrics import Share
from service.report import charts
from service.report.model import Block, Chart, Pair, Prose, Report, Table, Tiles, number

_TEMPLATES = Path(__file__).parent / "templates"
FEW = 30  # under so many a share is shown pale


def render(report: Report) -> str:
    """The page."""
    levels = report.levels
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals |= {
        "fill": lambda rank: charts.fill_of(levels, rank),
        "draw": lambda chart, anchor: Markup(charts.draw(chart, levels, anchor)),
        "legend": lambda chart: Markup(charts.legend(chart, levels)),
        "cell": lambda table, place, value, plain: Markup(_cell(table, place, value, levels, shade=table.heat and not plain)),
        "shown_rows": _shown_rows,
        "under": _under,
    }
    macros: Any = environment.get_template("blocks.html.j2").module

    def show(block: Block, anchor: str) -> Markup:
        if isinstance(block, Pair):
            return Markup('<div class="pair"><div>{}</div><div>{}</div></div>').format(show(block.left, anchor + "a"), show(block.right, anchor + "b"))
        if isinstance(block, Chart):
            return Markup(macros.chart(block, anchor))
        if isinstance(block, Table):
            return Markup(macros.table(block))
        if isinstance(block, Tiles):
            return Markup(macros.tiles(block))
        assert isinstance(block, Prose)
        return Markup(macros.prose(block))

    css = Markup((_TEMPLATES / "report.css").read_text("utf-8"))
    return environment.get_template("report.html.j2").render(report=report, css=css, patterns=Markup(charts.patterns(levels)), show=show) + "\n"


def _shown_rows(table: Table) -> Sequence[tuple[Any, ...]]:
    return table.rows[: table.page_rows] if table.page_rows is not None else table.rows


def _under(table: Table) -> str:
    """The note, and how many rows are not shown."""
    shown, total = len(_shown_rows(table)), table.total if table.total is not None else len(table.rows)
    cut = f"共 {total:,} 行，这里列出前 {shown:,} 行" + ("；XLSX 里列得更全。" if len(table.rows) > shown else "。") if total > shown else ""
    return " ".join(part for part in (table.note, cut) if part)


def _cell(table: Table, place: int, value: Any, levels: Sequence[tuple[str, str]], *, shade: bool) -> str:
    kind = table.columns[place].kind
    if value is None:
        return "<td></td>" if kind in ("text", "id", "trend", "colour") else '<td class="n"></td>'
    if kind == "share":
        return _share(value)
    if kind == "trend":
        return f"<td>{charts.spark(value)}</td>"
    if kind == "colour":
        name = escape(levels[value][1].partition("（")[0])
        return (
            f'<td><span class="lv"><svg width="14" height="12" aria-hidden="true"><rect width="14" height="12" fill="url(#lv{value})"/></svg>{name}</span></td>'
        )
    if kind in ("text", "id"):
        return f"<td{' class=id' if kind == 'id' else ''}>{escape(str(value))}</td>"
    if shade and kind == "count":
        return _shaded(table, value)
    return f'<td class="n">{escape(number(value))}</td>'


def _share(share: Share) -> str:
    if not share.total:
        return '<td class="n few">—<small>0/0</small></td>'
    low, high = share.interval
    few = " few" if share.total < FEW else ""
    return f'<td class="n{few}" title="95% 区间 {low:.1%}–{high:.1%}">{share.value:.1%}<small>{share.hits:,}/{share.total:,}</small></td>'


def _shaded(table: Table, value: float) -> str:
    most = max(
        (
            cell
            for row in table.rows[: -1 if table.summed else None]
            for cell, column in zip(row, table.columns, strict=True)
            if column.kind == "count" and cell
        ),
        default=1,
    )
    depth = value / most
    ink = "#fff" if depth > 0.62 else "#22303c"
    mixed = "".join(f"{round(255 + (part - 255) * depth):02x}" for part in (0x1F, 0x4E, 0x66))
    return f'<td class="n" style="background:#{mixed};color:{ink}">{value:,.0f}</td>' if value else '<td class="n">·</td>'
