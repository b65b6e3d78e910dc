"""A long queue in a real Chromium: it comes in pages, in the API's order, and is walked by keyboard all the same. How quick it is, `pace` measures."""

from __future__ import annotations

import pytest

from tests.service.desk.chromium import MARKS
from tests.service.desk.pace import OPEN, fill

pytestmark = MARKS
ENTER = "\ue007"


@pytest.mark.parametrize("count", [120, pytest.param(OPEN, marks=pytest.mark.slow)])
def test_a_long_queue_comes_in_pages_and_is_walked_by_keyboard(desk, count):
    desk.driver.set_script_timeout(300)
    fill(desk, count)
    desk.go("/")
    desk.live()
    ids = desk.told(".row", "id")
    told = desk.fetch("/v1/assessments?limit=100")
    assert ids == [item["incident"]["key"] for item in told["items"]][:50]
    assert sum(map(int, desk.told("#counts span", "count"))) == sum(told["open_by_colour"].values()) == count
    desk.keys("jjj", ENTER)
    desk.find(f'[data-note="{ids[2]}"]')
    desk.driver.execute_script("document.getElementById('more').click()")  # it lies far below what is shown
    assert desk.until(lambda: len(desk.told(".row", "id")) == 100 and desk.told(".row", "id")) == [item["incident"]["key"] for item in told["items"]]
