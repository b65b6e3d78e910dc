"""A report in the terminal: the same sections as tables of rich."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from service.report.model import Pair, Prose, Report, Table, Tiles, number, percent


def show(out: Console, report: Report) -> None:
    """Print it, charts left out."""
    out.print(f"[bold]{escape(report.title)}[/]  {escape(report.banner)}", highlight=False)
    for section in report.sections:
        out.print(f"\n[bold underline]{escape(section.title)}[/] {escape(section.lead)}", highlight=False)
        for block in section.blocks:
            for part in (block.left, block.right) if isinstance(block, Pair) else (block,):
                if isinstance(part, Table):
                    _table(out, part, report)
                elif isinstance(part, Tiles):
                    out.print("  ".join(f"{escape(tile.name)} [bold]{escape(tile.value)}[/] ({escape(tile.under)})" for tile in part.tiles), highlight=False)
                elif isinstance(part, Prose):
                    for point in part.points:
                        out.print(f"· {escape(point)}", highlight=False)


def _table(out: Console, table: Table, report: Report) -> None:
    rows = table.rows[: table.page_rows] if table.page_rows is not None else table.rows
    shown = RichTable(title=table.title, title_justify="left", box=None, pad_edge=False)
    told = [place for place in range(len(table.columns)) if any(row[place] not in (None, "") for row in rows)]  # an empty column takes room from the others
    for place in told:
        shown.add_column(table.columns[place].name, overflow="fold")
    for row in rows:
        shown.add_row(*(escape(_cell(table.columns[place].kind, row[place], report)) for place in told))
    out.print(shown if rows else f"{escape(table.title)}: 没有", highlight=False)
    total = table.total if table.total is not None else len(table.rows)
    if total > len(rows):
        out.print(f"共 {total:,} 行, 列出前 {len(rows):,} 行", highlight=False)


def _cell(kind: str, value: Any, report: Report) -> str:
    if value is None:
        return ""
    if kind == "share":
        return percent(value)
    if kind == "trend":
        return " ".join(f"{part:g}" for part in value)
    if kind == "colour":
        return str(report.levels[value][1].partition("（")[0])
    return number(value) if kind in ("count", "number", "yuan") else str(value)
