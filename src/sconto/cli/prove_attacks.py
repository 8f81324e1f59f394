"""The attacks of `sconto prove`: each races many clients on one thing that may happen once."""

import random
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from sconto.cli.prove_http import Request, Response
from sconto.cli.prove_shop import (
    PRODUCTS,
    Attack,
    PromiseBroken,
    Shop,
    new_id,
    order_request,
    require,
    require_one,
)

_KEY: Final = "Idempotency-Key"
_HANG_UP_BEFORE: Final = 0.02
"""Seconds within which a connection is dropped: most requests are running then."""


async def take_one_time_code(shop: Shop) -> list[Response]:
    """Different orders use the same one-time code: only one gets it."""
    _, code = await shop.create(coupon_type="one-time")
    answers = await shop.place([order_request(codes=[code]) for _ in range(shop.clients)])
    require_one(answers, "orders got a one-time code")
    return answers


async def place_one_id(shop: Shop) -> list[Response]:
    """Two carts are sent under one order id, many times: one is placed, the other is refused."""
    order_id = new_id()
    carts = [order_request(order_id, quantity=1 + number % 2) for number in range(shop.clients)]
    answers = await shop.place(carts)
    require_one(answers, "orders were created under one id")
    placed = {str(answer.body["lines"]) for answer in answers if answer.status != 409}
    if len(placed) != 1:
        raise PromiseBroken(f"order id {order_id} was answered with {len(placed)} different carts")
    return answers


async def replace_one_order(shop: Shop) -> list[Response]:
    """Many orders replace one that has a one-time code: only one does, and gets the code."""
    _, code = await shop.create(coupon_type="one-time")
    old = new_id()
    await shop.place([order_request(old, codes=[code])])
    answers = await shop.place(
        [order_request(codes=[code], replaces=old) for _ in range(shop.clients)],
    )
    require_one(answers, "orders replaced the same one")
    return answers


async def drop_and_retry(shop: Shop) -> list[Response]:
    """Callers hang up before the answer comes, and retry: each order counts once."""
    promotion_id, code = await shop.create()
    before = shop.answered.uses[promotion_id]
    answers = await shop.place(
        [
            order_request(codes=[code], hang_up=random.uniform(0, _HANG_UP_BEFORE))  # noqa: S311
            for _ in range(shop.clients)
        ]
    )
    if shop.answered.uses[promotion_id] - before != len(answers) * len(PRODUCTS):
        raise PromiseBroken(f"code {code} was left out of an order")
    await _compare_uses(shop, promotion_id)
    return answers


async def repeat_orders(shop: Shop) -> list[Response]:
    """Many callers send the same order: it is placed once, and all get the same answer."""
    promotion_id, code = await shop.create(coupon_type="one-time")
    order = order_request(codes=[code])
    answers = await shop.place([order] * shop.clients)
    require_one(answers, "answers said that they created the same order")
    await _compare_uses(shop, promotion_id)
    return answers


async def change_promotions_during_orders(shop: Shop) -> list[Response]:
    """Promotions change while orders are placed: each caller's answer must match what is stored."""
    promotion_id, code = await shop.create()
    everything = await shop.ask("POST", "/v1/promotion", _automatic(5))
    changes = [
        Request("PATCH", f"/v1/promotion/{promotion_id}", _coupon([code], "one-time")),
        Request("PATCH", f"/v1/promotion/{promotion_id}", _coupon([f"{code}-x"], "reusable")),
        Request("PATCH", f"/v1/promotion/{promotion_id}", _coupon([code], "reusable")),
        Request("PATCH", f"/v1/promotion/{everything['id']}", _automatic(7)),
        Request("DELETE", f"/v1/promotion/{everything['id']}"),
    ]
    orders = [order_request(codes=[code]) for _ in range(shop.clients)]
    answers = await shop.service.ask_together([*orders, *changes])
    for answer in answers[: len(orders)]:
        require(answer, {201, 409}, "an order")
        if answer.status == 201:
            shop.keep(answer.body)
    for answer in answers[len(orders) :]:
        require(answer, {200, 404}, "a change of a promotion")
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
        require(answer, {200, 409}, "an application")
    successes = sum(answer.status == 200 for answer in answers)
    shop.answered.applications[promotion_id] += successes
    if successes != min(limit, shop.clients):
        raise PromiseBroken(f"{successes} clients applied a code with a limit of {limit}")
    return answers


async def repeat_application(shop: Shop) -> list[Response]:
    """Many callers send the same Idempotency-Key: one use is counted."""
    promotion_id, code = await _create_limited(shop, shop.clients)
    request = _application(code, secrets.token_hex(8))
    answers = await shop.service.ask_together([request] * shop.clients)
    # A caller may be asked to retry while the first request is running.
    for answer in answers:
        require(answer, {200, 409}, "an application")
    final = await shop.service.ask(request)
    require(final, {200}, "an application that was repeated")
    answered = {str(answer.body) for answer in [*answers, final] if answer.status == 200}
    if len(answered) != 1:
        raise PromiseBroken(f"one Idempotency-Key was answered in {len(answered)} ways")
    shop.answered.applications[promotion_id] += 1
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


async def _compare_uses(shop: Shop, promotion_id: int) -> None:
    statistics = await shop.ask("POST", "/v1/promotion/statistics", {"id": promotion_id})
    counted, answered = statistics["promotion_uses"], shop.answered.uses[promotion_id]
    if counted != answered:
        raise PromiseBroken(f"promotion {promotion_id} counts {counted} uses, not {answered}")


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
