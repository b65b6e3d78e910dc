"""Rows of a table: free text is searched, and where the header says what a column holds, its cells are taken as that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pipeline.privacy.find import Deidentifier, Strictness
from pipeline.privacy.full_names import HAN
from pipeline.privacy.job import Job
from pipeline.privacy.model import Finding, Mode, Treated

_NAME = re.compile(rf"\s*([{HAN}·]{{2,12}})\s*(?:[(（].*)?")
_LONE = {"name", "address"}  # kinds that a cell may be as a whole although no recogniser would say so of the words alone
_LONGEST = 60


class Table:
    """Treats the rows of one table. Holds no state of a row.

    >>> table = Table(Deidentifier.default(), ["报警人", "联系电话", "简要案情"])
    >>> [treated.text for treated in table.row(("王小明", "13800138000", "称邻居漏水"), "mask", Job(b"0" * 16)) if treated]
    ['王某某', '138********', '称邻居漏水']
    """

    def __init__(self, deidentifier: Deidentifier, columns: Sequence[str]) -> None:
        self._deidentifier = deidentifier
        self.kinds = tuple(self._kind(column) for column in columns)

    def _kind(self, column: str) -> tuple[str, str] | None:
        """(kind, cue) that a header tells, or None."""
        told, plain = self._deidentifier.headers, column.strip().lower()
        if len(plain) > _LONGEST or any(plain.endswith(word) for word in told.keep):
            return None
        return next(((row.kind, row.cue) for row in told.columns if any(word.lower() in plain for word in row.words)), None)

    def row(self, cells: Sequence[Any], mode: Mode, job: Job, *, strict: Strictness = "auto", factors: Sequence[str] = ()) -> list[Treated | None]:
        """One entry per cell, None where a cell holds nothing to treat. Under "auto" one strict cell makes the whole row strict."""
        texts = [
            cell if isinstance(cell, str) else str(cell) if kind is not None and isinstance(cell, int) else None
            for cell, kind in zip(cells, self.kinds, strict=True)
        ]
        if strict == "auto" and (factors or any(text and self._deidentifier.reasons(text) for text in texts)):
            strict = "on" if self._deidentifier.reasons("\n".join(text for text in texts if text), factors) else "auto"
        return [self.cell(text, kind, mode, job, strict) if text else None for text, kind in zip(texts, self.kinds, strict=True)]

    def cell(self, text: str, kind: tuple[str, str] | None, mode: Mode, job: Job, strict: Strictness) -> Treated:
        """One cell, with its header as the cue."""
        deidentifier = self._deidentifier
        if kind is None:
            return deidentifier.treat(text, mode, job, strict=strict)
        code, cue = kind
        found = [_moved(finding, -len(cue)) for finding in deidentifier.find(cue + text) if finding.start >= len(cue)]
        whole = _NAME.fullmatch(text)
        if code in _LONE and not any(finding.kind == code for finding in found) and whole is not None:
            start, end = whole.span(1)
            found = [Finding(code, start, end, whole[1], 0.9, "headers/column", whole[1], (cue.rstrip(":"),), "full")]
        return deidentifier.treat(text, mode, job, strict=strict, also=found)


def _moved(finding: Finding, by: int) -> Finding:
    return Finding(
        finding.kind, finding.start + by, finding.end + by, finding.quote, finding.score, finding.recogniser, finding.value, finding.context, finding.part
    )
