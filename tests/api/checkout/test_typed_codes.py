"""Codes as people type and paste them: blanks, invisible characters, combining marks."""

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import httpx
import msgspec
import pytest
from hypothesis import given

from sconto.api.checkout import reading
from sconto.api.faults import InvalidFields
from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.api.subscription.platform import Platform, a_contract, details
from tests.builders import BLANKS, NOON, a_promotion, blanks

LINE = {"line_id": "1", "product_id": 7, "quantity": 1, "unit_price": "10.00"}
MAY = "МАЙ2026"  # noqa: RUF001


@pytest.fixture
async def platform(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> Platform:
    """A merchant with 10 % for SPACE10, and a one-time code in Cyrillic letters."""
    await create_promotion(database, merchant, a_promotion(codes=("SPACE10",)), NOON)
    once = a_promotion(codes=(MAY,), code_type=CodeType.ONE_TIME)
    await create_promotion(database, merchant, once, NOON)
    return Platform(client, bearer(merchant))


async def post(platform: Platform, path: str, **body: Any) -> httpx.Response:
    cart = {"currency": "EUR", "lines": [LINE], **body}
    return await platform.client.post(f"/checkout/v1/{path}", json=cart, headers=platform.headers)


async def test_a_quote_takes_the_code_without_its_blanks_and_shows_it_as_sent(
    platform: Platform,
) -> None:
    typed = [*(f"SPACE10{blank}" for blank in BLANKS), *(f"{blank}space10" for blank in BLANKS)]
    for code in [*typed, normalize("NFD", MAY), f"\u200e{normalize('NFD', MAY.lower())}\r\n"]:
        priced = (await post(platform, "quotes", codes=[code])).json()
        assert priced["total"] == "9.00", ascii(code)
        assert priced["codes"][0]["code"] == code
        assert priced["codes"][0]["status"] == "applied"
        assert priced["lines"][0]["promotion"]["code"] == code
        assert priced["lines"][0]["picks"][0]["code"] == code


async def test_two_spellings_of_a_code_with_and_without_blanks_count_once_as_the_last(
    platform: Platform,
) -> None:
    priced = (await post(platform, "quotes", codes=["SPACE10", "x", "x ", "space10\t"])).json()
    assert [code["code"] for code in priced["codes"]] == ["x ", "space10\t"]


async def test_a_repeated_order_with_a_blank_after_its_code_is_the_same_order(
    platform: Platform,
) -> None:
    placed = await post(platform, "orders", order_id="o", codes=[f"{MAY} "], expected_total="9.00")
    assert placed.status_code == 201
    assert placed.json()["codes"][0]["code"] == f"{MAY} "
    for code in (MAY, f"\ufeff{MAY}", normalize("NFD", MAY)):
        again = await post(platform, "orders", order_id="o", codes=[code])
        assert (again.status_code, again.json()) == (200, placed.json())
    other = await post(platform, "orders", order_id="o", codes=[f"{MAY}1"])
    assert other.status_code == 409
    used = await post(platform, "orders", order_id="p", codes=[normalize("NFD", f" {MAY}")])
    assert (used.status_code, used.json()["quote"]["codes"][0]["status"]) == (409, "used")


async def test_a_code_of_blanks_counts_as_empty(platform: Platform) -> None:
    subscription = {"type_id": "m", "order_number": 1}
    for blank in ("", *BLANKS):
        for path, more in (("quotes", {}), ("orders", {"order_id": "o"})):
            refused = await post(platform, path, codes=["A", blank], **more)
            assert refused.status_code == 422
            assert refused.json()["errors"] == [
                {"pointer": "/codes/1", "detail": "must be a string of 1 to 255 characters"}
            ]
        code = {"code": blank, "first_order_number": 1}
        refused = await post(platform, "quotes", subscription={**subscription, "codes": [code]})
        assert [error["pointer"] for error in refused.json()["errors"]] == [
            "/subscription/codes/0/code"
        ]


async def test_blanks_around_a_subscriptions_code_are_ignored(platform: Platform) -> None:
    await platform.create(code="SAVE10")
    applied = await platform.apply("SAVE10\r\n")
    assert applied.status_code == 200
    application_id = applied.json()["meta"]["applicationId"]
    subscription = {"type_id": "m", "order_number": 2}
    for blank in BLANKS:
        for named in (None, application_id):
            code = {"code": f"{blank}save10{blank}", "first_order_number": 1}
            code = code if named is None else {**code, "application_id": named}
            body = {"subscription": {**subscription, "codes": [code]}}
            priced = (await post(platform, "quotes", **body)).json()
            assert priced["subscription"]["code"] == f"{blank}save10{blank}"
            assert priced["total"] == "7.00"
    order = {"order_id": "s", "subscription": {**subscription, "codes": [code]}}
    placed = await post(platform, "orders", **order)
    assert placed.status_code == 201
    order["subscription"] = {**subscription, "codes": [{**code, "code": "SAVE10"}]}
    again = await post(platform, "orders", **order)
    assert (again.status_code, again.json()) == (200, placed.json())


async def test_apply_validate_and_the_filter_ignore_blanks_around_a_code(
    platform: Platform,
) -> None:
    created = await platform.create(code="Ёлка")
    for blank in BLANKS:
        for typed in (f"{blank}Ёлка", f"ЁЛКА{blank}", f"{normalize('NFD', 'Ёлка')}{blank}"):
            assert (await platform.apply(typed)).status_code == 200
            on_it = a_contract(typed)
            assert not (await platform.validate(created["id"], on_it))["valid"]
            assert (await platform.apply("ёлка", on_it)).status_code == 409
            found = await platform.client.get(
                "/promotion/v1/promotions", params={"code": typed}, headers=platform.headers
            )
            assert [one["id"] for one in found.json()["data"]] == [created["id"]]
    unknown = await platform.apply("Ёл ка ")
    assert "Ёл ка " in details(unknown, 404)[0]
    empty = details(await platform.apply(""), 422)
    for blank in BLANKS:
        assert details(await platform.apply(blank), 422) == empty


async def test_a_subscription_promotions_code_must_not_have_blanks_around_it(
    platform: Platform,
) -> None:
    fault = "code must not begin or end with blanks or invisible characters"
    created = await platform.create(code="SAVE10")
    for blank in BLANKS:
        for code in (f"NEW{blank}", f"{blank}NEW", blank):
            body = {"enabled": True, "name": "n", "code": code, "rules": created["rules"]}
            refused = details(await platform.ask("POST", "/promotions", body), 422)
            assert refused == [fault]
            refused = details(
                await platform.ask("PATCH", f"/promotions/{created['id']}", {"code": code}), 422
            )
            assert refused == [fault]
    assert await platform.get(created["id"]) == created


async def test_a_change_removes_a_blank_from_a_stored_code(
    platform: Platform, database: Database, merchant: Caller
) -> None:
    created = await platform.create(code="SAVE10")
    async with database.write() as connection:
        await connection.execute(
            "UPDATE subscription_promotions SET code = 'SAVE10 ', code_key = 'save10 '"
            " WHERE merchant_id = $1",
            merchant.merchant_id,
        )
    assert (await platform.apply("SAVE10 ")).status_code == 404
    changed = await platform.ask("PATCH", f"/promotions/{created['id']}", {"enabled": True})
    assert changed.json()["data"]["code"] == "SAVE10"
    assert (await platform.apply("SAVE10 ")).status_code == 200


@given(blanks, blanks)
def test_a_cart_keeps_the_blanks_around_a_code(before: str, after: str) -> None:
    body = msgspec.json.encode({"currency": "EUR", "lines": [LINE], "codes": [f"{before}A{after}"]})
    cart, *_ = reading.read_quote(body, NOON)
    assert cart.codes == (f"{before}A{after}",)

    empty = msgspec.json.encode({"currency": "EUR", "lines": [LINE], "codes": [before]})
    with pytest.raises(InvalidFields):
        reading.read_quote(empty, NOON)
