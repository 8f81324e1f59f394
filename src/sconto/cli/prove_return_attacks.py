"""The attacks of `sconto prove` on returns: no unit and no shipping is paid back twice."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
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

_LINE: Final = str(PRODUCTS[0])


async def return_last_units(shop: Shop) -> list[Response]:
    """More callers return a unit than are left: only that many are paid back, to the cent."""
    _, code = await shop.create(discount_percent="33.33")
    units = max(1, shop.clients // 3)
    order_id = await _order(shop, units, code)
    answers = await _return(shop, [(order_id, new_id(), 1) for _ in range(shop.clients)])
    kept = [answer for answer in answers if answer.status == 201]
    if len(kept) != units:
        raise PromiseBroken(f"{len(kept)} units of {units} came back")
    paid = sum(Decimal(answer.body["total"]) for answer in kept)
    [cost] = [
        Decimal(line["total"])
        for line in shop.answered.orders[order_id]["lines"]
        if line["line_id"] == _LINE
    ]
    if paid != cost:
        raise PromiseBroken(f"{paid} was paid back for a line that cost {cost}")
    return answers


async def repeat_return(shop: Shop) -> list[Response]:
    """Many callers send the same return, and others under its id: one is stored."""
    order_id, return_id = await _order(shop, shop.clients), new_id()
    answers = await _return(
        shop, [(order_id, return_id, 1 + number % 2) for number in range(shop.clients)]
    )
    require_one(answers, "returns were kept under one id")
    answered = {str(answer.body) for answer in answers if answer.status != 409}
    if len(answered) != 1:
        raise PromiseBroken(f"return {return_id} was answered in {len(answered)} ways")
    listed = await shop.ask("GET", f"/checkout/v1/orders/{order_id}/returns")
    if len(listed["returns"]) != 1:
        raise PromiseBroken(f"order {order_id} has {len(listed['returns'])} returns, not 1")
    return answers


RETURN_ATTACKS: Final[Mapping[str, Attack]] = {
    "the last units, many returns": return_last_units,
    "one return id, many callers": repeat_return,
}


async def _order(shop: Shop, quantity: int, *codes: str) -> str:
    """A new order with this number of units of each product; returns its id."""
    [answer] = await shop.place([order_request(codes=codes, quantity=quantity)])
    require(answer, {201}, "an order")
    order_id: str = answer.body["order_id"]
    return order_id


async def _return(shop: Shop, wanted: Sequence[tuple[str, str, int]]) -> list[Response]:
    answers = await shop.service.ask_together(
        [
            Request(
                "POST",
                f"/checkout/v1/orders/{order_id}/returns",
                {
                    "return_id": return_id,
                    "lines": [{"line_id": _LINE, "quantity": quantity}],
                },
            )
            for order_id, return_id, quantity in wanted
        ]
    )
    for answer in answers:
        require(answer, {200, 201, 409}, "a return")
    return answers
