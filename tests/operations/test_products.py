"""Importing products: all or nothing, from a file of any size."""

import tracemalloc
from collections.abc import Iterator

import pytest

from sconto.domain.csv_rows import RowFault
from sconto.domain.people import Caller
from sconto.domain.problems import ImportRefused
from sconto.domain.product import (
    FieldRule,
    Product,
    ProductFault,
    ProductLine,
    ProductQuery,
    PutCounts,
    RefusedProductLine,
    RepeatedProduct,
)
from sconto.operations.products import import_products, list_products
from sconto.store.database import Database
from tests.builders import NOON, a_product


async def catalogue(database: Database, merchant: Caller) -> tuple[Product, ...]:
    return (await list_products(database, merchant, ProductQuery(limit=1000))).products


async def refused(
    database: Database, merchant: Caller, *lines: ProductLine | RefusedProductLine
) -> ImportRefused:
    with pytest.raises(ImportRefused) as refusal:
        await import_products(database, merchant, lines, NOON)
    return refusal.value


async def test_an_import_creates_updates_and_keeps_products(
    database: Database, merchant: Caller
) -> None:
    lines = [ProductLine(2, a_product(1)), ProductLine(3, a_product(2))]
    assert await import_products(database, merchant, lines, NOON) == PutCounts(2, 0, 0)
    lines = [ProductLine(2, a_product(1)), ProductLine(3, a_product(2, name="Cup"))]
    lines.append(ProductLine(4, a_product(3)))
    assert await import_products(database, merchant, lines, NOON) == PutCounts(1, 1, 1)
    assert await catalogue(database, merchant) == (
        a_product(1),
        a_product(2, name="Cup"),
        a_product(3),
    )


async def test_one_bad_line_refuses_the_whole_file(database: Database, merchant: Caller) -> None:
    bad = RefusedProductLine(3, RowFault.UNREADABLE)
    refusal = await refused(database, merchant, ProductLine(2, a_product()), bad)
    assert (refusal.lines, refusal.total) == ((bad,), 1)
    assert await catalogue(database, merchant) == ()


async def test_bad_and_repeated_lines_are_named_in_file_order(
    database: Database, merchant: Caller
) -> None:
    refusal = await refused(
        database,
        merchant,
        ProductLine(2, a_product(7)),
        ProductLine(3, a_product(7)),
        RefusedProductLine(4, RowFault.UNREADABLE),
        ProductLine(5, a_product(7)),
    )
    assert refusal.lines == (
        RefusedProductLine(3, RepeatedProduct(3, 7, 2)),
        RefusedProductLine(4, RowFault.UNREADABLE),
        RefusedProductLine(5, RepeatedProduct(5, 7, 2)),
    )
    assert refusal.total == 3


async def test_a_hundred_bad_lines_are_named_and_the_rest_counted(
    database: Database, merchant: Caller
) -> None:
    bad = [RefusedProductLine(number, RowFault.UNREADABLE) for number in range(2, 502)]
    repeats = [ProductLine(number, a_product(7)) for number in range(1001, 2002)]
    refusal = await refused(database, merchant, *bad, *repeats)
    assert refusal.lines == tuple(bad[:100])
    assert refusal.total == 500 + 1000


async def test_an_imports_memory_does_not_grow_with_the_file(
    database: Database, merchant: Caller
) -> None:
    def lines() -> Iterator[ProductLine | RefusedProductLine]:
        for number in range(1, 20_001):
            yield ProductLine(number, a_product(number, name="x" * 200))
            yield RefusedProductLine(number, (ProductFault("x" * 200, FieldRule.KNOWN),))

    tracemalloc.start()
    try:
        with pytest.raises(ImportRefused):
            await import_products(database, merchant, lines(), NOON)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
    assert await catalogue(database, merchant) == ()
