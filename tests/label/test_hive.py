"""`hive:db.table` in and out, with the metastore that Spark brings along (embedded Derby) and real executors: what a YARN cluster does but for YARN itself."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from label_tables import records
from test_spark import CLUSTER, end, start

from pipeline.batch import label_table

pytest.importorskip("pyspark")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")]
COUNT = 40
PREPARE = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1").enableHiveSupport().getOrCreate()
spark.sparkContext.setLogLevel("OFF")
spark.sql("create database ods")
spark.sql("create database dwd")
calls = spark.read.parquet(sys.argv[1])
calls.write.partitionBy("dt").format("parquet").saveAsTable("ods.jq")
spark.sql("create table ods.jq_text (`警情编号` string, `报警内容` string, `人数` int, dt string) stored as textfile")
calls.write.insertInto("ods.jq_text")
"""
READ = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1").enableHiveSupport().getOrCreate()
spark.sparkContext.setLogLevel("OFF")
told = {name: [row.asDict() for row in spark.table(name).orderBy("`警情编号`").collect()] for name in sys.argv[2:]}
open(sys.argv[1], "w", encoding="utf-8").write(json.dumps(told, ensure_ascii=False, default=str))
"""


def test_tables_of_hive_are_labelled_into_tables_of_hive(tmp_path):
    told = [
        [name, when, text.replace("\n", " ").replace("\r", " "), place] for name, when, text, place in records(COUNT)
    ]  # a Hive text file has one row a line
    table = pa.table(
        {
            "警情编号": [row[0] for row in told],
            "报警内容": [row[2] for row in told],
            "人数": pa.array(range(COUNT), pa.int32()),
            "dt": [f"2026-11-{1 + number % 3:02d}" for number in range(COUNT)],
        }
    )
    pq.write_table(table, tmp_path / "calls.parquet")
    end(start([sys.executable, "-c", PREPARE, str(tmp_path / "calls.parquet")], cwd=tmp_path))
    label = [sys.executable, "-m", "service.cli", "label", "--engine", "spark", "--master", CLUSTER, "--tier", "rules", "-q"]
    for source in ("jq", "jq_text"):  # a partitioned Parquet table, and one of the text files that old platforms keep
        end(start([*label, f"hive:ods.{source}", "-o", f"hive:dwd.{source}_fq"], cwd=tmp_path))
    end(start([sys.executable, "-c", READ, str(tmp_path / "told.json"), "dwd.jq_fq", "dwd.jq_text_fq"], cwd=tmp_path))
    made = json.loads((tmp_path / "told.json").read_text("utf-8"))
    expected = json.loads(json.dumps(label_table(table).to_pylist(), ensure_ascii=False, default=str))
    for name in ("dwd.jq_fq", "dwd.jq_text_fq"):
        assert [{key: row[key] for key in expected[0]} for row in made[name]] == expected
    again = start([*label, "hive:ods.jq", "-o", "hive:dwd.jq_fq"], cwd=tmp_path)
    _, errors = again.communicate(timeout=600)
    assert again.returncode == 2
    assert b"FQ3018" in errors
    missing = start([*label, "hive:ods.nothing", "-o", "hive:dwd.other"], cwd=tmp_path)
    _, errors = missing.communicate(timeout=600)
    assert missing.returncode == 2
    assert b"FQ3025" in errors
