"""What an order counts for: the merchant's orders, and each of its promotions.

Where redemptions count each product of an order, these counts are of orders. They are of orders
that were placed: no status, replacement or return changes them, as for the published statistics.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from sconto.domain.bill import PricedCart
from sconto.domain.cart_offers import CartReason
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


class OrderCount(NamedTuple):
    """What one order adds to the counters of a subject; `discount` is in minor units.

    `promotion_id` is 0 for all orders of the merchant. `code_id` is 0 without a code, and for
    one-time codes, each of which serves one order; `code_type` is empty without a code. `uses` are
    the redemptions. `orders` is 1 in one row of each subject: in one that applied if there is one.
    In a row that did not apply it says that the promotion was eligible and beaten everywhere.
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


def counts_of(outcome: PricedCart, redemptions: Iterable[Redemption]) -> list[OrderCount]:
    """What an order counts for, in the one order in which counters are written.

    `redemptions` are those of the outcome.
    """
    whole = Subject.DISCOUNTED if outcome.discount else Subject.FULL_PRICE
    counts = [OrderCount(whole, 0, 0, "", True, 0, 1, outcome.discount)]
    counts += _of_promotions(outcome, redemptions)
    if outcome.subscription is not None:
        counts += _of_subscription(outcome.subscription)
    return counts


def _of_promotions(outcome: PricedCart, redemptions: Iterable[Redemption]) -> list[OrderCount]:
    tally: dict[_Key, tuple[int, int]] = {}
    for one in redemptions:
        key = (one.promotion_id, *_counted_code(one.code_id, one.code_type), one.applied)
        uses, discount = tally.get(key, (0, 0))
        tally[key] = (uses + 1, discount + one.discount)
    for lost in outcome.cart_promotions:
        if any(refusal.reason in BEATEN_IN_CART for refusal in lost.reasons):
            tally[lost.promotion_id, *_counted_code(lost.code_id, lost.code_type), False] = (0, 0)
    keys = sorted(tally)
    leaders: dict[int, _Key] = {}
    for key in keys:
        leader = leaders.get(key[0])
        if leader is None or (key[3] and not leader[3]):
            leaders[key[0]] = key
    return [
        OrderCount(
            Subject.PROMOTION, *key, tally[key][0], int(leaders[key[0]] is key), tally[key][1]
        )
        for key in keys
    ]


def _counted_code(code_id: int | None, code_type: CodeType | None) -> tuple[int, str]:
    if code_id is None:
        return 0, ""
    return (0, CodeType.ONE_TIME) if code_type is CodeType.ONE_TIME else (code_id, "reusable")


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
        OrderCount(Subject.SUBSCRIPTION, promotion_id, 0, "", applied, 0, 1, discount)
        for promotion_id, (applied, discount) in sorted(given.items())
    ]
