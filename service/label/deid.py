"""`--deid`: rows that may leave. Narratives and free text are treated, names and numbers of persons become keyed hashes, and what the labels quote is
quoted from the treated text. Labels are those of the original narrative; the same key gives the same hashes, so that analyses still join.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.batch import SEPARATOR, narrative
from pipeline.columns import Columns, personal
from pipeline.errors import InputError
from pipeline.privacy import MODES, READERS, Deidentifier, Job, Mode, Reader, Treated
from pipeline.repeats.keys import Keyer, person_term
from pipeline.repeats.place import NOWHERE, read_place
from pipeline.repeats.settings import Settings
from pipeline.text.normalise import fold
from service.label.write import plain
from service.reach import how_to_read

KEYS = {"fq_person_key": "text", "fq_place_key": "text"}  # one person, one building: the joins of 一人多次 and 一地多起
HEX = 24  # characters of a hash: 96 bits, no collision to be expected
LONGEST_PLAIN = 6  # digits of a number that may stay: amounts and counts; longer ones may be telephones or papers


@dataclass(frozen=True, slots=True, repr=False)
class Deid:
    """How rows are treated, and the key. Never shown, never written: the manifest has the key's mark alone."""

    mode: Mode
    key: bytes
    reader: Reader = "rules"

    def told(self) -> dict[str, str]:
        """For the manifest: two outputs with the same mark join."""
        mark = hashlib.sha256(b"fengqiao label key\0" + self.key).hexdigest()[:16]
        return {"mode": self.mode, "key": mark, "recognisers": Deidentifier.default().digest, "reader": self.reader}


def read_key(path: Path) -> bytes:
    """The key of a file; a new one of 32 bytes, readable by its owner alone, where the file is not there yet. Raises InputError for a short one."""
    try:
        if not path.exists():
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(32) + "\n")
        key = path.read_bytes().strip()
    except OSError as error:
        raise InputError(
            "FQ3020", "密钥文件读不了", "cannot read the key file", seen=path.name, remedy=f"--deid-key 指到能读写的文件(没有就新建); {how_to_read(error)}"
        ) from error
    Job(key)  # refuses a short key
    return key


def deid(mode: str, path: Path | None, reader: str = "rules") -> Deid:
    """The treatment that was asked for. Raises InputError without a key file, for an unknown mode or reader, and where a reader is not installed."""
    if path is None:
        raise InputError("FQ3020", "去标识要有密钥文件", "a key file is needed", remedy="--deid-key 文件(没有就新建); 与结果分开存放, 用完可销毁")
    told = next((known for known in MODES if known == mode), None)
    if told is None:
        raise InputError("FQ7002", "没有这种处理方式", "no such mode", seen=mode, remedy="、".join(MODES))
    names = next((known for known in READERS if known == reader), None)
    if names is None:
        raise InputError("FQ7007", "没有这种人名识别器", "no such reader of names", seen=reader, remedy="、".join(READERS))
    Deidentifier.reading(names)  # says now that it is not installed, not at the first row
    return Deid(told, read_key(path), names)


class Treatment:
    """Treats the rows of one job."""

    def __init__(self, told: Deid, settings: Settings) -> None:
        self.mode, self.job, self.keyer, self.settings = told.mode, Job(told.key), Keyer(told.key), settings
        self.reader = Deidentifier.reading(told.reader)
        self._short = lru_cache(maxsize=20_000)(self._treated)  # categories, units and roads recur

    def row(self, columns: Sequence[str], meant: Columns, cells: Sequence[Any], labels: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """(cells, labels) that may leave; the labels with KEYS."""
        given = dict(zip(columns, cells, strict=True))
        story = narrative(meant.texts, given)  # treated as one, so that a name told in one column is known in the other
        treated = self.reader.treat(story, self.mode, self.job, factors=str(labels["fq_factors"] or "").split(SEPARATOR))
        texts = {column.name: _part(story, treated, column.mark if meant.joined else "", given[column.name]) for column in meant.texts}
        made = [texts[name] if name in texts else self._cell(name, cell, meant) for name, cell in given.items()]
        return made, {**labels, "fq_evidence": _quoted(story, treated, labels["fq_evidence"]), **self._keys(meant, given)}

    def _cell(self, name: str, cell: Any, meant: Columns) -> Any:
        """A cell of any other column: ids and persons hashed, text treated, long numbers treated as text, the rest as it is."""
        if cell is None or cell == "" or isinstance(cell, bool):
            return cell
        if name in (meant.id, meant.caller) or personal(name):
            return self._hash(plain(cell))
        if isinstance(cell, (int, float)):
            return cell if abs(cell) < 10**LONGEST_PLAIN else self._short(plain(cell))
        if isinstance(cell, (str, bytes, dict, list, tuple)):
            return self._short(plain(cell))
        return cell

    def _treated(self, text: str) -> str:
        return self.reader.treat(text, self.mode, self.job).text

    def _hash(self, value: str) -> str:
        """The same value is the same hash in every column and every file of the key."""
        return self.keyer.key("cell", "".join(fold(value).split())).hex()[:HEX]

    def _keys(self, meant: Columns, given: Mapping[str, Any]) -> dict[str, str | None]:
        """Person and building as keys, by the same reading as 一人多次 and 一地多起."""
        place = read_place(plain(given[meant.place]), self.settings) if meant.place and given[meant.place] else NOWHERE
        term = person_term(plain(given[meant.caller]), place, self.settings) if meant.caller else ""
        at = place.building or place.estate
        return {
            "fq_person_key": self.keyer.key("person", term).hex()[:HEX] if term else None,
            "fq_place_key": self.keyer.key("place", at).hex()[:HEX] if at else None,
        }


def _part(story: str, treated: Treated, mark: str, cell: Any) -> Any:
    """What stands in the treated story for one text column's cell."""
    text = plain(cell)
    if not text.strip():
        return cell
    marked = story.find(mark + text)
    start = marked + len(mark) if marked >= 0 else story.find(text)  # another column has told the same text already
    begin, end = treated.offsets.to_treated(start, start + len(text))
    return treated.text[begin:end]


def _quoted(story: str, treated: Treated, quotes: str | None) -> str | None:
    """Each quote as the treated text has it; one that is not found again is left out."""
    made = []
    for quote in (quotes or "").split(SEPARATOR):
        start = story.find(quote)
        if quote and start >= 0:
            begin, end = treated.offsets.to_treated(start, start + len(quote))
            made.append(treated.text[begin:end].replace(SEPARATOR, "；"))
    return SEPARATOR.join(dict.fromkeys(made)) or None
