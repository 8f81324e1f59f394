"""What an order counts for: the merchant's orders, and each of its promotions.

Redemptions count each product of an order; these counts count orders. They include all orders that
were placed: no status, replacement or return changes them, as in the published statistics.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.cart_offers import CartReason
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.codes import CodeType
from sconto.domain.redemption import Redemption
from sconto.domain.subscription import CodeReason, SubscriptionOutcome


class Subject(StrEnum):
    """What an order is counted for. It is `discounted` or at `full price`, never both."""

    DISCOUNTED = "discounted"
    FULL_PRICE = "full price"
    PROMOTION = "promotion"
    SUBSCRIPTION = "subscription"


BEATEN_IN_CART: Final = (CartReason.LOWER_DISCOUNT, CartReason.TIE)
"""Why a cart promotion that was eligible did not apply: others took more off."""

BEATEN_IN_SUBSCRIPTION: Final = (CodeReason.LOWER_DISCOUNT, CodeReason.TIE)
"""Why a code of a subscription that had an effect did not apply: another took more off."""


class OrderCount(msgspec.Struct, frozen=True, gc=False):
    """What one order adds to the counters of a subject; `discount` is in minor units.

    `promotion_id` is 0 for all orders of the merchant. `code_id` is 0 without a code, and for
    one-time codes, each of which serves one order; `code_type` is empty without a code. `uses` are
    the redemptions. `orders` is 1 in one row of each subject, if possible in one that applied. In a
    row that did not apply it means that the promotion was eligible and beaten on everything.
    """

    subject: Subject
    promotion_id: int
    code_id: int
    code_type: str
    applied: bool
    uses: int
    orders: int
    discount: int


_Key = tuple[int, int, str, bool]
"""A promotion, a code with its type, and whether it applied."""

# Enum lookups are slow in Python 3.11.
_ONE_TIME, _REUSABLE = CodeType.ONE_TIME, CodeType.REUSABLE
_DISCOUNTED, _FULL_PRICE = Subject.DISCOUNTED, Subject.FULL_PRICE
_PROMOTION, _SUBSCRIPTION = Subject.PROMOTION, Subject.SUBSCRIPTION


def counts_of(outcome: PricedCart, redemptions: Iterable[Redemption]) -> list[OrderCount]:
    """What an order counts for, in the fixed order in which counters are written.

    `redemptions` are those of the outcome.
    """
    whole = _DISCOUNTED if outcome.discount else _FULL_PRICE
    counts = [OrderCount(whole, 0, 0, "", True, 0, 1, outcome.discount)]
    tally = _tally(redemptions)
    if outcome.cart_promotions:
        _add_beaten(tally, outcome.cart_promotions)
    keys, leaders = sorted(tally), dict[int, _Key]()
    for key in keys:
        leader = leaders.get(key[0])
        if leader is None or (key[3] and not leader[3]):
            leaders[key[0]] = key
    for key in keys:
        uses, discount = tally[key]
        leads = 1 if leaders[key[0]] is key else 0
        counts.append(OrderCount(_PROMOTION, *key, uses, leads, discount))
    if outcome.subscription is not None:
        counts += _of_subscription(outcome.subscription)
    return counts


def _tally(redemptions: Iterable[Redemption]) -> dict[_Key, tuple[int, int]]:
    """The redemptions and the discount of each promotion, code and outcome."""
    tally: dict[_Key, tuple[int, int]] = {}
    for one in redemptions:
        if one.code_id is None:
            key: _Key = (one.promotion_id, 0, "", one.applied)
        elif one.code_type is _ONE_TIME:
            key = (one.promotion_id, 0, _ONE_TIME, one.applied)
        else:
            key = (one.promotion_id, one.code_id, _REUSABLE, one.applied)
        found = tally.get(key)
        if found is None:
            tally[key] = (1, one.discount)
        else:
            tally[key] = (found[0] + 1, found[1] + one.discount)
    return tally


def _add_beaten(
    tally: dict[_Key, tuple[int, int]], outcomes: Iterable[CartPromotionOutcome]
) -> None:
    """Add cart promotions that were beaten; they have no redemptions."""
    for lost in outcomes:
        if any(refusal.reason in BEATEN_IN_CART for refusal in lost.reasons):
            code_id, code_type = lost.code_id or 0, "" if lost.code_id is None else _REUSABLE
            if lost.code_type is _ONE_TIME:
                code_id, code_type = 0, _ONE_TIME
            tally[lost.promotion_id, code_id, code_type, False] = (0, 0)


def _of_subscription(outcome: SubscriptionOutcome) -> list[OrderCount]:
    given: dict[int, tuple[bool, int]] = {}
    for code in outcome.considered:
        if code.promotion_id is None:
            continue
        if code.applied:
            given[code.promotion_id] = (True, code.discount)
        elif code.reason in BEATEN_IN_SUBSCRIPTION:
            given.setdefault(code.promotion_id, (False, 0))
    return [
        OrderCount(_SUBSCRIPTION, promotion_id, 0, "", applied, 0, 1, discount)
        for promotion_id, (applied, discount) in sorted(given.items())
    ]
