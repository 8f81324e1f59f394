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
        case "create":
            method, path = "POST", "/v1/promotion"
        case "patch" | "get" | "delete":
            method, path = ask.verb.upper(), f"/v1/promotion/{ask.target}"
        case "statistics":
            method, path = "POST", "/v1/promotion/statistics/"
        case "list":
            return await client.get("/v1/promotion", params=dict(ask.body), headers=headers)
        case "quote" | "order":
            method, path = "POST", f"/checkout/v1/{ask.verb}s"
        case "find order":
            method, path = "GET", f"/checkout/v1/orders/{ask.target}"
        case "set status":
            method, path = "PATCH", f"/checkout/v1/orders/{ask.target}"
        case "put product":
            method, path = "PUT", "/catalog/v1/products"
        case "drop product":
            method, path = "DELETE", f"/catalog/v1/products/{ask.target}"
        case _:
            raise AssertionError(ask)
    content = to_json(dict(ask.body)).encode() if ask.body else None
    return await client.request(
        method,
        path,
        content=content,
        headers={**headers, **({"content-type": "application/json"} if content else {})},
    )


def ask_model(shop: Shop, ask: Ask, told: httpx.Response, now: datetime) -> Answer:
    """What must be answered; of what was answered it takes new ids, and nothing else."""
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
        case "put product":
            shop.products |= {product["product_id"] for product in ask.body["products"]}
            answer = 200, None
        case _:
            answer = _drop_product(shop, int(ask.target))
    return answer


def is_told(expected: Answer, told: httpx.Response) -> bool:
    """Whether what was answered is what had to be."""
    status, body = expected
    if told.status_code != status:
        return False
    if body is None:
        return True
    answered: Any = told.json() if told.content else {}
    if isinstance(body, dict) and status in (404, 409, 422) and "errors" not in body:
        # An error of the checkout: besides the sentences, what it tells of quotes and orders.
        answered = {name: answered[name] for name in ("quote", "order") if name in answered}
    return bool(_with_instants(answered) == body)


def _drop_product(shop: Shop, product: int) -> Answer:
    known = product in shop.products
    shop.products.discard(product)
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
