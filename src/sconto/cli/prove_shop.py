"""The scratch merchant of `sconto prove`: its requests, and the service's answers."""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sconto.cli.prove_http import Request, Response, Service

PRODUCTS: Final = (1, 2)

_PRICE: Final = "10.00"


class PromiseBroken(Exception):
    """The service said two things that cannot both be true; the message names them."""


@dataclass(slots=True)
class Answered:
    """What the service answered its callers; it is compared with what the service has stored."""

    orders: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    uses: Counter[int] = field(default_factory=Counter)
    applications: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Shop:
    """The scratch merchant: its service, and the answers so far."""

    service: Service
    clients: int
    answered: Answered = field(default_factory=Answered)

    async def ask(self, method: str, path: str, body: object = None, expect: int = 200) -> Any:
        """The body of an answer with the expected status. Raises PromiseBroken for another one."""
        answer = await self.service.ask(Request(method, path, body))
        require(answer, {expect}, f"{method} {path}")
        return answer.body

    async def create(self, **terms: object) -> tuple[int, str]:
        """A promotion with one new code; returns its id and the code."""
        code = f"P-{secrets.token_hex(8)}"
        coupons = {"coupon_code": [code], "discount_percent": "10", **terms}
        body = {"promotion_type": "coupon", "promotion_name": code, "coupons": coupons}
        return (await self.ask("POST", "/v1/promotion", body))["id"], code

    async def place(self, requests: Sequence[Request]) -> list[Response]:
        """Place orders together, and keep the service's answer to each."""
        answers = await self.service.ask_together(requests)
        for answer in answers:
            require(answer, {200, 201, 409}, "an order")
            if answer.status != 409:
                self.keep(answer.body)
        return answers

    def keep(self, order: Mapping[str, Any]) -> None:
        """Keep an order as it was answered. Raises PromiseBroken if an earlier answer differed."""
        before = self.answered.orders.setdefault(order["order_id"], order)
        if {**before, "status": None} != {**order, "status": None}:
            raise PromiseBroken(f"order {order['order_id']} was answered in two ways")
        if before is order:
            picks = {
                (line["product_id"], pick["promotion_id"])
                for line in order["lines"]
                for pick in line["picks"]
            }
            self.answered.uses.update(promotion_id for _, promotion_id in picks)


Attack = Callable[[Shop], Awaitable[list[Response]]]


async def compare_with_stored(shop: Shop) -> None:
    """Read all that callers were answered. Raises PromiseBroken if it is stored otherwise."""
    for order_id, answered in shop.answered.orders.items():
        stored = await shop.ask("GET", f"/checkout/v1/orders/{order_id}")
        if {**answered, "status": None} != {**stored, "status": None}:
            raise PromiseBroken(f"order {order_id} is not stored as it was answered")
    for promotion_id, uses in shop.answered.applications.items():
        found = await shop.ask("GET", f"/promotion/v1/promotions/{promotion_id}")
        counted = found["data"]["constraint"]["usageCount"]
        if counted != uses:
            raise PromiseBroken(
                f"subscription promotion {promotion_id} counts {counted} uses, not {uses}"
            )


def order_request(
    order_id: str | None = None,
    *,
    codes: Sequence[str] = (),
    quantity: int = 1,
    replaces: str | None = None,
    customer: str | None = None,
    hang_up: float | None = None,
) -> Request:
    """An order of this quantity of each product; one of each costs 20.00."""
    lines = [
        {"line_id": str(one), "product_id": one, "quantity": quantity, "unit_price": _PRICE}
        for one in PRODUCTS
    ]
    body: dict[str, Any] = {"order_id": order_id or new_id(), "currency": "EUR"}
    body |= {"lines": lines, "codes": list(codes)}
    if customer is not None:
        body["customer"] = {"id": customer}
    if replaces is not None:
        body["replaces"] = replaces
    return Request("POST", "/checkout/v1/orders", body, hang_up=hang_up)


def new_id() -> str:
    """An id that nobody used before."""
    return f"prove-{secrets.token_hex(8)}"


def require(answer: Response, expected: set[int], subject: str) -> None:
    """Raise PromiseBroken unless the status is one of the expected ones."""
    if answer.status not in expected:
        raise PromiseBroken(f"{subject} was answered with {answer.status}: {answer.body}")


def require_one(answers: Sequence[Response], words: str) -> None:
    """Raise PromiseBroken unless one of the answers says that it created something."""
    created = sum(answer.status == 201 for answer in answers)
    if created != 1:
        raise PromiseBroken(f"{created} {words}")
