"""Products that promotions can name."""

from collections.abc import Iterable

from sconto.domain.people import Caller
from sconto.operations.products import put_products
from sconto.store.database import Database
from tests.builders import NOON, a_product


async def stock(database: Database, caller: Caller, product_ids: Iterable[int]) -> None:
    """Put products with these ids into the merchant's catalogue."""
    await put_products(database, caller, [a_product(number) for number in product_ids], NOON)
