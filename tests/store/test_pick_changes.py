"""The list of a timeline's last changes says which cached picks stay valid."""

from collections.abc import Sequence
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.people import Caller
from sconto.store.database import Database
from sconto.store.pick_changes import READ_CHANGES, PickChange, PickChanges, read_changes
from sconto.store.price_versions import Renewal, renew_prices

MUG, CUP, PAN = 11, 22, 33
MANY: Final = range(1, 502)

_PRODUCTS = st.none() | st.lists(st.integers(1, 4), max_size=3)

_RENEWED_BY_BEFORE: Final = "UPDATE timeline_versions SET version = 77 WHERE merchant_id = $1"
_AS_MIGRATED: Final = "UPDATE timeline_versions SET pick_changes = NULL WHERE merchant_id = $1"


@given(st.lists(_PRODUCTS, max_size=6), st.data())
def test_the_products_of_all_changes_since_a_version_may_differ(
    products: Sequence[list[int] | None], data: st.DataObject
) -> None:
    changes = PickChanges(
        len(products), [PickChange(version, one) for version, one in enumerate(products, 1)]
    )
    since = data.draw(st.integers(0, len(products) + 1))
    later = products[since:]
    expected = None
    if 1 <= since <= len(products) and None not in later:
        expected = {product for one in later for product in one or ()}
    assert changes.products_since(since) == expected


def test_a_list_that_ends_before_the_present_version_says_nothing() -> None:
    changes = PickChanges(9, [PickChange(7, [MUG]), PickChange(8, [CUP])])
    assert changes.products_since(7) is None
    assert changes.products_since(9) is None


async def test_the_list_has_the_last_changes_of_the_timeline(
    database: Database, merchant: Caller
) -> None:
    first = await renewed(database, merchant, [MUG])
    assert first.products_since(first.version) == set()
    second = await renewed(database, merchant, [CUP, PAN])
    assert second.products_since(first.version) == {CUP, PAN}
    assert await renewed(database, merchant, []) == second
    third = await renewed(database, merchant, MANY)
    assert third.products_since(second.version) is None
    assert [change.products for change in third.changes] == [[MUG], [CUP, PAN], None]
    for number in range(20):
        last = await renewed(database, merchant, [number])
    assert [change.products for change in last.changes] == [[number] for number in range(4, 20)]
    assert last.products_since(third.version) is None
    assert last.products_since(last.changes[0].version) == set(range(5, 20))


async def test_a_new_list_begins_after_a_program_that_knows_none(
    database: Database, merchant: Caller
) -> None:
    before = await renewed(database, merchant, [MUG])
    async with database.write() as connection:
        await connection.execute(_RENEWED_BY_BEFORE, merchant.merchant_id)
    now = await read(database, merchant)
    assert now.products_since(before.version) is None
    after = await renewed(database, merchant, [CUP])
    assert after.products_since(before.version) is None
    assert after.products_since(77) is None
    assert [change.products for change in after.changes] == [[CUP]]


async def test_an_older_row_has_no_list_until_the_next_change(
    database: Database, merchant: Caller
) -> None:
    before = await renewed(database, merchant, [MUG])
    async with database.write() as connection:
        await connection.execute(_AS_MIGRATED, merchant.merchant_id)
    assert (await read(database, merchant)).products_since(before.version) is None
    first = await renewed(database, merchant, [CUP])
    assert first.products_since(before.version) is None
    assert (await renewed(database, merchant, [PAN])).products_since(first.version) == {PAN}


async def renewed(database: Database, merchant: Caller, products: Sequence[int]) -> PickChanges:
    async with database.write() as connection:
        await renew_prices(connection, merchant.merchant_id, Renewal(picks=products))
    return await read(database, merchant)


async def read(database: Database, merchant: Caller) -> PickChanges:
    async with database.read() as connection:
        return read_changes(await connection.fetchval(READ_CHANGES, merchant.merchant_id))
