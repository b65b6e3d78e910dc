"""The overview: each chart has its table, its words and its patterns; numbers agree with what came in."""

from __future__ import annotations

import re

import pytest

from service.api.replies_work import CellCount
from service.desk import heat
from service.desk.names import Level
from tests.service.desk.test_daily import GREEN, LEAK, RED, part, put

LEVELS = [Level(code, name, rank, 4) for rank, (code, name) in enumerate([("green", "绿色"), ("yellow", "黄色"), ("orange", "橙色"), ("red", "红色")])]


@pytest.fixture
def page(opened):
    for number, (text, station) in enumerate([(RED, "东街所"), (GREEN, "东街所"), (LEAK, "西街所"), (GREEN, "")]):
        more = {"longitude": 123.5 + number / 100, "latitude": 30.3} if number < 3 else {}
        put(opened, text, f"H{number}", station=station, occurred_at="2026-11-01T10:00:00", caller=f"1381234567{number % 2}", **more)
    return opened.get("/desk/overview").text


@pytest.mark.parametrize("ident", ["kinds", "stations", "hours", "weekdays", "days"])
def test_each_chart_has_its_words_its_patterns_and_a_table_that_agrees(page, ident):
    panel = part(page, f'id="{ident}-h"', "</section>")
    (described,) = re.findall(r'role="img" aria-labelledby="([^"]+)"', panel)
    assert all(f'id="{name}"' in panel for name in described.split())
    assert "url(#lv3)" in panel  # red is a pattern, not only a colour
    rows = re.findall(r'<tr><th scope="row">.*?</th><td class="num[^"]*">(\d+)</td>', panel)
    assert sum(map(int, rows)) == 4


def test_the_numbers_on_top_are_those_of_the_api(opened, page):
    told = opened.get("/v1/overview").json()
    tiles = {name.strip(): value for value, name in re.findall(r"<b>([^<]*)</b><span>(?:\W )?([^<]*)</span>", part(page, '<ul class="totals">', "</ul>"))}
    assert (tiles["接报"], tiles["红色"]) == (str(told["received"]), str(told["by_rank"][-1]))


def test_a_station_alone_and_a_day_without_incidents(opened, page):
    one = opened.get("/desk/overview?station=西街所&days=7").text
    assert "1 起有坐标" in one
    assert "没有坐标" in opened.get("/desk/overview?station=无此单位").text


def test_a_far_flung_and_a_single_place_both_make_a_grid():
    single = heat.drawn([CellCount(123500, 30300, (1, 0, 0, 0))], LEVELS)
    assert (single.rows[0][1:], "▲" in single.chart, single.chart.count("<rect")) == (("1", "0"), False, 1)
    wide = heat.drawn([CellCount(-123500, -30300, (1, 0, 0, 2)), CellCount(123500, 30300, (4, 0, 0, 0))], LEVELS)
    assert [row[1:] for row in wide.rows] == [("4", "0"), ("3", "2")]
    assert 'class="top"' in wide.chart
    width, height = re.findall(r'viewBox="0 0 (\d+) (\d+)"', wide.chart)[0]
    assert int(width) < 700
    assert int(height) < 700


def test_none_without_coordinates():
    assert heat.drawn([], LEVELS) is None
