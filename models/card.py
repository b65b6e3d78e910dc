"""The model card, written from the manifest and from measured scores, never by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS: Sequence[tuple[str, str]] = (
    ("category", "类别"), ("dispute_type", "纠纷类型"), ("quadratic_kappa", "四色 κ²"), ("top_recall", "红色召回"), ("top_precision", "红色精确"),
    ("severe_graded_lowest", "红橙判绿"), ("factors", "因素 F1"), ("fraud_scripts", "剧本 F1"), ("ece_category", "ECE 类别"), ("ece_dispute_type", "ECE 类型"),
    ("needs_review", "需复核"), ("encoder_asked", "问编码器"),
)  # fmt: skip


def render(manifest: Mapping[str, Any], scores: Sequence[Mapping[str, Any]]) -> str:
    """Markdown. `scores`: one mapping per row of the table, with `models`, `tier`, `set`, `n` and the COLUMNS."""
    return "\n".join([*_head(manifest), *_table(scores), *_groups(manifest), *_limits(manifest)]) + "\n"


def _head(manifest: Mapping[str, Any]) -> list[str]:
    trained = manifest["trained_on"]
    files = [f"| `{name}` | `{sha}` |" for name, sha in manifest["files"].items()]
    return [
        "# 模型卡 · Model card",
        "",
        "线性头(tier 1)与句子编码器(tier 2), 补规则之不足。只提建议; 规则定下的颜色与门槛, 模型不能降低。",
        "Linear heads over rule signals and hashed character 1–4-grams, and over a sentence encoder (multilingual-e5-small, MIT, vocabulary pruned, int8).",
        "Labels: category, dispute type, factors, colour, fraud scripts and how far the fraud has gone. The loss stays with the rules.",
        "",
        "| 文件 | sha256 |",
        "|---|---|",
        *files,
        "",
        f"训练 trained on: {sum(trained.values())} 条标注 ({', '.join(f'{group} {count}' for group, count in trained.items())}), "
        f"自训练所用无标注文本 unlabelled {manifest['unlabelled']}; 随机种子 seed {manifest['seed']}; 规则 rules `{manifest['rules'][:19]}`; "
        f"训练时遮去 {manifest['thinned']:.0%} 的规则短语再读一遍 phrases struck out.",
        *_kept(manifest),
        "",
        "读的是去掉人名与地名之后的文字: 谁、在哪里, 不改变任何标签。 They read a text without names of persons and places: who and where moves no label.",
        "",
        *_tuning(manifest),
    ]


def _kept(manifest: Mapping[str, Any]) -> list[str]:
    kept, made = manifest.get("kept"), []
    if kept:
        made.append(f"这几项的头照上一版, 没有重新训练 heads kept from the version before: {', '.join(kept)}.")
    if manifest.get("mean"):
        made.append("其余的头是上一版与新训练的平均 the other heads are the mean of that version's and the new ones.")
    for step in manifest.get("updated", ()):
        new = ", ".join(f"{group} {count}" for group, count in step["new"].items())
        made.append(
            f"其后在这些头上接着学 then gone on with: {new}(旁边读着 {step['beside']} 条学过的 beside known ones); 学的是 heads: {', '.join(step['tasks'])};"
            f" 旧权重的分量 held {step['held']['fast']:g}, {step['held']['deep']:g}, 新的每条算 {step['held']['weight']:g} 条。"
        )
    return made


def _tuning(manifest: Mapping[str, Any]) -> list[str]:
    spared = manifest.get("spared")
    if not spared:
        return []
    return [
        f"编码器的上面几层用同一批标注调过, 所有任务一起; 未用于调的 {', '.join(spared)} 只作校准(名字带 spared 的是同一来源中抽出的条目)。"
        " The upper layers of the encoder were tuned on the same rows, all tasks at once; the groups named were spared for calibration"
        " (those ending in spared are rows drawn from a source that did take part).",
        "",
    ]


def _table(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    if not scores:
        return []
    lines = [
        "## 评测 Scores",
        "",
        "各测试集均未参加训练; none of these rows was trained on. 规则曾对照其中部分文本的错误修改过 the rules were mended while their errors were read.",
        "",
        "| 测试集 | n | 模型 | 档 | " + " | ".join(name for _, name in COLUMNS) + " |",
        "|" + "---|" * (len(COLUMNS) + 4),
    ]
    for row in scores:
        cells = " | ".join(f"{row[key]:.3f}" if isinstance(row.get(key), float) else "—" for key, _ in COLUMNS)
        lines.append(f"| {row['set']} | {row['n']} | {row['models']} | {row['tier']} | {cells} |")
    return [*lines, ""]


def _groups(manifest: Mapping[str, Any]) -> list[str]:
    """The cross-fit by writer and source: each answered by heads that never saw it."""
    crossed = manifest["cross_fit"]
    lines = [
        "## 逐来源留出 Leave-group-out",
        "",
        "每组由没见过它的头作答, 且规则短语被遮去一部分; 调过编码器的, 只列未用于调的。Each group is answered by heads that never saw it, phrases struck out;"
        " for a tuned encoder only the groups that were spared.",
        "",
        "| 组 | 类别 fast | 类别 full | 类型 fast | 类型 full |",
        "|---|---|---|---|---|",
    ]
    tables = [crossed[task][tier].get("by_group", {}) for task in ("category", "dispute_type") for tier in ("fast", "full")]
    groups = sorted({group for table in tables for group in table})
    if not groups:
        return []
    for group in groups:
        lines.append(f"| {group} | " + " | ".join(f"{table[group]:.3f}" if group in table else "—" for table in tables) + " |")
    return [*lines, ""]


def _limits(manifest: Mapping[str, Any]) -> list[str]:
    echo = "- 自训练的标签来自规则与模型一致处, 会重复二者共同的错。Self-training repeats what rules and heads get wrong together."
    return [
        "## 限度 Limits",
        "",
        "- 分数是按留出的作者与来源校准的; 换了地方、换了文体, 会偏。Calibrated on held-out writers and sources; elsewhere it drifts.",
        *([echo] if manifest["unlabelled"] else []),
        "- 不以民族、地域、宗教为特征; 评的是事, 不是人。No ethnicity, region or religion is a feature of its own; incidents are graded, never persons.",
        "- 编码器只读前约 380 字; n 元组读前 1200 字。The encoder reads about 380 characters, the n-grams 1,200.",
    ]
