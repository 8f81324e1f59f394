"""Traces: each request as a span of OpenTelemetry; imported only if traces are configured."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from threading import Thread
from typing import Final

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sconto import __version__
from sconto.api.base_path import inner_path
from sconto.api.logs import Log
from sconto.domain.bill import Bill
from sconto.domain.pricing import Step

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

_UNTRACED: Final = ("/health/", "/metrics")
"""Addresses that monitoring polls every few seconds."""

_CHANGE: Final = re.compile(
    r"(?<!FOR )(?<!KEY )(?<!DO )\b(INSERT|UPDATE|DELETE)(?:\s+INTO|\s+FROM)?\s+(?!SET\b)(\w+)"
)
_READ: Final = re.compile(r"\bFROM\s+(?!unnest\b|generate_series\b|json)(\w+)")

_FLUSH_TIMEOUT: Final = 2
"""Seconds that sending the last spans may take while the service stops."""

_PROPAGATOR: Final = TraceContextTextMapPropagator()


class Tracing:
    """Makes each request a span in the trace that its `traceparent` names.

    A span contains what the log contains: the route's template, but no path, header or body. Of a
    trace's headers only `traceparent` is read: it has a fixed form, while the others could carry
    any text of the caller into stored spans.
    """

    def __init__(self, app: ASGIApp, provider: TracerProvider) -> None:
        self._app = app
        self._tracer = provider.get_tracer("sconto", __version__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or inner_path(scope).startswith(_UNTRACED):
            await self._app(scope, receive, send)
            return
        span = self._tracer.start_span(_method(scope), _parent(scope), SpanKind.SERVER)

        async def send_noting_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note_status(span, message["status"])
            await send(message)

        token = context.attach(trace.set_span_in_context(span))
        try:
            await self._app(scope, receive, send_noting_status)
        except Exception:
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            context.detach(token)
            _name(span, scope)
            span.end()


class StatementSpans:
    """Makes each statement of a traced request a span, below the request's.

    A span has the statement as PostgreSQL gets it, with `$1` for each value: codes, order ids and
    carts are never in it. Concurrent quotes of a merchant may share a statement; it belongs to one
    of them. Its end is noted when the event loop reaches it, so it may be late by what the process
    computed meanwhile; its length is exact.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("sconto", __version__)

    def __call__(self, statement: str, seconds: float, has_failed: bool) -> None:
        """Record a statement that has ended."""
        # The request may have ended, so that its span no longer records.
        if not trace.get_current_span().get_span_context().trace_flags.sampled:
            return
        ended = time.time_ns()
        span = self._tracer.start_span(
            _summary_of(statement),
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.query.text": statement},
            start_time=ended - int(seconds * 1e9),
        )
        if has_failed:
            span.set_status(StatusCode.ERROR)
        span.end(ended)


def traced_steps(provider: TracerProvider, steps: Sequence[Step]) -> list[Step]:
    """The steps of the engine, each a span of its own in a traced request."""
    tracer = provider.get_tracer("sconto", __version__)
    return [_traced(tracer, step) for step in steps]


def _traced(tracer: Tracer, step: Step) -> Step:
    name = f"price {step.__name__}"

    def run(bill: Bill) -> Bill:
        if not trace.get_current_span().is_recording():
            return step(bill)
        span = tracer.start_span(name)
        try:
            return step(bill)
        finally:
            span.end()

    return run


@cache
def _summary_of(statement: str) -> str:
    """A short name such as `INSERT orders`: what the statement changes first, or reads first.

    The texts of statements are constants of the program, so there are few.
    """
    if (change := _CHANGE.search(statement)) is not None:
        return f"{change[1]} {change[2]}"
    if (read := _READ.search(statement)) is not None:
        return f"SELECT {read[1]}"
    return next(iter(statement.split()), "statement")


def open_provider() -> TracerProvider:
    """Makes and sends spans; OpenTelemetry's environment variables say which, and where to.

    Raises ValueError if a variable has an invalid value.
    """
    resource = Resource.create({"service.name": "sconto"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


@asynccontextmanager
async def sent_at_the_end(provider: TracerProvider) -> AsyncIterator[None]:
    """Send the remaining spans when the block ends."""
    try:
        yield
    finally:
        # Without a collector it retries for half a minute; a daemon thread ends with the process.
        sending = Thread(target=provider.shutdown, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, _FLUSH_TIMEOUT)


class TracedLog:
    """A log, with the trace's id in each line written during a request."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def info(self, event: str, **facts: object) -> None:
        """Log what is usual."""
        self._log.info(event, **facts, **_trace_id())

    def warning(self, event: str, **facts: object) -> None:
        """Log what somebody should look at."""
        self._log.warning(event, **facts, **_trace_id())

    def exception(self, event: str, **facts: object) -> None:
        """Log an error, with the exception that is being handled."""
        self._log.exception(event, **facts, **_trace_id())


def _method(scope: Scope) -> str:
    """The method; `HTTP` for unknown ones, which a caller could invent."""
    method: str = scope["method"]
    return method if method in _METHODS else "HTTP"


def _parent(scope: Scope) -> context.Context:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return _PROPAGATOR.extract({"traceparent": value.decode("latin-1")}, context.Context())
    return context.Context()


def _note_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(StatusCode.ERROR)


def _name(span: Span, scope: Scope) -> None:
    method, route = _method(scope), getattr(scope.get("route"), "path", None)
    span.set_attribute("http.request.method", "_OTHER" if method == "HTTP" else method)
    if route is not None:
        span.set_attribute("http.route", route)
        span.update_name(f"{method} {route}")


def _trace_id() -> dict[str, str]:
    span = trace.get_current_span().get_span_context()
    return {"trace_id": trace.format_trace_id(span.trace_id)} if span.is_valid else {}
