"""The spans of one request: its statements and the steps of the engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler
from opentelemetry.trace import StatusCode
from starlette.middleware import Middleware

from sconto.api import tracing
from sconto.api.context import Context
from sconto.api.logs import request_log
from sconto.api.metrics import Metrics
from sconto.app import build_app
from sconto.domain.people import Caller
from sconto.domain.pricing import STEPS
from sconto.operations.tokens import Tokens
from sconto.store.database import Database

NOW: Final = datetime(2026, 11, 27, 12, tzinfo=UTC)
QUOTE: Final = {
    "currency": "EUR",
    "lines": [{"line_id": "1", "product_id": 1, "quantity": 1, "unit_price": "10.00"}],
    "codes": ["SECRET-CODE"],
}


@pytest.fixture
async def database_of_spans(
    database_url: str,
) -> AsyncIterator[tuple[Database, list[TracerProvider]]]:
    """A pool whose statements go to the last of these providers."""
    providers: list[TracerProvider] = []

    def on_statement(statement: str, seconds: float, has_failed: bool) -> None:
        tracing.StatementSpans(providers[-1])(statement, seconds, has_failed)

    database = await Database.open(database_url, on_statement=on_statement)
    yield database, providers
    await database.close()


def record(
    providers: list[TracerProvider], sampler: Sampler
) -> tuple[TracerProvider, InMemorySpanExporter]:
    """Another provider for the pool's statements, and what it records."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    providers.append(provider)
    return provider, exporter


async def spans_of_order(
    pool: tuple[Database, list[TracerProvider]],
    tokens: Tokens,
    caller: Caller,
    sampler: Sampler,
    **order: str,
) -> list[ReadableSpan]:
    """What is recorded while an order is placed."""
    database, providers = pool
    provider, exporter = record(providers, sampler)

    @asynccontextmanager
    async def open_context() -> AsyncIterator[Context]:
        steps = tracing.traced_steps(provider, STEPS)
        zone = ZoneInfo("UTC")
        yield Context(database, tokens, zone, Metrics(), now=lambda: NOW, steps=steps)

    spans = Middleware(tracing.Tracing, provider=provider)
    app = build_app(open_context, request_log("console"), [spans])
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {tokens.issue(caller, NOW)}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://sconto") as client:
            body = {**QUOTE, **order}
            answer = await client.post("/checkout/v1/orders", json=body, headers=headers)
            assert answer.status_code in (201, 409)
    # Statements are reported in the next round of the event loop.
    await asyncio.sleep(0)
    return list(exporter.get_finished_spans())


@pytest.mark.plain_postgresql("the spans have the names of functions")
async def test_an_order_has_a_span_for_each_statement_and_step(
    database_of_spans: tuple[Database, list[TracerProvider]], tokens: Tokens, merchant: Caller
) -> None:
    found = await spans_of_order(
        database_of_spans, tokens, merchant, ALWAYS_ON, order_id="SECRET-ORDER"
    )
    by_name = {span.name: span for span in found}
    request = by_name.pop("POST /checkout/v1/orders")
    assert [name for name in by_name if name.startswith("price ")] == [
        f"price {step.__name__}" for step in STEPS
    ]
    assert {"SELECT timeline_versions", "INSERT orders"} <= by_name.keys()
    for span in by_name.values():
        assert span.parent is not None
        assert request.context is not None
        assert span.parent.span_id == request.context.span_id
        assert span.start_time is not None
        assert request.start_time is not None
        assert span.start_time >= request.start_time
    placed = by_name["INSERT orders"].attributes
    assert placed is not None
    assert placed["db.system.name"] == "postgresql"
    assert "$1" in str(placed["db.query.text"])
    everything = "".join(span.to_json() for span in found)
    assert "SECRET" not in everything


async def test_a_request_left_out_by_the_sampler_records_nothing(
    database_of_spans: tuple[Database, list[TracerProvider]], tokens: Tokens, merchant: Caller
) -> None:
    found = await spans_of_order(database_of_spans, tokens, merchant, ALWAYS_OFF, order_id="B")
    assert found == []


async def test_a_failed_statement_is_an_error(
    database_of_spans: tuple[Database, list[TracerProvider]],
) -> None:
    database, providers = database_of_spans
    provider, exporter = record(providers, ALWAYS_ON)
    with provider.get_tracer("test").start_as_current_span("request"):
        async with database.read() as connection:
            with pytest.raises(Exception, match="does not exist"):
                await connection.fetch("SELECT 1 FROM nowhere")
        await asyncio.sleep(0)
    failed, request = exporter.get_finished_spans()
    assert (failed.name, failed.status.status_code) == ("SELECT nowhere", StatusCode.ERROR)
    assert request.status.status_code is StatusCode.UNSET


async def test_a_statement_without_a_request_makes_no_span(
    database_of_spans: tuple[Database, list[TracerProvider]],
) -> None:
    database, providers = database_of_spans
    _, exporter = record(providers, ALWAYS_ON)
    async with database.read() as connection:
        await connection.fetch("SELECT 1")
    await asyncio.sleep(0)
    assert exporter.get_finished_spans() == ()
