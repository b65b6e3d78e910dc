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

    def more():
        """The rows once there are two pages; where the list was just being made anew, the click is repeated, as a person would."""
        rows = desk.told(".row", "id")
        if len(rows) < 100:  # the button lies far below what is shown
            desk.driver.execute_script("const more = document.getElementById('more'); if (more) more.click()")
        return len(rows) >= 100 and rows[:100]

    assert desk.until(more) == [item["incident"]["key"] for item in told["items"]]
