"""Traces: what an OpenTelemetry collector receives from a real service."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import psycopg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from sconto.settings import SettingError, asks_for_traces
from tests.services import Service, environment_of

KEY = "x" * 32
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

SECRETS = ["8888", "CODE-9", "STATE-9", "BAGGAGE-9", "AGENT-9", "BODY-9", "ORDER-9"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The spans that a service sent, and its log lines about requests."""

    raw: bytes
    batches: list[ResourceSpans]
    lines: list[dict[str, Any]]

    def span(self, name: str) -> Span:
        """The one span of this name."""
        [found] = [span for span in self.spans() if span.name == name]
        return found

    def spans(self) -> list[Span]:
        """The spans of requests, without those of their statements."""
        return [
            span
            for batch in self.batches
            for scope in batch.scope_spans
            for span in scope.spans
            if span.kind == Span.SPAN_KIND_SERVER
        ]


@dataclass(frozen=True, slots=True)
class Untraced:
    """The loaded modules and the middleware of each application, and one log of all."""

    loaded: list[list[str]]
    middleware: list[list[str]]
    lines: list[dict[str, Any]]


@contextmanager
def collecting() -> Iterator[tuple[str, list[bytes]]]:
    """A collector that keeps all requests by OTLP over HTTP, and its address."""
    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def seen(create_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The spans of a service that answered some requests and stopped."""
    folder = tmp_path_factory.mktemp("traced")
    token = Tokens(KEY.encode()).issue(Caller(3, 4, Role.ADMIN), read_clock())
    headers = {
        "Authorization": f"Bearer {token}",
        "User-Agent": "AGENT-9",
        "traceparent": f"00-{TRACE}-{PARENT}-01",
        "tracestate": "shop=STATE-9",
        "baggage": "code=BAGGAGE-9",
    }
    url = create_database()
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE products CASCADE")
    with collecting() as (collector, received):
        settings = _settings(url, folder) | {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "OTEL_SERVICE_NAME": "discounts",
        }
        with Service.running(folder, settings) as service:
            at = service.url
            httpx.get(f"{at}/v1/promotion/8888/?search_string=CODE-9", headers=headers)
            httpx.post(f"{at}/checkout/v1/quotes?code=CODE-9", json={"codes": ["BODY-9"]})
            httpx.get(f"{at}/catalog/v1/products", headers={"Authorization": f"Bearer {token}"})
            httpx.get(f"{at}/nowhere/ORDER-9", headers={"traceparent": "00-ORDER-9"})
            for path in ("/health/live", "/health/ready", "/metrics"):
                service.get(path)
        requests = [ExportTraceServiceRequest.FromString(body) for body in received]
    lines = [json.loads(line) for line in service.log.splitlines()]
    return Seen(
        b"".join(received),
        [batch for request in requests for batch in request.resource_spans],
        [line for line in lines if line["event"] == "request"],
    )


@pytest.fixture(scope="module")
def untraced(tmp_path_factory: pytest.TempPathFactory) -> Untraced:
    """Applications in another process: first without traces, then with invalid configurations."""
    program = """
import json, os, sys
from sconto.app import create_app

def create(**environment):
    os.environ.update(environment)
    names = [str(each.cls) for each in create_app().user_middleware]
    loaded = [name for name in sys.modules if name.startswith(("opentelemetry.sdk", "requests"))]
    print(json.dumps([loaded, names]))

create()
sys.modules["opentelemetry.sdk"] = None
create(OTEL_TRACES_EXPORTER="otlp")
del sys.modules["opentelemetry.sdk"]
create(OTEL_TRACES_EXPORTER="zipkin")
create(OTEL_TRACES_EXPORTER="otlp", OTEL_BSP_MAX_QUEUE_SIZE="-1")
"""
    not_configured = {name: "" for name in os.environ if name.startswith("OTEL_")}
    nowhere = _settings("postgresql://nobody@127.0.0.1:1/nothing", tmp_path_factory.mktemp("none"))
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=environment_of(not_configured | nowhere),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded, middleware = zip(*map(json.loads, run.stdout.splitlines()), strict=True)
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    return Untraced(list(loaded), list(middleware), lines)


def test_each_request_except_health_checks_is_a_span_named_by_its_route(
    seen: Seen,
) -> None:
    assert [span.name for span in seen.spans()] == [
        "GET /v1/promotion/{promotion_id}",
        "POST /checkout/v1/quotes",
        "GET /catalog/v1/products",
        "GET",
    ]
    [resource] = {_attributes(batch.resource)["service.name"] for batch in seen.batches}
    assert resource == "discounts"


def test_a_span_has_method_route_and_status_and_nothing_from_the_request(seen: Seen) -> None:
    assert [_attributes(span) for span in seen.spans()] == [
        {
            "http.request.method": "GET",
            "http.route": "/v1/promotion/{promotion_id}",
            "http.response.status_code": 404,
        },
        {
            "http.request.method": "POST",
            "http.route": "/checkout/v1/quotes",
            "http.response.status_code": 401,
        },
        {
            "http.request.method": "GET",
            "http.route": "/catalog/v1/products",
            "http.response.status_code": 500,
        },
        {"http.request.method": "GET", "http.response.status_code": 404},
    ]
    assert [secret for secret in SECRETS if secret.encode() in seen.raw] == []
    assert [len(span.events) for span in seen.spans()] == [0] * 4


def test_only_unexpected_failures_are_errors(seen: Seen) -> None:
    failed = [span.name for span in seen.spans() if span.status.code == Status.STATUS_CODE_ERROR]
    assert failed == ["GET /catalog/v1/products"]
    assert seen.span("GET /catalog/v1/products").status.message == ""


def test_a_span_joins_the_trace_of_its_traceparent(seen: Seen) -> None:
    span = seen.span("GET /v1/promotion/{promotion_id}")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert span.trace_state == ""


def test_without_a_valid_traceparent_a_new_trace_begins(seen: Seen) -> None:
    roots = [seen.span(name) for name in ("POST /checkout/v1/quotes", "GET")]
    assert [span.parent_span_id for span in roots] == [b"", b""]
    assert len({span.trace_id for span in seen.spans()}) == 4


def test_the_log_line_of_a_request_has_its_trace_id(seen: Seen) -> None:
    logged = [line["trace_id"] for line in seen.lines if "trace_id" in line]
    assert logged == [span.trace_id.hex() for span in seen.spans()]
    assert logged[0] == TRACE
    unspanned = {line["route"] for line in seen.lines if "trace_id" not in line}
    assert unspanned == {"/health/live", "/health/ready", "/metrics"}


def test_a_silent_collector_delays_neither_requests_nor_the_stop(
    create_database: Callable[[], str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        collector = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = _settings(create_database(), tmp_path) | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "OTEL_BSP_SCHEDULE_DELAY": "1",
        }
        with Service.running(tmp_path, settings) as service:
            for _ in range(3):
                assert service.get("/v1/promotion/7").status_code == 401
            stopped = time.monotonic()
        assert time.monotonic() - stopped < 8


def test_without_configuration_no_tracing_is_loaded(untraced: Untraced) -> None:
    assert untraced.loaded[0] == []
    assert not any("Tracing" in middleware for middleware in untraced.middleware)


def test_the_log_says_in_one_line_why_there_are_no_traces(untraced: Untraced) -> None:
    assert {(line["level"], line["event"]) for line in untraced.lines} == {
        ("warning", "requests are not traced")
    }
    assert [line["reason"] for line in untraced.lines] == [
        "not installed; expected sconto[otel]",
        "OTEL_TRACES_EXPORTER is 'zipkin'; expected otlp or none",
        "max_queue_size must be a positive integer.",
    ]


@pytest.mark.parametrize(
    ("environment", "asks"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "discounts"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        (
            {
                "OTEL_TRACES_EXPORTER": "otlp",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            },
            True,
        ),
    ],
)
def test_an_exporter_or_an_address_turns_traces_on(
    environment: Mapping[str, str], asks: bool
) -> None:
    assert asks_for_traces(environment) is asks


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER is 'zipkin'; expected otlp"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'; expected http/protobuf",
        ),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
            },
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is 'grpc'; expected http/protobuf",
        ),
    ],
)
def test_unsupported_exporters_and_protocols_are_refused(
    environment: Mapping[str, str], fault: str
) -> None:
    with pytest.raises(SettingError) as refusal:
        asks_for_traces(environment)
    assert str(refusal.value).startswith(fault)


def _settings(url: str, folder: Path) -> dict[str, str]:
    return {
        "SCONTO_DATABASE_URL": url,
        "SCONTO_SECRET_KEY": KEY,
        "SCONTO_DATA_DIR": str(folder / "unused"),
    }


def _attributes(described: Any) -> dict[str, Any]:
    """The attributes of a span or a resource. Each value has one field that is set."""
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value"))
        for each in described.attributes
    }
