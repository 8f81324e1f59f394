"""The attacks of `sconto prove`: each races many clients on one thing that may happen once."""

import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sconto.cli.prove_http import Request, Response, Service

PRODUCTS: Final = (1, 2)

_PRICE: Final = "10.00"
_KEY: Final = "Idempotency-Key"
_HANG_UP_BEFORE: Final = 0.02
"""Seconds within which a connection is dropped: most requests are running then."""


class PromiseBroken(Exception):
    """The service said two things that cannot both be true; the message says which."""


@dataclass(slots=True)
class Told:
    """What the service told its callers; it is compared with what the service has stored."""

    orders: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    uses: Counter[int] = field(default_factory=Counter)
    applications: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Shop:
    """The scratch merchant: the service it asks, and what it was told so far."""

    service: Service
    clients: int
    told: Told = field(default_factory=Told)

    async def ask(self, method: str, path: str, body: object = None, expect: int = 200) -> Any:
        """The body of an answer with the expected status. Raises PromiseBroken for another one."""
        answer = await self.service.ask(Request(method, path, body))
        _require(answer, {expect}, f"{method} {path}")
        return answer.body

    async def create(self, **terms: object) -> tuple[int, str]:
        """A promotion with one new code: its id and the code."""
        code = f"P-{secrets.token_hex(8)}"
        coupons = {"coupon_code": [code], "discount_percent": "10", **terms}
        body = {"promotion_type": "coupon", "promotion_name": code, "coupons": coupons}
        return (await self.ask("POST", "/v1/promotion", body))["id"], code

    async def place(self, requests: Sequence[Request]) -> list[Response]:
        """Place orders together, and remember what the service said of each."""
        answers = await self.service.ask_together(requests)
        for answer in answers:
            _require(answer, {200, 201, 409}, "an order")
            if answer.status != 409:
                self.keep(answer.body)
        return answers

    def keep(self, order: Mapping[str, Any]) -> None:
        """Remember an order as it was told. Raises PromiseBroken if it was told differently."""
        before = self.told.orders.setdefault(order["order_id"], order)
        if {**before, "status": None} != {**order, "status": None}:
            raise PromiseBroken(f"order {order['order_id']} was told in two ways")
        if before is order:
            picks = {
                (line["product_id"], pick["promotion_id"])
                for line in order["lines"]
                for pick in line["picks"]
            }
            self.told.uses.update(promotion_id for _, promotion_id in picks)


Attack = Callable[[Shop], Awaitable[list[Response]]]


async def take_one_time_code(shop: Shop) -> list[Response]:
    """Different orders use the same one-time code: only one gets it."""
    _, code = await shop.create(coupon_type="one-time")
    answers = await shop.place([_order(codes=[code]) for _ in range(shop.clients)])
    _require_one(answers, "orders got a one-time code")
    return answers


async def place_one_id(shop: Shop) -> list[Response]:
    """Two carts are sent under one order id, many times: one is placed, the other is refused."""
    order_id = _id()
    carts = [_order(order_id, quantity=1 + number % 2) for number in range(shop.clients)]
    answers = await shop.place(carts)
    _require_one(answers, "orders were created under one id")
    told = {str(answer.body["lines"]) for answer in answers if answer.status != 409}
    if len(told) != 1:
        raise PromiseBroken(f"order id {order_id} was answered with {len(told)} different carts")
    return answers


async def replace_one_order(shop: Shop) -> list[Response]:
    """Many orders replace one that has a one-time code: only one does, and gets the code."""
    _, code = await shop.create(coupon_type="one-time")
    old = _id()
    await shop.place([_order(old, codes=[code])])
    answers = await shop.place(
        [_order(codes=[code], replaces=old) for _ in range(shop.clients)],
    )
    _require_one(answers, "orders replaced the same one")
    return answers


async def drop_and_retry(shop: Shop) -> list[Response]:
    """Callers hang up before the answer comes, and ask again: each order counts once."""
    promotion_id, code = await shop.create()
    before = shop.told.uses[promotion_id]
    answers = await shop.place(
        [
            _order(codes=[code], hang_up=random.uniform(0, _HANG_UP_BEFORE))  # noqa: S311
            for _ in range(shop.clients)
        ]
    )
    if shop.told.uses[promotion_id] - before != len(answers) * len(PRODUCTS):
        raise PromiseBroken(f"code {code} was left out of an order")
    await _compare_uses(shop, promotion_id)
    return answers


async def repeat_orders(shop: Shop) -> list[Response]:
    """Many callers send the same order: it is placed once, and all get the same answer."""
    promotion_id, code = await shop.create(coupon_type="one-time")
    order = _order(codes=[code])
    answers = await shop.place([order] * shop.clients)
    _require_one(answers, "answers said that they created the same order")
    await _compare_uses(shop, promotion_id)
    return answers


async def change_promotions_during_orders(shop: Shop) -> list[Response]:
    """Promotions change while orders are placed: what each caller was told is what counts."""
    promotion_id, code = await shop.create()
    everything = await shop.ask("POST", "/v1/promotion", _automatic(5))
    changes = [
        Request("PATCH", f"/v1/promotion/{promotion_id}", _coupon([code], "one-time")),
        Request("PATCH", f"/v1/promotion/{promotion_id}", _coupon([f"{code}-x"], "reusable")),
        Request("PATCH", f"/v1/promotion/{promotion_id}", _coupon([code], "reusable")),
        Request("PATCH", f"/v1/promotion/{everything['id']}", _automatic(7)),
        Request("DELETE", f"/v1/promotion/{everything['id']}"),
    ]
    orders = [_order(codes=[code]) for _ in range(shop.clients)]
    answers = await shop.service.ask_together([*orders, *changes])
    for answer in answers[: len(orders)]:
        _require(answer, {201, 409}, "an order")
        if answer.status == 201:
            shop.keep(answer.body)
    for answer in answers[len(orders) :]:
        _require(answer, {200, 404}, "a change of a promotion")
    await _compare_uses(shop, promotion_id)
    return answers


async def reach_limit(shop: Shop) -> list[Response]:
    """More callers apply a subscription code than its limit allows: only that many succeed."""
    limit = max(1, shop.clients // 3)
    promotion_id, code = await _create_limited(shop, limit)
    answers = await shop.service.ask_together(
        [_application(code, secrets.token_hex(8)) for _ in range(shop.clients)]
    )
    for answer in answers:
        _require(answer, {200, 409}, "an application")
    applied = sum(answer.status == 200 for answer in answers)
    shop.told.applications[promotion_id] += applied
    if applied != min(limit, shop.clients):
        raise PromiseBroken(f"{applied} were told that they applied a code with a limit of {limit}")
    return answers


async def repeat_application(shop: Shop) -> list[Response]:
    """Many callers send the same Idempotency-Key: one use is counted."""
    promotion_id, code = await _create_limited(shop, shop.clients)
    request = _application(code, secrets.token_hex(8))
    answers = await shop.service.ask_together([request] * shop.clients)
    # A caller may be told to ask again while the first request is running.
    for answer in answers:
        _require(answer, {200, 409}, "an application")
    final = await shop.service.ask(request)
    _require(final, {200}, "an application that was repeated")
    told = {str(answer.body) for answer in [*answers, final] if answer.status == 200}
    if len(told) != 1:
        raise PromiseBroken(f"one Idempotency-Key was answered in {len(told)} ways")
    shop.told.applications[promotion_id] += 1
    return answers


ATTACKS: Final[Mapping[str, Attack]] = {
    "one one-time code, many orders": take_one_time_code,
    "one order id, two carts": place_one_id,
    "the same order, many times": repeat_orders,
    "one order, many replacements": replace_one_order,
    "connections dropped, then retries": drop_and_retry,
    "promotions changed during orders": change_promotions_during_orders,
    "a subscription code at its limit": reach_limit,
    "one Idempotency-Key, many callers": repeat_application,
}


async def compare_with_stored(shop: Shop) -> None:
    """Read everything that callers were told. Raises PromiseBroken if it is stored otherwise."""
    for order_id, told in shop.told.orders.items():
        stored = await shop.ask("GET", f"/checkout/v1/orders/{order_id}")
        if {**told, "status": None} != {**stored, "status": None}:
            raise PromiseBroken(f"order {order_id} is stored otherwise than it was told")
    for promotion_id, uses in shop.told.applications.items():
        found = await shop.ask("GET", f"/promotion/v1/promotions/{promotion_id}")
        counted = found["data"]["constraint"]["usageCount"]
        if counted != uses:
            raise PromiseBroken(
                f"subscription promotion {promotion_id} counts {counted} uses, {uses} were told"
            )


async def _compare_uses(shop: Shop, promotion_id: int) -> None:
    statistics = await shop.ask("POST", "/v1/promotion/statistics", {"id": promotion_id})
    counted, told = statistics["promotion_uses"], shop.told.uses[promotion_id]
    if counted != told:
        raise PromiseBroken(f"promotion {promotion_id} counts {counted} uses, {told} were told")


async def _create_limited(shop: Shop, limit: int) -> tuple[str, str]:
    code = f"S-{secrets.token_hex(8)}"
    rule = {"effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "30"}, "conditions": []}
    body = {
        "enabled": True,
        "name": code,
        "code": code,
        "rules": [rule],
        "constraint": {"maxUsage": limit},
    }
    created = await shop.ask("POST", "/promotion/v1/promotions", body, 201)
    return created["data"]["id"], code


def _order(
    order_id: str | None = None,
    *,
    codes: Sequence[str] = (),
    quantity: int = 1,
    replaces: str | None = None,
    hang_up: float | None = None,
) -> Request:
    lines = [
        {"line_id": str(one), "product_id": one, "quantity": quantity, "unit_price": _PRICE}
        for one in PRODUCTS
    ]
    body = {"order_id": order_id or _id(), "currency": "EUR", "lines": lines, "codes": list(codes)}
    if replaces is not None:
        body["replaces"] = replaces
    return Request("POST", "/checkout/v1/orders", body, hang_up=hang_up)


def _application(code: str, key: str) -> Request:
    contract: dict[str, object] = {
        "createdAt": None,
        "subscriptionTypeId": "monthly",
        "discounts": [],
    }
    body = {"promotionCode": code, "subscriptionContract": contract}
    return Request("POST", "/promotion/v1/promotion-codes/_apply", body, {_KEY: key})


def _coupon(codes: Sequence[str], code_type: str) -> dict[str, object]:
    terms = {"coupon_type": code_type, "coupon_code": codes, "discount_percent": "10"}
    return {"promotion_type": "coupon", "coupons": terms}


def _automatic(percent: int) -> dict[str, object]:
    return {
        "promotion_type": "discount",
        "promotion_name": "For all products",
        "discounts": {"discount_percent": str(percent)},
    }


def _id() -> str:
    return f"prove-{secrets.token_hex(8)}"


def _require(answer: Response, expected: set[int], subject: str) -> None:
    if answer.status not in expected:
        raise PromiseBroken(f"{subject} was answered with {answer.status}: {answer.body}")


def _require_one(answers: Sequence[Response], words: str) -> None:
    created = sum(answer.status == 201 for answer in answers)
    if created != 1:
        raise PromiseBroken(f"{created} {words}")
