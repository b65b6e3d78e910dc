"""`fengqiao`: the command line. Data goes to stdout, everything else to stderr; exit 0 done · 1 findings · 2 wrong use or unreadable input."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import InputError
from pipeline.text.decoding import decoded
from pipeline.values import Incident, to_json
from service import bench_cli, card_cli, deid_cli, evaluate_cli, playbooks_cli, rules_cli, serve_cli, settings_cli, train_cli
from service.known import assess_knowing
from service.label import cli as label_cli
from service.label import measure
from service.papers import cli as papers_cli
from service.reach import cannot_write, read_bytes
from service.repeats import cli as repeats_cli
from service.report import cli as report_cli
from service.resources import cli as resources_cli
from service.runtime import Tier, make_engine
from service.usage import run

app = typer.Typer(
    help="枫桥: 警情文本研判 · triage of Chinese police incident narratives", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(rules_cli.app, name="rules")
app.add_typer(resources_cli.app, name="resources")
app.add_typer(playbooks_cli.app, name="playbooks")
app.add_typer(deid_cli.app, name="deid")
app.add_typer(repeats_cli.app, name="repeats")
app.command("evaluate")(evaluate_cli.evaluate)
app.command("label")(label_cli.label)
app.command("train")(train_cli.train)
app.command("bench-label")(measure.bench_label)
app.command("spark-pack")(label_cli.spark_pack)
app.command("model-card")(card_cli.model_card)
app.command("bench")(bench_cli.bench)
app.command("paper")(papers_cli.paper)
app.command("report")(report_cli.report)
app.command("digest")(report_cli.digest)
app.command("settings")(settings_cli.settings)
serve_cli.register(app)

LARGEST_INPUT = 1_000_000  # characters that `triage` reads at once; longer files belong to the batch labeller


@app.callback()
def _root() -> None:
    """枫桥: 离线、可解释、只提建议。"""


@app.command()
def triage(  # noqa: PLR0913 — a command takes its options as arguments
    text: Annotated[str | None, typer.Argument(help="警情文本; - 表示标准输入")] = None,
    file: Annotated[list[Path] | None, typer.Option("--file", help="文本文件(UTF-8 或 GB18030), 可多次")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON, 每条一行")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="写成网页")] = None,
    profile: Annotated[str | None, typer.Option(help="分级方案, 如 tongxin346 xiushui three_colours abcd")] = None,
    playbook: Annotated[str | None, typer.Option(help="工作法, 如 default zhenjiang_1_3_n tongxin_346")] = None,
    at: Annotated[dt.datetime | None, typer.Option("--at", help="来电时间")] = None,
    channel: Annotated[str, typer.Option(help="来源渠道, 如 110 网格群 message")] = "",
    rules: Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹, 可多次")] = None,
    tier: Annotated[Tier, typer.Option("--tier", help="rules 只用规则; fast 加线性模型; cascade 拿不准时问编码器; full 总问编码器")] = Tier.CASCADE,
    models: Annotated[Path | None, typer.Option("--models", help="另训的模型文件夹")] = None,
    place: Annotated[str, typer.Option(help="发生地点")] = "",
    caller: Annotated[str, typer.Option(help="报警人电话或姓名, 只用来查重复")] = "",
    history: Annotated[Path | None, typer.Option("--history", help="以往警情的表, 查一人多次、一地多起、一类多发")] = None,
    resources: Annotated[Path | None, typer.Option("--resources", help="资源名册文件夹, 推荐工作站、调解员、部门")] = None,
) -> None:
    """研判一条警情 · assess one narrative and show what it rests on."""
    narratives = list(_narratives(text, file or []))
    engine = make_engine(rules, profile=profile, playbook=playbook, tier=tier, models=models)
    if at is None and (history or resources):
        at = dt.datetime.now().replace(microsecond=0)
    incidents = [Incident(narrative=narrative, occurred_at=at, channel=channel, place=place, caller=caller) for narrative in narratives]
    answers = assess_knowing(engine, incidents, history, resources)
    if html is not None:
        from service.desk.names import Names
        from service.page import write_page

        try:
            write_page(html, [(incident.narrative, answer) for incident, answer in zip(incidents, answers, strict=True)], Names(engine).spoken)
        except OSError as error:
            raise cannot_write("FQ2209", html.name, error) from error
    if as_json:
        sys.stdout.flush()
        for answer in answers:
            sys.stdout.buffer.write(to_json(answer) + b"\n")
    elif html is None:
        from rich.console import Console

        from service.terminal import show

        console = Console()
        for incident, answer in zip(incidents, answers, strict=True):
            show(console, incident.narrative, answer)


def _narratives(text: str | None, paths: list[Path]) -> Iterator[str]:
    if text is None and not paths:
        raise InputError("FQ2001", "没有给出警情文本", "no narrative given", remedy='fengqiao triage "文本", 或 - 从标准输入读, 或 --file 文件')
    if text == "-":
        yield _decoded(sys.stdin.buffer.read(), "标准输入 stdin")
    elif text is not None:
        yield text
    for path in paths:
        yield _decoded(read_bytes(path), path.name)


def _decoded(data: bytes, name: str) -> str:
    """One narrative of a length that `triage` reads at once."""
    text = decoded(data, name)
    if len(text) > LARGEST_INPUT:
        raise InputError(
            "FQ2004",
            "文本太长",
            "too long for triage",
            seen=f"{name}: {len(text)} 字",
            remedy="成批记录请存成表格(一行一条), 再 fengqiao label 表格 -o 结果.xlsx",
        )
    return text


def main() -> None:
    """Entry point: coded errors and wrong use become one line on stderr and exit 2."""
    raise SystemExit(run(app))


if __name__ == "__main__":
    main()
