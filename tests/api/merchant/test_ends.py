"""Ends of promotions over HTTP: whole seconds, and the year 9999 in every zone of the server."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.api.merchant.bodies import coupon_body, coupons, discount_body
from tests.promises import violations
from tests.serving import serving

Bearer = Callable[[Caller], dict[str, str]]

LINE = {"line_id": "1", "product_id": 1, "quantity": 1, "unit_price": "100.00"}


@pytest.fixture
async def shop(client: httpx.AsyncClient, merchant: Caller, bearer: Bearer) -> httpx.AsyncClient:
    client.headers.update(bearer(merchant))
    return client


async def create(shop: httpx.AsyncClient, body: dict[str, Any]) -> int:
    answer = await shop.post("/v1/promotion", json=body)
    assert answer.status_code == 200, answer.text
    created: int = answer.json()["id"]
    return created


async def quote(shop: httpx.AsyncClient, at: str, *codes: str) -> dict[str, Any]:
    cart = {"currency": "EUR", "lines": [LINE], "codes": list(codes), "at": at}
    answer = await shop.post("/checkout/v1/quotes", json=cart)
    assert answer.status_code == 200, answer.text
    priced: dict[str, Any] = answer.json()
    return priced


async def test_consecutive_promotions_have_no_gap_and_no_overlap(
    shop: httpx.AsyncClient, database: Database, merchant: Caller
) -> None:
    days = {"date_from": "2026-06-01T00:00:00+00:00", "date_to": "2026-06-30T23:59:59+00:00"}
    june = await create(shop, discount_body(**days))
    days = {"date_from": "2026-07-01T00:00:00+00:00", "date_to": "2026-07-31T23:59:59+00:00"}
    july = await create(shop, discount_body(**days))
    shown = []
    for at in ("06-30T23:59:59Z", "06-30T23:59:59.5Z", "06-30T23:59:59.999999Z", "07-01T00:00:00Z"):
        [line] = (await quote(shop, f"2026-{at}"))["lines"]
        shown.append([pick["promotion_id"] for pick in line["picks"]])
    assert shown == [[june], [june], [june], [july]]
    [line] = (await quote(shop, "2026-07-31T23:59:59.999999Z"))["lines"]
    assert line["promotion"]["id"] == july
    [line] = (await quote(shop, "2026-08-01T00:00:00Z"))["lines"]
    assert line["picks"] == []
    assert (await shop.get(f"/v1/promotion/{june}")).json()[
        "date_to"
    ] == "2026-06-30T23:59:59+00:00"
    assert await violations(database, merchant) == []


async def test_a_code_is_valid_until_the_end_of_its_last_second(shop: httpx.AsyncClient) -> None:
    days = {"date_from": "2026-06-01T00:00:00+00:00", "date_to": "2026-06-30T23:59:59+00:00"}
    await create(shop, coupon_body(coupons=coupons(coupon_code=["JUNE"]), **days))
    [code] = (await quote(shop, "2026-06-30T23:59:59.999999Z", "June"))["codes"]
    assert code["status"] == "applied"
    [code] = (await quote(shop, "2026-07-01T00:00:00Z", "June"))["codes"]
    assert (code["status"], code["ended_at"]) == ("expired", "2026-06-30T23:59:59+00:00")


@pytest.fixture(params=["UTC", "Europe/Moscow", "America/New_York", "Etc/GMT+12", "Etc/GMT-14"])
async def far_shop(
    request: pytest.FixtureRequest,
    database: Database,
    tokens: Tokens,
    merchant: Caller,
    bearer: Bearer,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service in one of these zones."""
    zone = ZoneInfo(request.param)
    async with serving(database, tokens, zone=zone, headers=bearer(merchant)) as client:
        yield client


@pytest.mark.parametrize("offset", ["+00:00", "+03:00", "-05:00", "+14:00", "-14:00", "-12:00"])
async def test_the_year_9999_is_an_end_in_every_zone(
    far_shop: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    offset: str,
) -> None:
    sent = f"9999-12-31T23:59:59{offset}"
    automatic = await create(far_shop, discount_body(date_to=sent))
    with_code = await create(far_shop, coupon_body(date_to=sent))
    found = (await far_shop.get(f"/v1/promotion/{automatic}")).json()
    assert found["date_to"][:4] == "9999"
    if found["date_to"][19:] == offset:
        assert found["date_to"] == sent
    for body in ({"promotion_name": "Other"}, {"date_to": found["date_to"]}, {"status": False}):
        changed = await far_shop.patch(
            f"/v1/promotion/{with_code}", json={"promotion_type": "coupon", **body}
        )
        assert changed.status_code == 200, changed.text
    assert (await far_shop.get("/v1/promotion", params={"expired": "1"})).json() == {"ids": []}
    history = await far_shop.get(f"/v1/promotion/{with_code}/history")
    assert history.status_code == 200, history.text
    await quote(far_shop, "9999-12-31T23:59:59.999999Z", "PROMO-001")
    for at in ("2026-12-01T00:00:00Z", "9999-12-31T09:59:59.5Z"):
        [line] = (await quote(far_shop, at, "PROMO-001"))["lines"]
        assert line["promotion"]["id"] == automatic
    deleted = await far_shop.delete(f"/v1/promotion/{automatic}")
    assert deleted.status_code == 200
    assert await violations(database, merchant) == []


@pytest.mark.parametrize("sent", ["9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59-14:00"])
async def test_a_start_outside_of_the_years_1_to_9999_in_some_zone_is_refused(
    far_shop: httpx.AsyncClient, sent: str
) -> None:
    answer = await far_shop.post("/v1/promotion", json=discount_body(date_from=sent))
    assert answer.status_code == 400
    assert answer.json()["errors"][0] == {
        "error": 11010,
        "message": "Invalid field value: date_from",
    }
