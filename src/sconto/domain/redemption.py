"""Redemptions: the picks that an order records, and that counters add up."""

from collections.abc import Iterable

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.choice import Pick
from sconto.domain.codes import CodeType


class Redemption(msgspec.Struct, frozen=True):
    """A pick recorded by an order: one for each product, whatever its lines and units.

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
    return [
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


def count_redemptions(priced: PricedCart) -> int:
    """How many redemptions an order of the priced cart records."""
    return sum(map(len, {line.product_id: line.picks for line in priced.lines}.values()))


def one_time_codes(redemptions: Iterable[Redemption]) -> list[int]:
    """The one-time codes that an order uses up, by ascending id."""
    return sorted(
        {
            redemption.code_id
            for redemption in redemptions
            if redemption.code_id is not None and redemption.code_type is CodeType.ONE_TIME
        }
    )
