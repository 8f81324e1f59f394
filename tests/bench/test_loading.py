"""The benchmarks load the same rows that the service would store."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from bench.carts import fill_baskets
from bench.edits import Edits, StaleQuote
from bench.loading import fold_counts, open_loader, write_counts, write_shop
from bench.shop import Shop, Size, make_plain_shop, make_shop
from sconto.domain.people import Caller, Role
from sconto.operations.check import check
from sconto.operations.statistics import get_statistics_in_parts
from sconto.store.database import Database

FIRST = 10**12 + 10**6 * os.getpid()
"""Ids that no sequence reaches."""


@pytest.fixture
async def shop(request: pytest.FixtureRequest, database_url: str) -> Shop:
    skip_without_superuser(request)
    shop = make_shop(FIRST, Size("60 promotions", 60, 300), FIRST, "a seed", datetime.now(UTC))
    connection = await open_loader(database_url)
    try:
        async with connection.transaction():
            await write_shop(connection, shop)
    finally:
        await connection.close()
    return shop


def skip_without_superuser(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--database-url"):
        pytest.skip("only the bundled server lets the benchmarks load as a superuser")


async def test_a_loaded_shop_passes_the_check_and_its_carts_find_their_codes(
    shop: Shop,
    database: Database,
    client: httpx.AsyncClient,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    checked = [promise async for promise in check(database, shop.merchant_id)]
    assert len(checked) > 5
    assert [promise for promise in checked if promise.violations] == []

    headers = bearer(Caller(shop.merchant_id, shop.merchant_id, Role.ADMIN))
    statuses = set()
    for basket in fill_baskets(shop, "a seed", 50):
        answer = await client.post(
            "/checkout/v1/quotes",
            content=basket.body,
            headers={**headers, "content-type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        statuses |= {code["status"] for code in answer.json()["codes"]}
    assert statuses <= {"applied", "outdone"}


async def test_loaded_counters_are_folded_and_the_statistics_have_all_of_them(
    request: pytest.FixtureRequest, create_database: Callable[[], str]
) -> None:
    skip_without_superuser(request)
    url, redemptions = create_database(), 40_001
    shop = make_plain_shop(1, 2, 1)
    coupon = shop.coupons[1]
    connection = await open_loader(url)
    try:
        await write_shop(connection, shop)
        await write_counts(connection, coupon, shop.merchant_id, redemptions, slots=16)
        await fold_counts(url)
        rows = await connection.fetchval("SELECT count(*) FROM redemption_counts")
    finally:
        await connection.close()
    # The last three of the forty days still have a row for each slot.
    assert rows == 2 * (3 * 16 + 37)

    database = await Database.open(url)
    try:
        caller = Caller(shop.merchant_id, shop.merchant_id, Role.ADMIN)
        total, parts = await get_statistics_in_parts(database, caller, coupon.promotion_id)
    finally:
        await database.close()
    assert parts is not None
    assert total == redemptions
    assert [(one.code, one.uses) for part in parts for one in part] == [
        (coupon.only_code, redemptions)
    ]


def test_the_same_seed_makes_the_same_shop_and_another_one_does_not() -> None:
    now, size = datetime(2026, 1, 1, tzinfo=UTC), Size("100 promotions", 100, 100)
    first, again, other = (make_shop(1, size, 1, seed, now) for seed in ("one", "one", "two"))
    assert first == again
    assert first != other
    assert fill_baskets(first, "one", 100) == fill_baskets(again, "one", 100)


def test_a_quote_older_than_an_acknowledged_edit_or_from_the_future_is_stale() -> None:
    edits = Edits(0, "")
    edits.begin()
    edits.confirm()
    edits.begin()
    check = edits.checker()
    for edit in (1, 2):
        check(shown(edit))
    for edit in (0, 3):
        with pytest.raises(StaleQuote):
            check(shown(edit))
    with pytest.raises(StaleQuote):
        check(json.dumps({"discount_percent": "8"}).encode())


def shown(edit: int) -> bytes:
    percent = f"80.{edit:06d}".rstrip("0").rstrip(".")
    return f'{{"discount":"1.00","discount_percent":"{percent}"}}'.encode()
