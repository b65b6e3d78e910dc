"""One self-contained HTML page of assessments: no script, no outside address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from pipeline.values import Assessment, Evidence
from service import conduct_view, memory_view
from service.terminal import all_evidence

_CSS = """
:root{color-scheme:light dark}body{font:16px/1.7 "Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem;color:#1d2129;background:#fff}
article{border:1px solid #d9dde3;border-left:.5rem solid var(--c);border-radius:.5rem;padding:1rem 1.25rem;margin:1.25rem 0}
.badge{display:inline-block;padding:.1rem .7rem;border-radius:1rem;background:var(--c);color:var(--t);font-weight:600}
.green{--c:#2e7d32;--t:#fff}.yellow{--c:#f2b600;--t:#1d2129}.orange{--c:#ef6c00;--t:#1d2129}.red{--c:#c62828;--t:#fff}.blue{--c:#1565c0;--t:#fff}
p.narrative{white-space:pre-wrap;font-size:1.06rem}mark{background:#fff3c4;color:inherit;border-bottom:2px solid #b7791f;padding:0 1px}
mark.factor{background:#fde2e1;border-color:#c62828}mark.script,mark.stage{background:#f0e2fd;border-color:#7b1fa2}mark.dispute{background:#e0f0fb;border-color:#1565c0}
del{color:#6b7280;text-decoration-thickness:2px}dl{display:grid;grid-template-columns:7rem 1fr;gap:.25rem .75rem}dt{font-weight:600}dd{margin:0}footer{color:#6b7280;font-size:.85rem}
@media(prefers-color-scheme:dark){body{background:#16181d;color:#e6e8eb}article{border-color:#343a44}mark{background:#4a3b12}mark.factor{background:#4d1f1f}mark.script,mark.stage{background:#3a2150}mark.dispute{background:#16354d}}
"""


Says = Callable[[Evidence], str]  # what a piece of evidence speaks for, in words


def write_page(path: Path, rows: Sequence[tuple[str, Assessment]], says: Says) -> None:
    """Write the page; raises OSError where the path cannot be written."""
    body = "".join(article(narrative, answer, says) for narrative, answer in rows)
    path.write_text(
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>警情研判</title><style>{_CSS}</style>'
        f"<body><h1>警情研判</h1>{body}<footer>仅供参考, 由民警决定; 只评警情, 不评个人。</footer></body></html>\n",
        encoding="utf-8",
    )


def article(narrative: str, answer: Assessment, says: Says) -> str:
    """One assessment as an HTML fragment."""
    risk = answer.risk
    rows = [
        ("类别", f"{answer.category.name} {answer.category.score:.0%}" + (f" · {answer.dispute.name} {answer.dispute.score:.0%}" if answer.dispute else "")),
        ("三轴", f"紧急 {risk.urgency} · 危险 {risk.danger} · 化解难度 {risk.difficulty} (0–3)"),
        ("因素", "、".join(factor.name for factor in risk.factors) or "—"),
        ("为何不更低", risk.why_not_lower),
        ("为何不更高", risk.why_not_higher),
        *(
            [
                (
                    "诈骗",
                    "、".join(s.name for s in answer.fraud.scripts)
                    + f" · 环节 {answer.fraud.stage_name or '不明'}"
                    + (f" · 损失 {answer.fraud.loss_yuan:,} 元" if answer.fraud.loss_yuan is not None else ""),
                )
            ]
            if answer.fraud
            else []
        ),
        ("请追问", " / ".join(item.question for item in answer.missing_information[:6]) or "—"),
        ("需人工复核", "、".join(answer.needs_review.names or answer.needs_review.codes) or "否"),
        ("首要处置", risk.handling),
        *conduct_view.rows(answer),
        *memory_view.rows(answer),
    ]
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f'<article class="{escape(risk.colour)}"><span class="badge">{escape(risk.name)}</span><p class="narrative">{marked(narrative, all_evidence(answer), answer.set_aside, says)}</p><dl>{shown}</dl></article>'


def marked(narrative: str, evidence: Sequence[Evidence], aside: Sequence[Evidence], says: Says) -> str:
    """The narrative as HTML, evidence in <mark>, set-aside words in <del>; where pieces overlap the last given is on top."""
    over: list[Evidence | None] = [None] * len(narrative)
    struck = {id(piece) for piece in aside}
    for piece in (*aside, *evidence):
        for index in range(piece.start, piece.end):
            over[index] = piece
    out, start = [], 0
    for index in range(1, len(narrative) + 1):
        if index == len(narrative) or over[index] is not over[start]:
            text, piece_here = escape(narrative[start:index]), over[start]
            if piece_here is None:
                out.append(text)
            elif id(piece_here) in struck:
                out.append(f'<del title="{escape(says(piece_here))}">{text}</del>')
            else:
                out.append(f'<mark class="{escape(piece_here.by.partition(".")[0])}" title="{escape(says(piece_here))}">{text}</mark>')
            start = index
    return "".join(out)
