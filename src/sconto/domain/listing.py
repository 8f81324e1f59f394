"""Listing prices: what one unit of each of many products costs, without codes.

They are the prices of a cart with that unit alone, decided by the same functions, without making a
bill for each product.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.choice import Pick, choose_without_code
from sconto.domain.money import percent_of


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
