"""`label_table` in a notebook: one pure function over every kind of table."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pipeline.batch import FULL, KINDS, label_table
from pipeline.errors import InputError

TABLE = {
    "警情编号": ["0001", "0002", "0003", "0004"],
    "报警内容": ["老公又打我, 还拿菜刀追我", "有人冒充客服让我转了2万元", "", None],
    "处警情况": ["已劝离", None, None, None],
    "报警时间": ["2024-03-05 07:08:09", "", None, "不详"],
}


def test_every_kind_of_table_gets_the_same_labels():
    arrow = label_table(pa.table(TABLE))
    told = arrow.to_pylist()
    assert label_table(pa.RecordBatch.from_pydict(TABLE)).to_pylist() == told
    assert label_table(pl.DataFrame(TABLE)).to_dicts() == told
    mapping = label_table(TABLE)
    assert [dict(zip(mapping, row, strict=True)) for row in zip(*mapping.values(), strict=True)] == told
    frame = label_table(pd.DataFrame(TABLE, index=[9, 8, 7, 6]))
    assert list(frame.index) == [9, 8, 7, 6]
    assert frame["fq_risk"].tolist() == arrow["fq_risk"].to_pylist()
    assert frame["fq_loss_yuan"].tolist()[1] == 20000
    assert arrow.schema.names == [*TABLE, *KINDS]


def test_an_empty_table_keeps_its_shape():
    empty = pa.table({"报警内容": pa.array([], pa.string())})
    assert label_table(empty).schema == label_table(pa.table({"报警内容": ["打架"]})).schema


def test_the_table_given_is_not_touched():
    given = {name: list(values) for name, values in TABLE.items()}
    frame = pd.DataFrame(given)
    label_table(given)
    label_table(frame)
    assert given == TABLE
    assert list(frame.columns) == list(TABLE)


def test_another_kind_of_table_is_refused():
    with pytest.raises(InputError) as caught:
        label_table([1, 2])
    assert caught.value.code == "FQ3003"


def test_a_row_that_the_engine_fails_on_is_kept_for_review(engine):
    class Failing:
        def assess(self, incident):
            if "坏" in incident.narrative:
                raise ValueError(incident.narrative)
            return engine.assess(incident)

    made = label_table({"text": ["打架", "坏"]}, engine=Failing(), keep_failed=True, full=True)
    assert made["fq_category"][1] is None
    assert made["fq_review_codes"][1] == "engine_failed"
    assert made["fq_needs_review"][1] is True
    assert made["fq_risk"][0] is not None
    assert list(made) == ["text", *KINDS, *FULL]
    with pytest.raises(ValueError, match="坏"):
        label_table({"text": ["坏"]}, engine=Failing())


def test_as_in_a_notebook():
    """A morning's work of an analyst: label, look at the red ones, count by type."""
    calls = pl.DataFrame({"警情编号": ["001", "002", "003"], "事件详情": ["老公又打我, 还拿菜刀追我", "楼上漏水, 说了几次不管", "楼下广场舞太吵"]})
    labelled = label_table(calls)
    red = labelled.filter(pl.col("fq_risk") == "red").select("警情编号", "fq_evidence")
    assert red["警情编号"].to_list() == ["001"]
    assert "菜刀" in red["fq_evidence"][0]
    by_type = labelled.group_by("fq_dispute_name").len().sort("fq_dispute_name")
    assert by_type["len"].sum() == 3


def test_datasets_map_in_batches(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    from functools import partial

    told = datasets.Dataset.from_dict({"text": TABLE["报警内容"][:3], "id": TABLE["警情编号"][:3]})
    made = told.map(partial(label_table, texts=("text",)), batched=True, new_fingerprint="labelled", keep_in_memory=True)
    assert made["fq_risk"] == label_table(TABLE | {"处警情况": [None] * 4}, texts=("报警内容",))["fq_risk"][:3]
