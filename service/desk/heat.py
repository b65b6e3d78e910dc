"""Where it is busy: incidents with coordinates counted in a grid, drawn as squares with their numbers. Own code: no map is needed, none may be fetched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from service.api.replies_work import CellCount
from service.desk.names import Level

_SIDES = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 360_000)  # thousandths of a degree
_MOST = 16  # squares along the longer side
_SIZE = 36  # px
_SHADES = 5
_LISTED = 12
_KM = 111.32  # per degree of latitude


@dataclass(frozen=True, slots=True)
class Heat:
    """The drawing and its table. `rows`: place, count, of the two highest grades; `side`: of a square, in words."""

    chart: Markup
    says: str
    rows: Sequence[tuple[str, str, str]]
    side: str
    more: int


def drawn(cells: Sequence[CellCount], levels: Sequence[Level]) -> Heat | None:
    """The grid; None where no incident has coordinates."""
    if not cells:
        return None
    xs, ys = [cell.longitude for cell in cells], [cell.latitude for cell in cells]
    extent = max(max(xs) - min(xs), max(ys) - min(ys)) + 1
    side = next((size for size in _SIDES if extent <= size * _MOST), _SIDES[-1])
    grid: dict[tuple[int, int], list[int]] = {}
    for cell in cells:
        counts = grid.setdefault((cell.longitude // side, cell.latitude // side), [0] * len(levels))
        for rank, count in enumerate(cell.by_rank):
            counts[rank] += count
    ordered = sorted(grid.items(), key=lambda item: (-sum(item[1]), item[0]))
    rows = [(_spot(square, side), f"{sum(counts):,}", f"{sum(counts[-2:]):,}") for square, counts in ordered]
    size = f"{side / 1000:g} 度见方, 南北约 {side / 1000 * _KM:.1f} 公里"
    says = f"热力图: {sum(sum(counts) for counts in grid.values()):,} 起有坐标, 每格 {size}。最多的一格 {rows[0][1]} 起, 中心 {rows[0][0]}。"
    return Heat(_svg(grid, says), says, rows[:_LISTED], size, max(0, len(rows) - _LISTED))


def _spot(square: tuple[int, int], side: int) -> str:
    """The middle of a square."""
    x, y = ((part + 0.5) * side / 1000 for part in square)
    return f"{abs(x):.3f}°{'E' if x >= 0 else 'W'} {abs(y):.3f}°{'N' if y >= 0 else 'S'}"


def _svg(grid: dict[tuple[int, int], list[int]], says: str) -> Markup:
    left, top = min(x for x, _ in grid), max(y for _, y in grid)
    wide, tall = max(x for x, _ in grid) - left + 1, top - min(y for _, y in grid) + 1
    most = max(sum(counts) for counts in grid.values())
    parts = []
    for (x, y), counts in sorted(grid.items()):
        count, px, py = sum(counts), (x - left) * _SIZE, (top - y) * _SIZE
        shade = max(1, math.ceil(_SHADES * count / most))
        parts.append(f'<rect class="h{shade}" x="{px + 1}" y="{py + 1}" width="{_SIZE - 2}" height="{_SIZE - 2}" rx="3"/>')
        parts.append(f'<text class="h{shade}" x="{px + _SIZE / 2:g}" y="{py + _SIZE / 2 + 4:g}" text-anchor="middle">{count}</text>')
        if counts[-1]:  # a mark, not only a colour: something of the highest grade happened here
            parts.append(f'<path class="top" d="M{px + _SIZE - 9} {py + 9}l3.5-6 3.5 6z"/>')
    width, height = wide * _SIZE, tall * _SIZE
    north = f'<text class="num" x="{width + 8}" y="14">北 ↑</text>'
    return Markup(
        f'<svg class="chart heat" viewBox="0 0 {width + 44} {height}" width="{width + 44}" role="img" aria-labelledby="heat-t heat-d">'
        f'<title id="heat-t">热力图</title><desc id="heat-d">{escape(says)}</desc>{"".join(parts)}{north}</svg>'
    )
