"""Weapons and injuries by word, and injuries by number (缝了8针)."""

from __future__ import annotations

from typing import Any

from pipeline.facts.cues import Beside
from pipeline.facts.model import Fact
from pipeline.facts.numbers import Number
from pipeline.facts.scan import Scan

_COUNTED = frozenset("一二三四五六七八九十两几数多余0123456789")


class HarmReader:
    """Reads by weapons.yaml and injuries.yaml; what stands right after a negation (没有受伤) is left out."""

    def __init__(self, injuries: dict[str, Any]) -> None:
        self._negations = Beside(injuries["negations"])
        grades = {code: int(entry["grade"]) for code, entry in injuries["entries"].items()}
        self._not_of: dict[str, str] = injuries["not_of"]
        self.units = {unit: (code, grades[code], Beside(row["before"])) for code, row in injuries["units"].items() for unit in row["units"]}

    def weapon(self, scan: Scan, start: int, end: int, code: str) -> None:
        """A weapon or means; 砍了十余刀 counts blows, not knives."""
        text = scan.text
        if not self._negations.before(text, start) and not (end - start == 1 and text[start - 1 : start] in _COUNTED):
            scan.weapons.append(Fact("weapon", start, end, code))

    def injury(self, scan: Scan, start: int, end: int, told: tuple[str, int]) -> None:
        """A kind of injury with its grade."""
        text = scan.text
        if not self._negations.before(text, start) and self._not_of.get(text[end : end + 1]) != text[end - 1]:
            scan.injuries.append(Fact("injury", start, end, told[0], (("grade", told[1]),)))

    def read(self, scan: Scan, start: int, end: int, stop: int, number: Number, told: tuple[str, int, Beside]) -> int:
        """缝了8针, 断了三根肋骨"""
        code, grade, before = told
        if before.words and not before.before(scan.text, start):
            return 0
        scan.injuries.append(Fact("injury", start, stop, code, (("grade", grade), ("number", number.value))))
        return stop
