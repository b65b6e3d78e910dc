"""`fengqiao rules`: lint, try, new, diff, report. Tools for the people who write rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.engine import Engine
from pipeline.rulepack.store import load_leniently
from pipeline.values import Assessment, Incident
from service import rulecheck

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


def show_hits(out: Console, engine: Engine, incident: Incident) -> None:
    """Every hit of every signal, with its status."""
    table = Table("规则", "组", "文字", "状态", "新", "因", box=None, pad_edge=False)
    document, reading, _ = engine.read(incident)
    assert reading.context is not None
    for signal, spans in sorted(reading.found.items()):
        spec = engine.pack.signals[signal]
        for start, end in spans:
            hit = reading.context.read(f"{spec.family.rstrip('s')}.{spec.rule}", start, end, signal)
            marks = ("✓" if hit.fresh else "", "✓" if hit.cause else "")
            table.add_row(f"{spec.family}/{spec.rule}", spec.group, document.text[start:end], "" if spec.family == "context" else hit.status, *marks)
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
