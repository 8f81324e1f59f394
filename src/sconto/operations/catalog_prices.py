"""What a catalogue's products cost every customer, without codes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sconto.domain.people import Caller
from sconto.domain.price_changes import UnitPrice
from sconto.domain.product import MAX_PRODUCTS, Product, ProductQuery
from sconto.operations import checkout, products
from sconto.store.database import Database

MAX_PRICED: Final = 10_000
"""Products of the catalogue that are priced: the first by id."""


async def first_products(database: Database, caller: Caller) -> tuple[list[Product], bool]:
    """The first MAX_PRICED products by id, and whether there are more."""
    found: list[Product] = []
    more = True
    while more and len(found) < MAX_PRICED:
        after = found[-1].product_id if found else 0
        query = ProductQuery(MAX_PRODUCTS, after)
        page = await products.list_products(database, caller, query)
        found += page.products
        more = page.more
    return found, more


async def price_products(
    database: Database, caller: Caller, wanted: Sequence[Product], at: datetime
) -> dict[int, UnitPrice]:
    """What one unit of each product costs at a time, by product id."""
    prices: dict[int, UnitPrice] = {}
    for currency, some in _by_currency(wanted):
        units = [(product.product_id, product.price) for product in some]
        listed = await checkout.list_prices(database, caller, units, currency, at)
        for product, one in zip(some, listed, strict=True):
            promotion_id = None if one.pick is None else one.pick.promotion_id
            prices[product.product_id] = UnitPrice(product, one.price, promotion_id)
    return prices


def _by_currency(wanted: Sequence[Product]) -> Iterator[tuple[str, Sequence[Product]]]:
    """The products of each currency, in lists of the size of a listing."""
    for currency in sorted({product.currency for product in wanted}):
        of_currency = [product for product in wanted if product.currency == currency]
        for start in range(0, len(of_currency), MAX_PRODUCTS):
            yield currency, of_currency[start : start + MAX_PRODUCTS]
