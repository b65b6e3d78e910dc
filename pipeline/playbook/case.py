"""One assessment at the desk: what holds, as of which day, and how a thing is said with its citation and evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.match.hit import Hit
from pipeline.match.reading import Reading
from pipeline.playbook.desk import Desk, Named, Said
from pipeline.rulepack.pack import RuleSpec
from pipeline.values import Evidence

_AGAIN = ("same_matter", "by_person", "by_party")  # earlier events that make this one a repeat
SHOWN = 2  # most pieces of evidence behind one reason
Show = Callable[[Iterable[Hit]], tuple[Evidence, ...]]


class Case:
    """What the desk knows of one narrative. `show` turns hits into evidence of the original narrative."""

    __slots__ = ("_behind", "_show", "day", "desk", "diversion", "epoch", "on", "reading")

    def __init__(self, desk: Desk, reading: Reading, show: Show, day: dt.datetime | None) -> None:
        self.desk, self.reading, self._show, self.day = desk, reading, show, day
        self._behind: dict[int, list[dict[str, Any]]] = {}
        self.diversion = self._diverted()
        self.epoch = desk.laws.epoch(day.date() if day else None)
        self.on: Sequence[bool] = desk.decide(reading.values.get)

    def _diverted(self) -> RuleSpec | None:
        """The first diversion item that holds."""
        reading = self.reading
        for rule in self.desk.diversion:
            if (rule.always or reading.touched(rule)) and reading.holds(rule):
                reading.values["diversion.any"] = reading.values[f"diversion.{rule.id}"] = 1.0
                return rule
        return None

    def evidence(self, number: int) -> list[dict[str, Any]]:
        """The words behind a condition, a few, as plain data: the answer must read back from JSON as it was."""
        found = self._behind.get(number)
        if found is None:
            found = self._behind[number] = self._evidence(self.desk.labels[number])
        return found

    def _evidence(self, labels: frozenset[str]) -> list[dict[str, Any]]:
        decided = self.reading.decided
        hits = [hit for label in decided.keys() & labels for hit in decided[label].hits[:SHOWN]]
        return [_plain(piece) for piece in self._show(sorted(hits)[:SHOWN])] if hits else []

    def held(self, entries: Iterable[Said]) -> list[dict[str, Any]]:
        """Those entries that hold, said."""
        on = self.on
        return [self.say(entry) for entry in entries if on[entry.on]]

    def say(self, entry: Said) -> dict[str, Any]:
        """rule, says, citation, warnings, basis, example_default, evidence."""
        return {**self.desk.told(entry, self.epoch), "evidence": self.evidence(entry.on)}

    def cite(self, cites: tuple[str, ...]) -> dict[str, Any]:
        """citation (text, empty where none) and warnings about the versions."""
        return self.desk.laws.cited(cites, self.epoch)

    def named(self, entries: Iterable[Named]) -> list[dict[str, Any]]:
        """The data of those entries that hold."""
        on = self.on
        return [entry.data for entry in entries if on[entry.on] and (entry.off is None or not on[entry.off])]

    def at(self, minutes: int) -> str | None:
        """The time so many minutes after the report, ISO; None where the time of the report is not known."""
        return (self.day + dt.timedelta(minutes=minutes)).isoformat() if self.day else None

    def on_day(self, days: int, unit: str) -> tuple[str | None, bool]:
        """The date so many days after the report, and whether the calendar of that year is known."""
        if self.day is None:
            return None, True
        if unit == "working":
            date, known = self.desk.workdays.after(self.day.date(), days)
            return date.isoformat(), known
        return (self.day.date() + dt.timedelta(days=days)).isoformat(), True


def _plain(piece: Evidence) -> dict[str, Any]:
    return {
        "by": piece.by, "start": piece.start, "end": piece.end, "quote": piece.quote, "status": piece.status, "clause": list(piece.clause),
    }  # fmt: skip


def operands(desk: Desk, reading: Reading, repeat: Mapping[str, Any] | None, colour: str, axes: Mapping[str, int]) -> None:
    """Add what routing conditions see besides labels: gates, repeats, the final axes and colour, whether there is a dispute at all."""
    values = reading.values
    values[f"colour.{colour}"] = 1.0
    for axis, value in axes.items():
        values[f"axis.{axis}"] = float(value)
    values["axis.max"] = float(max(axes.values()))
    if any(label.startswith("dispute.") for label in reading.decided):
        values["dispute.any"] = 1.0
    for factor, gate in desk.gates.items():
        if f"factor.{factor}" in reading.decided:
            values[f"gate.{gate}"] = values["gate.any"] = 1.0
    if repeat:
        values |= {f"repeat.{name}": float(count) for name, count in _numbers(repeat)}
        values["repeat.again"] = max(values.get(f"repeat.{name}", 0.0) for name in _AGAIN)


def _numbers(repeat: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, float]]:
    """Every count of a repeat, dotted."""
    for name, value in repeat.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{within}{name}.")
        elif isinstance(value, int | float):
            yield within + name, value
