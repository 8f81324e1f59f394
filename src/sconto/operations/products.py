"""The catalogue of a merchant: put, get, list, delete and import products."""

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
    RefusedProductLine,
    RepeatedProduct,
)
from sconto.operations.refused_lines import RefusedLines
from sconto.store import products as store
from sconto.store.database import Database, retried, retrying

NAMED_LINES: Final = 100
"""How many lines of a refused product file are named; the others are only counted."""


async def put_products(
    database: Database, caller: Caller, products: Sequence[Product], now: datetime
) -> PutCounts:
    """Create or change the products, all or none; each may be named once.

    A product that was deleted counts as created.
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
    """The products that the merchant's catalogue has, by id."""
    async with database.read(caller.merchant_id) as connection:
        found = await store.find_products(connection, caller.merchant_id, product_ids)
    return {product.product_id: product for product in found}


@retried
async def list_products(database: Database, caller: Caller, query: ProductQuery) -> ProductPage:
    """The products that the query asks for, and whether there are more."""
    # One product more than the limit shows whether there are more.
    one_more = replace(query, limit=query.limit + 1)
    async with database.read(caller.merchant_id) as connection:
        found = await store.list_products(connection, caller.merchant_id, one_more)
    return ProductPage(tuple(found[: query.limit]), more=len(found) > query.limit)


async def delete_product(
    database: Database, caller: Caller, product_id: int, now: datetime
) -> None:
    """Delete a product from the catalogue; promotions that name it keep naming it.

    Raises ProductNotFound.
    """

    async def delete() -> bool:
        async with database.write(caller.merchant_id) as connection:
            return await store.delete_product(connection, caller.merchant_id, product_id, now)

    if not await retrying(delete):
        raise ProductNotFound(product_id)


async def import_products(
    database: Database,
    caller: Caller,
    lines: Iterable[ProductLine | RefusedProductLine],
    now: datetime,
) -> PutCounts:
    """Create or change the products of a file of any size, all or none.

    Lines are read once and never held in memory together. Raises ImportRefused with the lines that
    cannot be taken, and with those that repeat the product of an earlier line.
    """
    refused: RefusedLines[RefusedProductLine] = RefusedLines(NAMED_LINES)
    async with database.write(caller.merchant_id, queue="imports") as connection:
        staged = await store.stage_products(connection, _take(lines, refused))
        repeats, total = await store.find_repeats(connection, NAMED_LINES)
        refused.add_found(map(_refuse, repeats), total)
        if refused.total:
            raise ImportRefused(refused.first(), refused.total)
        # Only this statement is retried: the lines can be read only once.
        return await retrying(lambda: store.put_staged(connection, caller.merchant_id, staged, now))


def _take(
    lines: Iterable[ProductLine | RefusedProductLine], refused: RefusedLines[RefusedProductLine]
) -> Iterator[ProductLine]:
    """The lines that can be taken; the others are counted as refused."""
    for line in lines:
        if isinstance(line, ProductLine):
            yield line
        else:
            refused.add(line)


def _refuse(repeat: RepeatedProduct) -> RefusedProductLine:
    return RefusedProductLine(repeat.line, repeat)
