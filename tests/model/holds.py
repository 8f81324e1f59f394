"""Holds as in the reference: promised to one order id, and not free for others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.model.shop import Answer, CartPromotion, Code, Promotion, Shop

DEFAULT_SECONDS: Final = 900

Redemption = tuple[Promotion, Code | None, str]
"""A pick to be recorded: its promotion, its code, and the type that the code had."""

Taken = dict[int, tuple[Code | None, int]]
"""What cart promotions take off an order, by their ids, and the codes that activated them."""

Held = dict[tuple[int, str, str], int]


@dataclass
class Hold:
    """A promise until `ends`. `held` is by promotion, scope and key."""

    body: Mapping[str, Any]
    quote: dict[str, Any]
    ends: datetime
    redemptions: list[Redemption]
    took: Taken
    codes: list[Code]
    held: Held
    customer: str | None
    is_first: bool

    def answer(self) -> dict[str, Any]:
        """As it is answered."""
        return {"order_id": self.body["order_id"], "expires_at": self.ends, **self.quote}


@dataclass(frozen=True)
class Asker:
    """Who asks what is free: for an order id or not, when, and replacing which order.

    Without a time, holds are ignored.
    """

    now: datetime | None = None
    order_id: str | None = None
    replaces: str | None = None

    def holds_of_others(self, shop: Shop) -> list[Hold]:
        """The active holds of other ids."""
        holds: dict[str, Hold] = shop.holds
        if self.now is None:
            return []
        return [
            hold
            for order_id, hold in holds.items()
            if order_id != self.order_id and hold.ends > self.now
        ]

    def held_until(self, shop: Shop, code: Code) -> datetime | None:
        """Until when the code is held for another id."""
        ends = [
            hold.ends
            for hold in self.holds_of_others(shop)
            if any(one is code for one in hold.codes)
        ]
        return max(ends, default=None)

    def is_taken(self, shop: Shop, code: Code) -> bool:
        """Whether another order used the one-time code, or it is held for one."""
        is_used = code.used_by not in (None, self.replaces)
        return is_used or self.held_until(shop, code) is not None

    def held(self, shop: Shop, promotion: CartPromotion, scope: str, key: str) -> int:
        """What is held of a limit."""
        name = (promotion.id, scope, key)
        return sum(hold.held.get(name, 0) for hold in self.holds_of_others(shop))

    def is_first_held(self, shop: Shop, customer: str | None) -> bool:
        """Whether the customer's first order is held for another id."""
        return customer is not None and any(
            hold.is_first and hold.customer == customer for hold in self.holds_of_others(shop)
        )


def make(
    shop: Shop,
    body: Mapping[str, Any],
    quote: dict[str, Any],
    redemptions: list[Redemption],
    took: Taken,
    now: datetime,
) -> Answer:
    """Hold what the quote gives; this replaces the id's earlier hold."""
    customer = (body.get("customer") or {}).get("id")
    held: Held = {}
    old = shop.orders.get(body.get("replaces") or "")
    for promotion_id, (_, discount) in took.items():
        names = [(promotion_id, "total", ""), (promotion_id, "budget", body["currency"])]
        if customer is not None:
            names.append((promotion_id, "customer", customer))
        for name in names:
            amount = discount if name[1] == "budget" else 1
            # What the replaced order took is given back when the order is placed.
            held[name] = max(0, amount - _took(old, name))
    codes = one_time_codes(shop, redemptions, took)
    is_first = any(
        shop.cart_promotions[promotion_id].terms["conditions"].get("first_order")
        for promotion_id in took
    )
    ends = now + timedelta(seconds=body.get("seconds") or DEFAULT_SECONDS)
    hold = Hold(body, quote, ends, redemptions, took, codes, held, customer, is_first)
    shop.holds[body["order_id"]] = hold
    return 201, hold.answer()


def one_time_codes(shop: Shop, redemptions: Sequence[Redemption], took: Taken) -> list[Code]:
    """The one-time codes that an order uses up."""
    return [
        *(code for _, code, type_ in redemptions if code is not None and type_ == "one-time"),
        *(
            code
            for promotion_id, (code, _) in took.items()
            if code is not None and shop.cart_promotions[promotion_id].code_type == "one-time"
        ),
    ]


def _took(order: Mapping[str, Any] | None, name: tuple[int, str, str]) -> int:
    """What an order used of a limit."""
    promotion_id, scope, key = name
    if order is None or order["gave_back"] or promotion_id not in order["took"]:
        return 0
    if scope == "budget":
        taken: int = order["took"][promotion_id]
        return taken if order["answer"]["currency"] == key else 0
    return 1 if scope == "total" else int(order["customer"] == key)


def live(shop: Shop, order_id: str, now: datetime) -> Hold | None:
    """The hold of an id; None if it has ended."""
    hold: Hold | None = shop.holds.get(order_id)
    return None if hold is None or hold.ends <= now else hold


def find(shop: Shop, order_id: str, now: datetime) -> Answer:
    """`GET /checkout/v1/holds/{order_id}`."""
    hold = live(shop, order_id, now)
    return (404, {}) if hold is None else (200, hold.answer())


def release(shop: Shop, order_id: str, now: datetime) -> Answer:
    """`DELETE /checkout/v1/holds/{order_id}`."""
    if live(shop, order_id, now) is None:
        return 404, {}
    del shop.holds[order_id]
    return 204, None
