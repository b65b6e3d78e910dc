"""`fengqiao serve`, `keys`, `audit`, `store`: running the service and what belongs to it."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from pipeline.errors import InputError
from service.reach import cannot_write

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store.store import Store

Database = Annotated[str | None, typer.Option("--database", help="sqlite:///文件 或 postgresql://…; 默认取 FENGQIAO_DATABASE")]
keys = typer.Typer(help="密钥: 新建、列出、轮换、作废 · API keys", no_args_is_help=True)
audit = typer.Typer(help="审计链: 核验、导出、链头 · the audit chain", no_args_is_help=True)
store = typer.Typer(help="存储: 备份、清除、升级 · the store", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("serve")(serve)
    for name, group in (("keys", keys), ("audit", audit), ("store", store)):
        app.add_typer(group, name=name)


def serve(
    host: Annotated[str | None, typer.Option(help="监听地址, 默认 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="监听端口, 默认 8110")] = None,
    database: Database = None,
    workers: Annotated[int | None, typer.Option(help="进程数")] = None,
    uds: Annotated[Path | None, typer.Option(help="监听 Unix 套接字而不是端口(反向代理之后)")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="演示: 不要密钥, 只监听本机, 数据用后即弃")] = False,
    rules: Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹, 可多次")] = None,
) -> None:
    """启动接口与研判台 · serve the API and the triage desk."""
    with contextlib.ExitStack() as stack:
        if demo and database is None:
            database = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory(prefix='fengqiao-demo-'))}/demo.db"
        given = {"host": host, "port": port, "workers": workers, "demo": demo or None, "rules": rules and json.dumps([str(path.absolute()) for path in rules])}
        for name, value in given.items():
            if value is not None:
                os.environ[f"FENGQIAO_{name.upper()}"] = str(value)
        settings = settings_of(database)
        os.environ["FENGQIAO_DATABASE"] = settings.database
        _run(settings, uds)


def _run(settings: Settings, uds: Path | None) -> None:
    import uvicorn

    from service.api.app import create_app
    from service.logs import configure
    from service.store.store import Store

    if uds is None:
        _free(settings.host, settings.port)
    configure(settings.log_level)
    app = create_app(settings)  # rules that do not compile stop the start here, in one line
    opened = Store(settings)
    try:
        if settings.demo:
            from service.desk.demo import fill

            fill(opened, app.state.context.assessor)
        _greet(settings, opened, uds)
    finally:
        opened.close()
    alone = settings.workers == 1
    uvicorn.run(
        app if alone else "service.api.app:from_environment",
        factory=not alone,
        host=settings.host,
        port=settings.port,
        uds=None if uds is None else str(uds),
        workers=settings.workers,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=settings.graceful_seconds,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
    )


def _free(host: str, port: int) -> None:
    """Raise InputError where the address cannot be listened on: told before the rules load, in one line."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does: one that has just ended does not count
            probe.bind((host, port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        zh, en = ("端口已被占用", "the port is in use") if taken else ("不能监听这个地址", "cannot listen there")
        raise InputError("FQ6507", zh, en, seen=f"{host}:{port}", remedy="换 --port, 或停掉占用它的程序" if taken else "核对 --host 与 --port") from None


def _greet(settings: Settings, opened: Store, uds: Path | None) -> None:
    from service.keys import listing

    where = f"http://{settings.host}:{settings.port}" if uds is None else f"unix:{uds}"
    sys.stderr.write(f"枫桥 {where}  接口说明 /docs  {'演示模式: 不要密钥, 只限本机; 资源取自虚构的云杉县' if settings.demo else ''}\n")
    if not settings.demo and not any(key["revoked_at"] is None for key in listing(opened)) and not settings.oidc_issuer:
        sys.stderr.write("还没有密钥: fengqiao keys create 名称 --scope assess --scope read\n")


def settings_of(database: str | None = None) -> Settings:
    """The settings of the environment, with this database. Raises InputError that names the setting."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from service.settings import Settings
    from service.settings_cli import PREFIX, meaning

    try:
        return Settings() if database is None else Settings(database=database)
    except ValidationError as error:
        wrong = dict.fromkeys(str(item["loc"][0]).lower() for item in error.errors() if item["loc"])
        told = [f"{PREFIX}{name.upper()}: {meaning(name) if name in Settings.model_fields else '没有这个设置'}" for name in wrong]
        names = ", ".join(f"{PREFIX}{name.upper()}" for name in wrong)
        raise InputError("FQ6504", "设置有误", "a setting is wrong", seen=names, remedy="; ".join([*told, "全部设置见 fengqiao settings"])) from None
    except SettingsError:
        raise InputError(
            "FQ6504",
            "设置有误",
            "a setting is wrong",
            seen="环境变量不是合法的 JSON",
            remedy='列表写作 ["…"], 如 FENGQIAO_RULES=["/etc/fengqiao/rules"]; 全部设置见 fengqiao settings',
        ) from None


@contextlib.contextmanager
def open_store(database: str | None, *, make: bool = False) -> Iterator[Store]:
    """The store of the settings, closed at the end. Only with `make` is one made where there is none: a check of a database that a mistyped name has
    just created would say that all is well. Raises InputError FQ4508."""
    from service.store.database import there
    from service.store.store import Store

    settings = settings_of(database)
    if not make and not there(settings.database):
        name = settings.database.rpartition("/")[2].partition("?")[0]
        raise InputError(
            "FQ4508", "没有这个数据库", "there is no such database", seen=name, remedy="核对 --database 或 FENGQIAO_DATABASE; 新建用 fengqiao store upgrade"
        )
    opened = Store(settings)
    try:
        yield opened
    finally:
        opened.close()


def _when(ms: int | None) -> str:
    """Beijing time, as everywhere else, whatever the clock of the server says."""
    from service.api.wire import CHINA

    return "—" if ms is None else dt.datetime.fromtimestamp(ms / 1000, CHINA).strftime("%Y-%m-%d %H:%M")


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="谁用: 人名代号或系统名")],
    scope: Annotated[list[str], typer.Option("--scope", help="权限, 可多次: assess read decide deidentify jobs audit metrics admin")],
    vouches: Annotated[bool, typer.Option("--vouches", help="受托系统: 可代填本系统民警的警号")] = False,
    purpose: Annotated[str, typer.Option(help="默认用途: dispatch analysis training")] = "",
    days: Annotated[int | None, typer.Option(help="有效天数")] = None,
    database: Database = None,
) -> None:
    """新建密钥; 密钥只在此显示一次, 库中只存散列。"""
    from service.keys import create

    if purpose not in ("", "dispatch", "analysis", "training"):
        raise InputError("FQ4603", "没有这个用途", "unknown purpose", seen=purpose, remedy="dispatch analysis training")
    with open_store(database, make=True) as opened:
        ident, key = create(opened, name, scope, vouches=vouches, purpose=purpose, days=days)
    sys.stdout.write(f"{key}\n")
    sys.stderr.write(f"编号 {ident}; 请现在保存, 不会再显示\n")


@keys.command("list")
def keys_list(database: Database = None) -> None:
    """列出密钥(不含密钥本身)。"""
    from rich.console import Console
    from rich.table import Table

    from service.keys import listing

    table = Table("编号", "名称", "权限", "代填", "用途", "建立", "到期", "作废", box=None, caption="北京时间", caption_justify="left")
    with open_store(database) as opened:
        for row in listing(opened):
            ends = (_when(row["created_at"]), _when(row["expires_at"]), _when(row["revoked_at"]))
            table.add_row(row["id"], row["name"], row["scopes"], "✓" if row["vouches"] else "", row["purpose"], *ends)
    Console().print(table)


@keys.command("rotate")
def keys_rotate(ident: str, grace_hours: Annotated[float, typer.Option(help="旧密钥再用多少小时")] = 24.0, database: Database = None) -> None:
    """换新密钥, 权限不变; 旧的到宽限期止。"""
    from service.keys import listing, rotate

    with open_store(database) as opened:
        made, key = rotate(opened, ident, grace_hours=grace_hours)
        ends = next((row["expires_at"] for row in listing(opened) if row["id"] == ident), None)
    sys.stdout.write(f"{key}\n")
    sys.stderr.write(f"新编号 {made}; 请现在保存, 不会再显示; 旧密钥 {ident} 用到 {_when(ends)}(北京时间)\n")


@keys.command("revoke")
def keys_revoke(ident: str, database: Database = None) -> None:
    """作废; 正在运行的服务至多 5 秒后不再认它。"""
    from service.keys import revoke

    with open_store(database) as opened:
        revoke(opened, ident)
    sys.stderr.write(f"密钥 {ident} 已作废; 正在运行的服务至多 5 秒后不再认它\n")


@audit.command("verify")
def audit_verify(expect: Annotated[str | None, typer.Option(help="另行记下的链头 序号:散列")] = None, database: Database = None) -> None:
    """核验审计链; 有问题时逐条指出并以 1 退出。"""
    from service.audit import Head

    try:
        head = Head.parse(expect) if expect else None
    except ValueError:
        raise InputError("FQ4604", "链头写法不对", "not a chain head", seen="--expect", remedy="序号:散列, 见 fengqiao audit head") from None
    with open_store(database) as opened:
        verdict = opened.verify(head)
    for item in verdict.breaks:
        sys.stdout.write(f"✗ 第 {item.seq} 条 {item.kind}: {item.says}\n")
    sys.stdout.write(f"{'✓ 成立' if verdict.ok else '✗ 不成立'} · {verdict.checked} 条 · 链头 {verdict.head}\n")
    raise typer.Exit(0 if verdict.ok else 1)


@audit.command("head")
def audit_head(database: Database = None) -> None:
    """链头; 记在别处, 日后用 verify --expect 证明没有整段重写或截尾。"""
    with open_store(database) as opened:
        sys.stdout.write(f"{opened.head()}\n")


@audit.command("export")
def audit_export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写到哪个文件(.jsonl); 不给则写到标准输出")] = None,
    after: Annotated[int, typer.Option(help="从此序号之后")] = 0,
    database: Database = None,
) -> None:
    """导出为 JSONL; 已有的文件不覆盖。"""
    count = 0
    with open_store(database) as opened, _export(output) as out:
        for rows in opened.entries(after=after):
            for row in rows:
                out.write(json.dumps(dict(row), ensure_ascii=False) + "\n")
                count += 1
    if output is not None:
        sys.stderr.write(f"{output.name}: {count} 条\n")


@contextlib.contextmanager
def _export(output: Path | None) -> Iterator[TextIO]:
    """Where an export goes: readable by its owner alone, and never over one that is there. Raises InputError FQ4606, FQ4607."""
    if output is None:
        yield sys.stdout
        return
    try:
        stream = open(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")  # noqa: SIM115 - closed below
    except FileExistsError:
        raise InputError("FQ4606", "导出文件已存在, 没有动它", "the export exists and is left as it is", seen=output.name, remedy="-o 另取文件名") from None
    except OSError as error:
        raise cannot_write("FQ4607", output.name, error) from error
    with stream:
        yield stream


@store.command("backup")
def store_backup(target: Path, database: Database = None) -> None:
    """在线备份(SQLite); PostgreSQL 用 pg_dump。"""
    from service.store.database import backup

    with open_store(database) as opened:
        backup(opened.engine, target)
    sys.stderr.write(f"已备份到 {target}\n")


@store.command("purge")
def store_purge(
    older_than_days: Annotated[int | None, typer.Option(min=1, help="清除多少天以前的文本、引文与理由")] = None,
    incident: Annotated[str | None, typer.Option(help="清除这一起警情的")] = None,
    database: Database = None,
) -> None:
    """清除到期的文本; 代码、散列与审计链保留。"""
    from service.retention import DAY, purge
    from service.store.database import now_ms

    if older_than_days is None and incident is None:
        raise InputError("FQ4605", "没有说清除什么", "nothing to purge was named", remedy="--older-than-days N 或 --incident 编号")
    with open_store(database) as opened:
        done = purge(opened, before=now_ms() - older_than_days * DAY if older_than_days else None, incident=incident, actor="cli")
    sys.stdout.write(f"清除 {done.assessments} 份研判的文本、{done.reasons} 条理由; 其中 {done.still_open} 起警情尚未决定\n")


@store.command("upgrade")
def store_upgrade(database: Database = None) -> None:
    """升级数据库结构。"""
    with open_store(database, make=True):
        sys.stderr.write("数据库已是最新\n")
