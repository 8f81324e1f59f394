"""Builds the application: the only place where routes, handlers and middleware come together."""

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Scope

from sconto.api import health, manual, manual_files
from sconto.api.base_path import BasePath, inner_path
from sconto.api.caching import Caching
from sconto.api.cart import backtests
from sconto.api.cart import routes as cart
from sconto.api.catalog import routes as catalog
from sconto.api.checkout import holds
from sconto.api.checkout import routes as checkout
from sconto.api.clock import read_clock
from sconto.api.compression import Compression
from sconto.api.context import Context
from sconto.api.errors import ErrorAnswers, answer_failure
from sconto.api.events import routes as events
from sconto.api.export import routes as export
from sconto.api.fairness import Fairness
from sconto.api.forwarding import UntrustedProxyWarning
from sconto.api.key_lookup import KeyLookup
from sconto.api.logs import Log, open_log
from sconto.api.merchant import codes, daily, history, sign_in
from sconto.api.merchant import routes as merchant
from sconto.api.metrics import Metrics
from sconto.api.metrics_address import MetricsAddress
from sconto.api.observation import Observation, OneTrailingSlash
from sconto.api.people import audit, keys, users
from sconto.api.quotas import QuotaPolicies, Quotas
from sconto.api.rate_limit import RateLimit
from sconto.api.sending.sender import Sender
from sconto.api.subscription import routes as subscription
from sconto.api.web_app import WebApp
from sconto.domain.people import Role
from sconto.domain.receiver_address import ReceiverRules, parse_networks
from sconto.domain.single_sign_on import SignOnRules
from sconto.operations import Database, DatabaseUnavailable, OnStatement, counters, idempotency
from sconto.operations.background import keep_running
from sconto.operations.backtesting.process import keep_backtesting, keep_sweeping_backtests
from sconto.operations.code_drawing import keep_drawing_codes
from sconto.operations.code_generation import keep_generating
from sconto.operations.code_sweeps import keep_sweeping_codes
from sconto.operations.deliveries import Deliveries, lease_for
from sconto.operations.event_removal import keep_removing_events
from sconto.operations.events import keep_recording_events, measure_backlog
from sconto.operations.holds import keep_sweeping_holds
from sconto.operations.kept_forms import keep_removing_forms
from sconto.operations.known_keys import USES_PAUSE, KnownKeys
from sconto.operations.order_counting import keep_counting_old_orders
from sconto.operations.order_listing import keep_listing_old_orders
from sconto.operations.sessions import SeenSessions, keep_writing_sessions
from sconto.operations.sign_in_provider import ClientCredentials, Provider, SignInProvider
from sconto.operations.tokens import Tokens
from sconto.operations.two_factor import keep_rewrapping
from sconto.operations.uploads import keep_removing_uploads
from sconto.portal import errors as portal_errors
from sconto.portal.pages import ADDRESS as PORTAL
from sconto.portal.site import portal_routes
from sconto.settings import RateLimits, SettingError, Settings, asks_for_traces
from sconto.settings.single_sign_on import SingleSignOn
from sconto.store.node_watch import keep_watching

ROUTES: Final[Sequence[BaseRoute]] = (
    *checkout.ROUTES,
    *holds.ROUTES,
    *sign_in.ROUTES,
    *merchant.ROUTES,
    *codes.ROUTES,
    *history.ROUTES,
    *daily.ROUTES,
    *subscription.ROUTES,
    *backtests.ROUTES,
    *cart.ROUTES,
    *catalog.ROUTES,
    *export.ROUTES,
    *keys.ROUTES,
    *users.ROUTES,
    *audit.ROUTES,
    *events.ROUTES,
    *health.ROUTES,
    *manual.ROUTES,
    *manual_files.ROUTES,
)
"""The addresses of the APIs, tried in this order: those that shops call most come first."""

_GC_THRESHOLD: Final = 20_000
"""New objects between two garbage collections."""

_SWITCH_INTERVAL: Final = 0.001
"""Seconds that a computing thread may hold the interpreter while the event loop waits for it.

A fifth of Python's default: the event loop waits for it each time that it wakes up."""

_CONNECTIONS: Final = 24
_CHECKOUT_CONNECTIONS: Final = 16

_LAST_WRITE_TIMEOUT: Final = 2
"""Seconds that a worker which stops takes to store what it counted."""

_BACKLOG_INTERVAL: Final = 30
"""Seconds between two looks at what waits for webhooks, at most."""

_POOL_FIGURES_INTERVAL: Final = 5
"""Seconds between two looks at a worker's connections and turns for the figures."""


def create_app(log_level: int = logging.INFO) -> WebApp:
    """The application of one worker, with settings from the environment that `sconto serve` set."""
    settings = Settings.read()
    log = open_log(settings.log_format, log_level)
    app = _build_traced_app(settings, log) or build_app(
        lambda: _open_context(settings), log, _base_path(settings), _metrics_address(settings)
    )
    _collect_rarely()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    return app


def create_demo_app() -> WebApp:
    """The application of `sconto demo`, with a demo shop that calls it over HTTP."""
    # Its client needs an optional extra, so it is only imported for a demo.
    from sconto.portal.shop.site import demo_routes  # noqa: PLC0415

    # The server's own messages are for a person at a terminal; into a pipe only the guide is
    # printed.
    app = create_app(logging.INFO if sys.stderr.isatty() else logging.WARNING)
    app.router.routes.extend(demo_routes())
    return app


def build_app(
    open_context: Callable[[], AbstractAsyncContextManager[Context]],
    log: Log,
    outermost: Sequence[Middleware] = (),
    innermost: Sequence[Middleware] = (),
) -> WebApp:
    """An application that opens its context at the start."""

    @asynccontextmanager
    async def lifespan(app: WebApp) -> AsyncIterator[None]:
        async with open_context() as context:
            app.context = context
            yield
        await context.sender.close()

    app = WebApp(
        routes=ROUTES,
        middleware=[
            *outermost,
            Middleware(Caching),
            Middleware(Compression),
            Middleware(Observation, log=log, answer_failure=_answer_failure),
            Middleware(Fairness),
            Middleware(OneTrailingSlash, prefixes=("/v1/", "/promotion/v1/")),
            Middleware(UntrustedProxyWarning, log=log),
            Middleware(KeyLookup),
            Middleware(RateLimit),
            *innermost,
        ],
        exception_handlers=ErrorAnswers(ROUTES).by_class(),
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.router.routes.extend(portal_routes())
    return app


def _build_traced_app(settings: Settings, log: Log) -> WebApp | None:
    """The application with traces; None if they are not configured, or not available."""
    try:
        if not asks_for_traces():
            return None
        # An optional extra with its own threads and modules, so it is only imported if configured.
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
        on_statement = tracing.StatementSpans(provider)
        async with (
            tracing.sent_at_the_end(provider),
            _open_context(settings, on_statement) as context,
        ):
            yield replace(context, steps=tracing.traced_steps(provider, context.steps))

    outermost = [*_base_path(settings), Middleware(tracing.Tracing, provider=provider)]
    traced_log = tracing.TracedLog(log)
    return build_app(open_context, traced_log, outermost, _metrics_address(settings))


def _base_path(settings: Settings) -> list[Middleware]:
    path = settings.base_path
    return [Middleware(BasePath, base_path=path)] if path else []


def _metrics_address(settings: Settings) -> list[Middleware]:
    address = settings.metrics_address
    return [] if address is None else [Middleware(MetricsAddress, port=address[1])]


def _collect_rarely() -> None:
    """Exclude the program itself from garbage collection, and collect rarely.

    Requests leave almost no cycles behind; looking for them took 8 % of the processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)


def _answer_failure(scope: Scope) -> Response:
    """The answer to an unexpected failure: a page in the portal, otherwise in the API's dialect."""
    is_page = inner_path(scope).startswith(f"{PORTAL}/")
    return portal_errors.answer_failure(scope) if is_page else answer_failure(scope)


@asynccontextmanager
async def _open_context(
    settings: Settings, on_statement: OnStatement | None = None
) -> AsyncIterator[Context]:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    metrics = Metrics(None if folder is None else Path(folder))
    url = settings.database_url or ""
    database = await Database.open(
        url, connections=_CONNECTIONS, checkout=_CHECKOUT_CONNECTIONS, on_statement=on_statement
    )
    tokens, known_keys = Tokens(*settings.secret_keys, epoch=None), KnownKeys()
    seen_sessions = SeenSessions()
    rules = ReceiverRules(parse_networks(settings.events.networks))
    sender = Sender(rules, settings.events.timeout)
    deliveries = Deliveries(
        database,
        sender.send,
        read_clock,
        lease=lease_for(sender.seconds),
        count=metrics.count_delivery,
    )
    try:
        await tokens.try_to_refresh(database)
        await known_keys.try_to_refresh(database)
        async with _running(
            tokens.keep_refreshing(database),
            known_keys.keep_refreshing(database),
            _keep_writing_uses(known_keys, database),
            keep_writing_sessions(seen_sessions, database),
            keep_rewrapping(database, tokens.keyring),
            idempotency.keep_sweeping_keys(database, read_clock),
            keep_removing_forms(database, read_clock),
            counters.keep_folding(database, read_clock),
            keep_watching(database),
            keep_listing_old_orders(database),
            keep_counting_old_orders(database, settings.zone),
            keep_drawing_codes(database),
            keep_generating(database, read_clock),
            keep_sweeping_codes(database),
            keep_sweeping_holds(database, read_clock),
            keep_backtesting(database, url, read_clock, metrics.count_backtest),
            keep_sweeping_backtests(database, read_clock),
            keep_recording_events(database, read_clock),
            deliveries.keep_sending(),
            keep_removing_events(database, read_clock, timedelta(days=settings.events.days)),
            keep_removing_uploads(database, read_clock),
            _show_backlog(metrics, database),
            _show_pool(metrics, database),
            _stop_with_parent(),
        ):
            yield Context(
                database,
                tokens,
                settings.zone,
                metrics,
                quotas=_open_quotas(settings.rate_limits),
                operator_token=settings.operator_token,
                keys=known_keys,
                seen_sessions=seen_sessions,
                public_url=settings.public_url,
                mail=settings.mail,
                sender=sender,
                metrics_token=settings.metrics_token,
                sign_in_provider=_open_provider(settings.single_sign_on),
            )
    finally:
        await database.close()


def _open_provider(chosen: SingleSignOn | None) -> SignInProvider | None:
    if chosen is None:
        return None
    rules = SignOnRules(
        chosen.merchant or None,
        chosen.merchant_claim,
        chosen.role_claim,
        {value: Role(role) for value, role in chosen.roles.items()},
        None if chosen.default_role is None else Role(chosen.default_role),
    )
    client = ClientCredentials(chosen.issuer, chosen.client_id, chosen.client_secret, chosen.scope)
    return SignInProvider(chosen.name, rules, client, make_provider)


def make_provider(client: ClientCredentials) -> Provider:
    """The provider of single sign-on."""
    # An optional extra that takes long to import, so it is only imported when somebody uses it.
    from sconto.portal.provider import OpenIdProvider  # noqa: PLC0415

    return OpenIdProvider(client)


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
async def _running(*tasks: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run endless tasks during the block; if one fails, the block ends too."""
    async with asyncio.TaskGroup() as group:
        started = [group.create_task(task) for task in tasks]
        yield
        for task in started:
            task.cancel()


async def _keep_writing_uses(known: KnownKeys, database: Database) -> None:
    """Store when API keys were last used, at intervals, and a last time when the worker stops."""
    try:
        await keep_running(
            lambda: known.write_uses(database), "uses of API keys are not stored", pause=USES_PAUSE
        )
    finally:
        with suppress(DatabaseUnavailable, TimeoutError):
            async with asyncio.timeout(_LAST_WRITE_TIMEOUT):
                await known.write_uses(database)


async def _show_pool(metrics: Metrics, database: Database) -> None:
    while True:
        metrics.show_pool(database.size)
        metrics.show_turns(database.fair_turns.waited)
        await asyncio.sleep(_POOL_FIGURES_INTERVAL)


async def _show_backlog(metrics: Metrics, database: Database) -> None:
    async def show() -> None:
        metrics.show_backlog(*await measure_backlog(database, read_clock()))

    await keep_running(show, "the backlog of events is not measured", pause=_BACKLOG_INTERVAL)


async def _stop_with_parent() -> None:
    """Stop this worker when its parent is killed, because nothing else would."""
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
