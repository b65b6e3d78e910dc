"""`fengqiao repeats`: load a history into the memory of calls, and measure it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="重复警情: 装入历史、测速 · repeats", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """一人多次、一地多起、一类多发。"""


@app.command()
def load(
    history: Annotated[Path, typer.Argument(help="以往警情的表格(CSV、Excel、JSONL、Parquet; 表头按常见写法猜), 须有报警时间; label --full 的结果最快")],
    database: Annotated[str | None, typer.Option("--database", help="sqlite:///文件 或 postgresql://…; 默认取 FENGQIAO_DATABASE")] = None,
    rules: Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹, 可多次")] = None,
    workers: Annotated[int, typer.Option(min=1, help="进程数")] = 1,
) -> None:
    """把以往警情装入服务的重复警情记忆(只存散列); 服务运行时也可以, 再装一次不会重复计数 · load earlier calls."""
    import time

    from service.repeats.load import load as take_in
    from service.serve_cli import open_store

    began = time.perf_counter()
    with open_store(database, make=True) as store:
        done = take_in(store, history, rules or (), workers=workers, told=lambda rows: typer.echo(f"\r{rows:,}", nl=False, err=True))
    spent = time.perf_counter() - began
    typer.echo(f"\r读 {done.rows:,} 行, 新记 {done.new:,} 起来电, {done.without_time:,} 行没有时间不能记; {spent:.0f} 秒 ({done.rows / spent:,.0f} 行/秒)")


@app.command()
def bench(
    calls: Annotated[int, typer.Option(help="编造多少条来电")] = 1_000_000,
    database: Annotated[str | None, typer.Option(help="空库的地址, 如 postgresql+psycopg://…; 不给则用临时的 SQLite 文件")] = None,
    keep: Annotated[Path | None, typer.Option(help="SQLite 文件留在这里, 再测时不必重装")] = None,
) -> None:
    """编造一年的来电装进库里, 再量各项查询 · load made-up calls, then time each question."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="fengqiao-bench-") as folder:
        url = database or f"sqlite:///{(keep or Path(folder)) / 'repeats.db'}"
        _bench(url, calls)


def _bench(url: str, calls: int) -> None:
    from sqlalchemy import MetaData

    from pipeline.engine import Engine
    from pipeline.repeats.settings import settings_of
    from service.repeats.bench import fill, measure
    from service.repeats.memory import SqlMemory
    from service.repeats.tables import tables
    from service.store.database import connect

    settings = settings_of(Engine.default().pack)
    engine = connect(url)
    memory = SqlMemory(engine, tables(MetaData()), settings)
    memory.create()
    with memory._reading() as connection:
        held = memory._at(connection).last() + 1
    if held < calls:
        spent = fill(memory, calls, lambda done: typer.echo(f"\r{done:,}", nl=False, err=True))
        typer.echo(f"\r装入 {calls:,} 条 {spent:.0f} 秒 ({calls / spent:,.0f} 条/秒)")
    for figure in measure(memory, calls, settings):
        typer.echo(f"{figure.median:9.3f} ms  p99 {figure.p99:9.3f} ms  {figure.name}")
    engine.dispose()
