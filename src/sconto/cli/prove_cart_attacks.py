"""The attacks of `sconto prove` on cart promotions: races for limits and for what is given back.

Each promotion has a code, so that only the orders of its attack get it.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sconto.cli.prove_http import Request, Response
from sconto.cli.prove_shop import (
    Attack,
    PromiseBroken,
    Shop,
    new_id,
    order_request,
    require,
    require_one,
)

_PROMOTIONS: Final = "/cart/v1/promotions"
_OFF: Final = "3.00"


async def reach_total(shop: Shop) -> list[Response]:
    """More orders want a promotion than its limit allows: only that many get it."""
    limit = max(1, shop.clients // 3)
    promotion_id, code = await create_cart_promotion(shop, limits={"total": limit})
    answers = await shop.place([order_request(codes=[code]) for _ in range(shop.clients)])
    _require_uses(answers, promotion_id, min(limit, shop.clients), f"a limit of {limit}")
    await compare_taken(shop, promotion_id, answers)
    return answers


async def reach_limit_of_customers(shop: Shop) -> list[Response]:
    """Customers order more often than each of them may use a promotion."""
    promotion_id, code = await create_cart_promotion(shop, limits={"per_customer": 2})
    customers = [new_id() for _ in range(max(1, shop.clients // 8))]
    answers = await shop.place(
        [
            order_request(codes=[code], customer=customers[number % len(customers)])
            for number in range(shop.clients)
        ]
    )
    orders_of = Counter(customers[number % len(customers)] for number in range(shop.clients))
    expected = sum(min(2, orders) for orders in orders_of.values())
    _require_uses(answers, promotion_id, expected, "a limit of 2 for each customer")
    return answers


async def spend_budget(shop: Shop) -> list[Response]:
    """Orders want more money than a promotion's budget has: none of it is spent twice."""
    served = max(1, shop.clients // 3)
    budget = f"{served * Decimal(_OFF) + 2}"
    promotion_id, code = await create_cart_promotion(shop, limits={"budget": {"EUR": budget}})
    answers = await shop.place([order_request(codes=[code]) for _ in range(shop.clients)])
    expected = min(served, shop.clients)
    _require_uses(answers, promotion_id, expected, f"a budget of {budget}")
    await compare_taken(shop, promotion_id, answers)
    return answers


async def order_first(shop: Shop) -> list[Response]:
    """Many orders of one customer claim to be the first: one is."""
    promotion_id, code = await create_cart_promotion(shop, conditions={"first_order": True})
    customer = new_id()
    answers = await shop.place(
        [order_request(codes=[code], customer=customer) for _ in range(shop.clients)]
    )
    _require_uses(answers, promotion_id, 1, "a first order")
    return answers


async def repeat_limited_order(shop: Shop) -> list[Response]:
    """Many callers send the same order: it takes from each limit once."""
    limits = {"total": 2, "per_customer": 2, "budget": {"EUR": "6.00"}}
    promotion_id, code = await create_cart_promotion(shop, limits=limits)
    order = order_request(codes=[code], customer=new_id())
    answers = await shop.place([order] * shop.clients)
    require_one(answers, "answers said that they created the same order")
    created = [answer for answer in answers if answer.status == 201]
    _require_uses(answers, promotion_id, shop.clients, "the same order")
    await compare_taken(shop, promotion_id, created)
    return answers


async def give_back(shop: Shop) -> list[Response]:
    """Orders are deleted, twice each, while others want what they give back."""
    limit = max(2, shop.clients // 3)
    promotion_id, code = await create_cart_promotion(shop, limits={"total": limit})
    first = await shop.place([order_request(codes=[code]) for _ in range(limit)])
    placed = [answer.body["order_id"] for answer in first if answer.status == 201]
    gone = placed[::2]
    orders = [order_request(codes=[code]) for _ in range(shop.clients - len(gone))]
    answers = await shop.service.ask_together([*orders, *map(_deletion, gone * 2)])
    for answer in answers[len(orders) :]:
        require(answer, {200}, "a deletion")
    for answer in answers[: len(orders)]:
        require(answer, {201, 409}, "an order")
        if answer.status == 201:
            shop.keep(answer.body)
    # What is free now goes to later orders, and no more than that.
    later = await shop.place([order_request(codes=[code]) for _ in range(shop.clients)])
    standing = [one for one in first if one.status == 201 and one.body["order_id"] not in gone]
    standing += [one for one in [*answers[: len(orders)], *later] if one.status == 201]
    _require_uses(standing, promotion_id, limit, f"a limit of {limit} after deletions")
    await compare_taken(shop, promotion_id, standing)
    return answers


async def take_given_back_code(shop: Shop) -> list[Response]:
    """A one-time code of a deleted order serves one more order."""
    promotion_id, code = await create_cart_promotion(shop, code_type="one-time")
    old = order_request(codes=[code])
    placed = await shop.place([old])
    require_one(placed, "orders got a new one-time code")
    deletion = _deletion(placed[0].body["order_id"])
    require(await shop.service.ask(deletion), {200}, "a deletion")
    answers = await shop.place([order_request(codes=[code]) for _ in range(shop.clients)])
    require_one(answers, "orders got a one-time code that was given back")
    _require_uses(answers, promotion_id, 1, "a one-time code")
    return answers


CART_ATTACKS: Final[Mapping[str, Attack]] = {
    "a cart promotion at its total": reach_total,
    "a cart promotion, two a customer": reach_limit_of_customers,
    "a budget, many orders": spend_budget,
    "one customer, many first orders": order_first,
    "the same order with limits": repeat_limited_order,
    "deletions that give back": give_back,
    "a one-time code that is given back": take_given_back_code,
}


async def create_cart_promotion(
    shop: Shop, code_type: str = "reusable", **terms: object
) -> tuple[int, str]:
    """A promotion of 3.00 off the order with one new code; returns its id and the code."""
    code = f"C-{secrets.token_hex(8)}"
    body = {
        "name": code,
        "target": "order",
        "benefit": {"type": "amount", "amounts": {"EUR": _OFF}},
        "codes": {"code_type": code_type, "codes": [code]},
        **terms,
    }
    return (await shop.ask("POST", _PROMOTIONS, body, 201))["id"], code


def _deletion(order_id: str) -> Request:
    return Request("PATCH", f"/checkout/v1/orders/{order_id}", {"status": "deleted"})


def has_applied(answer: Response, promotion_id: int) -> bool:
    """Whether an order or a hold got the promotion."""
    answered: Sequence[Mapping[str, Any]] = answer.body.get("cart_promotions", ())
    return any(one["promotion_id"] == promotion_id and one["applied"] for one in answered)


def _require_uses(
    answers: Sequence[Response], promotion_id: int, expected: int, words: str
) -> None:
    uses = sum(answer.status != 409 and has_applied(answer, promotion_id) for answer in answers)
    if uses != expected:
        raise PromiseBroken(f"{uses} orders got a cart promotion with {words}, not {expected}")


async def compare_taken(shop: Shop, promotion_id: int, answers: Sequence[Response]) -> None:
    """Compare what is stored about the limits with the orders that took it."""
    statistics = await shop.ask("GET", f"{_PROMOTIONS}/{promotion_id}/statistics")
    uses = sum(answer.status != 409 and has_applied(answer, promotion_id) for answer in answers)
    expected = {"total": uses, "EUR": f"{uses * Decimal(_OFF)}" if uses else "0.00"}
    limits = statistics["limits"]
    kept = {"total": limits.get("total"), **limits.get("budget", {})}
    for name, limit in kept.items():
        if limit is not None and limit["taken"] != expected[name]:
            raise PromiseBroken(
                f"cart promotion {promotion_id}: {limit['taken']} of {name} is taken, orders took"
                f" {expected[name]}"
            )
