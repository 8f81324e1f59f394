"""What an order counts for: the merchant's orders, and each promotion and code, once.

Where redemptions count each product of an order, these counts are of orders. They are of orders
that were placed: no status, replacement or return changes them, as for the published statistics.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.cart_offers import CartReason
from sconto.domain.codes import CodeType
from sconto.domain.redemption import Redemption
from sconto.domain.subscription import CodeReason


class Subject(StrEnum):
    """What orders are counted for.

    An order is `discounted` or at `full price`, never both. A `code` is a reusable code of a
    promotion; a one-time code serves one order, which its own row says.
    """

    DISCOUNTED = "discounted"
    FULL_PRICE = "full price"
    PROMOTION = "promotion"
    CODE = "code"
    SUBSCRIPTION = "subscription"


BEATEN_IN_CART: Final = (CartReason.LOWER_DISCOUNT, CartReason.TIE)
"""Why a cart promotion that was eligible did not apply: others took more off."""

BEATEN_IN_SUBSCRIPTION: Final = (CodeReason.LOWER_DISCOUNT, CodeReason.TIE)
"""Why a code of a subscription that had an effect did not apply: another took more off."""


class OrderCount(msgspec.Struct, frozen=True, gc=False):
    """One order, as it counts for a subject; `discount` is in minor units.

    `promotion_id` and `code_id` are 0 where the subject has none. Without `applied` the promotion
    was eligible, and beaten on everything that it is for.
    """

    subject: Subject
    promotion_id: int
    code_id: int
    applied: bool
    discount: int


_Key = tuple[Subject, int, int]


def counts_of(outcome: PricedCart, redemptions: Iterable[Redemption]) -> list[OrderCount]:
    """What an order counts for, in the one order in which counters are written.

    `redemptions` are those of the outcome.
    """
    whole = Subject.DISCOUNTED if outcome.discount else Subject.FULL_PRICE
    tally: dict[_Key, tuple[bool, int]] = {(whole, 0, 0): (True, outcome.discount)}
    for key, applied, discount in _parts(outcome, redemptions):
        has_applied, given = tally.get(key, (False, 0))
        tally[key] = (has_applied or applied, given + discount)
    return [OrderCount(*key, *tally[key]) for key in sorted(tally)]


def _parts(
    outcome: PricedCart, redemptions: Iterable[Redemption]
) -> Iterator[tuple[_Key, bool, int]]:
    for one in redemptions:
        yield (Subject.PROMOTION, one.promotion_id, 0), one.applied, one.discount
        if one.code_id is not None and one.code_type is CodeType.REUSABLE:
            yield (Subject.CODE, one.promotion_id, one.code_id), one.applied, one.discount
    for lost in outcome.cart_promotions:
        if any(refusal.reason in BEATEN_IN_CART for refusal in lost.reasons):
            yield (Subject.PROMOTION, lost.promotion_id, 0), False, 0
            if lost.code_id is not None and lost.code_type is not CodeType.ONE_TIME:
                yield (Subject.CODE, lost.promotion_id, lost.code_id), False, 0
    if outcome.subscription is None:
        return
    for code in outcome.subscription.considered:
        if code.promotion_id is not None and (
            code.applied or code.reason in BEATEN_IN_SUBSCRIPTION
        ):
            discount = code.discount if code.applied else 0
            yield (Subject.SUBSCRIPTION, code.promotion_id, 0), code.applied, discount
