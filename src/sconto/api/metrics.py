"""Figures for Prometheus, over all worker processes."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

# The other modules of the package are typed.
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from sconto.domain.code_outcomes import CodeOutcome, CodeStatus

_METHODS: Final = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_APPLIED: Final = CodeStatus.APPLIED  # Enum lookups are slow in Python 3.11.

_GAUGE_FILE: Final = re.compile(r"gauge_live\w*_(\d+)\.db")


class Metrics:
    """The counters of one process; `folder` holds the counters of all workers of a service.

    prometheus-client decides at import whether it keeps counters in files
    (PROMETHEUS_MULTIPROC_DIR); `folder` is None if it does not.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._registry = registry = CollectorRegistry()
        self.quotes = Counter("sconto_quotes", "Carts that were priced", registry=registry)
        self.orders = Counter("sconto_orders", "Orders that were placed", registry=registry)
        self.holds = Counter("sconto_holds", "Holds that were made", registry=registry)
        self.redemptions = Counter(
            "sconto_redemptions", "Redemptions that orders recorded", registry=registry
        )
        self._refusals = Counter(
            "sconto_refusals",
            "Requests, and codes of priced carts, that were refused",
            ["kind", "reason"],
            registry=registry,
        )
        self._refused_codes: dict[CodeStatus, Counter] = {}
        self.subscription_validations = Counter(
            "sconto_subscription_validations",
            "Contracts that were validated",
            ["outcome"],
            registry=registry,
        )
        self.subscription_applications = Counter(
            "sconto_subscription_applications",
            "Attempts to apply a code",
            ["outcome"],
            registry=registry,
        )
        self._deliveries = Counter(
            "sconto_webhook_attempts",
            "Requests to webhooks, by the delivery's state afterwards",
            ["state"],
            registry=registry,
        )
        self._backtests = Counter(
            "sconto_backtest_processes",
            "Processes that computed a back-test, by how they ended",
            ["outcome"],
            registry=registry,
        )
        self._waiting = _latest(
            "sconto_events_waiting",
            "Events that wait: outbox for their position, webhooks to be delivered",
            registry,
        )
        self._oldest = _latest(
            "sconto_events_oldest_seconds", "How long the oldest of them has waited", registry
        )
        self._durations = Histogram(
            "sconto_http_request_duration_seconds",
            "From a request's arrival to the end of its answer",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._known_durations: dict[tuple[str, str, int], Histogram] = {}
        self._connections = Gauge(
            "sconto_database_connections",
            "Connections to the database",
            ["state"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._turns = Counter(
            "sconto_turns_waited",
            "Requests that waited for their turn, while several merchants sent requests",
            registry=registry,
        )
        self._turns_shown = 0

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a finished request; `route` is the path template, such as `/v1/promotion`."""
        duration = self._known_durations.get((method, route, status))
        if duration is None:
            known = method if method in _METHODS else "other"
            duration = self._durations.labels(known, route, str(status))
            if known == method:
                self._known_durations[method, route, status] = duration
        duration.observe(seconds)

    def count_refused_request(self, reason: str) -> None:
        """Count a refused request by its reason, such as `order_conflict`."""
        self._refusals.labels("request", reason).inc()

    def count_codes(self, codes: Iterable[CodeOutcome]) -> None:
        """Count the codes of a priced cart that have no effect, by their status."""
        for code in codes:
            if code.status is not _APPLIED:
                refused = self._refused_codes.get(code.status)
                if refused is None:
                    refused = self._refusals.labels("code", code.status)
                    self._refused_codes[code.status] = refused
                refused.inc()

    def count_delivery(self, state: str) -> None:
        """Count an attempt by the delivery's state after it: delivered, waiting or dead."""
        self._deliveries.labels(state).inc()

    def count_backtest(self, outcome: str) -> None:
        """Count a process of a back-test that ended normally, or died."""
        self._backtests.labels(outcome).inc()

    def show_backlog(self, outbox: tuple[int, float], webhooks: tuple[int, float]) -> None:
        """Record how many events wait, and for how many seconds the oldest has waited."""
        for where, (waiting, seconds) in (("outbox", outbox), ("webhooks", webhooks)):
            self._waiting.labels(where).set(waiting)
            self._oldest.labels(where).set(seconds)

    def show_pool(self, size: tuple[int, int, int]) -> None:
        """Record how many connections are idle, are open, and may be opened."""
        idle, open_, limit = size
        self._connections.labels("busy").set(open_ - idle)
        self._connections.labels("idle").set(idle)
        self._connections.labels("limit").set(limit)

    def show_turns(self, waited: int) -> None:
        """Record how many requests of this process have waited for their turn so far."""
        self._turns.inc(waited - self._turns_shown)
        self._turns_shown = waited

    def exposition(self) -> bytes:
        """All figures in Prometheus' text format, summed over the workers."""
        if self._folder is None:
            return generate_latest(self._registry)
        _remove_gauges_of_killed_workers(self._folder)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def _latest(name: str, documentation: str, registry: CollectorRegistry) -> Gauge:
    """A gauge by `where`. Each worker measures the same database, so the latest value counts."""
    return Gauge(name, documentation, ["where"], registry=registry, multiprocess_mode="mostrecent")


def _remove_gauges_of_killed_workers(folder: Path) -> None:
    """Remove the gauges of killed workers; their counters stay."""
    for file in folder.iterdir():
        if (match := _GAUGE_FILE.fullmatch(file.name)) and not _is_alive(pid := int(match[1])):
            with suppress(FileNotFoundError):
                mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
