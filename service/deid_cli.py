"""`fengqiao deid`: persons out of a text or a table, with the reasons on demand; the vault for those who must look back."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import InputError
from pipeline.text.decoding import decoded

if TYPE_CHECKING:
    from pipeline.privacy import Deidentifier, Job, Treated
    from service.vault import Vault

app = typer.Typer(help="脱敏: 查出并处理个人信息, 标签不变, 句子照样读得通", no_args_is_help=True)
vault_app = typer.Typer(help="保险库: 凭密钥与理由可还原, 每次留痕; 密钥销毁即不可还原", no_args_is_help=True)
app.add_typer(vault_app, name="vault")

VaultFile = Annotated[Path | None, typer.Option("--vault", help="保险库文件; 不给则不可还原")]
KeyFile = Annotated[Path | None, typer.Option("--vault-key", help="保险库密钥文件, 须与保险库不在同一目录", envvar="FENGQIAO_VAULT_KEY")]
Who = Annotated[str, typer.Option("--who", help="操作人, 记入日志; 缺省为系统用户")]


class ModeName(StrEnum):
    """What is done with what was found."""

    MASK = "mask"
    REPLACE = "replace"
    HASH = "hash"
    REMOVE = "remove"


class StrictName(StrEnum):
    """Whether the stricter rules apply."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class ReaderName(StrEnum):
    """Who looks for names."""

    RULES = "rules"
    LAC = "lac"


ReaderOption = Annotated[ReaderName, typer.Option("--reader", help="找人名的: rules 规则; lac 规则之外再用 LAC 模型(装 fengqiao[names])")]


def _deidentifier(reader: ReaderName) -> Deidentifier:
    from pipeline.privacy import Deidentifier

    return Deidentifier.reading(reader.value)


@app.command("text")
def text_(  # noqa: PLR0913 - options of a command
    text: Annotated[str, typer.Argument(help="文本; - 表示标准输入")],
    mode: Annotated[ModeName, typer.Option(help="mask 遮盖, replace 换成虚构值, hash 带密钥的摘要, remove 换成泛称")] = ModeName.MASK,
    strict: Annotated[StrictName, typer.Option(help="从严(未成年人、性侵害、举报人): auto 自动判断")] = StrictName.AUTO,
    explain: Annotated[bool, typer.Option("--explain", help="逐条说明凭什么查出(含原词, 只给本人看)")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON: 文本、所查出的位置与对应关系(不含原词)")] = False,
    vault: VaultFile = None,
    vault_key: KeyFile = None,
    job: Annotated[str, typer.Option("--job", help="任务名: 同一任务里同一个人同一个化名")] = "default",
    record: Annotated[str, typer.Option("--record", help="这段文本的编号, 还原时用")] = "text",
    who: Who = "",
    reader: ReaderOption = ReaderName.RULES,
) -> None:
    """一段文本 · one text."""
    narrative = _stdin() if text == "-" else text
    with _job(vault, vault_key, job, who) as (made, opened):
        treated = _deidentifier(reader).treat(narrative, mode.value, made, strict=strict.value)
        if opened is not None:
            opened.keep(made, record, treated)
    if as_json:
        sys.stdout.write(json.dumps(_told(treated), ensure_ascii=False) + "\n")
        return
    sys.stdout.write(treated.text + "\n")
    if explain:
        for finding in treated.findings:
            sys.stderr.write(f"  [{finding.start}, {finding.end}) {finding.quote} · {finding.explain()}\n")
        if treated.strict:
            sys.stderr.write(f"  从严: {'、'.join(treated.strict)}\n")


def _told(treated: Treated) -> dict[str, Any]:
    changes = [[change.start, change.end, change.new_start, change.new_end] for change in treated.offsets.changes]
    found = [finding.to_json(quote=False) for finding in treated.findings]
    return {"schema": "fengqiao.deid/1", "mode": treated.mode, "text": treated.text, "strict": list(treated.strict), "findings": found, "changes": changes}


@app.command("file")
def file_(  # noqa: PLR0913 - options of a command
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="csv tsv xlsx xls jsonl parquet(UTF-8、GB18030)")],
    target: Annotated[Path, typer.Option("--output", "-o", help=".csv .tsv .xlsx .jsonl .parquet")],
    mode: Annotated[ModeName, typer.Option(help="mask 遮盖, replace 换成虚构值, hash 带密钥的摘要, remove 换成泛称")] = ModeName.MASK,
    strict: Annotated[StrictName, typer.Option(help="从严(未成年人、性侵害、举报人): auto 逐行判断")] = StrictName.AUTO,
    vault: VaultFile = None,
    vault_key: KeyFile = None,
    job: Annotated[str, typer.Option("--job", help="任务名: 同一任务里同一个人同一个化名")] = "default",
    who: Who = "",
    reader: ReaderOption = ReaderName.RULES,
) -> None:
    """一张表: 表头指明的列整格处理, 其余文字逐格查 · every cell of a table."""
    from service.deid_rows import treat_table

    with _job(vault, vault_key, job, who) as (made, opened):
        rows, rejects = treat_table(source, target, made, mode.value, strict=strict.value, vault=opened, deidentifier=_deidentifier(reader))
    sys.stderr.write(f"{target.name}: {rows} 行已脱敏({mode.value}) + 读不了 {rejects} 行\n")
    raise typer.Exit(0 if not rejects else 1)


@app.command()
def restore(
    text: Annotated[str, typer.Argument(help="脱敏后的文本; - 表示标准输入")],
    vault: Annotated[Path, typer.Option("--vault", help="保险库文件")],
    vault_key: Annotated[Path, typer.Option("--vault-key", help="密钥文件", envvar="FENGQIAO_VAULT_KEY")],
    reason: Annotated[str, typer.Option("--reason", help="何故还原, 记入日志")],
    job: Annotated[str, typer.Option("--job")] = "default",
    record: Annotated[str, typer.Option("--record", help="编号; 表格为 文件名#行.列")] = "text",
    who: Who = "",
) -> None:
    """还原一段文本, 须写明理由, 留痕 · look back, with a reason, on record."""
    from service.vault import Vault

    narrative = _stdin() if text == "-" else text
    with Vault.open(vault, vault_key) as opened:
        sys.stdout.write(opened.restore(job, record, narrative, who=who or getpass.getuser(), reason=reason) + "\n")


@vault_app.command("init")
def vault_init(
    vault: Annotated[Path, typer.Option("--vault", help="保险库文件")], vault_key: Annotated[Path, typer.Option("--vault-key", help="密钥文件, 放到另一处")]
) -> None:
    """建库并生成密钥(只本人可读) · make a vault and its key."""
    from service.vault import Vault, make_key

    if vault.exists():
        raise InputError("FQ7202", "保险库已存在", "the vault exists", seen=vault.name, remedy="另取文件名")
    if vault_key.resolve().parent == vault.resolve().parent:
        raise InputError(
            "FQ7103", "密钥不得与数据放在一处", "the key must not lie beside the data", seen=vault_key.name, remedy="把密钥放到另一个目录或移动介质"
        )
    make_key(vault_key)
    with Vault.open(vault, vault_key, create=True):
        sys.stderr.write(f"已建库 {vault.name}; 密钥 {vault_key.name} 请离线备份, 丢失即不可还原\n")


@vault_app.command("log")
def vault_log(vault: Annotated[Path, typer.Option("--vault")], vault_key: Annotated[Path, typer.Option("--vault-key", envvar="FENGQIAO_VAULT_KEY")]) -> None:
    """谁在何时因何打开过; 链条断了退出码为 1 · who opened what, and why."""
    from service.vault import Vault

    with Vault.open(vault, vault_key) as opened:
        for line in opened.log():
            told = {"number": line.number, "at_ms": line.at_ms, "who": line.who, "action": line.action, "job": line.job, "record": line.record}
            sys.stdout.write(json.dumps(told | {"reason": line.reason, "outcome": line.outcome}, ensure_ascii=False) + "\n")
        whole = opened.verify()
    sys.stderr.write("日志完整\n" if whole else "日志被改动\n")
    raise typer.Exit(0 if whole else 1)


@vault_app.command("forget")
def vault_forget(
    vault: Annotated[Path, typer.Option("--vault")],
    vault_key: Annotated[Path, typer.Option("--vault-key", envvar="FENGQIAO_VAULT_KEY")],
    job: Annotated[str, typer.Option("--job")],
    record: Annotated[str | None, typer.Option("--record", help="只清除这一条; 不给则清除整个任务并销毁其密钥")] = None,
    reason: Annotated[str, typer.Option("--reason")] = "",
    who: Who = "",
) -> None:
    """清除一条或一个任务, 之后不可还原 · forget a record or a job."""
    from service.vault import Vault

    with Vault.open(vault, vault_key) as opened:
        sys.stderr.write(f"已清除 {opened.forget(job, record=record, who=who or getpass.getuser(), reason=reason)} 条\n")


@vault_app.command("purge")
def vault_purge(
    vault: Annotated[Path, typer.Option("--vault")],
    vault_key: Annotated[Path, typer.Option("--vault-key", envvar="FENGQIAO_VAULT_KEY")],
    days: Annotated[float, typer.Option("--days", min=0, help="保存天数, 更早的清除")],
    who: Who = "",
) -> None:
    """按保存期限清除 · forget by age."""
    from service.vault import Vault

    with Vault.open(vault, vault_key) as opened:
        sys.stderr.write(f"已清除 {opened.purge(days=days, who=who or getpass.getuser())} 条\n")


@vault_app.command("destroy-key")
def vault_destroy_key(
    vault_key: Annotated[Path, typer.Option("--vault-key")],
    yes: Annotated[bool, typer.Option("--yes", help="确认: 此后任何人都不能还原")] = False,
) -> None:
    """销毁密钥: 库里的一切不可还原 · destroy the key."""
    from service.vault import destroy_key

    if not yes:
        raise InputError("FQ7203", "销毁密钥不可撤销, 未确认", "not confirmed", remedy="加 --yes")
    destroy_key(vault_key)
    sys.stderr.write("密钥已销毁; 备份的密钥请一并销毁\n")


@app.command()
def recognisers() -> None:
    """有哪些识别器, 各有多少正反例 · the recognisers and their examples."""
    from pipeline.privacy.load import load

    told = load()
    files: list[Any] = [*told.patterns, told.name, told.address]
    for file in files:
        sys.stdout.write(f"{file.id}\t{file.name}\t正例 {len(file.examples)}\t反例 {len(file.counterexamples)}\n")


@contextmanager
def _job(vault: Path | None, key: Path | None, name: str, who: str) -> Iterator[tuple[Job, Vault | None]]:
    """The job of a vault, or one with a key that nobody keeps."""
    from pipeline.privacy import Job

    if vault is None:
        yield Job.random(name), None
        return
    if key is None:
        raise InputError("FQ7204", "用保险库须给密钥文件", "a vault needs its key file", remedy="--vault-key, 或环境变量 FENGQIAO_VAULT_KEY")
    from service.vault import Vault

    with Vault.open(vault, key) as opened:
        yield opened.job(name, who=who or getpass.getuser()), opened


def _stdin() -> str:
    """Standard input as UTF-8 or GB18030."""
    return decoded(sys.stdin.buffer.read(), "标准输入 stdin").removesuffix("\n")
