"""Questions to a shop: each is sent to Sconto over HTTP and to the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from tests.model import cart_shop, holds
from tests.model.checkout import hold, place, price, set_status
from tests.model.holds import Asker
from tests.model.listings import list_prices
from tests.model.shop import Answer, Shop
from tests.model.values import to_json

_TIMES: Final = {
    "used_at",
    "created_at",
    "starts_at",
    "ended_at",
    "ends_at",
    "held_until",
    "expires_at",
}
"""Members of the checkout's answers that are instants; their time zone does not matter."""

_NOT_COMPARED: Final = {"created_at", "updated_at", "days", "forecast"}
"""Members of the answers about cart promotions that the model does not know."""

_ADDRESSES: Final = {
    "create": "POST /v1/promotion",
    "patch": "PATCH /v1/promotion/{}",
    "get": "GET /v1/promotion/{}",
    "delete": "DELETE /v1/promotion/{}",
    "statistics": "POST /v1/promotion/statistics/",
    "quote": "POST /checkout/v1/quotes",
    "list prices": "POST /checkout/v1/prices",
    "order": "POST /checkout/v1/orders",
    "hold": "POST /checkout/v1/holds",
    "find hold": "GET /checkout/v1/holds/{}",
    "release hold": "DELETE /checkout/v1/holds/{}",
    "find order": "GET /checkout/v1/orders/{}",
    "set status": "PATCH /checkout/v1/orders/{}",
    "put product": "PUT /catalog/v1/products",
    "drop product": "DELETE /catalog/v1/products/{}",
    "create subscription": "POST /promotion/v1/promotions",
    "change subscription": "PATCH /promotion/v1/promotions/{}",
    "archive subscription": "DELETE /promotion/v1/promotions/{}",
    "find subscription": "GET /promotion/v1/promotions/{}",
    "validate subscription": "POST /promotion/v1/promotions/{}/_validate",
    "create cart promotion": "POST /cart/v1/promotions",
    "change cart promotion": "PATCH /cart/v1/promotions/{}",
    "delete cart promotion": "DELETE /cart/v1/promotions/{}",
    "find cart promotion": "GET /cart/v1/promotions/{}",
    "cart statistics": "GET /cart/v1/promotions/{}/statistics",
}


@dataclass(frozen=True)
class Question:
    """One request: the action, the promotion or order, and the body."""

    verb: str
    target: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


async def ask_sconto(
    client: httpx.AsyncClient, question: Question, headers: Mapping[str, str]
) -> httpx.Response:
    """Send the question."""
    match question.verb:
        case "list":
            return await client.get("/v1/promotion", params=dict(question.body), headers=headers)
        case "apply subscription":
            method, path = "POST", "/promotion/v1/promotion-codes/_apply"
            headers = {**headers, "Idempotency-Key": question.target}
        case _:
            method, _, path = _ADDRESSES[question.verb].format(question.target).partition(" ")
    content = to_json(dict(question.body)).encode() if question.body else None
    return await client.request(
        method,
        path,
        content=content,
        headers={**headers, **({"content-type": "application/json"} if content else {})},
    )


def ask_model(
    shop: Shop,
    question: Question,
    received: httpx.Response,
    now: datetime,
    before: Shop | None = None,
) -> Answer:
    """The expected answer. New ids, and what Sconto may choose, come from the received answer.

    `before` is the shop when this was asked, if other questions were answered at the same time.
    """
    match question.verb:
        case "list prices":
            return 200, list_prices(shop, question.body, now)
        case (
            "quote" | "order" | "find order" | "set status" | "hold" | "find hold" | "release hold"
        ):
            return _ask_checkout(shop, question, now)
        case "drop product" | "put product":
            return _change_catalogue(shop, question)
        case verb if "cart" in verb:
            return _ask_cart_promotions(shop, question, received, now)
        case verb if "subscription" in verb:
            return _ask_subscriptions(shop, question, received, now, before)
        case _:
            return _ask_promotions(shop, question, received, now)


def _ask_promotions(
    shop: Shop, question: Question, received: httpx.Response, now: datetime
) -> Answer:
    match question.verb:
        case "create":
            return shop.create(question.body, now, lambda: _new_id(received))
        case "patch":
            return shop.patch(question.target, question.body, now)
        case "get":
            return shop.get(question.target)
        case "delete":
            return shop.delete(question.target)
        case "list":
            return shop.list(question.body, now)
        case _:
            return shop.statistics(str(question.body["id"]), lambda: _code_ids(received))


def _ask_checkout(shop: Shop, question: Question, now: datetime) -> Answer:
    match question.verb:
        case "quote":
            at = question.body.get("at")
            moment = now if at is None else datetime.fromisoformat(at).astimezone(UTC)
            return 200, price(shop, question.body, moment, Asker(now))[0]
        case "order":
            return place(shop, question.body, now)
        case "hold":
            return hold(shop, question.body, now)
        case "find hold":
            return holds.find(shop, question.target, now)
        case "release hold":
            return holds.release(shop, question.target, now)
        case "find order":
            found = shop.orders.get(question.target)
            return (404, {}) if found is None else (200, found["answer"])
        case _:
            return set_status(shop, question.target, question.body["status"])


def _ask_cart_promotions(
    shop: Shop, question: Question, received: httpx.Response, now: datetime
) -> Answer:
    target = question.target
    match question.verb:
        case "create cart promotion":
            return cart_shop.create(shop, question.body, now, lambda: _new_id(received))
        case "change cart promotion":
            return cart_shop.change(shop, target, question.body)
        case "delete cart promotion":
            return cart_shop.delete(shop, target, now)
        case "restore cart promotion":
            return cart_shop.restore(shop, target, now)
        case "cart statistics":
            return cart_shop.statistics(shop, target)
        case _:
            return cart_shop.get(shop, target)


def _ask_subscriptions(
    shop: Shop, question: Question, received: httpx.Response, now: datetime, before: Shop | None
) -> Answer:
    answer: Answer
    subscriptions = shop.subscriptions
    match question.verb:
        case "create subscription":
            answer = subscriptions.create(question.body, lambda: _data(received).get("id", "none"))
        case "change subscription":
            answer = subscriptions.change(question.target, question.body)
        case "archive subscription":
            answer = subscriptions.archive(question.target)
        case "find subscription":
            answer = subscriptions.get(question.target)
        case "validate subscription":
            contract = question.body["subscriptionContract"]
            answer = subscriptions.validate(question.target, contract, now)
        case _:
            shown = _shown(received.json())
            answer = subscriptions.apply(
                question.body,
                question.target,
                now,
                (shown.get("applicationId", "none"), shown.get("usageCount", 0)),
                None if before is None else before.subscriptions,
            )
    return answer


def matches(expected: Answer, received: httpx.Response) -> bool:
    """Whether the answer received is the expected one."""
    status, body = expected
    if received.status_code != status:
        return False
    if body is None:
        return True
    answered: Any = received.json() if received.content else {}
    if "/promotion/v1/" in str(received.url):
        answered = _shown(answered)
    if "/cart/v1/" in str(received.url):
        ignored = _NOT_COMPARED | ({"codes"} if "/statistics" in str(received.url) else set())
        answered = {name: one for name, one in answered.items() if name not in ignored}
    if isinstance(body, dict) and status in (404, 409, 422) and "errors" not in body:
        # An error of the checkout: compare its quote or order, not its sentences.
        answered = {name: answered[name] for name in ("quote", "order") if name in answered}
    return bool(_with_instants(answered) == body)


def costs(answer: Answer) -> object:
    """The price and discounts of an order, without the reasons why promotions do not apply."""
    _, body = answer
    assert isinstance(body, dict)
    applied = [one for one in body.get("cart_promotions", ()) if one["applied"]]
    rest = {name: one for name, one in body.items() if name not in ("cart_promotions", "codes")}
    return rest, applied


def _data(received: httpx.Response) -> dict[str, Any]:
    data: dict[str, Any] = received.json().get("data", {})
    return data


def _shown(answered: dict[str, Any]) -> dict[str, Any]:
    """The parts of an answer about subscription promotions that are compared."""
    if "data" not in answered:
        return {}
    data, meta = answered["data"], answered["meta"]
    if "valid" in data:
        return {"valid": data["valid"]}
    constraint = data["constraint"]
    return {
        **{name: data[name] for name in ("id", "enabled", "name", "code", "rules")},
        "maxUsage": constraint.get("maxUsage"),
        "usageCount": constraint["usageCount"],
        **meta,
    }


def _change_catalogue(shop: Shop, question: Question) -> Answer:
    if question.verb == "put product":
        for product in question.body["products"]:
            shop.products.add(product["product_id"])
            shop.tags[product["product_id"]] = set(product["tags"])
        return 200, None
    known = int(question.target) in shop.products
    shop.products.discard(int(question.target))
    return (204, None) if known else (404, {})


def _new_id(received: httpx.Response) -> int:
    id_ = received.json().get("id")
    return id_ if isinstance(id_, int) else 0


def _code_ids(received: httpx.Response) -> list[int]:
    return [row["coupon_id"] for row in received.json().get("coupons", [])]


def _with_instants(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: datetime.fromisoformat(member)
                if name in _TIMES and member is not None
                else _with_instants(member)
                for name, member in value.items()
            }
        case list():
            return [_with_instants(member) for member in value]
        case _:
            return value
