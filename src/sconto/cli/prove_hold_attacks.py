"""The attacks of `sconto prove` on holds: who holds a code or a limit, and what a promise is worth.

They have a merchant of their own, because the orders of a merchant with holds look for them.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sconto.cli.prove_cart_attacks import compare_taken, create_cart_promotion, has_applied
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

_HOLDS: Final = "/checkout/v1/holds"


async def hold_one_time_code(shop: Shop) -> list[Response]:
    """Holds and orders want the same one-time code: one gets it, and a hold keeps its word."""
    _, code = await shop.create(coupon_type="one-time")
    orders = [order_request(codes=[code]) for _ in range(shop.clients)]
    answers = await _hold_or_place(shop, orders)
    require_one(answers, "holds and orders got a one-time code")
    await _place_held(shop, orders, answers)
    later = await shop.place([order_request(codes=[code])])
    require(later[0], {409}, "an order with a code that an order used")
    return answers


async def hold_limits(shop: Shop) -> list[Response]:
    """Holds and orders want a promotion more often than its limits allow."""
    limit = max(1, shop.clients // 3)
    customer = new_id()
    promotion_id, code = await create_cart_promotion(
        shop, limits={"total": limit, "per_customer": limit, "budget": {"EUR": f"{limit * 3}.50"}}
    )
    orders = [order_request(codes=[code], customer=customer) for _ in range(shop.clients)]
    answers = await _hold_or_place(shop, orders)
    got = sum(answer.status == 201 and has_applied(answer, promotion_id) for answer in answers)
    if got != min(limit, shop.clients):
        raise PromiseBroken(f"{got} holds and orders got a cart promotion with a limit of {limit}")
    placed = await _place_held(shop, orders, answers)
    await compare_taken(shop, promotion_id, placed)
    return answers


async def hold_first_order(shop: Shop) -> list[Response]:
    """Many holds and orders of one customer claim to be the first order: one is."""
    promotion_id, code = await create_cart_promotion(shop, conditions={"first_order": True})
    customer = new_id()
    orders = [order_request(codes=[code], customer=customer) for _ in range(shop.clients)]
    answers = await _hold_or_place(shop, orders)
    got = sum(answer.status == 201 and has_applied(answer, promotion_id) for answer in answers)
    if got != 1:
        raise PromiseBroken(f"{got} holds and orders were the first one of a customer")
    await _place_held(shop, orders, answers)
    return answers


async def repeat_hold(shop: Shop) -> list[Response]:
    """Many callers send the same hold: it is made once, and all get the same end."""
    _, code = await shop.create(coupon_type="one-time")
    order = order_request(codes=[code])
    answers = await shop.service.ask_together([_hold(order)] * shop.clients)
    for answer in answers:
        require(answer, {200, 201}, "a hold")
    # A caller may be asked to retry after its hold was made.
    if sum(answer.status == 201 for answer in answers) > 1:
        raise PromiseBroken("more than one answer said that it made the same hold")
    if len({str(answer.body) for answer in answers}) != 1:
        raise PromiseBroken("the same hold was answered in several ways")
    await _place_held(shop, [order], answers[:1])
    return answers


async def change_what_is_held(shop: Shop) -> list[Response]:
    """Promotions are changed and deleted while many hold them: each order costs what was held."""
    promotion_id, code = await shop.create()
    cart_promotion_id, cart_code = await create_cart_promotion(shop, limits={"total": 1000})
    orders = [order_request(codes=[code, cart_code]) for _ in range(shop.clients)]
    held = await shop.service.ask_together([_hold(order) for order in orders])
    for answer in held:
        require(answer, {201}, "a hold")
    for request in (
        Request("DELETE", f"/v1/promotion/{promotion_id}"),
        Request("PATCH", f"/cart/v1/promotions/{cart_promotion_id}", {"limits": {"total": 1}}),
    ):
        require(await shop.service.ask(request), {200, 204}, "a change of a promotion")
    await _place_held(shop, orders, held)
    return held


async def release_holds(shop: Shop) -> list[Response]:
    """A hold is released many times while others want its code: at most one of them gets it."""
    _, code = await shop.create(coupon_type="one-time")
    first = order_request(codes=[code])
    require(await shop.service.ask(_hold(first)), {201}, "a hold")
    release = Request("DELETE", f"{_HOLDS}/{_id_of(first)}")
    orders = [order_request(codes=[code]) for _ in range(shop.clients // 2)]
    answers = await shop.service.ask_together(
        [*map(_hold, orders), *[release] * (shop.clients - len(orders))]
    )
    for answer in answers[len(orders) :]:
        require(answer, {204, 404}, "a release")
    holders = [answer for answer in answers[: len(orders)] if answer.status == 201]
    if len(holders) > 1:
        raise PromiseBroken(f"{len(holders)} holds have a one-time code")
    last = await shop.place([order_request(codes=[code])])
    require(last[0], {409} if holders else {201}, "an order of a code that was released")
    return answers


HOLD_ATTACKS: Final[Mapping[str, Attack]] = {
    "one code, holds and orders": hold_one_time_code,
    "limits, holds and orders": hold_limits,
    "one customer, many first holds": hold_first_order,
    "the same hold, many times": repeat_hold,
    "promotions changed after holds": change_what_is_held,
    "a hold released, others waiting": release_holds,
}


def _hold(order: Request) -> Request:
    return dataclasses.replace(order, path=_HOLDS)


def _id_of(order: Request) -> str:
    body: Any = order.body
    return str(body["order_id"])


async def _hold_or_place(shop: Shop, orders: Sequence[Request]) -> list[Response]:
    """Place every other order together, and hold the others."""
    answers = await shop.service.ask_together(
        [_hold(order) if number % 2 else order for number, order in enumerate(orders)]
    )
    for answer in answers:
        require(answer, {200, 201, 409}, "a hold or an order")
        if answer.status != 409 and "status" in answer.body:
            shop.keep(answer.body)
    return answers


async def _place_held(
    shop: Shop, orders: Sequence[Request], answers: Sequence[Response]
) -> list[Response]:
    """Place what was held; returns all orders. Raises PromiseBroken if one is not as promised."""
    held = [
        (order, answer)
        for order, answer in zip(orders, answers, strict=True)
        if answer.status != 409 and "expires_at" in answer.body
    ]
    placed = await shop.place([order for order, _ in held])
    for (order, answer), now in zip(held, placed, strict=True):
        require(now, {201}, f"the order of the hold of {_id_of(order)}")
        if {**now.body, **answer.body} != {**now.body, "expires_at": answer.body["expires_at"]}:
            raise PromiseBroken(f"order {_id_of(order)} is not what was held for it")
    return [
        *placed,
        *(one for one in answers if one.status != 409 and "expires_at" not in one.body),
    ]
