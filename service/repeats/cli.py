"""`fengqiao repeats`: measure the memory of calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="重复警情: 测速 · repeats", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """一人多次、一地多起、一类多发。"""


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
