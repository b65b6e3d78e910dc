"""`create_app(settings)`: the one place where the service is put together. Rules that do not compile or a store that does not open stop the start."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator
from types import FrameType
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response

from pipeline.engine import CODE_VERSION
from pipeline.errors import InputError
from service.api import asked, assess, catalogue, desk, docs, helpers, hooks, jobs, memory, openapi, operations, overview, papers, session
from service.api.auth import Guard, Tokens
from service.api.context import Context
from service.api.events import Feed
from service.api.gate import Gate
from service.api.lane import Lane
from service.api.wire import KNOWN, PATTERNS
from service.assessor import Assessor
from service.desk import routes as triage
from service.desk.pages import problem_page, static_files, wanted
from service.hooks import Sender
from service.jobs.runner import Runner
from service.keys import Keyring
from service.logs import frames, log
from service.papers.fill import templates
from service.problems import Problem, of_errors, of_http
from service.settings import LOOPBACK, Settings
from service.store.store import Store

ROUTERS = (
    assess.router,
    desk.router,
    helpers.router,
    memory.router,
    overview.router,
    papers.router,
    jobs.router,
    hooks.router,
    operations.router,
    catalogue.router,
    session.router,
    docs.router,
    triage.router,
)
_OFF: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}  # FastAPI's own would put failures' texts into its logs


def create_app(settings: Settings, *, assessor: Assessor | None = None) -> FastAPI:
    """The application. `assessor`: one that is loaded already (tests). Raises RuleError, StoreError (in the lifespan) or InputError."""
    if settings.demo and settings.host not in LOOPBACK:
        raise InputError("FQ6503", "演示模式只许监听本机", "demo mode listens on loopback alone", seen=settings.host, remedy="--host 127.0.0.1, 或不用 --demo")
    if settings.oidc_issuer:
        Tokens(settings).check()
    context = Context(settings, assessor or _assessor(settings), papers=templates(settings.papers))
    app = FastAPI(
        title=openapi.TITLE,
        version=CODE_VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan,
        telemetry=_OFF,
        redirect_slashes=False,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.context = context
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(asked.known)])
    app.mount("/docs/static", docs.static_files(), name="docs-static")
    app.mount("/desk/static", static_files(), name="desk-static")
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Lane, context=context)
    if settings.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["GET", "POST"], allow_headers=["authorization", "content-type"])
    hosts = [*LOOPBACK, "[::1]", "testserver"] if settings.demo else settings.allowed_hosts
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    app.add_middleware(Gate, context=context)
    openapi.install(app)
    return app


def _assessor(settings: Settings) -> Assessor:
    told = {name: getattr(settings, name) for name in ("profile", "playbook", "tier", "models", "resources")}
    if settings.demo and settings.resources is None:
        from service.resources.read import example

        told["resources"] = example()  # a county that does not exist, so that a newcomer sees resources
    return Assessor(settings.rules, **told)


def from_environment() -> FastAPI:
    """The application of the settings in the environment: what each worker process starts."""
    from service.logs import configure

    settings = Settings()
    configure(settings.log_level)
    return create_app(settings)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    context.store = Store(context.settings, committed=lambda: context.feed.committed())
    context.feed = Feed(context.store)
    context.guard = Guard(context.settings, Keyring(context.store))
    log().info("started", rules=context.assessor.engine.pack.digest, database=context.store.engine.dialect.name)
    await asyncio.to_thread(context.assessor.warm)
    context.jobs = Runner(context.store, context.settings.jobs_folder)
    tasks = [
        asyncio.create_task(_chores(context)),
        asyncio.create_task(context.jobs.run()),
        asyncio.create_task(Sender(context.store, lambda: context.assessor.engine.pack).run()),
    ]
    with _signals(context):
        try:
            yield
        finally:
            context.draining = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            context.feed.stop()
            for pool in (context.workers, context.singles):
                pool.shutdown(wait=True, cancel_futures=True)
            context.store.close()
            log().info("stopped")


async def _chores(context: Context) -> None:
    """Hourly: what retention says must go, goes; remembered answers older than a day are forgotten."""
    from service.jobs.runner import forget
    from service.retention import DAY, purge
    from service.store.database import now_ms

    first = True
    while True:
        await asyncio.sleep(60 if first else 3600)
        first = False
        days = context.settings.retention_days
        try:
            await asyncio.to_thread(purge, context.store, before=now_ms() - days * DAY if days else None)
            await asyncio.to_thread(forget, context.store, context.settings.jobs_folder, before=now_ms() - context.settings.jobs_days * DAY)
        except Exception as error:  # tried again in an hour; the service goes on
            log().error("error", kind="retention", where=frames(error))


@contextlib.contextmanager
def _signals(context: Context) -> Any:
    """TERM and INT first end the event streams and make /readyz say so, then do what the server does; HUP reloads the rules."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def drain(number: int, frame: FrameType | None) -> None:
        context.draining = True
        context.feed.stop_soon()
        previous = before[signal.Signals(number)]
        if callable(previous):
            previous(number, frame)

    def reload(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=context.assessor.reload, name="fengqiao-reload", daemon=True).start()

    held = signal.getsignal(signal.SIGHUP)
    for number in before:
        signal.signal(number, drain)
    signal.signal(signal.SIGHUP, reload)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.signal(signal.SIGHUP, held)


def _id(request: Request) -> str:
    return str(request.scope.get("fengqiao.request_id", ""))


def _answer(request: Request, problem: Problem) -> Response:
    """A problem document for programs; a page for a person who looks at the desk."""
    return problem_page(problem, _id(request)) if wanted(request) else problem.response(_id(request))


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(request, error)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    names = KNOWN | frozenset(asked.parameters(request.scope["route"])) if "route" in request.scope else KNOWN
    return _answer(request, of_errors(error.errors(), names, PATTERNS))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, of_http(error.status_code, error.headers))
