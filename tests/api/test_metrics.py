"""The figures and their names."""

from pathlib import Path

import httpx

from sconto.api.errors import reason_of
from sconto.api.metrics import Metrics
from sconto.domain.people import Caller
from sconto.domain.problems import CodesUsedUp, OrderBusy, Problem, TooManyLargeRequests
from tests.api.test_access import Bearer


def figure(exposition: bytes, line: str) -> float:
    """The figure with this name and these labels; 0 if it was never counted."""
    for found in exposition.decode().splitlines():
        name, _, value = found.rpartition(" ")
        if name == line:
            return float(value)
    return 0


async def test_quotes_and_refusals_are_counted_by_reason(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    names = [
        "sconto_quotes_total",
        'sconto_refusals_total{kind="code",reason="unknown"}',
        'sconto_refusals_total{kind="request",reason="token_missing"}',
        'sconto_refusals_total{kind="request",reason="order_not_found"}',
    ]
    before = (await client.get("/metrics")).content
    line = {"line_id": "1", "product_id": 11111, "quantity": 1, "unit_price": "1.00"}
    cart = {"currency": "EUR", "lines": [line], "codes": ["NOBODYS", "NOBODY2"]}
    quote = await client.post("/checkout/v1/quotes", json=cart, headers=bearer(merchant))
    assert quote.status_code == 200
    await client.post("/checkout/v1/quotes", json=cart)
    await client.get("/checkout/v1/orders/none", headers=bearer(merchant))
    after = (await client.get("/metrics")).content
    assert [figure(after, name) - figure(before, name) for name in names] == [1, 2, 1, 1]


def test_reasons_keep_the_names_that_dashboards_know() -> None:
    names: dict[type[Problem], str] = {
        CodesUsedUp: "codes_used_up",
        OrderBusy: "order_held_up",
        TooManyLargeRequests: "too_many_at_once",
    }
    assert {problem: reason_of(problem) for problem in names} == names


def test_unknown_methods_share_one_figure() -> None:
    metrics = Metrics()
    for method in ("BREW", "GET", "x" * 1000):
        metrics.count_request(method, "/v1/promotion", 405, 0.01)
    name = "sconto_http_request_duration_seconds_count"
    line = name + '{method="%s",route="/v1/promotion",status="405"}'
    assert figure(metrics.exposition(), line % "other") == 2
    assert figure(metrics.exposition(), line % "GET") == 1
    assert b"BREW" not in metrics.exposition()


def test_gauges_of_a_killed_worker_are_removed(tmp_path: Path) -> None:
    dead, alive = tmp_path / "gauge_livesum_999999999.db", tmp_path / "gauge_livesum_1.db"
    counter = tmp_path / "counter_999999999.db"
    for file in (dead, alive, counter):
        file.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00")
    Metrics(tmp_path).exposition()
    assert not dead.exists()
    assert alive.exists()
    assert counter.exists()
