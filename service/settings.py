"""Settings of the service: FENGQIAO_… in the environment, or a secrets folder; a wrong value stops the start with the name of the setting."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """What a bureau decides. Defaults are those of one station: SQLite beside the process, keys asked for, nothing shown to strangers."""

    model_config = SettingsConfigDict(env_prefix="FENGQIAO_", env_ignore_empty=True, extra="forbid", frozen=True)

    # where it listens
    host: str = Field(default="127.0.0.1", description="监听地址")
    port: int = Field(default=8110, ge=0, le=65535, description="监听端口")
    workers: int = Field(default=1, ge=1, le=64, description="进程数; 每个进程一个事件循环")
    demo: bool = Field(default=False, description="演示: 唯一不要密钥的方式, 只许监听本机")
    trusted_proxies: list[str] = Field(default=[], description="可信反向代理地址; 只有它们的 X-Forwarded-* 才被采信")
    allowed_hosts: list[str] = Field(default=["*"], description="允许的 Host 头")
    cors_origins: list[str] = Field(default=[], description="允许跨域的来源; 默认关闭")
    graceful_seconds: int = Field(default=20, ge=1, description="停止时等待未完请求的秒数")

    # what it knows
    rules: list[Path] = Field(default=[], description="本地规则文件夹, 叠加在随附规则上")
    profile: str | None = Field(default=None, description="分级方案; 空为规则包的默认方案")
    resources: Path | None = Field(default=None, description="资源名录文件夹(CSV/YAML/Excel); 空则答案不列资源")
    papers: list[Path] = Field(default=[], description="本地文书模板文件夹, 叠加在随附模板上")
    playbook: str | None = Field(default=None, description="工作模式; 空为规则包的默认")
    tier: Literal["rules", "fast", "cascade", "full"] = Field(default="cascade", description="规则之外加哪一档学习分类器; 加载不了则只有规则, 答案标 degraded")
    encoder_ms: int = Field(
        default=1_000, ge=0, description="cascade、full: 单条研判最多为编码器排队多少毫秒; 轮到时已过则只用线性模型, 答案标 degraded; 0 为一直等"
    )
    assess_threads: int = Field(default=0, ge=0, le=64, description="cascade、full: 单条研判的工作线程数; 0 为自动(不多于本进程分得的核)")
    models: Path | None = Field(default=None, description="分类器文件夹; 空为随附的")
    case_playbook: str = Field(default="suqian_source_governance", description="闭环步骤取自哪个工作模式(六步闭环)")
    repeats: bool = Field(default=True, description="记住来电(只存散列), 答案里给出重复情况; 需有来电时间")
    shadow: bool = Field(default=False, description="影子模式: 只计算并存档, 不把研判给调用方")

    # where it keeps things
    database: str = Field(default="sqlite:///fengqiao.db", description="数据库: sqlite:///文件 或 postgresql://…")
    incidents: Literal["full", "hash"] = Field(default="full", description="full 保存警情文本; hash 只保存散列, 存档答案去掉引文")
    retention_days: int = Field(default=0, ge=0, description="保存天数, 到期清除文本与引文; 0 为不自动清除, 由本单位按规定设置")
    hash_key: SecretStr | None = Field(default=None, description="文本散列的密钥; 空则首次启动时生成并存于库中")
    audit_key: SecretStr | None = Field(default=None, description="审计链的密钥(HMAC); 有它, 整链重写也能发现")
    group_rows: int = Field(default=256, ge=1, description="一次提交最多合并多少笔写入")
    group_ms: float = Field(default=10, ge=0, le=100, description="繁忙时两次提交至少相隔多少毫秒; 空闲时来的一笔立即提交")

    jobs_folder: Path = Field(default=Path("fengqiao-jobs"), description="长批量任务的文件夹(含上传的表格, 到期清除)")
    jobs_days: int = Field(default=7, ge=1, description="任务文件保存天数")
    max_upload_bytes: int = Field(default=2 * 2**30, ge=1024, description="任务上传上限")

    # what it accepts
    max_body_bytes: int = Field(default=16 * 2**20, ge=1024, description="请求体上限")
    max_narrative: int = Field(default=100_000, ge=100, description="单条警情文本上限(字)")
    batch_limit: int = Field(default=500, ge=1, le=500, description="成批研判一次最多多少条")
    inline_narrative: int = Field(default=2_000, ge=0, description="超过此长度的文本在工作线程里研判, 不阻塞事件循环(字)")
    streams: int = Field(default=200, ge=1, description="每个进程最多同时几条事件流")
    rate_limit: str = Field(default="6000/minute", description="每个密钥的速率上限")
    anonymous_rate_limit: str = Field(default="60/minute", description="每个地址认证失败的速率上限")
    require_purpose: bool = Field(default=False, description="必须说明用途(处警/研判/培训)")
    session_hours: float = Field(default=12.0, gt=0, le=24 * 7, description="研判台登录有效小时数")
    metrics_open: bool = Field(default=False, description="/metrics 不要密钥")

    # who may, besides API keys
    oidc_issuer: str | None = Field(default=None, description="OIDC 签发者; 设置后接受其令牌")
    oidc_audience: str = Field(default="fengqiao", description="令牌的受众")
    oidc_jwks: str | None = Field(default=None, description="公钥: 文件路径或内网地址; 空为 签发者/.well-known/jwks.json")
    oidc_scope_claim: str = Field(default="scope", description="哪个声明载明权限")

    webhook_hosts: list[str] = Field(default=[], description="回调只许发往这些主机; 空为不限")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("database")
    @classmethod
    def _driver(cls, url: str) -> str:
        """`postgresql://` is served by psycopg 3; nothing else is supported."""
        if url.startswith(("postgres://", "postgresql://")):
            return "postgresql+psycopg://" + url.split("://", 1)[1]
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("database must be sqlite:///FILE or postgresql://…")
        return url

    @cached_property
    def keyless(self) -> bool:
        """Whether requests need no key: demo mode, and that only on loopback."""
        return self.demo and self.host in LOOPBACK
