"""`fengqiao report` and `fengqiao digest`."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import InputError
from service.reach import cannot_write, read_bytes

if TYPE_CHECKING:
    from service.report.fetch import Quotes
    from service.report.history import History
    from service.report.model import Report

LEAST_KEY = 16  # bytes

Labelled = Annotated[list[Path], typer.Argument(help="标注过的文件或文件夹(CSV TSV XLSX JSONL Parquet), 可多个")]
Key = Annotated[Path | None, typer.Option("--key", help="密钥文件(至少 16 字节): 短标识在各份报告间可对; 不给则每次新取")]
Named = Annotated[list[str] | None, typer.Option("--column", help="角色=表头, 如 time=受理时间; 可多次")]
MappingFiles = Annotated[list[Path] | None, typer.Option("--mapping", help="本地类别对照 YAML, 排在自带的前面")]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="清单长短与质量门槛 YAML, 代替自带的; 重复警情的窗口在 --rules 的 repeats 里")]
Rules = Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹")]
Profile = Annotated[str | None, typer.Option("--profile", help="标注时用的分级方案")]
NoQuotes = Annotated[bool, typer.Option("--no-quotes", help="清单里不引原话")]
Workbook = Annotated[Path | None, typer.Option("--xlsx", help="同样的表写成 XLSX")]
At = Annotated[dt.datetime | None, typer.Option("--at", help="制表时间, 默认现在")]


def report(  # noqa: PLR0913 (the options of a command)
    labelled: Labelled,
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个网页文件")] = Path("report.html"),
    xlsx: Workbook = None,
    title: Annotated[str, typer.Option(help="标题")] = "警情研判报告",
    key: Key = None,
    column: Named = None,
    mapping: MappingFiles = None,
    settings: SettingsFile = None,
    rules: Rules = None,
    profile: Profile = None,
    no_quotes: NoQuotes = False,
    at: At = None,
) -> None:
    """研判报告: 一份自足的网页, 另可出 XLSX · the analyst's report, one self-contained page."""
    from service.report.build import build

    history, quotes = _opened(labelled, key, column, mapping, settings, rules, profile, no_quotes)
    made = build(history, labelled, quotes, title=title, now=at or dt.datetime.now())
    _written(made, output, xlsx)
    sys.stderr.write(f"{history.frame.height:,} 条 · {len(made.sections)} 节 → {output.name}{' + ' + xlsx.name if xlsx else ''}\n")


def digest(  # noqa: PLR0913 (the options of a command)
    labelled: Labelled,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写成网页; 不给则打印在终端")] = None,
    xlsx: Workbook = None,
    date: Annotated[dt.datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="哪一天, 默认最后一天")] = None,
    key: Key = None,
    column: Named = None,
    mapping: MappingFiles = None,
    settings: SettingsFile = None,
    rules: Rules = None,
    profile: Profile = None,
    no_quotes: NoQuotes = False,
    at: At = None,
) -> None:
    """每日研判: 红色清单、三类重点、超期、需复核、一周回头看 · the daily sheet."""
    from service.report.digest import digest as made_digest

    history, quotes = _opened(labelled, key, column, mapping, settings, rules, profile, no_quotes)
    made = made_digest(history, labelled, quotes, day=date.date() if date else None, now=at or dt.datetime.now())
    if output is None:
        from rich.console import Console

        from service.report.terminal import show

        show(Console(), made)
    _written(made, output, xlsx)


def _opened(
    labelled: Sequence[Path],
    key: Path | None,
    column: Sequence[str] | None,
    mapping: Sequence[Path] | None,
    settings: Path | None,
    rules: Sequence[Path] | None,
    profile: str | None,
    no_quotes: bool,
) -> tuple[History, Quotes]:
    from pipeline.engine import Engine
    from pipeline.rulepack.store import load_pack
    from service.report import knowledge
    from service.report.fetch import Quotes
    from service.report.history import load_history

    told = knowledge.settings(settings)
    pack = load_pack(tuple(rules or ()))
    local, secret, columns = mapping or (), _secret(key), _named(column or ())
    with _counting() as progress:
        history = load_history(labelled, pack, settings=told, local_mapping=local, key=secret, named=columns, profile=profile, progress=progress)
    engine = None if no_quotes else Engine(pack, profile=history.names.profile)
    return history, Quotes(engine, told.lists.quote_groups)


@contextlib.contextmanager
def _counting() -> Iterator[Callable[[int], None]]:
    """How many records have been read and how fast, on stderr, where somebody looks on."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("读取 {task.completed:,.0f} 条"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda read: bar.advance(task, read)


def _secret(path: Path | None) -> bytes | None:
    """The key in a file. Raises InputError FQ2002, FQ2208."""
    if path is None:
        return None
    secret = read_bytes(path).strip()
    if len(secret) < LEAST_KEY:
        raise InputError(
            "FQ2208",
            "密钥太短",
            "the key is too short",
            seen=f"{len(secret)} 字节 bytes",
            remedy=f"至少 {LEAST_KEY} 字节随机数, 如 head -c 32 /dev/urandom > 密钥文件; 或去掉 --key, 每次新取",
        )
    return secret


def _named(columns: Sequence[str]) -> dict[str, str]:
    told = {}
    for pair in columns:
        role, mark, name = pair.partition("=")
        if not mark or not name:
            raise InputError("FQ2205", "写法不对", "malformed --column", seen=pair, remedy="--column 角色=表头, 如 --column time=受理时间")
        told[role] = name
    return told


def _written(made: Report, output: Path | None, xlsx: Path | None) -> None:
    try:
        if output is not None:
            from service.report.page import render

            output.write_text(render(made), encoding="utf-8", errors="replace")
        if xlsx is not None:
            from service.report.workbook import write_workbook

            write_workbook(xlsx, made)
    except OSError as error:
        raise cannot_write("FQ2209", Path(str(error.filename or output or xlsx)).name, error) from error
