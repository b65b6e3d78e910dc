"""Apps and platforms: names of the list, and by form (“某某贷”APP, 某某商城app)."""

from __future__ import annotations

from typing import Any

from pipeline.facts.model import Fact
from pipeline.facts.scan import Scan

_CLOSING = {"”": "“", "》": "《", "】": "【", ")": "("}
_LONGEST = 14  # characters of a quoted name
_BARE = 8  # characters of a name without quotes


class AppReader:
    """Reads apps by apps.yaml."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._stops = tuple(sorted(told["pattern"]["stops"], key=len, reverse=True))
        self.anchors: list[str] = told["pattern"]["anchors"]

    def listed(self, scan: Scan, start: int, end: int, code: str) -> None:
        """A name of the list."""
        scan.apps.append(Fact("app", start, end, scan.text[start:end], (("group", code),)))

    def anchor(self, scan: Scan, start: int, end: int, told: object) -> None:
        """app, 软件 after a name: “云贷”APP; without quotes only before app and 小程序."""
        text = scan.text
        opening = _CLOSING.get(text[start - 1 : start])
        if opening is not None:
            at = text.rfind(opening, max(0, start - _LONGEST - 2), start)
            if scan.apps and scan.apps[-1].end == start - 1:
                return
            if at >= 0 and at + 1 < start - 1:
                scan.apps.append(Fact("app", at + 1, start - 1, text[at + 1 : start - 1]))
            return
        if text[start:end] != "app" or (scan.apps and scan.apps[-1].end == start):
            return
        at = start
        while at > max(0, start - _BARE) and (text[at - 1].isalnum()):
            at -= 1
        for word in self._stops:
            cut = text.rfind(word, at, start)
            if cut >= 0:
                at = max(at, cut + len(word))
        if start - at > 1:
            scan.apps.append(Fact("app", at, start, text[at:start]))
