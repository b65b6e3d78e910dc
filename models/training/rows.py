"""Training rows: the project's own corpora, more labelled files, and unlabelled text."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import corpora
from pipeline.errors import InputError
from pipeline.rulepack.files import read_yaml
from pipeline.values import Incident


@dataclass(frozen=True, slots=True)
class Row:
    """A narrative with its labels (fields of the labelling guide; empty for unlabelled text) and who wrote it: folds are cut by `group`."""

    text: str
    group: str
    labels: dict[str, Any]

    @property
    def incident(self) -> Incident:
        """As the engine is asked: with the way it came in (`channel`), where the row tells it."""
        return Incident(narrative=self.text, channel=str(self.labels.get("channel") or ""))


def _rows(records: Iterable[dict[str, Any]], origin: str) -> Iterator[Row]:
    for record in records:
        if isinstance(record.get("text"), str):
            yield Row(record["text"], str(record.get("writer") or record.get("source") or origin), record)


def read_jsonl(path: Path) -> list[Row]:
    """Rows of a JSONL file, packed or not. Raises InputError where it cannot be read."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return list(_rows((json.loads(line) for line in data.decode("utf-8").splitlines() if line.strip()), path.stem))
    except (OSError, ValueError) as error:
        raise InputError("FQ4004", "训练数据读不了", "training data cannot be read", seen=path.name, remedy="JSONL(UTF-8), 每行含 text") from error


def examples() -> list[Row]:
    """The examples and counterexamples of the shipped rule files, without labels: the project's own short texts for self-training."""
    found: list[Row] = []
    for path in sorted(Path(str(files("pipeline"))).glob("rules/*/*.yaml")):
        content = read_yaml(path)
        told = [text for key in ("examples", "counterexamples") for text in (content.get(key) or ())] if isinstance(content, dict) else []
        found.extend(Row(text, "examples", {}) for text in told if isinstance(text, str) and path.parent.name != "context")
    return found


def labelled(extra: Sequence[Path], hold_out: Sequence[str]) -> list[Row]:
    """The corpora and further labelled files, without the writers or sources held out."""
    rows = [*_rows(corpora.narratives(), "corpora"), *(row for path in extra for row in read_jsonl(path))]
    return [row for row in rows if row.group not in hold_out and row.labels.get("category")]
