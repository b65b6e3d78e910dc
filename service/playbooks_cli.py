"""`fengqiao playbooks`: show, check, new. Tools for those who write down how their station acts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipeline.engine import Engine
from pipeline.errors import InputError, RuleError
from pipeline.playbook.check import findings
from pipeline.playbook.compose import compose, selectable
from pipeline.rulepack.pack import Pack
from pipeline.rulepack.store import load_pack
from pipeline.values import Incident

app = typer.Typer(help="工作法: 查看、检查、新建 · playbooks", no_args_is_help=True)
RulesOption = Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹, 可多次 · local rule overlay")]


@app.command()
def show(code: Annotated[str | None, typer.Argument(help="工作法代码; 不给则列出全部")] = None, rules: RulesOption = None) -> None:
    """列出工作法, 或者看一个工作法的全部内容 · list playbooks, or show one."""
    pack = load_pack(rules or ())
    out = Console()
    if code is None:
        table = Table("代码", "名称", "步骤", "说明", box=None)
        for name in selectable(pack):
            book = compose(pack, name)
            table.add_row(name, book["name"], str(len(book["steps"])), book["description"])
        out.print(table)
        return
    book = compose(pack, code)
    out.print(f"[bold]{book['name']}[/]  {code}\n{book['description']}", highlight=False)
    for reference in book["references"]:
        out.print(f"出处 {reference['title']} {reference['date'] or ''}", highlight=False)
    for text in book["principles"]:
        out.print(f"· {text}", highlight=False)
    out.print(_steps(pack, book))
    for title, part, keys in _PARTS:
        if book[part]:
            out.print(f"[bold]{title}[/]")
            for entry in book[part]:
                example = " [dim](示例配置, 须由本地单位审定)[/]" if entry.get("example_default") else ""
                out.print("  " + " · ".join(_told(entry[key]) for key in keys if entry.get(key)) + example, highlight=False)


_PARTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("分级责任", "duties", ("level", "owner", "respond", "call_back_days", "basis")),
    ("层级", "levels", ("name", "who", "when", "basis")),
    ("队伍", "team", ("name", "when", "why", "basis")),
    ("伙伴", "partners", ("name", "when", "why", "basis")),
    ("标记", "marks", ("says", "when", "basis")),
    ("方法卡", "cards", ("name", "when", "says", "basis")),
    ("上报", "escalations", ("says", "when", "basis")),
    ("闭环", "loop", ("id", "name")),
    ("指标", "measures", ("name", "numerator", "denominator", "reported", "note", "basis")),
)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["says"])
    return "、".join(str(item) for item in value) + " 日回访" if isinstance(value, list) else str(value)


def _steps(pack: Pack, book: dict[str, Any]) -> Table:
    table = Table("次序", "步骤", "去向", "条件", "不可用于", box=None)
    for step in book["steps"]:
        route = pack.rules["routes"][step["route"]]
        barred = "; ".join(entry["says"] for entry in route.data["blocked"]) or "—"
        table.add_row(str(step["order"]), step["name"] or route.name, step["unit"] or route.data["unit"], step["when"] or "总是", barred)
    return table


@app.command()
def check(rules: RulesOption = None) -> None:
    """检查全部工作法: 条件、引用、路线、死路、清单样例 · check every playbook."""
    engine = Engine.load(rules or ())
    out, found = Console(), 0
    for code in selectable(engine.pack):
        try:
            desk = engine.desk(code)
        except RuleError as error:
            out.print(f"[red]✗[/] {code}: {error}", highlight=False)
            found += 1
            continue
        notes = list(findings(desk))
        found += len(notes)
        for note in notes:
            out.print(f"[yellow]●[/] {code}: {note}", highlight=False)
        out.print(f"{code}: 步骤 {len(desk.ways)} · 条件 {desk.conditions} · 法条 {len(desk.cited)}", highlight=False)
    for note in _diverted_wrongly(engine, rules or ()):
        out.print(f"[yellow]●[/] {note}", highlight=False)
        found += 1
    out.print(f"不符 {found}")
    raise typer.Exit(1 if found else 0)


def _diverted_wrongly(engine: Engine, rules: Sequence[Path]) -> Iterator[str]:
    """Examples of the diversion items that are not answered as their files say."""
    from pipeline.rulepack.load import load  # the rule compiler: only where it is asked for
    from pipeline.rulepack.schema import Rule

    for code, item in load(rules, []).families["diversion"].items():
        assert isinstance(item, Rule)
        for text, wanted in [*((text, True) for text in item.examples), *((text, False) for text in item.counterexamples)]:
            route = engine.assess(Incident(narrative=text)).route or {}
            got = (route.get("diversion") or {}).get("item")
            if (got == code) != wanted:
                yield f"diversion/{code} {'样例未得出' if wanted else '反例误得出'}: {text} → {got}"


_NEW = """id: {id}
name: {name}
status: draft
description: 一句话说明这个工作法怎么做。时限、门槛凡出处未载的, 保留 example_default 并由本地单位审定。
references:
  - {{title: 本地文件名, date: {today}}}
composes:                      # 从已有工作法取的部分; 下面写的同名条目替换它们
  - {{playbook: {base}, parts: [steps, duties, levels, team, partners, forces, targets, marks, cards, escalations, loop, measures]}}
principles: []
steps:
  - id: on_scene
    route: on_scene
    order: 140
    name: 现场调处
    when: category.dispute
    because: [{{id: simple, when: category.dispute, says: 简易民事纠纷由民警现场调处, basis: 换成本地依据}}]
    moves_up: [{{says: "当场未能调处好的, 就近到工作站"}}]
"""


@app.command()
def new(
    code: Annotated[str, typer.Argument(help="代码, 小写字母数字与下划线")],
    base: Annotated[str, typer.Option("--from", help="以哪个工作法为底")] = "default",
    folder: Annotated[Path, typer.Option("--into", help="本地规则文件夹(不改动随附规则)")] = Path("local-rules"),
    name: Annotated[str, typer.Option(help="中文名称")] = "本地工作法",
) -> None:
    """新建一个本地工作法的草稿 · start a local playbook from a template."""
    if not code.replace("_", "").isalnum() or not code.isascii() or code != code.lower():
        raise InputError("FQ2110", "代码不合格式", "malformed code", seen=code, remedy="只用小写字母、数字与下划线")
    compose(load_pack(()), base)
    path = folder / "playbooks" / f"{code}.yaml"
    if path.exists():
        raise InputError("FQ2102", "文件已存在", "file exists", seen=path.name, remedy="换一个代码, 或直接编辑该文件")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_NEW.format(id=code, name=name, base=base, today=dt.date.today().isoformat()), encoding="utf-8")
    Console(stderr=True).print(
        f"已建 {path}; 用 fengqiao playbooks check --rules {folder} 检查, fengqiao triage --rules {folder} --playbook {code} 试用", highlight=False
    )
