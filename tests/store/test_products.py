"""Products in the database, and concurrent puts of the same products."""

import asyncio
from collections.abc import Iterator

import pytest

from sconto.domain.people import Caller
from sconto.domain.product import Product, ProductLine, PutCounts, RepeatedProduct
from sconto.store import products
from sconto.store.database import Connection, Database
from tests.builders import NOON, a_product

pytestmark = pytest.mark.oldest


async def put(database: Database, merchant: Caller, *given: Product) -> PutCounts:
    async with database.write() as connection:
        return await products.put_products(connection, merchant.merchant_id, given, NOON)


async def row_version(connection: Connection, merchant: Caller) -> str:
    """The ctid of the merchant's only product, which changes whenever it is written."""
    where: str = await connection.fetchval(
        "SELECT ctid::text FROM products WHERE merchant_id = $1", merchant.merchant_id
    )
    return where


async def test_a_put_without_changes_writes_nothing(database: Database, merchant: Caller) -> None:
    await put(database, merchant, a_product())
    async with database.read() as connection:
        before = await row_version(connection, merchant)
        await put(database, merchant, a_product())
        assert await row_version(connection, merchant) == before
        await put(database, merchant, a_product(price=1))
        assert await row_version(connection, merchant) != before


async def test_puts_of_the_same_products_in_opposite_orders_do_not_deadlock(
    database: Database, merchant: Caller
) -> None:
    for price in range(20):
        given = [a_product(number, price=price) for number in range(1, 301)]
        await asyncio.gather(
            put(database, merchant, *given), put(database, merchant, *reversed(given))
        )


async def test_staged_lines_end_with_their_transaction(
    database: Database, merchant: Caller
) -> None:
    for _ in range(2):
        async with database.write() as connection:
            lines = [ProductLine(2, a_product()), ProductLine(3, a_product(2))]
            assert await products.stage_products(connection, lines) == 2
            counts = await products.put_staged(connection, merchant.merchant_id, 2, NOON)
    assert counts == PutCounts(created=0, updated=0, unchanged=2)


async def test_repeats_are_found_with_the_first_line_of_each(database: Database) -> None:
    ids = [7, 8, 7, 9, 8, 7]
    lines = [ProductLine(line, a_product(id_)) for line, id_ in enumerate(ids, 2)]
    async with database.write() as connection:
        await products.stage_products(connection, reversed(lines))
        repeats = await products.find_repeats(connection, 2)
    assert repeats == ([RepeatedProduct(4, 7, 2), RepeatedProduct(6, 8, 3)], 3)


async def test_an_interrupted_import_writes_nothing(database: Database, merchant: Caller) -> None:
    def broken_off() -> Iterator[ProductLine]:
        yield ProductLine(2, a_product(2))
        raise EOFError

    async def stage() -> None:
        async with database.write() as connection:
            await products.put_products(connection, merchant.merchant_id, [a_product()], NOON)
            await products.stage_products(connection, broken_off())

    with pytest.raises(EOFError):
        await stage()
    async with database.read() as connection:
        known = "SELECT count(*) FROM products WHERE merchant_id = $1"
        assert await connection.fetchval(known, merchant.merchant_id) == 0
