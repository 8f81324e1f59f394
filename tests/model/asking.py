"""What can be asked of a shop: the same question to Sconto over HTTP, and to the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from tests.model.shop import Answer, Shop
from tests.model.till import place, price, set_status
from tests.model.words import to_json

_TIMES: Final = {"used_at", "created_at", "starts_at", "ended_at"}
"""Members of the checkout's answers that are instants, in whatever zone they are written."""

_ADDRESSES: Final = {
    "create": "POST /v1/promotion",
    "patch": "PATCH /v1/promotion/{}",
    "get": "GET /v1/promotion/{}",
    "delete": "DELETE /v1/promotion/{}",
    "statistics": "POST /v1/promotion/statistics/",
    "quote": "POST /checkout/v1/quotes",
    "order": "POST /checkout/v1/orders",
    "find order": "GET /checkout/v1/orders/{}",
    "set status": "PATCH /checkout/v1/orders/{}",
    "put product": "PUT /catalog/v1/products",
    "drop product": "DELETE /catalog/v1/products/{}",
    "create subscription": "POST /promotion/v1/promotions",
    "change subscription": "PATCH /promotion/v1/promotions/{}",
    "archive subscription": "DELETE /promotion/v1/promotions/{}",
    "find subscription": "GET /promotion/v1/promotions/{}",
    "validate subscription": "POST /promotion/v1/promotions/{}/_validate",
}


@dataclass(frozen=True)
class Ask:
    """One question: what is wanted, of which promotion or order, with what."""

    verb: str
    target: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


async def ask_sconto(
    client: httpx.AsyncClient, ask: Ask, headers: Mapping[str, str]
) -> httpx.Response:
    """Send it."""
    match ask.verb:
        case "list":
            return await client.get("/v1/promotion", params=dict(ask.body), headers=headers)
        case "apply subscription":
            method, path = "POST", "/promotion/v1/promotion-codes/_apply"
            headers = {**headers, "Idempotency-Key": ask.target}
        case _:
            method, _, path = _ADDRESSES[ask.verb].format(ask.target).partition(" ")
    content = to_json(dict(ask.body)).encode() if ask.body else None
    return await client.request(
        method,
        path,
        content=content,
        headers={**headers, **({"content-type": "application/json"} if content else {})},
    )


def ask_model(
    shop: Shop, ask: Ask, told: httpx.Response, now: datetime, before: Shop | None = None
) -> Answer:
    """What must be answered; of what was answered it takes new ids, and what it may choose.

    `before` is the shop as it was when this was asked, where others were answered at the same time.
    """
    answer: Answer
    match ask.verb:
        case "create":
            answer = shop.create(ask.body, now, lambda: _new_id(told))
        case "patch":
            answer = shop.patch(ask.target, ask.body, now)
        case "get":
            answer = shop.get(ask.target)
        case "delete":
            answer = shop.delete(ask.target)
        case "list":
            answer = shop.list(ask.body, now)
        case "statistics":
            answer = shop.statistics(str(ask.body["id"]), lambda: _code_ids(told))
        case "quote":
            at = ask.body.get("at")
            moment = now if at is None else datetime.fromisoformat(at).astimezone(UTC)
            answer = 200, price(shop, ask.body, moment)[0]
        case "order":
            answer = place(shop, ask.body, now)
        case "find order":
            found = shop.orders.get(ask.target)
            answer = (404, {}) if found is None else (200, found["answer"])
        case "set status":
            answer = set_status(shop, ask.target, ask.body["status"])
        case "drop product" | "put product":
            answer = _change_catalogue(shop, ask)
        case _:
            answer = _ask_subscriptions(shop, ask, told, now, before)
    return answer


def _ask_subscriptions(
    shop: Shop, ask: Ask, told: httpx.Response, now: datetime, before: Shop | None
) -> Answer:
    answer: Answer
    subscriptions = shop.subscriptions
    match ask.verb:
        case "create subscription":
            answer = subscriptions.create(ask.body, lambda: _data(told).get("id", "none"))
        case "change subscription":
            answer = subscriptions.change(ask.target, ask.body)
        case "archive subscription":
            answer = subscriptions.archive(ask.target)
        case "find subscription":
            answer = subscriptions.get(ask.target)
        case "validate subscription":
            contract = ask.body["subscriptionContract"]
            answer = subscriptions.validate(ask.target, contract, now)
        case _:
            shown = _shown(told.json())
            answer = subscriptions.apply(
                ask.body,
                ask.target,
                now,
                (shown.get("applicationId", "none"), shown.get("usageCount", 0)),
                None if before is None else before.subscriptions,
            )
    return answer


def is_told(expected: Answer, told: httpx.Response) -> bool:
    """Whether what was answered is what had to be."""
    status, body = expected
    if told.status_code != status:
        return False
    if body is None:
        return True
    answered: Any = told.json() if told.content else {}
    if "/promotion/v1/" in str(told.url):
        answered = _shown(answered)
    if isinstance(body, dict) and status in (404, 409, 422) and "errors" not in body:
        # An error of the checkout: besides the sentences, what it tells of quotes and orders.
        answered = {name: answered[name] for name in ("quote", "order") if name in answered}
    return bool(_with_instants(answered) == body)


def _data(told: httpx.Response) -> dict[str, Any]:
    data: dict[str, Any] = told.json().get("data", {})
    return data


def _shown(answered: dict[str, Any]) -> dict[str, Any]:
    """What is compared of an answer about subscription promotions."""
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


def _change_catalogue(shop: Shop, ask: Ask) -> Answer:
    if ask.verb == "put product":
        shop.products |= {product["product_id"] for product in ask.body["products"]}
        return 200, None
    known = int(ask.target) in shop.products
    shop.products.discard(int(ask.target))
    return (204, None) if known else (404, {})


def _new_id(told: httpx.Response) -> int:
    id_ = told.json().get("id")
    return id_ if isinstance(id_, int) else 0


def _code_ids(told: httpx.Response) -> list[int]:
    return [row["coupon_id"] for row in told.json().get("coupons", [])]


def _with_instants(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: datetime.fromisoformat(member) if name in _TIMES else _with_instants(member)
                for name, member in value.items()
            }
        case list():
            return [_with_instants(member) for member in value]
        case _:
            return value
