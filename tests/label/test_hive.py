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
# one process, so that one JVM serves all sessions: tables are made, labelled by the command, and read back
DRIVE = """
import json, sys
from pyspark.sql import SparkSession
from typer.testing import CliRunner
from service.cli import app

calls_file, told_file, cluster = sys.argv[1:]

def session():
    made = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1").enableHiveSupport().getOrCreate()
    made.sparkContext.setLogLevel("OFF")
    return made

spark = session()
spark.sql("create database ods")
spark.sql("create database dwd")
calls = spark.read.parquet(calls_file)
calls.write.partitionBy("dt").format("parquet").saveAsTable("ods.jq")
spark.sql("create table ods.jq_text (`警情编号` string, `报警内容` string, `人数` int, dt string) stored as textfile")
calls.write.insertInto("ods.jq_text")
spark.stop()

codes = []
for source, target in (("ods.jq", "dwd.jq_fq"), ("ods.jq_text", "dwd.jq_text_fq"), ("ods.jq", "dwd.jq_fq"), ("ods.nothing", "dwd.other")):
    done = CliRunner().invoke(app, ["label", "hive:" + source, "-o", "hive:" + target, "--engine", "spark", "--master", cluster, "--tier", "rules", "-q"])
    codes.append([done.exit_code, str(getattr(done.exception, "code", "")), done.stderr.strip().splitlines()[-1:]])

spark = session()
told = {name: [row.asDict() for row in spark.table(name).orderBy("`警情编号`").collect()] for name in ("dwd.jq_fq", "dwd.jq_text_fq")}
spark.stop()
with open(told_file, "w", encoding="utf-8") as stream:
    json.dump({"codes": codes, "told": told}, stream, ensure_ascii=False, default=str)
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
    end(start([sys.executable, "-c", DRIVE, str(tmp_path / "calls.parquet"), str(tmp_path / "told.json"), CLUSTER], cwd=tmp_path))
    made = json.loads((tmp_path / "told.json").read_text("utf-8"))
    assert [code for code, _, _ in made["codes"][:2]] == [0, 0], made["codes"]
    assert [error for _, error, _ in made["codes"][2:]] == ["FQ3018", "FQ3025"]  # the target is there already; no such table
    expected = json.loads(json.dumps(label_table(table).to_pylist(), ensure_ascii=False, default=str))
    for rows in made["told"].values():  # a partitioned Parquet table, and one of the text files that old platforms keep
        assert [{key: row[key] for key in expected[0]} for row in rows] == expected
