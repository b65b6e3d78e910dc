"""`fengqiao paper KIND`: a draft in Word or HTML from a narrative, or a day's sheet from a table of calls."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import InputError
from pipeline.values import Incident

if TYPE_CHECKING:
    from pipeline.engine import Engine
    from service.papers.fill import Paper
    from service.papers.schema import Template


def paper(  # noqa: PLR0913 — a command takes its options as arguments
    kind: Annotated[str | None, typer.Argument(help="文书代码; 不给则列出")] = None,
    text: Annotated[str | None, typer.Argument(help="警情文本; - 表示标准输入")] = None,
    docx: Annotated[Path | None, typer.Option("--docx", help="写成 Word")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="写成网页; 都不给则网页写到标准输出")] = None,
    table: Annotated[Path | None, typer.Option("--table", help="一天的警情表(每日研判用)")] = None,
    history: Annotated[Path | None, typer.Option("--history", help="以往警情的表")] = None,
    at: Annotated[dt.datetime | None, typer.Option("--at", help="来电时间")] = None,
    place: Annotated[str, typer.Option(help="发生地点")] = "",
    caller: Annotated[str, typer.Option(help="报警人电话或姓名")] = "",
    incident_id: Annotated[str, typer.Option("--id", help="警情编号")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="补填一项, 如 station=某派出所, 可多次")] = None,
    folder: Annotated[list[Path] | None, typer.Option("--templates", help="本地模板文件夹, 可多次")] = None,
    rules: Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹, 可多次")] = None,
) -> None:
    """预填一份文书的草稿 · draft a paper; blanks stay blank, people check and sign."""
    from service.papers.fill import templates

    known = templates(folder or ())
    if kind is None:
        for listed in known.values():
            typer.echo(f"{listed.id:22}{listed.name}  {listed.description}")
        return
    template = known.get(kind)
    if template is None:
        raise InputError("FQ2804", "没有这种文书", "unknown paper", seen=kind, remedy="可用 " + "、".join(known))
    from service.runtime import load_engine

    engine = load_engine(rules)
    given, now = _given(set_ or []), dt.datetime.now().replace(microsecond=0)
    if template.many:
        made = _many(template, engine, table, history, given, now)
    else:
        incident = Incident(narrative=_text(text), incident_id=incident_id, occurred_at=at, place=place, caller=caller)
        made = _one(template, engine, incident, history, given, now)
    _write(made, docx, html, now)


def _one(template: Template, engine: Engine, incident: Incident, history: Path | None, given: dict[str, str], now: dt.datetime) -> Paper:
    from service.known import assess_knowing
    from service.papers.context import context
    from service.papers.fill import fill

    answer = assess_knowing(engine, [incident], history, None)[0]
    return fill(template, context(incident, answer, engine.pack, given=given, now=now))


def _many(template: Template, engine: Engine, table: Path | None, history: Path | None, given: dict[str, str], now: dt.datetime) -> Paper:
    from pipeline.repeats.settings import settings_of
    from service.papers.context import day_context
    from service.papers.fill import fill
    from service.repeats.history import empty, read_history, remembering

    if table is None:
        raise InputError("FQ2805", "这种文书要一张警情表", "this paper needs a table of calls", seen=template.id, remedy="--table 文件")
    memory = remembering(engine, history) if history is not None else empty(engine)
    past = [row.incident for row in read_history(table, settings_of(engine.pack))]
    past.sort(key=lambda incident: (incident.occurred_at or dt.datetime.min, incident.incident_id))
    pairs = [(incident, memory.take(incident)) for incident in past]
    return fill(template, day_context(pairs, engine.pack, given=given, now=now))


def _write(made: Paper, docx: Path | None, html: Path | None, now: dt.datetime) -> None:
    from service.papers.html import to_html

    if docx is not None:
        from service.papers.docx import to_docx

        docx.write_bytes(to_docx(made, now=now))
    if html is not None:
        html.write_text(to_html(made), "utf-8")
    if docx is None and html is None:
        sys.stdout.write(to_html(made))


def _text(told: str | None) -> str:
    if told is None:
        raise InputError("FQ2001", "没有给出警情文本", "no narrative given", remedy='fengqiao paper 代码 "文本", 或 - 从标准输入读')
    return sys.stdin.read() if told == "-" else told


def _given(told: list[str]) -> dict[str, str]:
    wrong = next((item for item in told if "=" not in item), None)
    if wrong is not None:
        raise InputError("FQ2806", "--set 要写成 名称=内容", "--set takes name=value", seen=wrong[:24], remedy="如 --set station=某派出所")
    return {name.strip(): value for name, _, value in (item.partition("=") for item in told)}
