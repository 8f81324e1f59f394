"""What a cart costs: the one calculation for quotes, orders, previews and the portal.

A bill is opened for the cart, goes through STEPS in their order, and is added up.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec

from sconto.domain.bill import Bill, PricedCart, add_up, open_bill
from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Cart
from sconto.domain.choice import Pick, choose_without_code
from sconto.domain.money import percent_of
from sconto.domain.product_promotions import product_promotions
from sconto.domain.subscription_code import subscription_code

STEPS: Final[tuple[Callable[[Bill], Bill], ...]] = (
    product_promotions,
    subscription_code,
)
"""Each step takes its discounts off the lines. The next step works on what remains."""


def price(cart: Cart, candidates: Candidates, at: datetime) -> PricedCart:
    """Price a cart at a time."""
    bill = open_bill(cart, candidates, at)
    for step in STEPS:
        bill = step(bill)
    return add_up(bill)


class ListedPrice(msgspec.Struct, frozen=True, eq=False):
    """What one unit of a product costs in a listing, in minor units; `pick` applies to it."""

    unit_price: int
    price: int
    pick: Pick | None


def price_listing(products: Sequence[tuple[int, int]], candidates: Candidates) -> list[ListedPrice]:
    """Price one unit of each product as a cart without codes would; takes ids and unit prices."""
    specific, everywhere = candidates.specific.get, candidates.everywhere
    return [
        _list_price(unit_price, specific(product_id), everywhere)
        for product_id, unit_price in products
    ]


# Pages list the same products again and again, a thousand at a time.
@lru_cache(16_384)
def _list_price(
    unit_price: int, specific: AutomaticPick | None, everywhere: AutomaticPick | None
) -> ListedPrice:
    picks = choose_without_code(specific, everywhere)
    if not picks:
        return ListedPrice(unit_price, unit_price, None)
    discount = percent_of(unit_price, picks[0].percent)
    return ListedPrice(unit_price, unit_price - discount, picks[0])
