"""A report as values: sections of prose, tiles, charts and tables. The page and the workbook are two ways to show the same value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from service.metrics import Share

Kind = Literal["text", "id", "count", "share", "yuan", "number", "trend", "colour"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `id` numbers and times that do not break, `count` whole numbers, `share` service.metrics.Share, `yuan` money, `trend` a list of numbers, `colour` a grade's rank."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells. `total` says how many there are in all where the list was cut; `page_rows` how many the page shows."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]
    note: str = ""
    total: int | None = None
    page_rows: int | None = None
    heat: bool = False  # shade the numbers: the table is its own chart
    sheet: str = ""  # name of the sheet, where the title is too long
    summed: bool = False  # the last row is a sum: not shaded


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one colour of a chart. `rank`: the grade it stands for; None: the plain ink."""

    name: str
    values: Sequence[float]
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over labels: `across` lies on its side (one row per label), else columns along an axis of time. Several series are stacked.

    `says` is what the chart shows, in words, for those who do not see it; the table beneath has the numbers.
    """

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    says: str
    across: bool = False
    unit: str = "条"
    line: bool = False
    width: int = 900


@dataclass(frozen=True, slots=True)
class Tile:
    """One number that the reader should see first, with what it is a part of."""

    name: str
    value: str
    under: str = ""
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Tiles:
    """A row of tiles."""

    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs, or points of a list."""

    points: Sequence[str]
    listed: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two blocks side by side where there is room."""

    left: Chart | Table
    right: Chart | Table


Block = Table | Chart | Tiles | Prose | Pair


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter. `lead` says in one or two sentences what it shows."""

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...]

    def tables(self) -> list[Table]:
        """Its tables, in order."""
        flat = [part for block in self.blocks for part in ((block.left, block.right) if isinstance(block, Pair) else (block,))]
        return [block for block in flat if isinstance(block, Table)]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report. `levels`: (code, name) of the grades from low to high; `facts`: what stands under the title."""

    title: str
    banner: str
    facts: tuple[tuple[str, str], ...]
    levels: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def percent(share: Share, places: int = 1) -> str:
    """`12.5%(3/24)`; — where there is nothing to divide by."""
    return f"{share.value:.{places}%}({share.hits:,}/{share.total:,})" if share.total else "—(0/0)"


def number(value: float) -> str:
    """With thousands marks; a whole number without a point."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def wan(yuan: float) -> str:
    """Money as people say it: 元 under ten thousand, else 万元."""
    return f"{yuan:,.0f} 元" if yuan < 10_000 else f"{yuan / 10_000:,.1f} 万元"
