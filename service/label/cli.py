"""`fengqiao label`: a table in, the same table with labels out."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pipeline.errors import InputError
from service.runtime import Tier

if TYPE_CHECKING:
    from pipeline.engine import Engine
    from service.label.job import Options
    from service.label.run import Done
    from service.label.spark import Cluster


TIERS = (
    "cascade 拿不准时问编码器, 与接口、triage 的答案一致; fast 规则加线性模型: 快三倍多, 平淡说出的险情多漏一截; "
    "rules 只用规则: 最快, 漏得最多; full 总问编码器(数字与测法见 service/label/README.md)"
)
QUICKER = "急着要可以中断后换 --tier fast 重跑(快三倍多, 平淡说出的险情多漏一截)"


class EngineName(StrEnum):
    """Where the rows are labelled."""

    local = "local"
    spark = "spark"


def label(  # noqa: PLR0913 - options of a command
    source: Annotated[str, typer.Argument(metavar="INPUT", help="csv tsv xlsx xls jsonl parquet, 或装着它们的文件夹(UTF-8、GB18030)")],
    target: Annotated[str, typer.Option("--output", "-o", help=".csv .tsv .xlsx .jsonl .parquet")],
    text_column: Annotated[
        list[str] | None, typer.Option("--text-column", help="警情文本列(列名或 '#3'), 可多次; outcome=列名 表示处警; 缺省按常见表头猜")
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id-column", help="编号列; 缺省按常见表头猜")] = None,
    workers: Annotated[int, typer.Option(min=0, help="工作进程数, 0 为处理器个数; 结果与个数无关")] = 0,
    engine: Annotated[EngineName, typer.Option("--engine", help="local 本机, spark 集群")] = EngineName.local,
    master: Annotated[str, typer.Option(help="Spark 主节点, 如 yarn、spark://主机:7077、local[2]")] = "local[*]",
    archive: Annotated[Path | None, typer.Option(help="spark-pack 做好的包, 送到没有安装本程序的执行节点")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="接着上次中断的地方跑")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="输出文件已存在时换掉它; 缺省不动它, 报错退出")] = False,
    full: Annotated[bool, typer.Option("--full", help="加上 fq_assessment(完整结果 JSON)与 fq_narrative")] = False,
    profile: Annotated[str | None, typer.Option(help="分级方案, 如 tongxin346 xiushui three_colours abcd")] = None,
    playbook: Annotated[str | None, typer.Option(help="工作法, 如 default zhenjiang_1_3_n tongxin_346")] = None,
    tier: Annotated[Tier, typer.Option("--tier", help=TIERS)] = Tier.CASCADE,
    models: Annotated[Path | None, typer.Option("--models", help="另训的模型文件夹")] = None,
    rules: Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹, 可多次")] = None,
    no_header: Annotated[bool, typer.Option("--no-header", help="首行就是数据, 列名为 列1 列2 …")] = False,
    excel_safe: Annotated[bool, typer.Option("--excel-safe", help="CSV 中以 = + - @ 开头的单元格前加 ', 防止被当作公式")] = False,
    leave: Annotated[bool, typer.Option("--deid", help="去标识: 文本遮去人名、号码、住址, 编号与人员列换成带密钥的散列")] = False,
    deid_mode: Annotated[str, typer.Option(help="mask 遮盖 replace 换成虚构 hash 散列 remove 删去")] = "mask",
    deid_reader: Annotated[str, typer.Option(help="找人名的: rules 规则; lac 规则之外再用 LAC 模型(装可选部分 names)")] = "rules",
    deid_key: Annotated[Path | None, typer.Option(help="密钥文件, 没有就新建; 同一密钥的结果可以关联")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="不显示进度")] = False,
) -> None:
    """成批标注 · label a table: all its columns plus fq_*; bad rows go to OUTPUT.rejects.jsonl and the run goes on."""
    from rich.console import Console

    from service.label.deid import deid
    from service.label.executor import Choice
    from service.label.job import Options
    from service.label.progress import progress
    from service.label.run import label_file, untouched
    from service.label.workers import engine_for

    treated = deid(deid_mode, deid_key, deid_reader) if leave else None
    if treated and full:
        raise InputError("FQ3021", "--full 与 --deid 不能同用", "a full answer quotes the narrative", remedy="去掉 --full; 或先 --deid, 再对结果 --full")
    choice = Choice(tuple(str(rule.resolve()) for rule in rules or ()), profile, playbook, tier.value, str(models.resolve()) if models else None)
    options = Options(tuple(text_column or ()), id_column, full, choice, excel_safe, treated, not no_header)
    path, output = Path(source), Path(target)
    if not (resume or overwrite):
        untouched(output)
    by = None
    if engine is EngineName.spark:
        from service.label import spark

        cluster = spark.Cluster(master, archive)
        if spark.is_table(source) or spark.is_table(target):
            _platform(source, target, options, cluster)
        by = spark.on_spark(cluster)
    made = engine_for(options)
    names = _levels(made)
    console = Console(stderr=True)
    with progress(console, names, quiet=quiet, quicker=QUICKER if tier in (Tier.CASCADE, Tier.FULL) else "") as watch:
        done = label_file(path, output, options, workers=workers or usable_processors(), resume=resume, overwrite=overwrite, watch=watch, label=by)
    _tell(output, done)
    raise typer.Exit(0 if done.accounted else 1)


def _levels(made: Engine) -> dict[str, str]:
    """Code → name of the levels of the engine's profile. Raises InputError for an unknown one."""
    profiles = made.pack.rules["profiles"]
    if made.profile not in profiles:
        raise InputError("FQ1301", "没有这个分级方案", "unknown colour profile", seen=made.profile, remedy="可用 " + " ".join(sorted(profiles)))
    return {str(level["code"]): str(level["name"]) for level in profiles[made.profile].data["levels"]}


def _platform(source: str, target: str, options: Options, cluster: Cluster) -> NoReturn:
    """A table of the platform into another; Spark keeps to its own progress."""
    from service.label.spark import is_table, label_platform

    if options.deid:
        raise InputError("FQ3022", "平台上的表暂不能去标识", "no de-identification of platform tables", remedy="先导出为文件, 再 --deid")
    if not (is_table(source) and is_table(target)):
        raise InputError(
            "FQ3019",
            "平台上的表须写回平台",
            "platform tables go to platform tables",
            seen=target.rpartition("/")[2],
            remedy="输入输出都用 hive:库.表 或 hdfs:// 路径",
        )
    with tempfile.TemporaryDirectory(prefix="fengqiao-") as work:
        counts = label_platform(source, target, options, cluster, Path(work))
    sys.stderr.write(f"{counts['records']} 条 = 已标注 {counts['rows'] - counts['failed']} + 待复核(研判失败) {counts['failed']}\n")
    raise typer.Exit(0 if counts["records"] == counts["rows"] else 1)


def spark_pack(output: Annotated[Path, typer.Option("--output", "-o", help="如 fengqiao-spark.tar.gz")]) -> None:
    """为 Spark 执行节点打包 · pack code, rules, models and libraries for executors that have nothing but Python."""
    from service.label.pack import pack

    size = pack(output)
    sys.stderr.write(f"{output.name}: {size / 2**20:.0f} MB · Python {sys.version_info.major}.{sys.version_info.minor}\n")
    sys.stderr.write(f"fengqiao label hdfs://… -o hdfs://… --engine spark --master yarn --archive {output.name}\n")


def usable_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tell(output: Path, done: Done) -> None:
    rejects = done.tally.rejects
    parts = [f"{output.name}: {done.records} 条 = 已标注 {done.tally.rows} + 退回 {rejects}"]
    parts += [f"沿用已完成的 {done.resumed} 个分片"] if done.resumed else []
    parts += [f"退回原因见 {output.name}.rejects.jsonl"] if rejects else []
    lines = [" · ".join(parts)]
    lines += warnings(done.manifest["inputs"])
    lines += [f"未能读取 {entry['source']}: [{entry['code']}] {entry['reason']}" for entry in done.manifest["unreadable"]]
    sys.stderr.write("\n".join(lines) + "\n")


def warnings(inputs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a run noticed about its inputs and went on: one line each, with a code, how much and the remedy. `inputs`: of the manifest."""
    lines = []
    for entry in inputs:
        noticed = entry.get("warnings", ())
        where = entry["source"] if "sheet" not in entry or "#" in entry["source"] else f"{entry['source']}#{entry['sheet']}"
        if "formulas_without_value" in noticed:
            told = entry["formulas_without_value"]
            named = "、".join(f"{column} {count}" for column, count in told["columns"].items())
            lines.append(
                f"注意 [FQ3121] {where}: {told['cells']} 个公式单元格没有算出的值, 按空读入{f'({named})' if named else ''}"
                " · 办法: 用 Excel 或 WPS 打开、保存一次, 再标注"
            )
        if "earlier_labels_kept" in noticed:
            kept = list(entry["kept_as"].items())
            lines.append(
                f"注意 [FQ3122] {where}: 表里已有 {len(kept)} 列 fq_*, 原样留为 {kept[0][1]} 等(带“_原”, 数字大的较近), 不带的是这次的结果"
                " · 办法: 人工改过的看“_原”列, 不要的列可以删去"
            )
        if "id_digits_lost" in noticed:
            lines.append(f"注意 [FQ3123] {where}: 编号列在 Excel 里是数字, 第 15 位之后已失真 · 办法: 从原系统另行导出, 编号列设为文本")
    return lines


def require(module: str, extra: str) -> None:
    """Raise InputError where an optional dependency is missing."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise InputError("FQ3017", f"没有安装 {module}", f"{module} is not installed", remedy=f"pip install 'fengqiao[{extra}]'")
