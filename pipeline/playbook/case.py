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
Piece = Callable[[Hit], Evidence]  # a hit as evidence of the original narrative


def _length(hit: Hit) -> int:
    return hit.end - hit.start


class Case:
    """What the desk knows of one narrative. `piece` turns a hit into evidence of the original narrative."""

    __slots__ = ("_behind", "_piece", "_plain", "day", "desk", "diversion", "epoch", "on", "reading")

    def __init__(self, desk: Desk, reading: Reading, piece: Piece, day: dt.datetime | None) -> None:
        self.desk, self.reading, self._piece, self.day = desk, reading, piece, day
        self._behind: dict[int, list[dict[str, Any]]] = {}
        self._plain: dict[str, dict[str, Any]] = {}
        self.diversion = self._diverted()
        self.epoch = desk.laws.epoch(day.date() if day else None)
        self.on: Sequence[bool] = desk.decide(reading.values.get)

    def _diverted(self) -> RuleSpec | None:
        """The first diversion item that holds."""
        reading = self.reading
        found, values = reading.found, reading.values
        look = values.get
        for rule in self.desk.diversion:
            if rule.condition.test(found, look, reading):
                values["diversion.any"] = values[f"diversion.{rule.id}"] = 1.0
                return rule
        return None

    def evidence(self, number: int) -> list[dict[str, Any]]:
        """The words behind a condition, the longest of each label that speaks for it, as plain data: the answer must read back from JSON as it was."""
        made = self._behind.get(number)
        if made is None:
            made, labels = [], self.desk.labels[number]
            for label, decided in self.reading.decided.items():
                if label in labels and decided.hits:
                    made.append(self._plain.get(label) or self._longest(label, decided.hits))
                    if len(made) == SHOWN:
                        break
            self._behind[number] = made
        return made

    def _longest(self, label: str, hits: Sequence[Hit]) -> dict[str, Any]:
        piece = self._piece(max(hits, key=_length) if len(hits) > 1 else hits[0])  # the longest says most: the act rather than the relation
        made = self._plain[label] = {
            "by": piece.by, "start": piece.start, "end": piece.end, "quote": piece.quote, "status": piece.status, "clause": list(piece.clause),
        }  # fmt: skip
        return made

    def held(self, entries: Iterable[Said]) -> list[dict[str, Any]]:
        """Those entries that hold, said."""
        on = self.on
        return [self.say(entry) for entry in entries if on[entry.on]]

    def say(self, entry: Said) -> dict[str, Any]:
        """rule, says, citation, warnings, basis, example_default, evidence."""
        return {**self.desk.told(entry, self.epoch), "evidence": self.evidence(entry.on)}

    def noted(self, entries: Iterable[Said]) -> list[dict[str, Any]]:
        """Those entries that hold, without evidence: marks that follow from what is shown elsewhere."""
        on, told, epoch = self.on, self.desk.told, self.epoch
        return [told(entry, epoch) for entry in entries if on[entry.on]]

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


def operands(desk: Desk, reading: Reading, repeat: Mapping[str, Any] | None, colour: str, axes: Mapping[str, int], *, dispute: bool) -> None:
    """Add what routing conditions see besides labels: gates, repeats, the final axes and colour, whether there is a dispute at all."""
    values = reading.values
    values[f"colour.{colour}"] = 1.0
    for axis, value in axes.items():
        values[f"axis.{axis}"] = float(value)
    values["axis.max"] = float(max(axes.values()))
    values["dispute.any"] = 1.0 if dispute else 0.0
    for label in reading.decided.keys() & desk.gates.keys():
        if reading.decided[label].model:  # a classifier alone raises no gate
            continue
        values[desk.gates[label]] = values["gate.any"] = 1.0
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
