"""枫桥接口的 Python 客户端: 每个操作一个方法。 由 service/api/openapi.json 生成(FENGQIAO_WRITE_OPENAPI=1 pytest tests/service/api/test_client.py), 不要手改。"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal
from urllib.parse import quote

from .connection import Connection, Problem
from .inputs import AssessIn, BatchIn, DecisionIn, DeidentifyIn, PaperIn, SearchIn, SessionIn, StepIn, VisitIn, WebhookIn

__all__ = ["Client", "Problem"]


class Client(Connection):
    """每个操作一个方法。"""

    def assessments_assess(self, body: AssessIn, *, once: str | None = None) -> Any:
        """研判一条警情"""
        return self._call("POST", "/v1/assessments", body=body, once=once).json()

    def assessments_queue(
        self,
        *,
        status: Literal["open", "decided", "closed", "all"] | None = None,
        station: list[str] | None = None,
        colour: list[str] | None = None,
        category: list[str] | None = None,
        dispute: list[str] | None = None,
        script: list[str] | None = None,
        needs_review: bool | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Any:
        """警情队列"""
        return self._call(
            "GET",
            "/v1/assessments",
            query={
                "status": status,
                "station": station,
                "colour": colour,
                "category": category,
                "dispute": dispute,
                "script": script,
                "needs_review": needs_review,
                "since": since,
                "until": until,
                "limit": limit,
                "cursor": cursor,
            },
        ).json()

    def assessments_assess_batch(self, body: BatchIn, *, once: str | None = None) -> Any:
        """成批研判, 最多 500 条"""
        return self._call("POST", "/v1/assessments:batch", body=body, once=once).json()

    def assessments_read_back(self, id: str) -> Any:
        """读回一份研判"""
        return self._call("GET", f"/v1/assessments/{quote(id, safe='')}").json()

    def assessments_decide(self, id: str, body: DecisionIn, *, once: str | None = None) -> Any:
        """记录民警的决定"""
        return self._call("POST", f"/v1/assessments/{quote(id, safe='')}/decision", body=body, once=once).json()

    def assessments_search(self, body: SearchIn) -> Any:
        """检索警情"""
        return self._call("POST", "/v1/assessments:search", body=body).json()

    def assessments_record(self, id: str) -> Any:
        """一起警情的全部"""
        return self._call("GET", f"/v1/assessments/{quote(id, safe='')}/record").json()

    def assessments_deidentify(self, body: DeidentifyIn) -> Any:
        """脱敏"""
        return self._call("POST", "/v1/deidentify", body=body).json()

    def assessments_resources(self, *, assessment: str | None = None, kind: str | None = None) -> Any:
        """可用资源"""
        return self._call("GET", "/v1/resources", query={"assessment": assessment, "kind": kind}).json()

    def assessments_shadow_report(self, *, profile: str | None = None) -> Any:
        """影子对照报告"""
        return self._call("GET", "/v1/shadow/report", query={"profile": profile}).json()

    def cases_repeats(self, *, incident: str | None = None, area: str | None = None, days: int | None = None, least: int | None = None) -> Any:
        """重复警情"""
        return self._call("GET", "/v1/repeats", query={"incident": incident, "area": area, "days": days, "least": least}).json()

    def cases_take_step(self, id: str, body: StepIn, *, once: str | None = None) -> Any:
        """记录闭环的一步"""
        return self._call("POST", f"/v1/cases/{quote(id, safe='')}/steps", body=body, once=once).json()

    def case_steps(self, id: str) -> Any:
        """一起警情已办各步"""
        return self._call("GET", f"/v1/cases/{quote(id, safe='')}/steps").json()

    def cases_visit(self, id: str, body: VisitIn, *, once: str | None = None) -> Any:
        """记录一次回访"""
        return self._call("POST", f"/v1/cases/{quote(id, safe='')}/visits", body=body, once=once).json()

    def cases_case(self, id: str) -> Any:
        """一起警情的闭环"""
        return self._call("GET", f"/v1/cases/{quote(id, safe='')}").json()

    def cases_cases(self, *, limit: int | None = None, visits: bool | None = None) -> Any:
        """在办的闭环"""
        return self._call("GET", "/v1/cases", query={"limit": limit, "visits": visits}).json()

    def cases_overview(self, *, since: str | None = None, until: str | None = None, station: str | None = None) -> Any:
        """概览: 各种计数"""
        return self._call("GET", "/v1/overview", query={"since": since, "until": until, "station": station}).json()

    def papers_papers(self) -> Any:
        """文书一览"""
        return self._call("GET", "/v1/papers").json()

    def papers_draft(self, kind: str, body: PaperIn) -> bytes:
        """预填一份文书(草稿)"""
        return self._call("POST", f"/v1/papers/{quote(kind, safe='')}", body=body).content

    def jobs_upload(
        self,
        content: bytes | Iterable[bytes],
        *,
        input: Literal["csv", "tsv", "xlsx", "jsonl", "parquet"] | None = None,
        output: Literal["csv", "xlsx", "jsonl", "parquet"] | None = None,
        text_column: list[str] | None = None,
        id_column: str | None = None,
        no_header: bool | None = None,
        full: bool | None = None,
        profile: str | None = None,
        deid: Literal["mask", "replace", "hash", "remove"] | None = None,
    ) -> Any:
        """上传表格成批标注"""
        return self._call(
            "POST",
            "/v1/jobs",
            query={
                "input": input,
                "output": output,
                "text_column": text_column,
                "id_column": id_column,
                "no_header": no_header,
                "full": full,
                "profile": profile,
                "deid": deid,
            },
            content=content,
        ).json()

    def jobs_listing(self, *, limit: int | None = None) -> Any:
        """任务一览"""
        return self._call("GET", "/v1/jobs", query={"limit": limit}).json()

    def jobs_progress(self, id: str) -> Any:
        """任务进度"""
        return self._call("GET", f"/v1/jobs/{quote(id, safe='')}").json()

    def jobs_cancel(self, id: str) -> Any:
        """取消任务"""
        return self._call("DELETE", f"/v1/jobs/{quote(id, safe='')}").json()

    def jobs_follow(self, id: str) -> Iterator[dict[str, Any]]:
        """任务进度流(SSE)"""
        return self._events("GET", f"/v1/jobs/{quote(id, safe='')}/events")

    def jobs_result(self, id: str, *, part: Literal["result", "rejects", "manifest"] | None = None) -> bytes:
        """下载结果"""
        return self._call("GET", f"/v1/jobs/{quote(id, safe='')}/result", query={"part": part}).content

    def integration_listing(self) -> Any:
        """回调地址一览"""
        return self._call("GET", "/v1/webhooks").json()

    def integration_create(self, body: WebhookIn) -> Any:
        """登记回调地址"""
        return self._call("POST", "/v1/webhooks", body=body).json()

    def integration_remove(self, id: str) -> None:
        """撤销回调地址"""
        self._call("DELETE", f"/v1/webhooks/{quote(id, safe='')}")

    def integration_sent(self, id: str, *, state: Literal["pending", "delivered", "dead"] | None = None) -> Any:
        """投递情况"""
        return self._call("GET", f"/v1/webhooks/{quote(id, safe='')}/deliveries", query={"state": state}).json()

    def integration_redeliver(self, id: str) -> Any:
        """重投死信"""
        return self._call("POST", f"/v1/webhooks/{quote(id, safe='')}/redeliver").json()

    def integration_export(self, id: str, *, form: Literal["wecom", "order", "governance_csv"] | None = None) -> Any:
        """按别的系统的样式给出"""
        return self._call("GET", f"/v1/assessments/{quote(id, safe='')}/export", query={"form": form}).json()

    def events_events(self, *, after: int | None = None) -> Iterator[dict[str, Any]]:
        """到达与决定的事件流(SSE)"""
        return self._events("GET", "/v1/events", query={"after": after})

    def audit_verify(self) -> Any:
        """核验审计链"""
        return self._call("GET", "/v1/audit/verify").json()

    def audit_export(self, *, after: int | None = None) -> bytes:
        """导出审计链"""
        return self._call("GET", "/v1/audit/export", query={"after": after}).content

    def operations_healthz(self) -> Any:
        """进程是否活着"""
        return self._call("GET", "/healthz").json()

    def operations_readyz(self) -> Any:
        """可否接请求"""
        return self._call("GET", "/readyz").json()

    def operations_metrics(self) -> bytes:
        """Prometheus 指标"""
        return self._call("GET", "/metrics").content

    def catalogue_rules(self, *, family: str | None = None) -> Any:
        """规则一览"""
        return self._call("GET", "/v1/rules", query={"family": family}).json()

    def catalogue_rule(self, id: str) -> Any:
        """一条规则"""
        return self._call("GET", f"/v1/rules/{quote(id, safe='')}").json()

    def catalogue_meta(self) -> Any:
        """版本、代码表与限额"""
        return self._call("GET", "/v1/meta").json()

    def catalogue_reload(self) -> Any:
        """重载规则"""
        return self._call("POST", "/v1/rules:reload").json()

    def operations_signed_in(self) -> Any:
        """当前登录者"""
        return self._call("GET", "/v1/session").json()

    def operations_sign_in(self, body: SessionIn) -> Any:
        """登录研判台"""
        return self._call("POST", "/v1/session", body=body).json()

    def operations_sign_out(self) -> None:
        """退出"""
        self._call("DELETE", "/v1/session")
