"""The terminal view of one assessment: the narrative with its evidence marked, the colour, the reasons, the questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.values import Assessment, Evidence
from service import conduct_view, memory_view

STYLE = {
    "green": "bold white on green4", "yellow": "bold black on gold1", "orange": "bold black on dark_orange", "red": "bold white on red3",
    "blue": "bold white on dodger_blue3",
}  # fmt: skip
_PLAIN = "bold white on grey37"
_ROLES = {"lost": "被骗走", "paid": "付出", "asked": "对方要", "recovered": "追回"}  # of a sum in a fraud


def marked(narrative: str, evidence: Sequence[Evidence], aside: Sequence[Evidence]) -> Text:
    """The narrative with asserted evidence underlined and set-aside words struck through."""
    text = Text(narrative)
    for piece in aside:
        text.stylize("strike dim", piece.start, piece.end)
    for piece in evidence:
        if piece.status == "asserted":
            text.stylize(_style_of(piece.by), piece.start, piece.end)
        else:
            text.stylize("italic underline", piece.start, piece.end)
    return text


def _style_of(by: str) -> str:
    family = by.partition(".")[0]
    return {"factor": "bold red underline", "script": "bold magenta underline", "stage": "bold magenta", "dispute": "cyan underline", "fact": "bold"}.get(
        family, "underline"
    )


def all_evidence(answer: Assessment) -> list[Evidence]:
    """Every piece of evidence of an answer; what weighs most comes last, so that it is drawn on top."""
    pieces = list(answer.category.evidence)
    pieces += answer.dispute.evidence if answer.dispute else ()
    for factor in answer.risk.factors:
        pieces += factor.evidence
    if answer.fraud:
        pieces += answer.fraud.stage_evidence
        for script in answer.fraud.scripts:
            pieces += script.evidence
        pieces += (answer.fraud.loss_evidence,) if answer.fraud.loss_evidence else ()
    return pieces


def view(narrative: str, answer: Assessment) -> RenderableType:
    """One assessment as a rich renderable."""
    risk = answer.risk
    head = Text.assemble((f" {risk.name} ", STYLE.get(risk.colour, _PLAIN)), "  ", (answer.category.name, "bold"), f" {answer.category.score:.0%}")
    if answer.dispute:
        head.append_text(Text.assemble(" · ", (answer.dispute.name, "bold cyan"), f" {answer.dispute.score:.0%}"))
    parts: list[RenderableType] = [head, Text(), marked(narrative, all_evidence(answer), answer.set_aside), Text(), _table(answer)]
    if answer.missing_information:
        parts += [Text(), Text("请追问", style="bold"), *_questions(answer)]
    return Panel(Group(*parts), title=f"警情研判 · {answer.incident_id}", subtitle="仅供参考, 由民警决定", title_align="left", subtitle_align="right")


def _table(answer: Assessment) -> Table:
    risk = answer.risk
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("三轴", f"紧急 {_bar(risk.urgency)}   危险 {_bar(risk.danger)}   化解难度 {_bar(risk.difficulty)}")
    if risk.factors:
        table.add_row("因素", _joined(f"{factor.name}{'●' if factor.fresh else ''}" + _quote(factor.evidence) for factor in risk.factors))
    if risk.gates:
        table.add_row("闸门", Text("、".join(risk.gate_names or risk.gates), style="bold red"))
    table.add_row("为何不更低", risk.why_not_lower)
    table.add_row("为何不更高", risk.why_not_higher)
    if answer.dispute and answer.dispute.alternatives:
        table.add_row("也可能是", _joined(f"{a['name']} {a['score']:.0%}" for a in answer.dispute.alternatives if a["score"] >= 0.05) or "—")
    if answer.fraud:
        _fraud_rows(table, answer)
    table.add_row("首要处置", risk.handling)
    for name, text in (*conduct_view.rows(answer), *memory_view.rows(answer)):
        table.add_row(name, text)
    if answer.needs_review.flag:
        table.add_row("需人工复核", Text("、".join(answer.needs_review.names or answer.needs_review.codes), style="bold yellow"))
    return table


def _fraud_rows(table: Table, answer: Assessment) -> None:
    fraud = answer.fraud
    assert fraud is not None
    table.add_row("诈骗剧本", _joined(f"{script.name}{_quote(script.evidence)}" for script in fraud.scripts))
    table.add_row("环节", Text(fraud.stage_name or "不明", style="bold magenta"))
    if fraud.loss_yuan is not None:
        table.add_row("损失", f"{fraud.loss_yuan:,} 元")
    if fraud.money and (told := money_line(fraud.money)):
        table.add_row("钱款", told)
    for script in fraud.scripts[:1]:
        if script.explain:
            table.add_row("怎么骗的", script.explain)


def money_line(money: dict[str, Any]) -> str:
    """How the money went, in one line: the sums by role, number of payments, when, payees, channels."""
    pieces = [
        f"{name} " + "、".join(row["quote"] for row in rows) for role, name in _ROLES.items() if (rows := [r for r in money["sums"] if r["role"] == role])
    ]
    pieces += [f"分 {money['payments']['count']} 笔"] if money["payments"] else []
    for field, name in (("when", "时间"), ("payees", "收款"), ("channels", "渠道")):
        pieces += [f"{name} " + "、".join(dict.fromkeys(row["quote"] for row in money[field]))] if money[field] else []
    return " · ".join(pieces)


def _questions(answer: Assessment) -> list[RenderableType]:
    return [
        Text(f"  {number}. {item.question}" + (f"  ({item.would_change})" if item.would_change else ""))
        for number, item in enumerate(answer.missing_information[:6], 1)
    ]


def _bar(value: int) -> str:
    return "■" * value + "□" * (3 - value)


def _quote(evidence: Sequence[Evidence]) -> str:
    return conduct_view.quoted(list(dict.fromkeys(piece.quote for piece in evidence))[:2])


def _joined(parts: Iterable[str]) -> str:
    return "  ".join(parts)


def show(console: Console, narrative: str, answer: Assessment) -> None:
    """Print one assessment."""
    console.print(view(narrative, answer))
