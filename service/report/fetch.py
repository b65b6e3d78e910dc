"""A second pass for the few records that lists show: their ids, and for some the words that the machine's answer rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.engine import Engine
from pipeline.privacy import Deidentifier
from pipeline.values import Assessment, Evidence, Incident
from service.report import readers
from service.report.gather import narratives
from service.report.readers import FileFacts

Place = tuple[int, int]  # file, row
_DIGITS = re.compile(r"[0-9０-９]{5,}")
_MOST_QUOTES = 4


def fetch(paths: Sequence[Path], files: Sequence[FileFacts], wanted: set[Place], texts: set[Place]) -> tuple[dict[Place, str], dict[Place, str]]:
    """Ids of the wanted records and narratives of `texts`. Files without a wanted record are not opened."""
    ids: dict[Place, str] = {}
    told: dict[Place, str] = {}
    opened = {file for file, _ in wanted}
    for number, path in enumerate(readers.input_files(paths)):
        if number not in opened:
            continue
        roles = {role: column for role, column in files[number].roles.items() if role in ("id", "text", "outcome_text")}
        facts = FileFacts(path.name, readers.KINDS[path.suffix.lower()])
        rows = sorted(row for file, row in wanted if file == number)
        for batch in readers.batches(path, number, facts, lambda _header, roles=roles: roles):  # type: ignore[misc]
            inside = [row for row in rows if batch.first <= row < batch.first + batch.size]
            if not inside:
                continue
            narrative = narratives(batch.columns, batch.size)
            for row in inside:
                at = row - batch.first
                if "id" in batch.columns:
                    ids[number, row] = batch.columns["id"][at].strip()
                if (number, row) in texts:
                    told[number, row] = narrative[at]
    return ids, told


class Quotes:
    """The words that an answer rests on, by asking the engine again; what points at a person is blotted out."""

    def __init__(self, engine: Engine | None, groups: Sequence[str] = ()) -> None:
        self._engine = engine
        self._order = {group: place for place, group in enumerate(groups)}
        self._private = Deidentifier.default() if engine is not None else None

    def of(self, text: str | None, codes: Iterable[str]) -> str:
        """Quotes for the given factors (or for fraud where there are none), `…` where the text says nothing of them."""
        if self._engine is None or not text:
            return ""
        pieces = self._pieces(self._engine.assess(Incident(narrative=text)), set(codes))
        persons = [(found.start, found.end) for found in self._private.treat(text).findings] if self._private is not None else []
        quotes: list[str] = []
        for piece in pieces:
            quote = _DIGITS.sub("×××", _blotted(piece, persons))
            if quote not in quotes and not any(quote in other for other in quotes):
                quotes.append(quote)
        return "；".join(f"“{quote}”" for quote in quotes[:_MOST_QUOTES])

    def _pieces(self, answer: Assessment, codes: set[str]) -> list[Evidence]:
        """Asserted evidence: of the factors asked for, else of all, the gravest group first; of the fraud where no factor was asked for."""
        pieces: list[Evidence] = []
        if answer.fraud is not None and not codes:
            pieces = [*answer.fraud.stage_evidence, *(piece for script in answer.fraud.scripts for piece in script.evidence)]
        found = [factor for factor in answer.risk.factors if factor.code in codes] or list(answer.risk.factors)
        found.sort(key=lambda factor: self._order.get(factor.group, len(self._order)))
        pieces += [piece for factor in found for piece in factor.evidence]
        return [piece for piece in pieces if piece.status == "asserted"]


def _blotted(piece: Evidence, persons: Sequence[tuple[int, int]]) -> str:
    characters = list(piece.quote)
    for start, end in persons:
        for place in range(max(start, piece.start), min(end, piece.end)):
            characters[place - piece.start] = "×"
    return "".join(characters)
