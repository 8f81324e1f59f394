"""Both clients with the real application: all APIs, lost answers, errors and sign-in."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette

from openapi.document import describe
from sconto.api.clock import read_clock
from sconto.app import ROUTES
from sconto.client import (
    AddressInvalid,
    AsyncClient,
    Client,
    MoreThanLeft,
    NotAllowed,
    NotFound,
    NotReached,
    OrderConflict,
    PriceChanged,
    RequestInvalid,
)
from sconto.client.bodies.catalog import CatalogProduct
from sconto.client.bodies.checkout import Cart
from sconto.client.call import Call, Listing, operation
from sconto.client.cart import CartPromotions
from sconto.client.catalog import Catalog
from sconto.client.checkout import Checkout
from sconto.client.events import Events
from sconto.client.exports import Exports
from sconto.client.people import People
from sconto.client.promotions import Promotions
from sconto.client.subscriptions import Subscriptions
from sconto.domain.people import Caller, Role
from sconto.operations import users
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.trust.manuals import serve

APIS: Final = (
    Checkout,
    Catalog,
    Promotions,
    CartPromotions,
    Subscriptions,
    Exports,
    People,
    Events,
)
CART: Final[Cart] = {
    "currency": "EUR",
    "lines": [{"line_id": "1", "product_id": 1, "quantity": 2, "unit_price": "10.00"}],
}
TRY3: Final = {
    "enabled": True,
    "name": "Three months",
    "code": "TRY3",
    "rules": [{"effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "30"}}],
}
PASSWORD: Final = "a long password"
CONTRACT: Final = {"createdAt": None, "subscriptionTypeId": "monthly"}


class LosingAnswers(httpx.AsyncBaseTransport):
    """Passes requests on, and loses the first answer to each."""

    def __init__(self, app: Starlette) -> None:
        self._inner = httpx.ASGITransport(app)
        self._seen: set[tuple[str, str]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, unless it is the first."""
        answer = await self._inner.handle_async_request(request)
        key = (request.method, request.url.path)
        if key not in self._seen:
            self._seen.add(key)
            raise httpx.ReadError("lost")
        return answer


@pytest.fixture
async def token(merchant: Caller, tokens: Tokens) -> str:
    """The token of a new merchant's admin."""
    return tokens.issue(merchant, read_clock())


@pytest.fixture
async def sconto(app: Starlette, token: str) -> AsyncIterator[AsyncClient]:
    """A client of the application, without a network."""
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    async with http, AsyncClient("http://sconto", token=token, http=http) as sconto:
        yield sconto


async def test_every_method_of_the_client_works(sconto: AsyncClient) -> None:
    mugs = [a_mug(n) for n in (1, 2, 3)]
    assert (await sconto.catalog.put_products(mugs))["created"] == 3
    found = [one["product_id"] async for one in sconto.catalog.list_products(page_size=2)]
    assert found == [1, 2, 3]
    assert (await sconto.catalog.get_product(2))["name"] == "Mug 2"
    await sconto.catalog.delete_product(3)
    coupons: Any = {"coupon_code": ["ONE", "TWO"], "discount_percent": "10"}
    new: Any = {"promotion_type": "coupon", "promotion_name": "Ten", "coupons": coupons}
    promotion = (await sconto.promotions.create(new))["id"]
    assert (await sconto.promotions.add_codes(promotion, ["THREE"]))["added"] == 1
    assert (await sconto.promotions.import_codes(promotion, b"FOUR\nFIVE\n"))["added"] == 2
    assert (await sconto.promotions.remove_codes(promotion, ["TWO", "X"]))["not_found"] == ["X"]
    codes = [
        one["coupon_code"] async for one in sconto.promotions.list_codes(promotion, page_size=3)
    ]
    assert codes == ["ONE", "THREE", "FOUR", "FIVE"]
    assert (await sconto.promotions.export_codes(promotion)).count("\r\n") == 5
    change: Any = {"promotion_type": "coupon", "promotion_name": "Tenth"}
    await sconto.promotions.change(promotion, change)
    assert (await sconto.promotions.get(promotion))["promotion_name"] == "Tenth"
    assert (await sconto.promotions.list_ids(active=True, search="tenth"))["ids"] == [promotion]
    cart = cast_any({**CART, "codes": ["one"]})
    held = await sconto.checkout.hold("B", cart, expected_total="18.00", seconds=60)
    assert (await sconto.checkout.get_hold("B")) == held
    await sconto.checkout.release_hold("B")
    order = await sconto.checkout.place_order("A", cart, expected_total="18.00")
    assert (await sconto.checkout.get_order("A")) == order
    assert (await sconto.checkout.set_status("A", "paid"))["status"] == "paid"
    listed = sconto.checkout.list_orders(status="paid", code="ONE", promotion_id=promotion)
    assert [one["order_id"] async for one in listed] == ["A"]
    assert (await sconto.checkout.explain_order("A"))["replay"]["possible"]
    quote = await sconto.checkout.quote(cart, explain=True)
    assert quote["explanation"]["total"] == quote["total"] == "18.00"
    assert (await sconto.promotions.get_statistics(promotion))["promotion_uses"] == 1
    actions = [one["action"] async for one in sconto.promotions.list_history(promotion)]
    assert actions[-1] == "created"
    await sconto.promotions.delete(promotion)


async def test_returns_by_client(sconto: AsyncClient) -> None:
    await sconto.checkout.place_order("A/1", {**CART, "shipping": "4.90"}, expected_total="24.90")
    quoted = await sconto.checkout.quote_return("A/1", [{"line_id": "1", "quantity": 1}])
    assert quoted["total"] == "10.00"
    one, more = [
        await sconto.checkout.create_return("A/1", return_id, [{"line_id": "1", "quantity": 1}])
        for return_id in ("R/1", "R/2")
    ]
    assert (await sconto.checkout.get_return("A/1", "R/2")) == more
    assert [kept async for kept in sconto.checkout.list_returns("A/1", page_size=1)] == [one, more]
    left = await sconto.checkout.get_goods_left("A/1")
    assert left == {"lines": [{"line_id": "1", "quantity": 0}], "shipping": True}
    with pytest.raises(MoreThanLeft) as refused:
        await sconto.checkout.create_return("A/1", "R/3", [{"line_id": "1", "quantity": 1}])
    assert (refused.value.left, refused.value.reason) == (left, "more-than-left")
    await sconto.checkout.create_return("A/1", "R/3", shipping=True)
    assert (await sconto.exports.returns()).count(b"\r\n") == 4


async def test_files_and_api_keys_by_client(sconto: AsyncClient, app: Starlette) -> None:
    await sconto.checkout.place_order("A", CART, expected_total="20.00")
    assert (await sconto.exports.orders(status="not paid")).count(b"\r\n") == 2
    assert (await sconto.exports.redemptions()).startswith(b"order_id,")
    assert (await sconto.exports.codes(state="used")).startswith(b"code_id,")
    made = await sconto.people.create_key({"name": "Shop", "role": "checkout"})
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    async with http, AsyncClient("http://sconto", token=made["key"], http=http) as by_key:
        assert (await by_key.checkout.get_order("A"))["total"] == "20.00"
    assert (await sconto.people.get_key(made["key_id"]))["name"] == "Shop"
    await sconto.people.revoke_key(made["key_id"])
    assert (await sconto.people.list_keys())["keys"] == []
    link = await sconto.people.invite_user({"username": "ada", "role": "viewer"})
    assert "/portal/" in (await sconto.people.reset_password(link["user_id"]))["link"]
    assert "ada" in [user["username"] async for user in sconto.people.list_users()]
    await sconto.people.sign_out(link["user_id"])
    [signed_out] = [one async for one in sconto.people.list_audit_log(kind="user", page_size=1)][:1]
    assert (signed_out["action"], signed_out["name"]) == ("signed out everywhere", "ada")
    await sconto.people.reset_two_factor(link["user_id"])
    with pytest.raises(NotFound):
        await sconto.people.reset_two_factor(link["user_id"] + 1_000_000)


async def test_the_stream_of_events_by_client(sconto: AsyncClient) -> None:
    assert (await sconto.events.set_recording(recording=True))["recording"]
    for order_id in ("A", "B", "C"):
        await sconto.checkout.place_order(order_id, CART, expected_total="20.00")
    await sconto.checkout.set_status("A", "paid")
    shown = [one["type"] async for one in sconto.events.list(page_size=2)]
    assert shown == ["order.placed"] * 3 + ["order.paid"]
    paid = await sconto.events.read(types=["order.paid"])
    assert [one["type"] for one in paid["events"]] == ["order.paid"]
    assert (await sconto.events.read(cursor=paid["next_cursor"]))["events"] == []


async def test_cart_and_subscription_promotions_by_client(sconto: AsyncClient) -> None:
    new: Any = {
        "name": "3 off",
        "target": "order",
        "benefit": {"type": "amount", "amounts": {"EUR": "3.00"}},
    }
    cart: Any = {**CART, "at": None}
    tried = await sconto.cart_promotions.try_on({"promotion": new, "cart": cart})
    assert tried["total"] == "17.00"
    made = await sconto.cart_promotions.create(new)
    changed = await sconto.cart_promotions.change(made["id"], {"limits": {"total": 9}})
    assert changed["limits"] == {"total": 9}
    assert [one["id"] async for one in sconto.cart_promotions.list(active=True)] == [made["id"]]
    assert (await sconto.checkout.quote(CART))["total"] == "17.00"
    assert (await sconto.cart_promotions.get_statistics(made["id"]))["orders"] == 0
    history = sconto.cart_promotions.list_history(made["id"], page_size=1)
    assert [one["verb"] async for one in history] == ["changed", "created"]
    await sconto.cart_promotions.delete(made["id"])
    with pytest.raises(NotFound):
        await sconto.cart_promotions.get(made["id"])
    assert (await sconto.cart_promotions.restore(made["id"]))["id"] == made["id"]
    await sconto.cart_promotions.delete(made["id"])
    listed = await sconto.checkout.list_prices(
        {"currency": "EUR", "products": [{"product_id": 1, "unit_price": "5.00"}]}
    )
    assert listed["products"][0]["price"] == "5.00"
    subscriptions, contract = sconto.subscriptions, cast_any(CONTRACT)
    trial = await subscriptions.create(cast_any(TRY3))
    renamed = await subscriptions.change(trial["id"], {"name": "Thirty"}, key="rename")
    assert (renamed["name"], (await subscriptions.get(trial["id"]))["name"]) == ("Thirty", "Thirty")
    assert [one["code"] async for one in subscriptions.list(code="try3")] == ["TRY3"]
    assert (await subscriptions.validate(trial["id"], contract))["data"]["valid"]
    plan = await subscriptions.schedule(
        trial["id"], {"subscriptionContract": contract, "numberOfOrders": 2}
    )
    assert len(plan["orders"]) == 2
    first, again = [await subscriptions.apply_code("TRY3", contract, key="c") for _ in range(2)]
    assert first == again
    await subscriptions.delete(trial["id"])


def cast_any(value: Any) -> Any:
    return value


async def test_a_blocking_client_signs_in_and_reads_pages(
    address: str, database: Database, merchant: Caller
) -> None:
    name = f"shop-{merchant.merchant_id}"
    await users.add_user(database, merchant, name, PASSWORD, Role.ADMIN)

    def work() -> list[int]:
        with Client(address, username=name, password=PASSWORD) as sconto:
            sconto.catalog.put_products([a_mug(n) for n in range(1, 6)])
            assert sconto.checkout.quote(CART, at="2026-01-01T00:00:00Z")["total"] == "20.00"
            with pytest.raises(RequestInvalid, match="/codes must be"):
                sconto.checkout.quote({**CART, "codes": cast_any("x")})
            return [one["product_id"] for one in sconto.catalog.list_products(page_size=2)]

    assert await asyncio.to_thread(work) == [1, 2, 3, 4, 5]


async def test_lost_answers_place_one_order_and_create_one_subscription_promotion(
    app: Starlette, token: str
) -> None:
    http = httpx.AsyncClient(transport=LosingAnswers(app))
    async with http, AsyncClient("http://sconto", token=token, http=http) as sconto:
        placed = await sconto.checkout.place_order("A", CART, expected_total="20.00")
        assert placed["order_id"] == "A"
        trial = await sconto.subscriptions.create(cast_any(TRY3))
        assert [one["id"] async for one in sconto.subscriptions.list()] == [trial["id"]]
        await sconto.subscriptions.delete(trial["id"])
        cart: Any = {
            "name": "3 off",
            "target": "order",
            "benefit": {"type": "amount", "amounts": {"EUR": "3.00"}},
        }
        made = await sconto.cart_promotions.create(cart)
        assert [one["id"] async for one in sconto.cart_promotions.list()] == [made["id"]]
        await sconto.catalog.put_products([a_mug(1)])
        await sconto.catalog.delete_product(1)
        new: Any = {
            "promotion_type": "discount",
            "promotion_name": "Ten",
            "discounts": {"discount_percent": "10"},
        }
        with pytest.raises(NotReached) as raised:
            await sconto.promotions.create(new)
        assert raised.value.maybe_done
        assert len((await sconto.promotions.list_ids())["ids"]) == 1


async def test_exceptions_have_the_facts_of_each_error_format(
    sconto: AsyncClient, app: Starlette, database: Database, merchant: Caller, tokens: Tokens
) -> None:
    with pytest.raises(RequestInvalid) as ours:
        await sconto.checkout.quote(cast_any({"currency": "euro", "lines": []}))
    assert {fault.pointer for fault in ours.value.faults} == {"/currency", "/lines"}
    bad: Any = {"promotion_type": "discount", "discounts": {"discount_percent": "0"}, "x": 1}
    with pytest.raises(RequestInvalid) as published:
        await sconto.promotions.create(bad)
    assert [fault.code for fault in published.value.faults] == [11010] * 3
    with pytest.raises(RequestInvalid) as subscription:
        await sconto.subscriptions.create(cast_any({**TRY3, "rules": [{"effect": {}}]}))
    assert "/rules/0/effect/amount" in {fault.pointer for fault in subscription.value.faults}
    with pytest.raises(RequestInvalid) as file:
        await sconto.promotions.import_codes(await a_promotion(sconto), b"GOOD\nNO CODE\n")
    assert [fault.line for fault in file.value.faults] == [2]
    await sconto.checkout.place_order("A", CART, expected_total="20.00")
    other: Cart = {**CART, "shipping": "1.00"}
    with pytest.raises(OrderConflict) as conflict:
        await sconto.checkout.place_order("A", other, expected_total="21.00")
    assert (conflict.value.reason, conflict.value.order["total"]) == ("order-conflict", "20.00")
    with pytest.raises(PriceChanged) as changed:
        await sconto.checkout.place_order("B", CART, expected_total="1.00")
    assert (changed.value.reason, changed.value.quote["total"]) == ("total-differs", "20.00")
    viewer = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    token = tokens.issue(viewer, read_clock())
    async with http, AsyncClient("http://sconto", token=token, http=http) as reader:
        for refused in (reader.checkout.quote(CART), reader.promotions.create(bad)):
            with pytest.raises(NotAllowed):
                await refused


async def test_an_expired_token_is_renewed(
    create_database: Callable[[], str], tokens: Tokens
) -> None:
    database = await Database.open(create_database())
    merchant = await create_caller(database)
    await users.add_user(database, merchant, "shop", PASSWORD, Role.CHECKOUT)
    passed = timedelta()

    def now() -> datetime:
        return read_clock() + passed

    async with serve(database, tokens, now) as http:
        sconto = AsyncClient("http://sconto", username="shop", password=PASSWORD, http=http)
        await sconto.checkout.quote(CART)
        passed = timedelta(days=2)
        quotes = await asyncio.gather(*(sconto.checkout.quote(CART) for _ in range(4)))
        assert [quote["total"] for quote in quotes] == ["20.00"] * 4


@pytest.mark.parametrize("url", ["mailto:sconto", "sconto", "http://host:x"])
def test_an_invalid_address_is_refused_immediately(url: str) -> None:
    with Client(url, token="x") as sconto, pytest.raises(AddressInvalid):
        sconto.checkout.quote(CART)


@pytest.mark.parametrize("given", [{}, {"token": "x", "username": "y"}, {"username": "y"}])
def test_a_client_takes_either_a_token_or_credentials(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either a token"):
        Client("http://127.0.0.1:1", **cast_any(given))


def test_every_operation_of_the_apis_has_a_method() -> None:
    described = {
        (method.upper(), path)
        for path, methods in describe(ROUTES)["paths"].items()
        if re.match(r"/(checkout|catalog|cart|promotion|export|people|events|v1/promotion)/?", path)
        for method in methods
    }
    called = set(calls())
    assert {
        (method, path)
        for method, path in described
        if not any(
            method == one and re.fullmatch(re.sub(r"\{\w+\}", "[^_/]+", path), two)
            for one, two in called
        )
    } == set()
    assert len(called) == len(described)


def calls() -> Iterator[tuple[str, str]]:
    """The method and the path of each call that the client can describe."""
    for api in APIS:
        for member in vars(api).values():
            if isinstance(member, operation) or type(member).__name__ == "listing":
                describe_call: Callable[..., Call[Any] | Listing[Any]] = member.__get__(None, api)
                asked = inspect.signature(describe_call).parameters.values()
                wanted = [one for one in asked if one.default is inspect.Parameter.empty]
                plain = [b"" if one.annotation is bytes else {} for one in wanted]
                values = {
                    one.name: "X"
                    if "str" in str(one.annotation) or one.annotation is int
                    else value
                    for one, value in zip(wanted, plain, strict=True)
                }
                call = describe_call(**values)
                first = call.first if isinstance(call, Listing) else call
                yield first.method, first.path


def a_mug(number: int) -> CatalogProduct:
    return {"product_id": number, "name": f"Mug {number}", "price": "10.00", "currency": "EUR"}


async def a_promotion(sconto: AsyncClient) -> int:
    coupons: Any = {"coupon_code": ["ONE"], "discount_percent": "10"}
    new: Any = {"promotion_type": "coupon", "promotion_name": "Ten", "coupons": coupons}
    return (await sconto.promotions.create(new))["id"]
