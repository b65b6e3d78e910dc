"""What a long run tells while it goes on."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from rich.console import Console

from service.label import progress as told
from service.label.part import Tally


def _tally(rows: int) -> Tally:
    made = Tally()
    made.rows, made.colours = rows, Counter({"green": rows})
    return made


@pytest.mark.parametrize(("records", "said"), [(100_000_000, 1), (40, 0)])
def test_a_quicker_way_is_told_once_where_much_time_is_left(monkeypatch, records, said):
    monkeypatch.setattr(told, "EVERY", 0.0)
    out = io.StringIO()
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(told.time, "monotonic", lambda: float(next(clock)))
    with told.progress(Console(file=out), {"green": "绿色"}, quiet=False, quicker="换一档") as watch:
        assert watch is not None
        for _ in range(3):
            watch(_tally(10), records, False)
    assert out.getvalue().count("换一档") == said
    assert "绿色 30" in out.getvalue()
