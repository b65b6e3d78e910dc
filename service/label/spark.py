"""Spark as the engine past one machine (mapInArrow where it has it, mapInPandas where older): the same pure function over Arrow batches.

Two ways. Files that the driver reads (any format): narrow batches of what the engine needs go to the executors in waves, labels come back, and the driver
writes the same parts and bytes as a local run, resumable as that is. Tables of the platform (`hive:db.table`, or Parquet under a URI such as hdfs://):
Spark reads, labels and writes them, and nothing passes through the driver.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from service.label.executor import INCIDENT, LABELLED, label_incidents, label_tables
from service.label.job import Block, Job, Options
from service.label.part import Labels, PartFiles, PartMaker, Tally
from service.label.rows import Reject

WAVE = 50  # parts that are with the executors at once: bounds the driver's memory, and what a lost driver costs
ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = "fengqiao"  # the name under which executors unpack the archive


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where Spark runs, and the archive (made by `fengqiao spark-pack`) that brings code and artefacts to executors without them."""

    master: str
    archive: Path | None = None


def on_spark(cluster: Cluster) -> Callable[[Job, Path, Iterator[Block]], Iterator[Tally]]:
    """Parts labelled by executors."""

    def label(job: Job, folder: Path, todo: Iterator[Block]) -> Iterator[Tally]:
        first = list(islice(todo, WAVE))
        if not first:
            return
        with session(cluster, folder / "spark") as spark:
            maker = PartMaker(job, None)
            wave = first
            while wave:
                yield from _wave(spark, job, maker, folder, wave)
                wave = list(islice(todo, WAVE))

    return label


def _wave(spark: Any, job: Job, maker: PartMaker, folder: Path, wave: list[Block]) -> Iterator[Tally]:
    rows = [row for block in wave for row in _incidents(job, block)]
    labels: dict[tuple[int, int], Labels] = {}
    if rows:
        slices = spark.sparkContext.parallelize(rows, max(1, min(len(wave), len(rows))))
        frame = mapped(spark.createDataFrame(slices, INCIDENT), label_incidents(job.options.engine, full=job.options.full), LABELLED)
        labels = {(row.part, row.place): row.error or tuple(json.loads(row.labels)) for row in frame.collect()}
    for block in wave:
        told = [labels.get((block.number, place)) for place in range(len(block.items))]
        fragment, rejects, tally = maker.encode(block.items, told)
        PartFiles(folder, block.number).write(fragment, rejects, tally)
        yield tally


def _incidents(job: Job, block: Block) -> Iterator[tuple[Any, ...]]:
    """What the engine needs of each record, and where its labels belong."""
    from pipeline.batch import Labeller

    for place, (number, item) in enumerate(block.items):
        source = job.sources[number]
        if isinstance(item, Reject) or not source.meant.texts:
            continue
        incident = Labeller.incident_of(source.meant, dict(zip(source.columns, item.cells, strict=True)))
        yield block.number, place, incident.narrative, incident.incident_id, incident.occurred_at, incident.place, incident.channel, incident.caller


def mapped(frame: Any, work: Callable[[Iterator[Any]], Iterator[Any]], schema: Any) -> Any:
    """`work` over Arrow batches. Spark before 3.3 has no mapInArrow; there the same batches pass as pandas."""
    if hasattr(frame, "mapInArrow"):
        return frame.mapInArrow(work, schema)

    def through_pandas(tables: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        for batch in work(pa.RecordBatch.from_pandas(table, preserve_index=False) for table in tables):
            yield batch.to_pandas()

    return frame.mapInPandas(through_pandas, schema)


def is_table(name: str) -> bool:
    """Whether a name is a table of the platform rather than a path of this machine."""
    return name.startswith("hive:") or "://" in name


def label_platform(source: str, target: str, options: Options, cluster: Cluster, work: Path) -> dict[str, int]:
    """Label a table of the platform into another. Returns records, rows and failed (rows that the engine failed on: kept, marked, for review).

    Raises InputError where no text column is found or the target is there already.
    """
    from pipeline.batch import FULL, KINDS
    from pipeline.columns import guess

    with session(cluster, work, hive="hive:" in source + target) as spark:
        frame = _read(spark, source)
        kinds = {**KINDS, **FULL} if options.full else KINDS
        frame = frame.drop(*(name for name in frame.columns if name in kinds))
        guess(frame.columns, texts=options.texts, id_column=options.id_column)
        schema = ", ".join(
            [f"`{field.name}` {field.dataType.simpleString()}" for field in frame.schema] + [f"`{name}` {SQL[kind]}" for name, kind in kinds.items()]
        )
        work_on = label_tables(options.engine, texts=options.texts, id_column=options.id_column, full=options.full)
        labelled = mapped(frame, work_on, schema)
        _write(labelled, target)
        written = spark.table(target[5:]) if target.startswith("hive:") else spark.read.parquet(target)
        return {"records": frame.count(), "rows": written.count(), "failed": written.filter("fq_category is null").count()}


SQL = {"text": "string", "whole": "bigint", "number": "double", "flag": "boolean"}


def _read(spark: Any, source: str) -> Any:
    from pyspark.errors import AnalysisException

    try:
        return spark.table(source[5:]) if source.startswith("hive:") else spark.read.parquet(source)
    except AnalysisException:
        raise InputError(
            "FQ3025", "平台上没有这张表", "no such table or path", seen=source.rpartition("/")[2], remedy="核对 hive:库.表 或 Parquet 路径, 以及权限"
        ) from None


def _write(frame: Any, target: str) -> None:
    from pyspark.errors import AnalysisException

    try:
        if target.startswith("hive:"):
            frame.write.saveAsTable(target[5:])
        else:
            frame.write.parquet(target, compression="zstd")
    except AnalysisException as error:
        if "EXISTS" not in str(error.getCondition() or "") and "already exists" not in str(error):
            raise
        raise InputError("FQ3018", "输出表已存在", "the target exists", seen=target.rpartition("/")[2], remedy="换一个名字, 或先删除旧表") from None


@contextlib.contextmanager
def session(cluster: Cluster, work: Path, *, hive: bool = False) -> Iterator[Any]:
    """A Spark session whose files stay in `work`. Settings given by spark-submit win."""
    from service.label.cli import require

    require("pyspark", "spark")
    local = cluster.master.startswith("local")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable if local or cluster.archive is None else "python3")
    os.environ.setdefault("SPARK_WORKER_DIR", str(work / "workers"))  # local-cluster would write into its own installation
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("fengqiao-label").master(cluster.master)
    for key, value in _settings(cluster, work, local=local).items():
        builder = builder.config(key, value)
    spark = (builder.enableHiveSupport() if hive else builder).getOrCreate()
    spark.sparkContext.setLogLevel("OFF" if local else "ERROR")
    try:
        yield spark
    finally:
        spark.stop()


def _settings(cluster: Cluster, work: Path, *, local: bool) -> dict[str, str]:
    made = {
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "Asia/Shanghai",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
        "spark.python.worker.reuse": "true",  # the engine is loaded once a worker
        "spark.executorEnv.OMP_NUM_THREADS": "1",
    }
    if local:
        made |= {"spark.local.dir": str(work), "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if cluster.archive is not None:
        made |= {
            "spark.archives": f"{cluster.archive}#{ARCHIVE}",
            "spark.executorEnv.PYTHONPATH": f"./{ARCHIVE}/lib",
            "spark.executorEnv.FENGQIAO_CACHE": f"./{ARCHIVE}/cache",
        }
    elif local:
        made["spark.executorEnv.PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return made
