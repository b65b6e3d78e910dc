"""`fengqiao train`: train the classifiers again, from the corpora alone or with an agency's own records."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import InputError

if TYPE_CHECKING:
    from models.training.rows import Row

SHIPPED = "shipped"  # --encoder: go on from what the product runs
_GENTLE = 0.4  # rate of going on, of the rate of a first tuning (set 2026-11-23, not searched)


def train(  # noqa: PLR0913 - options of a command
    out: Annotated[Path, typer.Option("--out", help="写到该文件夹, 用 --models 载入")],
    extra: Annotated[list[Path] | None, typer.Option("--extra", help="另加的标注数据 JSONL, 可多次")] = None,
    unlabelled: Annotated[list[Path] | None, typer.Option("--unlabelled", help="无标注文本 JSONL(.gz), 用于自训练, 可多次")] = None,
    most: Annotated[int, typer.Option(help="每个无标注文件至多读多少条")] = 1500,
    hold_out: Annotated[list[str] | None, typer.Option("--hold-out", help="不参加训练的作者或来源, 可多次")] = None,
    encoder: Annotated[
        list[Path] | None,
        typer.Option(
            "--encoder",
            help=f"本地 Hugging Face 检查点, 代替随附的编码器; {SHIPPED}: 从随附的编码器接着调; 也可以是 train 写出的文件夹, 从同一个调出的几个一起给则取平均",
        ),
    ] = None,
    epochs: Annotated[int, typer.Option("--tune", help="先用标注数据把编码器的上面几层调几遍, 0 为不调; 需 --encoder")] = 0,
    frozen: Annotated[float, typer.Option("--frozen", min=0.0, max=1.0, help="不调的下层占几成")] = 0.5,
    spare: Annotated[
        list[str] | None, typer.Option("--spare", help="调编码器时不看、只用来校准的作者或来源, 可多次; 已调过的编码器也要写明, 随附的不写就是它自己的那几组")
    ] = None,
    kept: Annotated[list[str] | None, typer.Option("--keep", help="这一项(如 risk)的头不换, 照随附的; 须用随附的编码器, 可多次")] = None,
    mean: Annotated[bool, typer.Option("--mean", help="没有 --keep 的头与随附的取平均; 须用随附的编码器")] = False,
    new: Annotated[
        list[str] | None,
        typer.Option("--update", help="不重做, 在随附的头上接着学这些作者或来源(语料一起读, 免得忘了学过的); 没有 --keep 的头都学, 可多次"),
    ] = None,
    seed: Annotated[int, typer.Option(help="随机种子")] = 0,
    cache: Annotated[Path | None, typer.Option(help="存放编码结果的文件夹")] = None,
) -> None:
    """重新训练分类器 · train the classifiers (extra `train`)."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise InputError("FQ4005", "缺少训练依赖", "training needs more packages", seen=str(error.name), remedy="pip install 'fengqiao[train]'") from None
    from models import store
    from models.training.keep import keep
    from models.training.rows import examples, labelled, read_jsonl
    from models.training.run import Run
    from models.training.run import train as run_training
    from models.training.tune import TUNED

    out.mkdir(parents=True, exist_ok=True)
    _usable(encoder or (), epochs, spare or ())
    if not encoder and not (out / store.ENCODER).exists():  # on from what ships: with what was learned with its encoder, judged on whom that was spared
        for name in (store.ENCODER, store.TOKENIZER, TUNED):
            shutil.copyfile(store.shipped() / name, out / name)
        spare = spare or list(store.manifest(store.shipped())["spared"])
    rows = labelled(extra or (), hold_out or ())
    if new:
        _go_on(out, rows, new, kept or (), seed, cache)
        return
    if encoder:
        _encode(encoder, out, [row for row in rows if row.group not in (spare or ())], epochs, frozen, seed)
    if unlabelled and (out / TUNED).exists():
        typer.echo("编码器已带标注调过, 无标注文本不用", err=True)
    texts = examples() + [row for path in unlabelled or () for row in read_jsonl(path)[:most] if len(row.text) >= 15]
    with tempfile.TemporaryDirectory() as place:
        about = run_training(Run(rows, texts, out, out, seed, cache or Path(place), spared=frozenset(spare or ()), say=lambda text: typer.echo(text, err=True)))
    if kept or mean:
        keep(out, store.shipped(), kept or (), mean=mean)
        about = store.manifest(out)
    typer.echo(json.dumps(about["cross_fit"], ensure_ascii=False, indent=1))


def _usable(encoder: Sequence[Path], epochs: int, spare: Sequence[str]) -> None:
    """Raises InputError where an encoder is not there, or is to be tuned without one or without anybody to judge it on."""
    if epochs and not (encoder and spare):
        raise InputError(
            "FQ4006", "调编码器要有检查点和留作校准的来源", "tuning needs a checkpoint and groups to spare", seen="--tune", remedy="加 --encoder 与 --spare"
        )
    for folder in encoder:
        if str(folder) != SHIPPED and not folder.is_dir():
            raise InputError("FQ4008", "没有这个检查点文件夹", "no such checkpoint", seen=folder.name, remedy=f"给出本机上的文件夹, 或写 --encoder {SHIPPED}")


def _go_on(out: Path, rows: Sequence[Row], new: Sequence[str], kept: Sequence[str], seed: int, cache: Path | None) -> None:
    """The shipped heads, gone on with the rows of `new`."""
    from models import store
    from models.training.run import Run
    from models.training.update import go_on

    absent = sorted(set(new) - {row.group for row in rows})
    if absent:
        raise InputError(
            "FQ4011", "没有这些作者或来源的标注", "no labelled rows of these groups", seen=" ".join(absent), remedy="核对 --update 与 --extra, --hold-out"
        )
    for name in (store.HEADS, store.MANIFEST):
        shutil.copyfile(store.shipped() / name, out / name)
    tasks = [name for name in store.load(out, "fast").heads.tasks if name not in kept]
    with tempfile.TemporaryDirectory() as place:
        run = Run(rows, (), out, out, seed, cache or Path(place), say=lambda text: typer.echo(text, err=True))
        about = go_on(run, frozenset(new), tasks)
    typer.echo(json.dumps(about["updated"][-1], ensure_ascii=False, indent=1))


def _encode(encoders: Sequence[Path], out: Path, rows: Sequence[Row], epochs: int, frozen: float, seed: int) -> None:
    """Write the encoder of a checkpoint, or one (the mean of several) that was written before and is opened again, to `out`, tuned where that is asked."""
    from models import store
    from models.training.export import pruned, quantised
    from models.training.run import tuned
    from models.training.tune import Tuning

    looks, given, how = None, None, Tuning(epochs=epochs, frozen=frozen, seed=seed)
    folders = [store.shipped() if str(encoder) == SHIPPED else encoder for encoder in encoders]
    if len(folders) > 1 or (folders[0] / store.ENCODER).exists():
        from models.training.reopen import averaged

        model, given = averaged(folders)
        how = replace(how, rate=_GENTLE * how.rate, head_rate=_GENTLE * how.head_rate)
    else:
        model = pruned(folders[0], out)
    if epochs:
        looks = tuned(model, out, rows, how, say=lambda text: typer.echo(text, err=True), given=given)
    elif given is not None:
        given.save(out)
        looks = given.looks()
    quantised(model, out, looks)
