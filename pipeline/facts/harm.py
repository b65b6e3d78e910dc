"""Weapons and injuries by word, and injuries by number (缝了8针)."""

from __future__ import annotations

from typing import Any

from pipeline.facts.cues import Beside
from pipeline.facts.model import Fact
from pipeline.facts.numbers import Number
from pipeline.facts.scan import Scan

_STITCHED = ("缝", "缝了", "缝合", "缝合了", "缝有", "缝过")


class HarmReader:
    """Reads by weapons.yaml and injuries.yaml; what stands right after a negation (没有受伤) is left out."""

    def __init__(self, injuries: dict[str, Any]) -> None:
        self._negations = Beside(injuries["negations"])
        grades = {code: int(entry["grade"]) for code, entry in injuries["entries"].items()}
        self.units = {unit: (code, grades[code]) for code, units in injuries["units"].items() for unit in units}

    def weapon(self, scan: Scan, start: int, end: int, code: str) -> None:
        """A weapon or means."""
        if not self._negations.before(scan.text, start):
            scan.weapons.append(Fact("weapon", start, end, code))

    def injury(self, scan: Scan, start: int, end: int, told: tuple[str, int]) -> None:
        """A kind of injury with its grade."""
        if not self._negations.before(scan.text, start):
            scan.injuries.append(Fact("injury", start, end, told[0], (("grade", told[1]),)))

    def read(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: tuple[str, int]) -> int:
        """缝了8针, 断了三根肋骨"""
        if scan.text[end] == "针" and not scan.text.endswith(_STITCHED, 0, start):
            return 0
        scan.injuries.append(Fact("injury", start, stop, told[0], (("grade", told[1]), ("number", number.value))))
        return stop
