"""Statistics by day and code."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.cart import Cart
from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations import checkout, promotions
from sconto.operations.counters import fold
from sconto.store.database import Database
from tests.builders import NOON, a_line, a_promotion


@pytest.fixture
async def promotion_id(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> int:
    """A coupon with the reusable codes A and B; a client who has signed in."""
    client.headers.update(bearer(merchant))
    new = a_promotion(codes=("A", "B"), code_type=CodeType.REUSABLE)
    return await promotions.create_promotion(database, merchant, new, NOON)


async def listed(client: httpx.AsyncClient, promotion_id: int, **query: Any) -> dict[str, Any]:
    path = f"/v1/promotion/{promotion_id}/statistics/daily"
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_uses_are_listed_by_day_code_and_currency_and_old_days_by_month(
    client: httpx.AsyncClient, database: Database, merchant: Caller, promotion_id: int
) -> None:
    today = read_clock()
    long_ago = today.replace(day=15) - timedelta(days=200)
    places = [(long_ago, "a"), (long_ago + timedelta(days=1), "a"), (today, "a"), (today, "b")]
    for number, (at, code) in enumerate(places):
        order = NewOrder(f"{number}", Cart("EUR", (a_line(),), (code,)))
        await checkout.place_order(database, merchant, order, at, at.date())

    everything = await listed(client, promotion_id)
    assert everything["next_cursor"] is None
    shown = [
        (one["date"], one["coupon_code"], one["uses"], one["applied_uses"], one["discount"])
        for one in everything["days"]
    ]
    month, day = long_ago.date().replace(day=1).isoformat(), today.date().isoformat()
    assert shown == [
        (month, "A", 2, 2, "2.00"),
        (day, "A", 1, 1, "1.00"),
        (day, "B", 1, 1, "1.00"),
    ]
    await fold(database, today)
    assert await listed(client, promotion_id) == everything

    paged: list[object] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = await listed(client, promotion_id, limit=1, **cursor)
        paged += page["days"]
        cursor = {"cursor": page["next_cursor"]}
    assert paged == everything["days"]
    assert page["next_cursor"] is None
    assert (await listed(client, promotion_id, date_from=day))["days"] == everything["days"][1:]
    assert (await listed(client, promotion_id, date_to=month))["days"] == everything["days"][:1]


async def test_a_promotion_without_uses_has_no_days(
    client: httpx.AsyncClient, promotion_id: int
) -> None:
    assert await listed(client, promotion_id) == {"days": [], "next_cursor": None}


async def test_an_unknown_promotion_and_faulty_parameters_are_refused(
    client: httpx.AsyncClient, promotion_id: int
) -> None:
    for unknown in ("999999999", "0", "9" * 30):
        answer = await client.get(f"/v1/promotion/{unknown}/statistics/daily")
        assert answer.status_code == 404
    sent = {
        "limit": "0",
        "date_from": "2026-13-01",
        "date_to": "yesterday",
        "cursor": "2026-01-01.9223372036854775808.none.EUR",
        "page": "1",
    }
    answer = await client.get(f"/v1/promotion/{promotion_id}/statistics/daily", params=sent)
    assert answer.status_code == 400
    assert all(name in answer.text for name in sent)
