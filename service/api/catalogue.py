"""Rules and codes: what the service knows, to look up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from pipeline.engine import CODE_VERSION
from pipeline.errors import FengqiaoError
from pipeline.rulepack.pack import RuleSpec
from pipeline.values import SCHEMA
from service.api.auth import allowed
from service.api.context import Context, Here
from service.api.openapi import reply
from service.api.replies import Label, Level, Meta, Reloaded, RuleFull, RuleList, RuleShort
from service.api.wire import PURPOSES, cached, json_response
from service.audit import Entry
from service.keys import Principal
from service.problems import Problem, not_found
from service.store.database import now_ms

router = APIRouter(tags=["catalogue"])
Reading = Annotated[Principal, Depends(allowed("read"))]
LABELS = ("categories", "disputes", "factors", "scripts", "stages", "frames", "review")


@router.get("/v1/rules", summary="规则一览", responses=reply("RuleList", 200))
async def rules(request: Request, here: Here, who: Reading, family: Annotated[str | None, Query(max_length=40, description="只看某族")] = None) -> Response:
    """所有规则的代码、名称、状态与说明。"""
    pack = here.assessor.engine.pack
    if family is not None and family not in pack.rules:
        raise not_found("没有这个规则族", "no such family")
    families = [family] if family else list(pack.rules)
    short = tuple(_short(rule) for name in families for rule in pack.rules[name].values())
    return cached(request, RuleList(f"sha256:{pack.digest}" if ":" not in pack.digest else pack.digest, short))


def _short(rule: RuleSpec) -> RuleShort:
    return RuleShort(f"{rule.family}/{rule.id}", rule.family, rule.name, str(rule.data.get("status", "")), str(rule.data.get("description", "")))


@router.get("/v1/rules/{id:path}", summary="一条规则", responses=reply("RuleFull", 200))
async def rule(id: str, request: Request, here: Here, who: Reading) -> Response:
    """按 `族/代码` 或证据中的 `by`(如 factor.threat/says)查一条规则: 说明、出处、条件。"""
    found = next(_named(here, id), None)
    if found is None:
        raise not_found("没有这条规则", "no such rule")
    data = found.data
    shown = ("id", "name", "status", "description", "references", "condition", "groups")
    settings = {name: value for name, value in data.items() if name not in shown}
    references = tuple(dict(item) for item in data.get("references") or ())
    condition = str(data.get("condition") or data.get("when") or "")
    short = _short(found)
    full = RuleFull(short.id, short.family, short.name, short.status, short.description, references, condition, settings)
    return cached(request, msgspec.json.encode(full, enc_hook=str))


def _named(here: Context, name: str) -> Iterator[RuleSpec]:
    """Rules that a name may mean: family/id, kind.id/group, id."""
    rules = here.assessor.engine.pack.rules
    head, _, rest = name.partition("/")
    kind, _, code = head.partition(".")
    singular = {"category": "categories", "review": "review", "context": "context", "response": "response", "grading": "grading"}
    for family, wanted in ((head, rest), (singular.get(kind, f"{kind}s"), code), (kind, code)):
        if wanted in rules.get(family, {}):
            yield rules[family][wanted]
    yield from (members[name] for members in rules.values() if name in members)


@router.get("/v1/meta", summary="版本、代码表与限额", responses=reply("Meta", 200))
async def meta(request: Request, here: Here, who: Reading) -> Response:
    """程序与规则的版本、各代码的中文名、分级方案、限额。"""
    return cached(request, _meta(here))


def _meta(here: Context) -> Meta:
    engine, settings = here.assessor.engine, here.settings
    pack = engine.pack
    profiles = {
        name: tuple(Level(level["code"], level["name"], str(level.get("handling") or "")) for level in spec.data["levels"])
        for name, spec in pack.rules["profiles"].items()
    }
    labels = {family: tuple(Label(spec.id, spec.name) for spec in pack.rules[family].values()) for family in LABELS if family in pack.rules}
    names: dict[str, str] = {code: name for name, code in PURPOSES.items() if name != code}
    limits: dict[str, int | str] = {
        "narrative": settings.max_narrative,
        "batch": settings.batch_limit,
        "body_bytes": settings.max_body_bytes,
        "rate": settings.rate_limit,
    }
    return Meta(
        schema=SCHEMA,
        code=CODE_VERSION,
        rules=pack.digest,
        model=here.assessor.model,
        degraded=here.assessor.degraded,
        rules_stale=here.assessor.rules_problem is not None,
        shadow=settings.shadow,
        demo=settings.demo,
        incidents=settings.incidents,
        profile=engine.profile,
        profiles=profiles,
        labels=labels,
        purposes=names,
        limits=limits,
    )


@router.post("/v1/rules:reload", summary="重载规则", responses=reply("Reloaded", 200))
async def reload(here: Here, who: Annotated[Principal, Depends(allowed("admin"))]) -> Response:
    """重新编译规则文件; 新规则编译不过则旧规则照常, 并说明哪个文件哪里不对。"""
    from starlette.concurrency import run_in_threadpool

    stands = await run_in_threadpool(here.assessor.reload)
    problem: FengqiaoError | None = here.assessor.rules_problem
    here.metrics.rules_stale.set(0 if stands else 1)
    digest = here.assessor.engine.pack.digest
    entry = Entry(now_ms(), who.name, "", "reload", "", {"rules": digest, "stands": stands, "code": problem.code if problem else ""})
    await here.store.write(lambda tx: tx.audit(entry))
    if problem is not None:
        error = {"field": problem.seen, "kind": problem.code, "says": problem.zh}
        raise Problem(409, "FQ6502", "新规则未能编译, 旧规则照常", "the new rules do not compile; the old ones stand", errors=[error], remedy=problem.remedy)
    return json_response(Reloaded(digest, here.assessor.reloads))
