"""What a person can ask of a merchant's catalogue."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sconto.domain.people import Caller
from sconto.domain.problems import ImportRefused, ProductNotFound
from sconto.domain.product import (
    Product,
    ProductLine,
    ProductPage,
    ProductQuery,
    PutCounts,
    RefusedLine,
    RepeatedProduct,
)
from sconto.store import products as store
from sconto.store.database import Database, retried, retrying

NAMED_LINES: Final = 100
"""How many lines of a refused file are named; the others are counted."""


async def put_products(
    database: Database, caller: Caller, products: Sequence[Product], now: datetime
) -> PutCounts:
    """Create or change the products, all or none; each may be named once.

    A deleted product counts as created, for it is known again.
    """

    async def put() -> PutCounts:
        async with database.write(caller.merchant_id) as connection:
            return await store.put_products(connection, caller.merchant_id, products, now)

    return await retrying(put)


@retried
async def get_product(database: Database, caller: Caller, product_id: int) -> Product:
    """The merchant's product. Raises ProductNotFound."""
    async with database.read(caller.merchant_id) as connection:
        product = await store.find_product(connection, caller.merchant_id, product_id)
    if product is None:
        raise ProductNotFound(product_id)
    return product


@retried
async def find_products(
    database: Database, caller: Caller, product_ids: Iterable[int]
) -> dict[int, Product]:
    """Those of the products that the merchant's catalogue has, by id."""
    async with database.read(caller.merchant_id) as connection:
        found = await store.find_products(connection, caller.merchant_id, product_ids)
    return {product.product_id: product for product in found}


@retried
async def list_products(database: Database, caller: Caller, query: ProductQuery) -> ProductPage:
    """The products that the query asks for, and whether there are more."""
    # One more than asked for tells.
    one_more = replace(query, limit=query.limit + 1)
    async with database.read(caller.merchant_id) as connection:
        found = await store.list_products(connection, caller.merchant_id, one_more)
    return ProductPage(tuple(found[: query.limit]), more=len(found) > query.limit)


async def delete_product(
    database: Database, caller: Caller, product_id: int, now: datetime
) -> None:
    """Take a product out of the catalogue; promotions that name it go on naming it.

    Raises ProductNotFound.
    """

    async def delete() -> bool:
        async with database.write(caller.merchant_id) as connection:
            return await store.delete_product(connection, caller.merchant_id, product_id, now)

    if not await retrying(delete):
        raise ProductNotFound(product_id)


async def import_products(
    database: Database, caller: Caller, lines: Iterable[ProductLine | RefusedLine], now: datetime
) -> PutCounts:
    """Create or change the products of a file, all or none, however many they are.

    The lines are read once and never held together. Raises ImportRefused with the lines that
    cannot be taken, and those whose product an earlier line has.
    """
    refusals = _Refusals()
    async with database.write(caller.merchant_id, is_import=True) as connection:
        staged = await store.stage_products(connection, refusals.filter(lines))
        refusals.add_repeats(*await store.find_repeats(connection, NAMED_LINES))
        if refusals.total:
            raise ImportRefused(refusals.named(), refusals.total)
        # Not the whole transaction again: the lines can be read only once.
        return await retrying(lambda: store.put_staged(connection, caller.merchant_id, staged, now))


class _Refusals:
    """The first lines that cannot be taken, and the number of all of them."""

    def __init__(self) -> None:
        self._first: list[RefusedLine] = []
        self.total = 0

    def filter(self, lines: Iterable[ProductLine | RefusedLine]) -> Iterator[ProductLine]:
        """The lines that can be taken; the others are kept or counted here."""
        for line in lines:
            if isinstance(line, ProductLine):
                yield line
                continue
            self.total += 1
            if self.total <= NAMED_LINES:
                self._first.append(line)

    def add_repeats(self, repeats: Sequence[RepeatedProduct], total: int) -> None:
        """Add lines that name a product again: the first of them, and how many there are."""
        self.total += total
        for repeat in repeats:
            reason = f"product {repeat.product_id} is on line {repeat.first_line} too"
            self._first.append(RefusedLine(repeat.line, reason))

    def named(self) -> tuple[RefusedLine, ...]:
        """The first of all of them, in the order of the file."""
        return tuple(sorted(self._first, key=lambda refused: refused.line)[:NAMED_LINES])
