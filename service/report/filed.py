"""How a person filed a record, in our codes: the names of other systems looked up in the mapping."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from service.report.knowledge import Entry, Mapping, Scale, plain

_STEPS = re.compile(r"[/\\>→|｜;；,，、:：—-]+")


@dataclass(frozen=True, slots=True)
class Label:
    """A filed label: category, and the dispute types that it allows (none: the label says nothing about the type)."""

    category: str
    types: tuple[str, ...] = ()


class Filing:
    """Looks names up and remembers the answers: a column has few different values."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._exact: dict[str, Entry] = {}
        for entry in mapping.labels:
            for name in entry.names:
                self._exact.setdefault(plain(name), entry)
        self._has = [(plain(word), entry) for entry in mapping.contains for word in entry.has]
        self._labels: dict[str, Label | None] = {}
        self._resolution = _reversed(mapping.resolution)
        self._satisfaction = _reversed(mapping.satisfaction)
        self._no = {plain(name) for name in mapping.no_admonition}

    def label(self, name: str) -> Label | None:
        """The codes of a name, None where the mapping does not know it.

        A path (纠纷/家庭婚姻纠纷) is read step by step; a later step adds to or replaces what an earlier one said.
        """
        if name not in self._labels:
            self._labels[name] = self._look_up(name)
        return self._labels[name]

    def _look_up(self, name: str) -> Label | None:
        whole = self._exact.get(plain(name))
        if whole is not None:
            return Label(whole.category, whole.types)
        found: Label | None = None
        for step in filter(None, (plain(part) for part in _STEPS.split(name))):
            entry = self._exact.get(step) or next((entry for word, entry in self._has if word in step), None)
            if entry is None:
                continue
            kept = found.types if found is not None and found.category == entry.category else ()
            found = Label(entry.category, entry.types or kept)
        return found

    def resolution(self, name: str) -> str | None:
        """Resolved, unresolved, pending, transferred; None where the mapping does not know the name."""
        return self._resolution.get(plain(name))

    def satisfaction(self, name: str) -> str | None:
        """How content; None where unknown."""
        return self._satisfaction.get(plain(name))

    def admonished(self, value: str) -> bool:
        """Whether the cell says that an admonition was issued (any number or word but a no)."""
        return bool(value.strip()) and plain(value) not in self._no

    def scale(self, values: Counter[str]) -> tuple[Scale | None, dict[str, int]]:
        """The scale that knows most of the values, and name → grade (0 = lowest)."""
        best: tuple[int, int, Scale | None, dict[str, int]] = (0, 0, None, {})
        for order, scale in enumerate(self._mapping.scales):
            grades = {plain(name): grade for grade, level in enumerate(scale.levels) for name in level.names}
            known = {value: grades[plain(value)] for value in values if plain(value) in grades}
            score = sum(values[value] for value in known)
            if (score, -order) > (best[0], best[1]) and score:
                best = (score, -order, scale, known)
        return best[2], best[3]


def _reversed(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Name → code; the first code that lists a name keeps it."""
    found: dict[str, str] = {}
    for code, names in table.items():
        for name in names:
            found.setdefault(plain(name), code)
    return found
