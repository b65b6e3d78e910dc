"""The records as one table, ready to count: codes turned to words, colours to ranks, filed labels to our codes, records of one event joined."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.errors import InputError
from pipeline.repeats.answer import kind_of
from pipeline.repeats.settings import Settings as Rules
from pipeline.repeats.settings import settings_of
from pipeline.rulepack.pack import Pack
from service.report import knowledge
from service.report.filed import Filing, Label
from service.report.gather import WORDS, Gathered, Keys
from service.report.join import Known, Pieces, join_events
from service.report.knowledge import Mapping, Settings
from service.report.names import Names, names_of
from service.report.readers import FileFacts

_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class FiledLevels:
    """The scale that a column of grades is written in: its name, grade names from low to high, and our rank → grade."""

    name: str
    grades: tuple[str, ...]
    of_rank: dict[int, int]


@dataclass(frozen=True, slots=True)
class History:
    """All records of a report. `frame` has one row per record in input order; `roles` says which column was taken as what; `rules` are those of
    repeats, the same as for a single answer."""

    frame: pl.DataFrame
    names: Names
    settings: Settings
    rules: Rules
    mapping: Mapping
    filing: Filing
    files: tuple[FileFacts, ...]
    roles: dict[str, str]
    levels: FiledLevels | None
    initial_levels: FiledLevels | None
    person_by: str

    def has(self, *roles: str) -> bool:
        """Whether the files have columns for all these roles."""
        return all(role in self.roles for role in roles)


def load_history(
    paths: Sequence[Path],
    pack: Pack,
    *,
    settings: Settings | None = None,
    local_mapping: Sequence[Path] = (),
    key: bytes | None = None,
    named: dict[str, str] | None = None,
    profile: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> History:
    """Read, join and name. Without a key a new one is drawn: ids then hold within this report only."""
    settings = settings or knowledge.settings()
    mapping = knowledge.mapping(local_mapping)
    rules = settings_of(pack)
    gathered = Gathered(knowledge.headers(), Keys(key or secrets.token_bytes(32), rules), named)
    gathered.read(paths, progress)
    filing = Filing(mapping)
    if not sum(facts.rows for facts in gathered.files):
        raise InputError(
            "FQ2206",
            "表里没有记录",
            "the table has no records",
            seen=gathered.files[0].name,
            remedy="表里只有表头; 核对 fengqiao label 的输出, 退回的行在 输出.rejects.jsonl",
        )
    colours = [code for code in gathered.words["colour"].codes if code]
    names = names_of(pack, colours, profile)
    kinds, labels = _kinds(gathered, names)
    codes = list(labels)
    events = _events(gathered, rules, settings.most_compared, [codes[number] for number in kinds.tolist()])
    frame = _frame(gathered, names, events, pl.Series(list(labels.values()), dtype=pl.String).gather(kinds).cast(pl.Categorical))
    frame, levels, initial_levels = _filed(frame, filing, names)
    by = "phone" if "phone" in gathered.roles else "caller" if "caller" in gathered.roles else ""
    return History(frame, names, settings, rules, mapping, filing, tuple(gathered.files), gathered.roles, levels, initial_levels, by)


def _kinds(gathered: Gathered, names: Names) -> tuple[Any, dict[str, str | None]]:
    """The kind of each record as repeats count it (`kind_of`), as a number; and each kind's name: that of the type or script, with the
    category before it where two kinds would be called the same."""
    from_columns = ("category", "type", "scripts")
    words = [list(gathered.words[name].codes) for name in from_columns]
    told, which = np.unique(np.stack([gathered.column(name) for name in from_columns], axis=1), axis=0, return_inverse=True)
    kinds: list[str] = []
    named: dict[str, tuple[str, str]] = {}
    for row in told.tolist():
        category, dispute, scripts = (word[code] for word, code in zip(words, row, strict=True))
        finer, name = _finer(category, dispute, scripts, names)
        kinds.append(kind_of(category, finer or None))
        named[kinds[-1]] = (names.of("categories", category), name)
    shared = Counter(name for _, name in named.values())
    labels = {kind: (f"{category}·{name}" if shared[name] > 1 and "/" in kind else name) or None for kind, (category, name) in named.items()}
    place = {kind: number for number, kind in enumerate(labels)}
    return np.asarray([place[kind] for kind in kinds], np.int64)[which.reshape(-1)], labels


def _finer(category: str, dispute: str, scripts: str, names: Names) -> tuple[str, str]:
    """The finer label and the name by which it is shown."""
    script = scripts.partition(";")[0]
    if dispute or script:
        return dispute or script, names.of("disputes", dispute) if dispute else names.of("scripts", script)
    return "", names.of("categories", category) if category else ""


def _events(gathered: Gathered, rules: Rules, most: int, kinds: list[str]) -> Any:
    times = gathered.column("time")
    areas = list(gathered.words["area"].codes)
    keys = tuple(gathered.column(name) for name in ("person", "household", "building", "community"))
    known = Known(
        times,
        [areas[code] for code in gathered.column("area").tolist()],
        kinds,
        keys,
        Pieces(gathered.parts("vector")),
        (times != _NEVER) & gathered.column("clock"),
    )
    return join_events(known, rules, most)


def _frame(gathered: Gathered, names: Names, events: Any, kinds: pl.Series) -> pl.DataFrame:
    columns: dict[str, pl.Series] = {"event": pl.Series(events, dtype=pl.Int64)}
    for column in WORDS:
        columns[column] = _worded(list(gathered.words[column].codes), gathered.take(column))
    for column, words in zip(("community", "building"), gathered.places, strict=False):
        columns[column] = _worded(list(words.codes), gathered.take(column))
    for column in ("time", "due", "closed"):
        seconds = gathered.take(column)
        moments = pl.Series(np.where(seconds == _NEVER, 0, seconds) * 1_000_000).cast(pl.Datetime("us"))
        columns[column] = pl.select(pl.when(pl.Series(seconds != _NEVER)).then(moments)).to_series()
    for column in ("file", "row", "review", "person", "household", "id", "id_damaged", "length", "text", "garbled", "clock", "time_told"):
        columns[column] = pl.Series(gathered.take(column))
    columns["loss"] = pl.Series(gathered.take("loss")).fill_nan(None)
    frame = pl.DataFrame([series.alias(name) for name, series in columns.items()])
    ranks = {code: rank for rank, (code, _) in enumerate(names.levels)}
    return frame.with_columns(_mapped("colour", ranks, pl.Int8).alias("rank"), kinds.alias("kind"))


def _worded(words: list[str], codes: Any) -> pl.Series:
    """Codes as an Enum of words; the empty text is null. What is told more than a hundred thousand ways stays text."""
    told = pl.Series(words, dtype=pl.Enum(words) if len(words) <= 100_000 else pl.String).gather(codes)
    return pl.select(pl.when(pl.Series(codes) != 0).then(told)).to_series()


def _mapped(column: str, table: dict[str, Any], dtype: Any) -> pl.Expr:
    known = {key: value for key, value in table.items() if value is not None}
    return pl.col(column).cast(pl.String).replace_strict(known, default=None, return_dtype=dtype)


def _filed(frame: pl.DataFrame, filing: Filing, names: Names) -> tuple[pl.DataFrame, FiledLevels | None, FiledLevels | None]:
    """Adds what persons filed, in our codes: category, types (joined by `;`), grade; for the first label and the final one."""
    labels = {column: {value: filing.label(value) for value in _values(frame, column)} for column in ("initial", "filed", "filed_type")}
    added = []
    for column in labels:
        added.append(_mapped(column, {k: v.category if v else None for k, v in labels[column].items()}, pl.String).alias(f"{column}_category"))
        added.append(_mapped(column, {k: _types(v) for k, v in labels[column].items()}, pl.String).alias(f"{column}_types"))
    frame = frame.with_columns(added)
    frame = frame.with_columns(
        pl.coalesce("filed_type_category", "filed_category").alias("human_category"),
        pl.coalesce("filed_type_types", "filed_types").alias("human_types"),
    )
    found: list[FiledLevels | None] = []
    for column in ("filed_level", "initial_level"):
        scale, grades = filing.scale(_values(frame, column))
        frame = frame.with_columns(_mapped(column, dict(grades), pl.Int8).alias(f"{column}_grade"))
        levels = None
        if scale is not None:
            of_rank = {rank: grade for rank, (code, _) in enumerate(names.levels) for grade, level in enumerate(scale.levels) if code in level.covers}
            levels = FiledLevels(scale.name, tuple(level.names[0] for level in scale.levels), of_rank)
        found.append(levels)
    resolved = {value: filing.resolution(value) for value in _values(frame, "status")}
    content = {value: filing.satisfaction(value) for value in _values(frame, "satisfaction")}
    frame = frame.with_columns(_mapped("status", resolved, pl.String).alias("resolution"), _mapped("satisfaction", content, pl.String).alias("content"))
    return frame, found[0], found[1]


def _types(label: Label | None) -> str | None:
    return ";".join(label.types) or None if label else None


def _values(frame: pl.DataFrame, column: str) -> Counter[str]:
    """The different texts of a column and how often each stands there."""
    counted = frame.select(pl.col(column).cast(pl.String).drop_nulls().value_counts()).unnest(column)
    return Counter(dict(counted.iter_rows()))
