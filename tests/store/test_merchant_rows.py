"""A merchant's rows in a file: all of them, once, or a refusal that changes nothing."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations.check import check
from sconto.operations.checkout import get_order, place_order
from sconto.operations.promotions import create_promotion
from sconto.store import merchant_rows
from sconto.store.administration import connect
from sconto.store.database import Database
from sconto.store.merchant_rows import export_merchant, import_merchant
from sconto.store.schema import MoveRefused
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import create_caller


async def a_shop(database: Database) -> tuple[Caller, str]:
    """A merchant with an order that used up a code, and a text that files must quote."""
    caller = await create_caller(database)
    new = a_promotion(
        name='Tabs\tand "lines"\n\\.\n', codes=("ONCE", "TWICE"), code_type=CodeType.ONE_TIME
    )
    await create_promotion(database, caller, new, NOON)
    await place_order(database, caller, NewOrder("A-1", a_cart(codes=("ONCE",))), NOON, NOON.date())
    async with database.read() as connection:
        name: str = await connection.fetchval(
            "SELECT name FROM merchants WHERE merchant_id = $1", caller.merchant_id
        )
    return caller, name


def exported(url: str, name: str) -> bytes:
    file = BytesIO()
    export_merchant(url, name, file)
    return file.getvalue()


@pytest.mark.oldest
async def test_a_merchant_continues_in_another_database(
    database: Database, database_url: str, create_database: Callable[[], str]
) -> None:
    shop, name = await a_shop(database)
    await a_shop(database)
    other_url = create_database()
    lines = exported(database_url, name)

    moved = import_merchant(other_url, BytesIO(lines))

    assert (moved.merchant_id, moved.name) == (shop.merchant_id, name)
    assert exported(other_url, name) == lines
    other = await Database.open(other_url, connections=2)
    assert await get_order(other, shop, "A-1") == await get_order(database, shop, "A-1")
    # The next ids are above those of the merchant, though nothing was created here yet.
    new_id = await create_promotion(other, shop, a_promotion(), NOON)
    async with other.read() as connection:
        ids = await connection.fetch("SELECT promotion_id FROM promotions ORDER BY promotion_id")
        assert [row["promotion_id"] for row in ids][-1] == new_id
        assert len(ids) == 2
    another = await create_caller(other)
    assert another.merchant_id > shop.merchant_id
    assert another.user_id > shop.user_id
    order = NewOrder("A-2", a_cart(codes=("TWICE",)))
    await place_order(other, shop, order, NOON, NOON.date())
    assert [promise async for promise in check(other) if promise.violations] == []
    await other.close()


async def test_a_file_that_was_cut_off_or_changed_loads_nothing(
    database: Database, database_url: str, create_database: Callable[[], str]
) -> None:
    _, name = await a_shop(database)
    lines = exported(database_url, name)
    other_url = create_database()
    for damaged in (
        lines[: len(lines) // 2],
        lines.rpartition(b'{"rows"')[0],
        lines.replace(b"TWICE", b"THRICE"),
        b"",
        b"order_id,total\n",
        lines.replace(b'"schema": "', b'"schema": "9', 1),
    ):
        with pytest.raises(MoveRefused):
            import_merchant(other_url, BytesIO(damaged))
    with pytest.raises(MoveRefused, match=f"no merchant is called {name}"):
        exported(other_url, name)


async def test_a_merchant_whose_id_or_name_is_taken_is_refused(
    database: Database, database_url: str
) -> None:
    shop, name = await a_shop(database)
    with pytest.raises(MoveRefused, match=f"this database has a merchant {name} with id"):
        import_merchant(database_url, BytesIO(exported(database_url, name)))
    assert (await get_order(database, shop, "A-1")).order_id == "A-1"


async def test_an_export_during_writes_is_refused(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, name = await a_shop(database)
    write = merchant_rows._write

    def write_and_change(*arguments: Any) -> None:
        write(*arguments)
        with connect(database_url, "test") as connection:
            connection.execute(
                "UPDATE promotions SET updated_at = now() WHERE merchant_id = %s",
                [shop.merchant_id],
            )

    monkeypatch.setattr(merchant_rows, "_write", write_and_change)
    with pytest.raises(MoveRefused, match="were written during the export"):
        exported(database_url, name)
