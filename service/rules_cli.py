"""`fengqiao rules`: lint, try, new, diff, report. Tools for the people who write rules."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.engine import Engine
from pipeline.errors import InputError
from pipeline.rulepack.store import load_leniently
from pipeline.values import Assessment, Incident
from service import rulecheck
from service.evaluate_cli import predicted, read_gold
from service.runtime import load_engine

app = typer.Typer(help="规则: 检查、试用、新建、比较、统计 · rule tools", no_args_is_help=True)
RulesOption = Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹, 可多次 · local rule overlay")]
OnlyOption = Annotated[str | None, typer.Option("--only", help="只看某族或某条, 如 factors 或 factors/threat")]


@app.command()
def lint(rules: RulesOption = None, only: OnlyOption = None) -> None:
    """检查所有规则文件: 格式、模式、条件、样例 · check every rule file and run its examples."""
    pack, problems = load_leniently(rules or ())
    out = Console()
    for problem in problems:
        out.print(f"[red]✗[/] {problem}", highlight=False, markup=True)
    findings = rulecheck.run_examples(Engine(pack), rules or (), only=only)
    for finding in findings:
        out.print(f"[yellow]●[/] {finding.where} {finding.kind}: {finding.text}  → {finding.got}", highlight=False, markup=True)
    total = rulecheck.count_examples(rules or (), only=only)
    out.print(f"规则问题 {len(problems)} · 样例 {total} · 不符 {len(findings)}")
    raise typer.Exit(1 if problems or findings else 0)


@app.command("try")
def try_(text: str, rules: RulesOption = None) -> None:
    """看一段文字命中了什么 · show what a text hits and decides."""
    pack, problems = load_leniently(rules or ())
    out = Console()
    for problem in problems:
        out.print(f"[red]✗[/] {problem}", highlight=False)
    engine = Engine(pack)
    incident = Incident(narrative=text)
    show_hits(out, engine, incident)
    show_summary(out, engine.assess(incident))


_NEW = """id: {id}
name: {name}
status: draft
description: 一句话说明它指什么、不指什么。
references:
  - {{title: 出处, date: {today}}}
signals:
  says:
    - 换成真实的说法
examples:
  - 换成应当得出它的一段话
counterexamples:
  - 换成像它而不是它的一段话
"""


@app.command()
def new(
    family: Annotated[str, typer.Argument(help="factors / scripts / disputes / categories / frames / terms …")],
    code: Annotated[str, typer.Argument(help="代码, 小写字母数字与下划线")],
    folder: Annotated[Path, typer.Option("--into", help="本地规则文件夹(不改动随附规则)")] = Path("local-rules"),
    name: Annotated[str, typer.Option(help="中文名称")] = "新规则",
) -> None:
    """新建一条本地规则的草稿 · start a local rule file from a template."""
    if family not in rulecheck.FAMILIES:
        raise InputError("FQ2101", "没有这个规则族", "unknown rule family", seen=family, remedy="可用 " + "、".join(rulecheck.FAMILIES))
    path = folder / family / f"{code}.yaml"
    if path.exists():
        raise InputError("FQ2102", "文件已存在", "file exists", seen=path.name, remedy="换一个代码, 或直接编辑该文件")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _NEW.format(id=code, name=name, today=dt.date.today().isoformat())
    extra = {"factors": "group: difficulty\n", "stages": "rank: 1\n"}.get(family, "")
    path.write_text(text + extra, encoding="utf-8")
    Console(stderr=True).print(f"已建 {path}; 用 fengqiao rules lint --rules {folder} 检查", highlight=False)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="旧规则文件夹(叠加在随附规则上), 或 - 表示只用随附规则")],
    new_: Annotated[Path, typer.Argument(metavar="NEW", help="新规则文件夹, 或 -")],
    on: Annotated[Path, typer.Option("--on", help="语料 JSONL")],
    most: Annotated[int, typer.Option(help="最多列出多少条")] = 40,
) -> None:
    """两套规则在同一语料上的差别 · which rows a rule change moves."""
    engines = [Engine.load([] if str(path) == "-" else [path]) for path in (old, new_)]
    moved, total = [], 0
    for row in read_gold(on):
        total += 1
        before, after = (predicted(engine.assess(Incident(narrative=row["text"]))) for engine in engines)
        changes = [f"{field}: {before[field]} → {after[field]}" for field in before if before[field] != after[field]]
        if changes:
            moved.append((row.get("id", total), changes))
    out = Console()
    for ident, changes in moved[:most]:
        out.print(f"{ident}  " + "; ".join(changes), highlight=False)
    out.print(f"{total} 条中 {len(moved)} 条有变化")
    raise typer.Exit(1 if moved else 0)


@app.command()
def report(
    on: Annotated[Path, typer.Argument(help="语料 JSONL")],
    rules: RulesOption = None,
) -> None:
    """规则覆盖、冲突与不起作用的规则 · coverage, conflicts and dead rules on a corpus."""
    engine = load_engine(rules, tier="rules")
    rows = list(read_gold(on))
    fired: Counter[str] = Counter()
    right: Counter[str] = Counter()
    conflicts: Counter[tuple[str, str]] = Counter()
    fields = {"factors": "factors", "scripts": "fraud_scripts", "disputes": "dispute_type", "categories": "category"}
    for row in rows:
        incident = Incident(narrative=row["text"])
        answer = engine.assess(incident)
        for family, field in fields.items():
            for code in rulecheck.labels_of(engine, incident, answer, family):
                fired[f"{family}/{code}"] += 1
                gold = row.get(field)
                right[f"{family}/{code}"] += code == gold or (isinstance(gold, list) and code in gold)
        if answer.dispute and answer.dispute.alternatives and answer.dispute.alternatives[0]["score"] > 0.35:
            conflicts[answer.dispute.type, str(answer.dispute.alternatives[0]["type"])] += 1
    table = Table("规则", "命中", "占比", "与标注相符", box=None)
    for name, count in fired.most_common():
        table.add_row(name, str(count), f"{count / len(rows):.1%}", f"{right[name] / count:.1%}")
    out = Console()
    out.print(table)
    dead = [f"{family}/{code}" for family in fields for code in engine.pack.rules[family] if not fired[f"{family}/{code}"]]
    out.print("从未命中: " + ("、".join(dead) or "无"), highlight=False)
    out.print("相持不下: " + ("; ".join(f"{a}/{b} {n}" for (a, b), n in conflicts.most_common(12)) or "无"), highlight=False)


def show_hits(out: Console, engine: Engine, incident: Incident) -> None:
    """Every hit of every signal, with its status."""
    table = Table("规则", "组", "文字", "状态", "新", "因", box=None, pad_edge=False)
    _, reading, _ = engine.read(incident)
    assert reading.context is not None
    for signal, spans in sorted(reading.found.items()):
        spec = engine.pack.signals[signal]
        for hit in reading.context.read(spec.names, spans, signal):
            marks = ("✓" if hit.fresh else "", "✓" if hit.cause else "")
            table.add_row(f"{spec.family}/{spec.rule}", spec.group, reading.phrase(hit), "" if spec.family == "context" else hit.status, *marks)
    out.print(table)


def show_summary(out: Console, answer: Assessment) -> None:
    """The decisions in a few lines."""
    out.print(f"类别 {answer.category.code} {answer.category.score} | " + " ".join(f"{a['code']} {a['score']}" for a in answer.category.alternatives))
    if answer.dispute:
        out.print(f"纠纷 {answer.dispute.type} {answer.dispute.score} | " + " ".join(f"{a['type']} {a['score']}" for a in answer.dispute.alternatives))
    risk = answer.risk
    out.print(
        f"四色 {risk.colour} · 紧急 {risk.urgency} 危险 {risk.danger} 难度 {risk.difficulty} · 因素 {[f.code + ('*' if f.fresh else '') for f in risk.factors]}"
    )
    out.print(f"{risk.why_not_lower} {risk.why_not_higher}")
    if answer.fraud:
        out.print(f"诈骗 {[s.code for s in answer.fraud.scripts]} 环节 {answer.fraud.stage} 损失 {answer.fraud.loss_yuan}")
    out.print(f"体裁 {answer.frames} · 闸门 {risk.gates} · 复核 {answer.needs_review.codes} · 追问 {[q.field for q in answer.missing_information]}")
