"""`fengqiao resources`: check a directory, list it, and ask it who fits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from pipeline.engine import Engine

app = typer.Typer(help="资源名册: 检查、查找 · directory of resources", no_args_is_help=True)
Folder = Annotated[Path | None, typer.Option("--resources", help="名册文件夹; 不给则用随附的虚构县")]


@app.command()
def check(resources: Folder = None, at: Annotated[dt.datetime | None, typer.Option("--at", help="按哪一天算过期; 不给则不查过期")] = None) -> None:
    """检查名册: 格式、辖区、专长、时间, 过期的条目 · check a directory."""
    from pipeline.resources.compose import settings_of
    from service.resources.read import counts, example, read_directory

    pack = Engine.default().pack
    directory, problems = read_directory(resources or example(), pack)
    settings = settings_of(pack)
    for problem in problems:
        typer.echo(str(problem))
    stale = [] if at is None else [resource for resource in directory.resources.values() if resource.stale(at.date(), settings["stale_days"])]
    for resource in stale:
        typer.echo(f"{resource.id} ◔ 上次核对 {resource.verified or '无'}")
    listed = " · ".join(f"{name} {number}" for name, number in counts(directory, settings).items())
    typer.echo(f"辖区 {len(directory.areas)} · {listed} · 问题 {len(problems)}" + (f" · 过期 {len(stale)}" if at else ""))
    raise typer.Exit(1 if problems or stale else 0)


@app.command("match")
def match_(
    kind: Annotated[list[str], typer.Argument(help="类别, 如 workstation 或 调解工作站")],
    skill: Annotated[list[str] | None, typer.Option("--skill", help="专长, 如 邻里 或 neighbour; 可多次")] = None,
    place: Annotated[str, typer.Option(help="地点, 从中认出辖区")] = "",
    at: Annotated[dt.datetime | None, typer.Option("--at", help="什么时候要")] = None,
    language: Annotated[list[str] | None, typer.Option(help="语言, 可多次")] = None,
    most: Annotated[int, typer.Option(help="最多几个")] = 5,
    resources: Folder = None,
) -> None:
    """找最合适的, 逐项列出分数 · who fits best, and why."""
    from pipeline.resources.compose import settings_of, shown
    from pipeline.resources.match import Need, match
    from service.resources.read import example, read_directory, skill_names

    pack = Engine.default().pack
    directory, _ = read_directory(resources or example(), pack)
    settings, names = settings_of(pack), skill_names(pack)
    kinds = {name: code for code, name in settings["kinds"].items()}
    need = Need(
        tuple(kinds.get(told, told) for told in kind), tuple((names.get(told, told), 1.0) for told in skill or ()), directory.locate(place) if place else "",
        at=at, languages=tuple(language or ()), most=most,
    )  # fmt: skip
    for entry in match(directory, need, settings):
        told = shown(entry, "班外替补" if entry.fallback else settings["kinds"][entry.resource.kind], settings)
        typer.echo(f"{told['score']:6.2f}  {told['id']}  {told['name']}  {told['why']}")
