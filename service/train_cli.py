"""`fengqiao train`: train the classifiers again, from the corpora alone or with an agency's own records."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import InputError


def train(  # noqa: PLR0913 - options of a command
    out: Annotated[Path, typer.Option("--out", help="写到该文件夹, 用 --models 载入")],
    extra: Annotated[list[Path] | None, typer.Option("--extra", help="另加的标注数据 JSONL, 可多次")] = None,
    unlabelled: Annotated[list[Path] | None, typer.Option("--unlabelled", help="无标注文本 JSONL(.gz), 用于自训练, 可多次")] = None,
    most: Annotated[int, typer.Option(help="每个无标注文件至多读多少条")] = 1500,
    hold_out: Annotated[list[str] | None, typer.Option("--hold-out", help="不参加训练的作者或来源, 可多次")] = None,
    encoder: Annotated[Path | None, typer.Option("--encoder", help="本地 Hugging Face 检查点, 代替随附的编码器")] = None,
    epochs: Annotated[int, typer.Option("--tune", help="先用标注数据把编码器的上半层调几遍, 0 为不调; 需 --encoder")] = 0,
    spare: Annotated[list[str] | None, typer.Option("--spare", help="调编码器时不看、只用来校准的作者或来源, 可多次; 已调过的编码器也要写明")] = None,
    seed: Annotated[int, typer.Option(help="随机种子")] = 0,
    cache: Annotated[Path | None, typer.Option(help="存放编码结果的文件夹")] = None,
) -> None:
    """重新训练分类器 · train the classifiers (extra `train`)."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise InputError("FQ4005", "缺少训练依赖", "training needs more packages", seen=str(error.name), remedy="pip install 'fengqiao[train]'") from None
    from models import store
    from models.training.rows import examples, labelled, read_jsonl
    from models.training.run import Run
    from models.training.run import train as run_training

    out.mkdir(parents=True, exist_ok=True)
    if epochs and (encoder is None or not spare):
        raise InputError(
            "FQ4006", "调编码器要有检查点和留作校准的来源", "tuning needs a checkpoint and groups to spare", seen="--tune", remedy="加 --encoder 与 --spare"
        )
    for name in (store.ENCODER, store.TOKENIZER):
        if not (out / name).exists():
            shutil.copyfile(store.shipped() / name, out / name)
    rows = labelled(extra or (), hold_out or ())
    if encoder is not None:
        from models.training.export import pruned, quantised

        model, looks = pruned(encoder, out), None
        if epochs:
            from models.training.run import tuned

            looks = tuned(model, out, [row for row in rows if row.group not in (spare or ())], epochs, seed, say=lambda text: typer.echo(text, err=True))
        quantised(model, out, looks)
    texts = examples() + [row for path in unlabelled or () for row in read_jsonl(path)[:most] if len(row.text) >= 15]
    with tempfile.TemporaryDirectory() as folder:
        about = run_training(
            Run(rows, texts, out, out, seed, cache or Path(folder), spared=frozenset(spare or ()), say=lambda text: typer.echo(text, err=True))
        )
    typer.echo(json.dumps(about["cross_fit"], ensure_ascii=False, indent=1))
