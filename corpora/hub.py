"""The corpora as Hugging Face `datasets`: splits by writer, typed features, whole or streamed. Nothing is downloaded.

`datasets` is not part of the base install: `pip install datasets`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import corpora
from corpora.splits import SPLITS, split_of
from pipeline.rulepack.store import load_pack

NONE = "none"  # a class of its own where a narrative has no dispute type or stage: class labels know no null


def labels() -> dict[str, list[str]]:
    """The codes of each closed field, from the rule pack; stages in the order in which a fraud goes on."""
    rules = load_pack().rules
    stages = sorted(rules["stages"].values(), key=lambda rule: rule.id)
    levels = rules["profiles"][str(load_pack().settings["default_profile"])].data["levels"]
    return {
        "category": sorted(rules["categories"]),
        "dispute_type": [NONE, *sorted(rules["disputes"])],
        "risk": [str(level["code"]) for level in levels],
        "fraud_stage": [NONE, *(rule.id for rule in stages)],
    }


def features() -> Any:
    """The columns with their types (`datasets.Features`)."""
    from datasets import ClassLabel, Features, List, Value

    closed = {name: ClassLabel(names=codes) for name, codes in labels().items()}
    text = Value("string")
    return Features(
        {
            "id": text, "writer": text, "style": text, "channel": text, "text": text, **closed, "uncertain": Value("bool"), "factors": List(text),
            "fraud_scripts": List(text), "loss_yuan": Value("float64"), "group": text,
        }
    )  # fmt: skip


def rows(split: str) -> Iterator[dict[str, Any]]:
    """The narratives of one split with the columns of `features`."""
    for row in corpora.narratives():
        if split_of(row) == split:
            yield {
                "id": row["id"], "writer": row["writer"], "style": row["style"], "channel": row.get("channel") or "",
                "text": row["text"], "category": row["category"],
                "dispute_type": row["dispute_type"] or NONE, "risk": row["risk"], "fraud_stage": row["fraud_stage"] or NONE,
                "uncertain": bool(row.get("uncertain")), "factors": row["factors"], "fraud_scripts": row["fraud_scripts"],
                "loss_yuan": row["loss_yuan"], "group": row.get("group"),
            }  # fmt: skip


def load(*, streaming: bool = False, cache_dir: str | None = None) -> Any:
    """All splits: a `DatasetDict` in memory, or an `IterableDatasetDict` that reads as it goes.

    >>> sorted(load(streaming=True))
    ['test', 'train', 'validation']
    """
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

    shape = features()
    if streaming:
        return IterableDatasetDict({split: IterableDataset.from_generator(rows, features=shape, gen_kwargs={"split": split}) for split in SPLITS})
    return DatasetDict({split: Dataset.from_list(list(rows(split)), features=shape) for split in SPLITS})
