"""Labelling one part: rows in, a fragment of the output and its rejects out. Runs in workers, on executors' results in the driver, and in process."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.batch import Labeller
from pipeline.engine import Engine
from pipeline.repeats.settings import settings_of
from service.label.deid import Treatment
from service.label.executor import engine_of
from service.label.job import Block, Job
from service.label.rows import Reject, Row
from service.label.write import Writer, plain, writer

Labels = tuple[Any, ...] | str  # the values of the label columns, or the name of the error where the engine failed


@dataclass(slots=True)
class Tally:
    """What a part or a run came to: counts only."""

    rows: int = 0
    rejects: int = 0
    review: int = 0
    colours: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    sha256: str = ""

    def add(self, other: Tally) -> None:
        """Count another part in."""
        self.rows += other.rows
        self.rejects += other.rejects
        self.review += other.review
        self.colours.update(other.colours)
        self.categories.update(other.categories)
        self.codes.update(other.codes)

    def to_json(self) -> dict[str, Any]:
        """Plain data, keys sorted."""
        return {**asdict(self), **{name: dict(sorted(getattr(self, name).items())) for name in ("colours", "categories", "codes")}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Tally:
        """Read one back."""
        counters = {name: Counter(data[name]) for name in ("colours", "categories", "codes")}
        return cls(data["rows"], data["rejects"], data["review"], **counters, sha256=data["sha256"])


class PartMaker:
    """Labels and encodes parts of one job. Holds no state of a row."""

    def __init__(self, job: Job, engine: Engine | None) -> None:
        self.job = job
        self.labellers = [Labeller(engine, source.meant, job.options.full) for source in job.sources] if engine else []
        self.writer: Writer = writer(job.format, job.columns, job.types, texts=job.ids, escape=job.options.escape)
        self._risk, self._category, self._review = (job.labels.index(name) for name in ("fq_risk", "fq_category", "fq_needs_review"))

    def label(self, items: Iterable[tuple[int, Row | Reject]]) -> list[Labels | None]:
        """Labels of each record; None for those that are rejects already. An engine's failure costs its row alone."""
        made: list[Labels | None] = []
        for place, item in items:
            labeller, source = self.labellers[place], self.job.sources[place]
            if isinstance(item, Reject) or not source.meant.texts:
                made.append(None)
                continue
            try:
                made.append(labeller.label(labeller.incident(dict(zip(source.columns, item.cells, strict=True)))))
            except Exception as error:  # whatever a row does, the others are labelled; the kind of error alone is told
                made.append(type(error).__name__)
        return made

    def encode(self, items: Sequence[tuple[int, Row | Reject]], labels: Sequence[Labels | None]) -> tuple[bytes, bytes, Tally]:
        """(fragment, rejects as JSON lines, counts) of records and their labels."""
        rows: list[tuple[Any, ...]] = []
        rejects: list[Reject] = []
        tally = Tally()
        for (place, item), told in zip(items, labels, strict=True):
            settled = self._settled(place, item, told)
            if isinstance(settled, Reject):
                rejects.append(settled)
                tally.codes[settled.code] += 1
            else:
                rows.append(settled)
                assert isinstance(told, tuple)
                tally.colours[told[self._risk]] += 1
                tally.categories[told[self._category]] += 1
                tally.review += bool(told[self._review])
        tally.rows, tally.rejects = len(rows), len(rejects)
        lines = b"".join(json.dumps(reject.to_json(), ensure_ascii=False).encode() + b"\n" for reject in rejects)
        fragment = self.writer.encode(rows)
        tally.sha256 = hashlib.sha256(fragment + lines).hexdigest()
        return fragment, lines, tally

    def _settled(self, place: int, item: Row | Reject, told: Labels | None) -> tuple[Any, ...] | Reject:
        """The row of the output, or why there is none."""
        if isinstance(item, Reject):
            return item
        name = self.job.sources[place].name
        if told is None:
            return Reject(name, item.number, None, None, "FQ3001", "该表没有警情文本列", "this table has no text column")
        if isinstance(told, str):
            return Reject(name, item.number, None, None, "FQ3110", f"研判失败({told})", "the engine failed on this row")
        row = self._row(place, item, told)
        column = self.writer.refuses(row)
        return row if column is None else Reject(name, item.number, None, column, "FQ3109", "单元格超过 Excel 上限 32767 字", "the cell is too long for Excel")

    @cached_property
    def _treatment(self) -> Treatment | None:
        options = self.job.options
        return Treatment(options.deid, settings_of(engine_of(options.engine).pack)) if options.deid else None

    def _row(self, place: int, item: Row, labels: tuple[Any, ...]) -> tuple[Any, ...]:
        source = self.job.sources[place]
        given: Sequence[Any] = item.cells
        if self._treatment is not None:
            given, told = self._treatment.row(source.columns, source.meant, item.cells, dict(zip(self.job.labels, labels, strict=False)))
            labels = tuple(told[name] for name in self.job.labels)
        cells: list[Any] = [None] * len(self.job.inputs)
        for number, (where, cell) in enumerate(zip(source.places, given, strict=True)):
            if where >= 0:
                cells[where] = plain(cell) if number == source.id_place and cell is not None else cell
        return (*((source.name, item.number) if self.job.located else ()), *cells, *labels)


@dataclass(frozen=True, slots=True)
class PartFiles:
    """Where a part lies. The tally is renamed into place last: a part with a tally is whole."""

    folder: Path
    index: int

    @property
    def data(self) -> Path:
        """The fragment."""
        return self.folder / f"part-{self.index:06d}.data"

    @property
    def rejects(self) -> Path:
        """The rejects as JSON lines."""
        return self.folder / f"part-{self.index:06d}.rejects"

    @property
    def tally(self) -> Path:
        """The counts, and the mark that the part is whole."""
        return self.folder / f"part-{self.index:06d}.json"

    def write(self, fragment: bytes, rejects: bytes, tally: Tally) -> None:
        """Each file whole or not at all, the tally last."""
        for path, data in ((self.data, fragment), (self.rejects, rejects), (self.tally, json.dumps(tally.to_json(), ensure_ascii=False).encode())):
            partial = path.with_suffix(path.suffix + ".tmp")
            with partial.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(partial, path)

    def whole(self) -> Tally | None:
        """The counts of a part that is there and undamaged, else None."""
        try:
            tally = Tally.from_json(json.loads(self.tally.read_bytes()))
            seen = hashlib.sha256(self.data.read_bytes() + self.rejects.read_bytes()).hexdigest()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return tally if seen == tally.sha256 else None


def make(maker: PartMaker, folder: Path, block: Block) -> Tally:
    """Label a block and write its part."""
    fragment, rejects, tally = maker.encode(block.items, maker.label(block.items))
    PartFiles(folder, block.number).write(fragment, rejects, tally)
    return tally
