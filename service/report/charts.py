"""Charts as inline SVG: grades told by colour, pattern and letter; every chart has a title and a sentence for those who do not see it.

No script, no outside address, no font: text is text. Own code because the libraries that draw (matplotlib, altair, plotly) are tens of megabytes,
draw text as outlines or need a browser's script.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from service.report.model import Chart, Series

_BY_CODE = {"green": "#5b9a72", "yellow": "#e3b33c", "orange": "#dd7a2f", "red": "#b5332c", "blue": "#5a87b8"}
_BY_RANK = ("#5b9a72", "#e3b33c", "#dd7a2f", "#b5332c")
INK = "#41657d"


def fill_of(levels: Sequence[tuple[str, str]], rank: int | None) -> str:
    """The colour of a grade; the ink where there is none."""
    if rank is None:
        return INK
    place = round(rank * (len(_BY_RANK) - 1) / max(1, len(levels) - 1))
    return _BY_CODE.get(levels[rank][0], _BY_RANK[place])


def patterns(levels: Sequence[tuple[str, str]]) -> str:
    """The definitions that the charts of a page share: one hatch per grade, the higher the denser."""
    marks = ("", '<circle cx="4" cy="4" r="1"/>', '<path d="M0 8L8 0"/>', '<path d="M0 8L8 0M0 0L8 8"/>')
    out = []
    for rank in range(len(levels)):
        place = round(rank * (len(marks) - 1) / max(1, len(levels) - 1))
        fill = fill_of(levels, rank)
        out.append(
            f'<pattern id="lv{rank}" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="{fill}"/>'
            f'<g fill="#fff" fill-opacity=".75" stroke="#fff" stroke-opacity=".6" stroke-width="1">{marks[place]}</g></pattern>'
        )
    return f'<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>{"".join(out)}</defs></svg>'


def draw(chart: Chart, levels: Sequence[tuple[str, str]], anchor: str) -> str:
    """The chart as SVG. `anchor` makes the ids of title and description unique on the page."""
    body, width, height = _across(chart, levels) if chart.across else _columns(chart)
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{anchor}-t {anchor}-d" preserveAspectRatio="xMinYMin meet" width="{width}">'
        f'<title id="{anchor}-t">{escape(chart.title)}</title><desc id="{anchor}-d">{escape(chart.says)}</desc>{body}</svg>'
    )


def legend(chart: Chart, levels: Sequence[tuple[str, str]]) -> str:
    """What the patterns of a stacked chart mean."""
    if len(chart.series) < 2:
        return ""
    keys = "".join(
        f'<span class="key"><svg width="16" height="12" aria-hidden="true"><rect width="16" height="12" fill="{_paint(series)}"/></svg>{escape(series.name)}</span>'
        for series in chart.series
    )
    return f'<div class="legend">{keys}</div>'


def spark(values: Sequence[float]) -> str:
    """A trend in a cell: small columns, the last one dark."""
    if not values:
        return ""
    most = max([*values, 1])
    step = max(2.0, min(7.0, 96 / len(values)))
    bars = "".join(
        f'<rect x="{index * step:.1f}" y="{18 - 17 * value / most:.1f}" width="{step - 1:.1f}" height="{max(17 * value / most, 0.6):.1f}"'
        f"{' class=last' if index == len(values) - 1 else ''}/>"
        for index, value in enumerate(values)
    )
    shown = "、".join(f"{value:g}" for value in values)
    return f'<svg class="spark" width="{len(values) * step:.0f}" height="18" role="img" aria-label="{shown}">{bars}</svg>'


def _paint(series: Series) -> str:
    return INK if series.rank is None else f"url(#lv{series.rank})"


def _ticks(most: float) -> list[float]:
    """Three to six round steps that cover the largest value."""
    if most <= 0:
        return [0, 1]
    raw = most / 4
    power = 10 ** math.floor(math.log10(raw))
    sizes = (1, 2, 2.5, 5, 10) if power >= 10 else (1, 2, 5, 10)  # no half events on the axis
    step = max(1.0, next(size * power for size in sizes if size * power >= raw))
    return [index * step for index in range(math.ceil(most / step) + 1)]


def _label(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _across(chart: Chart, levels: Sequence[tuple[str, str]]) -> tuple[str, int, int]:
    """One row per label; the sum stands at the end of the bar, a grade's letter inside where there is room."""
    longest = max((_width(label) for label in chart.labels), default=0)
    left = round(min(max(longest + 14, 60), chart.width * 0.38))
    row, bar = 26, 16
    totals = [sum(series.values[index] for series in chart.series) for index in range(len(chart.labels))]
    room = chart.width - left - 84
    scale = room / max([*totals, 1])
    out = []
    for index, label in enumerate(chart.labels):
        top = index * row + 5
        out.append(f'<text x="{left - 8}" y="{top + 12.5}" text-anchor="end">{escape(_cut(label, left - 12))}</text>')
        at = float(left)
        for series in chart.series:
            wide = series.values[index] * scale
            if wide <= 0:
                continue
            out.append(f'<rect x="{at:.1f}" y="{top}" width="{max(wide, 0.8):.1f}" height="{bar}" fill="{_paint(series)}"/>')
            if series.rank is not None and wide >= 20:
                letter = escape(levels[series.rank][1][:1])
                out.append(f'<text class="in" x="{at + wide / 2:.1f}" y="{top + 12.5}" text-anchor="middle">{letter}</text>')
            at += wide
        out.append(f'<text class="num" x="{at + 6:.1f}" y="{top + 12.5}">{_label(totals[index])}</text>')
    out.append(f'<line class="axis" x1="{left}" y1="2" x2="{left}" y2="{len(chart.labels) * row + 2}"/>')
    return "".join(out), chart.width, len(chart.labels) * row + 6


def _columns(chart: Chart) -> tuple[str, int, int]:
    """Columns (or a line) along an axis with round steps."""
    width, height, left, bottom, top = chart.width, 230, 46, 26, 12
    totals = [sum(series.values[index] for series in chart.series) for index in range(len(chart.labels))]
    ticks = _ticks(max([*totals, 0]))
    tall = height - top - bottom
    scale = tall / ticks[-1]
    step = (width - left - 8) / max(1, len(chart.labels))
    out = []
    for tick in ticks:
        y = height - bottom - tick * scale
        out.append(
            f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{width - 8}" y2="{y:.1f}"/><text class="num" x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{_label(tick)}</text>'
        )
    out += _points(chart, left, step, height - bottom, scale) if chart.line else _stacks(chart, left, step, height - bottom, scale)
    every = max(1, math.ceil(max((_width(label) for label in chart.labels), default=1) * 1.15 / step))
    for index, label in enumerate(chart.labels):
        if index % every == 0:
            out.append(f'<text x="{left + (index + 0.5) * step:.1f}" y="{height - 8}" text-anchor="middle">{escape(label)}</text>')
    return "".join(out), width, height


def _stacks(chart: Chart, left: float, step: float, base: float, scale: float) -> list[str]:
    out = []
    wide = max(step * 0.72, 1.5)
    for index in range(len(chart.labels)):
        y = base
        for series in chart.series:
            tall = series.values[index] * scale
            if tall > 0:
                y -= tall
                out.append(
                    f'<rect x="{left + index * step + (step - wide) / 2:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{_paint(series)}"/>'
                )
    return out


def _points(chart: Chart, left: float, step: float, base: float, scale: float) -> list[str]:
    out = []
    for series in chart.series:
        at = [(left + (index + 0.5) * step, base - value * scale) for index, value in enumerate(series.values)]
        out.append(f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in at)}"/>')
        out += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in at]
    return out


def _width(text: str) -> float:
    """Rough width of a text at 12 px: a Chinese character is as wide as two Latin ones."""
    return sum(12.2 if ord(character) > 0x2E80 else 7 for character in text)


def _cut(text: str, room: float) -> str:
    if _width(text) <= room:
        return text
    kept = text
    while kept and _width(kept) > room - 12:
        kept = kept[:-1]
    return kept + "…"
