"""Chinese working days: weekends, public holidays and shifted working days, as the years' notices in rules/calendar give them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

ONE = dt.timedelta(days=1)
SATURDAY = 5


class Workdays:
    """The calendar of the years that have been announced.

    >>> calendar = Workdays([{"year": 2026, "holidays": ["2026-10-01", "2026-10-02"], "workdays": ["2026-10-10"]}])
    >>> calendar.after(dt.date(2026, 9, 30), 1)
    (datetime.date(2026, 10, 5), True)
    """

    def __init__(self, years: Iterable[dict[str, Any]]) -> None:
        self.years: set[int] = set()
        self.off: set[dt.date] = set()
        self.on: set[dt.date] = set()
        for year in years:
            self.years.add(year["year"])
            self.off |= {dt.date.fromisoformat(day) for day in year["holidays"]}
            self.on |= {dt.date.fromisoformat(day) for day in year["workdays"]}

    def works(self, day: dt.date) -> bool:
        """Whether the day is a working day; years not announced know weekends only."""
        return day in self.on or (day.weekday() < SATURDAY and day not in self.off)

    def after(self, day: dt.date, count: int) -> tuple[dt.date, bool]:
        """The `count`-th working day after `day`, and whether every year that it touched has been announced."""
        known = day.year in self.years
        while count > 0:
            day += ONE
            if self.works(day):
                count -= 1
        return day, known and day.year in self.years
