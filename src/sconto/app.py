"""The application: the one place where routes, error answers and middleware are put together."""

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Scope
from structlog.typing import FilteringBoundLogger

from sconto.api import health, manual
from sconto.api.caching import Caching
from sconto.api.catalog.routes import router as catalog_router
from sconto.api.checkout.routes import router as checkout_router
from sconto.api.clock import read_clock
from sconto.api.context import Context
from sconto.api.errors import ErrorAnswers, answer_failure
from sconto.api.forwarding import UntrustedProxyWarning
from sconto.api.logs import open_log
from sconto.api.merchant.codes import router as codes_router
from sconto.api.merchant.history import router as history_router
from sconto.api.merchant.routes import router as merchant_router
from sconto.api.merchant.sign_in import router as sign_in_router
from sconto.api.metrics import Metrics
from sconto.api.observation import Observation, OneTrailingSlash
from sconto.api.quotas import QuotaPolicies, Quotas
from sconto.api.rate_limit import RateLimit
from sconto.api.subscription.routes import router as subscription_router
from sconto.operations import Database, counters, idempotency
from sconto.operations.code_generation import keep_generating
from sconto.operations.code_sweeps import keep_sweeping_codes
from sconto.operations.tokens import Tokens
from sconto.portal import errors as portal_errors
from sconto.portal import shop
from sconto.portal.pages import ADDRESS as PORTAL
from sconto.portal.shop.site import shop_routes
from sconto.portal.shop.till import Till
from sconto.portal.site import portal_routes
from sconto.settings import RateLimits, SettingError, Settings, asks_for_traces

ROUTERS: Final[Sequence[APIRouter]] = (
    checkout_router,
    sign_in_router,
    merchant_router,
    codes_router,
    history_router,
    subscription_router,
    catalog_router,
    health.router,
    manual.router,
)
"""Asked one after the other, so the addresses that shops call most stand first."""

ROUTES: Final[Sequence[BaseRoute]] = (
    *(route for router in ROUTERS for route in router.routes),
    manual.assets,
)

_OBJECTS_BETWEEN_COLLECTIONS: Final = 20_000

_TURN_SECONDS: Final = 0.001
"""How long the event loop waits at most for a thread that is computing, five times shorter than
usual: it waits so long each time that it wakes up."""

_CONNECTIONS: Final = 24
_AT_CHECKOUT: Final = 16

_POOL_SECONDS: Final = 5
"""How old the figures about a worker's connections may be."""


def create_app() -> Starlette:
    """The application of one worker; `sconto serve` has set everything that it reads."""
    settings = Settings.read()
    log = open_log(settings.log_format)
    app = _build_traced_app(settings, log) or build_app(lambda: _open_context(settings), log)
    _spare_the_collector()
    sys.setswitchinterval(_TURN_SECONDS)
    return app


def create_demo_app() -> Starlette:
    """The application of `sconto demo`: beside it stands a shop, which asks it over HTTP."""
    app = create_app()
    app.router.routes.extend(shop_routes(Till(shop.USER, shop.PASSWORD)))
    return app


def build_app(
    open_context: Callable[[], AbstractAsyncContextManager[Context]],
    log: FilteringBoundLogger,
    tracing: Sequence[Middleware] = (),
) -> Starlette:
    """An application that serves with the context that it opens when it starts."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_context() as context:
            app.state.context = context
            yield

    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(Caching),
            *tracing,
            Middleware(Observation, log=log, answer_failure=_answer_failure),
            Middleware(OneTrailingSlash, prefixes=("/v1/", "/promotion/v1/")),
            Middleware(UntrustedProxyWarning, log=log),
            Middleware(RateLimit),
        ],
        exception_handlers=ErrorAnswers(ROUTES).by_class(),
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.router.routes.extend(portal_routes())
    return app


def _build_traced_app(settings: Settings, log: FilteringBoundLogger) -> Starlette | None:
    """The application with spans; None where nobody asks for them, or they cannot be had."""
    try:
        if not asks_for_traces():
            return None
        # An extra, and threads and modules of its own: only who asks for it has them.
        from sconto.api import tracing  # noqa: PLC0415

        provider = tracing.open_provider()
    except ImportError:
        log.warning("requests are not traced", reason="not installed; expected sconto[otel]")
        return None
    except (SettingError, ValueError) as fault:
        log.warning("requests are not traced", reason=str(fault))
        return None

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        async with tracing.sent_at_the_end(provider), _open_context(settings) as context:
            yield context

    spans = Middleware(tracing.Tracing, provider=provider)
    return build_app(open_context, tracing.with_trace_ids(log), [spans])


def _spare_the_collector() -> None:
    """Keep Python's collector of cycles from looking at the program itself again and again.

    Requests leave next to no cycles behind; looking for them took 8 % of the processor's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def _answer_failure(scope: Scope) -> Response:
    """What nobody foresaw is told to a person as a page, and to a program in its dialect."""
    is_page = scope["path"].startswith(f"{PORTAL}/")
    return portal_errors.answer_failure(scope) if is_page else answer_failure(scope)


@asynccontextmanager
async def _open_context(settings: Settings) -> AsyncIterator[Context]:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    metrics = Metrics(None if folder is None else Path(folder))
    database = await Database.open(
        settings.database_url or "", connections=_CONNECTIONS, checkout=_AT_CHECKOUT
    )
    tokens = Tokens(*settings.secret_keys, epoch=None)
    try:
        await tokens.try_to_refresh(database)
        async with _beside(
            tokens.keep_refreshing(database),
            idempotency.keep_sweeping_keys(database, read_clock),
            counters.keep_folding(database, read_clock),
            keep_generating(database, read_clock),
            keep_sweeping_codes(database),
            _show_pool(metrics, database),
            _follow_parent(),
        ):
            yield Context(
                database,
                tokens,
                settings.zone,
                metrics,
                quotas=_open_quotas(settings.rate_limits),
                operator_token=settings.operator_token,
            )
    finally:
        await database.close()


def _open_quotas(limits: RateLimits) -> Quotas:
    policies = QuotaPolicies(
        limits.user,
        limits.merchant,
        limits.checkout_user,
        limits.checkout_merchant,
        limits.unknown_codes,
    )
    return Quotas.open(policies, limits.url)


@asynccontextmanager
async def _beside(*tasks: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run endless tasks for as long as the block takes; where one fails, the block ends too."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(task) for task in tasks]
        yield
        for task in running:
            task.cancel()


async def _show_pool(metrics: Metrics, database: Database) -> None:
    while True:
        metrics.show_pool(database.size)
        await asyncio.sleep(_POOL_SECONDS)


async def _follow_parent() -> None:
    """Stop this worker when its parent was killed: nobody would replace or stop it any more."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(parent.sentinel, gone.set)
    try:
        await gone.wait()
        signal.raise_signal(signal.SIGTERM)
    finally:
        loop.remove_reader(parent.sentinel)
