"""Labels for a whole table: `label_table(table) -> table`, a pure function over pyarrow, polars, pandas or a dict of columns.

The batch labeller, the Spark job and `datasets.map(batched=True)` call this; a row's labels depend on that row and the versions alone. Lists are
joined with `;`, codes are those of the labelling guide, absent values are null. No table library is imported unless a table of it is given.

>>> label_table({"编号": ["007"], "报警内容": ["楼上漏水, 把我家屋顶泡了, 找他他不管。"]})["fq_dispute_type"]
['neighbour']
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.columns import Columns, TextColumn, guess
from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.values import Assessment, Incident, to_json

SEPARATOR = ";"
FAILED = "engine_failed"  # review code of a row that the engine could not read
QUOTES = 8  # most pieces of evidence shown in one cell

# column → kind of its values; the order is the order of the output
KINDS: dict[str, str] = {
    "fq_category": "text",
    "fq_category_name": "text",
    "fq_dispute_type": "text",
    "fq_dispute_name": "text",
    "fq_risk": "text",
    "fq_risk_name": "text",
    "fq_urgency": "whole",
    "fq_danger": "whole",
    "fq_difficulty": "whole",
    "fq_factors": "text",
    "fq_gates": "text",
    "fq_fraud_scripts": "text",
    "fq_fraud_stage": "text",
    "fq_loss_yuan": "number",
    "fq_route": "text",
    "fq_route_name": "text",
    "fq_route_unit": "text",
    "fq_needs_review": "flag",
    "fq_review_codes": "text",
    "fq_evidence": "text",
    "fq_score_category": "number",
    "fq_score_dispute_type": "number",
    "fq_score_risk": "number",
    "fq_score_fraud": "number",
}
FULL: dict[str, str] = {"fq_narrative": "text", "fq_assessment": "text"}

_TIME = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2}))?)?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Labeller:
    """An engine and what its labels look like in a table. Holds no state of a row."""

    engine: Engine
    columns: Columns
    full: bool = False

    @property
    def kinds(self) -> dict[str, str]:
        """The columns that labelling adds, with the kind of their values: text, whole, number or flag."""
        return {**KINDS, **FULL} if self.full else KINDS

    def incident(self, row: Mapping[str, Any]) -> Incident:
        """A row as an incident."""
        return self.incident_of(self.columns, row)

    @staticmethod
    def incident_of(columns: Columns, row: Mapping[str, Any]) -> Incident:
        """A row as an incident. Cells that are no strings are read as people would write them."""
        return Incident(
            narrative=narrative(columns.texts, row),
            incident_id=_text(row.get(columns.id)) if columns.id else "",
            occurred_at=moment(row.get(columns.occurred_at)) if columns.occurred_at else None,
            place=_text(row.get(columns.place)) if columns.place else "",
            channel=_text(row.get(columns.channel)) if columns.channel else "",
            caller=_text(row.get(columns.caller)) if columns.caller else "",
        )

    def failed(self, incident: Incident) -> tuple[Any, ...]:
        """The values of `kinds` for a row that the engine failed on: no label, for review."""
        told = {"fq_needs_review": True, "fq_review_codes": FAILED, "fq_narrative": incident.narrative}
        return tuple(told.get(name) for name in self.kinds)

    def label(self, incident: Incident) -> tuple[Any, ...]:
        """The values of `kinds`, in order."""
        answer = self.engine.assess(incident)
        values = record(answer)
        return (*values, incident.narrative, to_json(answer).decode()) if self.full else values


def label_table(
    table: Any, *, engine: Engine | None = None, texts: Sequence[str] = (), id_column: str | None = None, full: bool = False, keep_failed: bool = False
) -> Any:
    """The table with the `fq_*` columns added (those it had are replaced), same kind, same rows in the same order.

    table: pyarrow Table or RecordBatch, polars DataFrame, pandas DataFrame, or a mapping of column name → sequence (as `datasets.map` passes).
    keep_failed: rows that the engine fails on stay without labels, marked `engine_failed` for review, instead of raising.
    Raises InputError (FQ3001, FQ3002) where the text column cannot be told, (FQ3003) for another kind of table.

    >>> label_table({"text": ["他说要杀我全家"], "fq_risk": ["?"]}, texts=["text"])["fq_risk"] != ["?"]
    True
    """
    names, column, attach = _adapter(table)
    columns = guess([name for name in names if not name.startswith("fq_")], texts=texts, id_column=id_column)
    labeller = Labeller(engine or Engine.default(), columns, full)
    used = [name for name in (*(text.name for text in columns.texts), columns.id, columns.occurred_at, columns.channel, columns.place, columns.caller) if name]
    rows = zip(*(column(name) for name in used), strict=True)
    incidents = (labeller.incident(dict(zip(used, row, strict=True))) for row in rows)
    labels = [_kept(labeller, incident) if keep_failed else labeller.label(incident) for incident in incidents]
    return attach(dict(zip(labeller.kinds, transposed(labels, len(labeller.kinds)), strict=True)), labeller.kinds)


def _kept(labeller: Labeller, incident: Incident) -> tuple[Any, ...]:
    try:
        return labeller.label(incident)
    except Exception:  # whatever one row does, the others are labelled
        return labeller.failed(incident)


def transposed(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows as columns; as many empty columns where there is no row."""
    return [list(values) for values in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def narrative(texts: Sequence[TextColumn], row: Mapping[str, Any]) -> str:
    """The text of one column as it stands, or several joined by line breaks, each after the mark of its role; the same text is told once.

    >>> narrative((TextColumn("a", "call", "【接】"), TextColumn("b", "outcome", "【处】")), {"a": "打架", "b": "已劝离"})
    '【接】打架\\n【处】已劝离'
    """
    if len(texts) == 1:
        return _text(row.get(texts[0].name))
    told: dict[str, str] = {}
    for column in texts:
        text = _text(row.get(column.name))
        if text.strip():
            told.setdefault(text, column.mark)
    return "\n".join(f"{mark}{text}" for text, mark in told.items())


def moment(value: Any) -> dt.datetime | None:
    """When it was, in local time without a zone; None where the cell tells no moment.

    >>> moment("2024年3月5日 7时8分"), moment("20240305070809"), moment("昨天")
    (datetime.datetime(2024, 3, 5, 7, 8), datetime.datetime(2024, 3, 5, 7, 8, 9), None)
    """
    if isinstance(value, dt.datetime):
        return None if value != value else value.replace(tzinfo=None)  # pandas' NaT is a datetime unequal to itself
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    text = _text(value).strip()
    match = _TIME.match(text) or _DIGITS.fullmatch(text)
    if match is None:
        return None
    try:
        return dt.datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None


def record(answer: Assessment) -> tuple[Any, ...]:
    """An answer as the values of `KINDS`, in order."""
    dispute, risk, fraud = answer.dispute, answer.risk, answer.fraud
    return (
        answer.category.code,
        answer.category.name,
        dispute.type if dispute else None,
        dispute.name if dispute else None,
        risk.colour,
        risk.name,
        risk.urgency,
        risk.danger,
        risk.difficulty,
        _joined(factor.code for factor in risk.factors),
        _joined(risk.gates),
        _joined(script.code for script in fraud.scripts) if fraud else None,
        fraud.stage if fraud else None,
        fraud.loss_yuan if fraud else None,
        *((answer.route.get("step"), answer.route.get("name"), answer.route.get("unit")) if answer.route else (None, None, None)),
        answer.needs_review.flag,
        _joined(answer.needs_review.codes),
        _joined(_quotes(answer)),
        answer.category.score,
        dispute.score if dispute else None,
        risk.score,
        max((script.score for script in fraud.scripts), default=None) if fraud else None,
    )


def _quotes(answer: Assessment) -> list[str]:
    """The words that the labels rest on, those of risk factors first, each once."""
    found = [piece for factor in answer.risk.factors for piece in factor.evidence]
    found += [piece for script in (answer.fraud.scripts if answer.fraud else ()) for piece in script.evidence]
    found += [*(answer.dispute.evidence if answer.dispute else ()), *answer.category.evidence]
    return list(dict.fromkeys(piece.quote.replace(SEPARATOR, "；") for piece in found))[:QUOTES]


def _joined(codes: Iterable[str]) -> str | None:
    return SEPARATOR.join(codes) or None


def _text(value: Any) -> str:
    """A cell as text: absent is empty, whole floats lose their point (Excel has no whole numbers)."""
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else str(value)


# adapters: column names, one column as Python values, and how labels are attached

_Attach = Callable[[dict[str, list[Any]], Mapping[str, str]], Any]


def _adapter(table: Any) -> tuple[list[str], Callable[[str], Sequence[Any]], _Attach]:
    library = type(table).__module__.partition(".")[0]
    name = type(table).__name__
    if library == "pyarrow" and name in ("Table", "RecordBatch"):
        return list(table.schema.names), lambda column: table.column(column).to_pylist(), lambda labels, kinds: _arrow(table, labels, kinds)
    if library == "polars" and name == "DataFrame":
        return list(table.columns), lambda column: table.get_column(column).to_list(), lambda labels, kinds: _polars(table, labels, kinds)
    if library == "pandas" and name == "DataFrame":
        return [str(column) for column in table.columns], lambda column: table[column].tolist(), lambda labels, kinds: _pandas(table, labels, kinds)
    if isinstance(table, Mapping):
        return list(table), lambda column: table[column], lambda labels, _: {**{key: table[key] for key in table if key not in labels}, **labels}
    raise InputError("FQ3003", "不认识的表", "unknown kind of table", seen=f"{library}.{name}", remedy="pyarrow、polars、pandas 的表, 或 {列名: 列表}")


def arrow_type(kind: str) -> Any:
    """The Arrow type of a kind of value."""
    import pyarrow as pa

    return {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}[kind]


def _arrow(table: Any, labels: dict[str, list[Any]], kinds: Mapping[str, str]) -> Any:
    import pyarrow as pa

    kept = [name for name in table.schema.names if name not in labels]
    arrays = [table.column(name) for name in kept] + [pa.array(values, arrow_type(kinds[name])) for name, values in labels.items()]
    schema = pa.schema([table.schema.field(name) for name in kept] + [pa.field(name, arrow_type(kinds[name])) for name in labels])
    return type(table).from_arrays(arrays, schema=schema)


def _polars(table: Any, labels: dict[str, list[Any]], kinds: Mapping[str, str]) -> Any:
    import polars as pl

    types = {"text": pl.String, "whole": pl.Int64, "number": pl.Float64, "flag": pl.Boolean}
    made = [pl.Series(name, values, dtype=types[kinds[name]]) for name, values in labels.items()]
    return table.drop([name for name in labels if name in table.columns]).with_columns(made)


def _pandas(table: Any, labels: dict[str, list[Any]], kinds: Mapping[str, str]) -> Any:
    import pandas as pd

    types = {"text": "string", "whole": "int64", "number": "float64", "flag": "bool"}
    kept = table.drop(columns=[name for name in labels if name in table.columns])
    return kept.assign(**{name: pd.Series(values, index=table.index, dtype=types[kinds[name]]) for name, values in labels.items()})
