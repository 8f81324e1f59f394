"""Redemptions: the picks that an order records, and that counters add up."""

from collections.abc import Iterable
from typing import Final

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.choice import Pick
from sconto.domain.codes import CodeType

CART_PRODUCT_ID: Final = 0
"""The product for which cart promotions are recorded."""


class Redemption(msgspec.Struct, frozen=True, gc=False):
    """A pick or a cart promotion recorded by an order: a pick once a product, whatever the lines.

    A cart promotion is recorded for product 0, which no product has.

    `discount` is what the pick took off all lines of the product, in minor units; zero if another
    pick applied. `code_id` and `code_type` are None for an automatic promotion. `code_type` is the
    code's type when it was picked; reusable if none was set.
    """

    product_id: int
    promotion_id: int
    code_id: int | None
    code_type: CodeType | None
    applied: bool
    discount: int


def redemptions_of(priced: PricedCart) -> list[Redemption]:
    """The redemptions of an order of the priced cart: every pick of every product.

    "A redemption is recorded for every pick, whether or not its discount is the one the customer
    gets" (merchant API).
    """
    discounts: dict[int, int] = {}
    picks: dict[int, tuple[Pick, ...]] = {}
    for line in priced.lines:
        discounts[line.product_id] = discounts.get(line.product_id, 0) + line.discount
        picks[line.product_id] = line.picks
    recorded = [
        Redemption(
            product_id,
            pick.promotion_id,
            pick.code_id,
            None if pick.code_id is None else pick.code_type or CodeType.REUSABLE,
            pick.applied,
            discounts[product_id] if pick.applied else 0,
        )
        for product_id, of_product in picks.items()
        for pick in of_product
    ]
    recorded += [
        Redemption(
            CART_PRODUCT_ID,
            one.promotion_id,
            one.code_id,
            None if one.code_id is None else one.code_type or CodeType.REUSABLE,
            applied=True,
            discount=one.discount,
        )
        for one in priced.cart_promotions
        if one.applied
    ]
    return recorded


def count_redemptions(priced: PricedCart) -> int:
    """How many redemptions an order of the priced cart records."""
    picks = {line.product_id: line.picks for line in priced.lines}
    return sum(map(len, picks.values())) + sum(one.applied for one in priced.cart_promotions)


def one_time_codes(redemptions: Iterable[Redemption]) -> list[int]:
    """The one-time codes that an order uses up, by ascending id."""
    return sorted(
        {
            redemption.code_id
            for redemption in redemptions
            if redemption.code_id is not None and redemption.code_type is CodeType.ONE_TIME
        }
    )
