"""Holds: the price of a cart and what it takes of limits, promised to an order id until a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from sconto.domain.allowances import Allowance, LimitClaim, Scope
from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.order import NewOrder, OrderStatus, StoredOrder
from sconto.domain.placement import is_same_request
from sconto.domain.redemption import one_time_codes, redemptions_of

SHORTEST_HOLD: Final = 30
LONGEST_HOLD: Final = 86_400
DEFAULT_HOLD: Final = 900
"""Seconds that a hold may last, and lasts if the shop does not say."""

FIRST_ORDERS: Final = 0
"""The promotion, which no promotion is, whose allowance of a customer is their first order."""


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold to be made: the order that is promised, and the number of seconds."""

    order: NewOrder
    seconds: int = DEFAULT_HOLD


@dataclass(frozen=True, slots=True)
class Hold:
    """A cart that is promised to an order id. `outcome` is what the order will get, by value.

    `is_first` says that a promotion for first orders applies. `is_whole` says that no other
    process, whose clock said that the hold had ended, gave any part of it away. `version` tells it
    from other holds of the id in the store.
    """

    order_id: str
    created_at: datetime
    expires_at: datetime
    outcome: PricedCart
    cart: Cart
    replaces: str | None = None
    is_first: bool = False
    is_whole: bool = True
    version: int = field(default=0, compare=False)

    def is_over(self, now: datetime) -> bool:
        """Whether the promise has ended: from the instant of its end on."""
        return self.expires_at <= now or not self.is_whole

    def order_at(self, now: datetime, cart: Cart) -> StoredOrder:
        """The promised order, placed at a time; `cart` is the same cart as sent then."""
        return StoredOrder(
            self.order_id, OrderStatus.NOT_PAID, now, self.outcome, self.replaces, cart=cart
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A hold, and whether this request made it or repeated an earlier one."""

    hold: Hold
    created: bool


def new_hold(new: NewHold, outcome: PricedCart, now: datetime, *, is_first: bool) -> Hold:
    """The hold of a cart with this price, from now on."""
    order = new.order
    expires_at = now + timedelta(seconds=new.seconds)
    return Hold(order.order_id, now, expires_at, outcome, order.cart, order.replaces, is_first)


def keeps_promise(order: NewOrder, hold: Hold, now: datetime) -> bool:
    """Whether the order is the one that the hold promises: in time, and of the same cart."""
    return not hold.is_over(now) and is_same_request(order, hold.cart, hold.replaces)


@dataclass(frozen=True, slots=True)
class OwnHold:
    """The hold of an order's id, and whether the order is placed at its price."""

    hold: Hold
    is_kept: bool


def claim_to_hold(
    outcome: PricedCart, cart: Cart, limits: LimitClaim, replaced: StoredOrder | None
) -> LimitClaim:
    """What a hold claims: an amount of each allowance that its order will take.

    `limits` is what an order would claim. Allowances without a limit are held too, because the
    promotion may get a limit later. What the replaced order took is not needed twice, so an amount
    may be negative: then nothing is held, and the limit needs that much less room.
    """
    most = {(one.promotion_id, one.scope, one.key): one.most for one in limits.allowances}
    given_back = {} if replaced is None or replaced.gave_back else _amounts_of(replaced)
    claimed = [
        Allowance(*name, amount - given_back.get(name, 0), most.get(name))
        for name, amount in _amounts(outcome, cart.customer.id)
    ]
    return _with_first(limits, claimed, Allowance(FIRST_ORDERS, Scope.CUSTOMER, "", 1, 1))


def claim_with_holds(limits: LimitClaim) -> LimitClaim:
    """The claim of an order of a merchant with holds: its customer's first order must not be held.

    An order adds nothing to that allowance, which tells orders from holds.
    """
    nothing_held = Allowance(FIRST_ORDERS, Scope.CUSTOMER, "", 0, 0)
    return _with_first(limits, limits.all_scarce().allowances, nothing_held)


def claim_of_promised(hold: Hold) -> LimitClaim:
    """What the promised order takes, whatever limits its promotions have now."""
    customer_id = hold.cart.customer.id
    promotion_ids = [one.promotion_id for one in hold.outcome.cart_promotions if one.applied]
    claimed = [Allowance(*name, amount) for name, amount in _amounts(hold.outcome, customer_id)]
    claim = LimitClaim(promotion_ids, (), hold.is_first, customer_id)
    return _with_first(claim, claimed, Allowance(FIRST_ORDERS, Scope.CUSTOMER, "", 0))


def codes_of(hold: Hold) -> list[int]:
    """The one-time codes that a hold holds, by ascending id."""
    return one_time_codes(redemptions_of(hold.outcome))


_Name = tuple[int, Scope, str]


def _amounts(outcome: PricedCart, customer_id: str | None) -> Iterator[tuple[_Name, int]]:
    """What an order of the outcome takes of each allowance that a limit may have."""
    for one in outcome.cart_promotions:
        if one.applied:
            yield (one.promotion_id, Scope.TOTAL, ""), 1
            if customer_id is not None:
                yield (one.promotion_id, Scope.CUSTOMER, customer_id), 1
            yield (one.promotion_id, Scope.BUDGET, outcome.currency), one.discount


def _amounts_of(order: StoredOrder) -> dict[_Name, int]:
    return dict(_amounts(order.outcome, order.customer_id))


def _with_first(limits: LimitClaim, claimed: Iterable[Allowance], first: Allowance) -> LimitClaim:
    """The claim, with `first` for its customer if it is for a first order."""
    allowances = list(claimed)
    promotion_ids = list(limits.promotion_ids)
    if limits.is_first and limits.customer_id is not None:
        allowances.append(msgspec.structs.replace(first, key=limits.customer_id))
        promotion_ids.append(FIRST_ORDERS)
    return LimitClaim(
        promotion_ids,
        sorted(allowances, key=lambda one: (one.promotion_id, one.scope, one.key)),
        limits.is_first,
        limits.customer_id,
    )
