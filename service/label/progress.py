"""What the user sees while a run goes on, on stderr: rate, time left, and how many of each colour. Lines instead of a bar where there is no terminal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from service.label.part import Tally
from service.label.run import Watch
from service.terminal import STYLE

EVERY = 10.0  # seconds between lines where there is no terminal
LONG = 3600.0  # seconds left from which a quicker way is told, once


@contextmanager
def progress(console: Console, names: dict[str, str], *, quiet: bool, quicker: str = "") -> Iterator[Watch | None]:
    """A watcher of a run. `names`: colour codes in the order of the profile, with their names; `quicker`: what is told where it will take long."""
    if quiet:
        yield None
    elif console.is_terminal:
        with _bar(console) as bar:
            task = bar.add_task("标注", total=None, rate="", colours="")
            yield _on_bar(bar, task, names, quicker)
    else:
        yield _in_lines(console, names, quicker)


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    return Progress(*columns, TimeElapsedColumn(), TextColumn("剩"), TimeRemainingColumn(), TextColumn("{task.fields[colours]}"), console=console)


class _Pace:
    """Counts so far, and the rate of what this run itself has done."""

    def __init__(self, names: dict[str, str], quicker: str) -> None:
        self.names, self.colours, self.rejects, self.done, self.made, self.start = names, Counter[str](), 0, 0, 0, time.monotonic()
        self.quicker = quicker

    def add(self, tally: Tally, there: bool) -> None:
        self.colours.update(tally.colours)
        self.rejects += tally.rejects
        self.done += tally.rows + tally.rejects
        self.made += 0 if there else tally.rows + tally.rejects

    @property
    def rate(self) -> float:
        return self.made / max(time.monotonic() - self.start, 1e-3)

    def left(self, records: int) -> float:
        """Seconds still to go."""
        return (records - self.done) / self.rate if self.rate else 0.0

    def advice(self, records: int) -> str:
        """What is told where much time is left: once."""
        left = self.left(records)
        if not self.quicker or left < LONG:
            return ""
        said, self.quicker = f"照现在的速度还要约 {left / 3600:.1f} 小时; {self.quicker}", ""
        return said

    def told(self, *, styled: bool) -> str:
        """Counts by colour, then rejects where there are any."""
        parts = [
            f"[{STYLE.get(code, '')}]{name}[/] {self.colours[code]}" if styled and code in STYLE else f"{name} {self.colours[code]}"
            for code, name in self.names.items()
        ]
        return " ".join([*parts, f"退回 {self.rejects}"] if self.rejects else parts)


def _on_bar(bar: Progress, task: int, names: dict[str, str], quicker: str) -> Watch:
    pace = _Pace(names, quicker)

    def watch(tally: Tally, records: int, there: bool) -> None:
        pace.add(tally, there)
        if said := pace.advice(records):
            bar.console.print(said, markup=False, highlight=False)
        bar.update(task, total=records, completed=pace.done, rate=f"{pace.rate:,.0f} 条/秒", colours=pace.told(styled=True))  # type: ignore[arg-type]

    return watch


def _in_lines(console: Console, names: dict[str, str], quicker: str) -> Watch:
    pace = _Pace(names, quicker)
    last = time.monotonic()

    def watch(tally: Tally, records: int, there: bool) -> None:
        nonlocal last
        pace.add(tally, there)
        now = time.monotonic()
        if now - last >= EVERY or pace.done == records:
            last = now
            about = f"{pace.rate:,.0f} 条/秒 · 剩 {pace.left(records):.0f} 秒"
            console.print(f"标注 {pace.done}/{records} · {about} · {pace.told(styled=False)}", markup=False, highlight=False)
            if said := pace.advice(records):
                console.print(said, markup=False, highlight=False)

    return watch
