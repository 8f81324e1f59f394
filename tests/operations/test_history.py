"""History: recorded with the change or not at all, and never changed."""

from collections.abc import Sequence

import asyncpg
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.history import Change, Entry, Subject, Verb
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller, Role, command_line_caller
from sconto.domain.problems import (
    PromotionNotFound,
    UnknownProducts,
)
from sconto.domain.promotion import NewPromotion, PromotionChange, PromotionType, Terms
from sconto.operations import code_imports, codes, people, promotions, users
from sconto.operations.history import get_promotion_history, list_entries_of_all
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock

PASSWORD = "correct horse battery"


async def entries(database: Database, caller: Caller, promotion_id: int) -> Sequence[Entry]:
    page = await get_promotion_history(database, caller, promotion_id, limit=1000)
    assert not page.more
    return page.entries[::-1]


async def latest(database: Database, caller: Caller, promotion_id: int) -> Change:
    page = await get_promotion_history(database, caller, promotion_id, limit=1)
    return page.entries[0].change


async def create(database: Database, caller: Caller, new: NewPromotion | None = None) -> int:
    return await promotions.create_promotion(
        database, caller, new or a_promotion(codes=("A", "B")), NOON
    )


async def name_of(database: Database, caller: Caller) -> str:
    async with database.read() as connection:
        name: str = await connection.fetchval(
            "SELECT username FROM users WHERE user_id = $1", caller.user_id
        )
    return name


async def test_each_change_says_who_what_and_when(database: Database, merchant: Caller) -> None:
    promotion_id = await create(database, merchant)
    other = await create_caller(database, Role.MANAGER, merchant.merchant_id)
    off = PromotionChange(PromotionType.COUPON, active=False)
    await promotions.change_promotion(database, other, promotion_id, off, NOON)
    created, changed = await entries(database, merchant, promotion_id)
    assert created.username == await name_of(database, merchant)
    assert created.change.verb is Verb.CREATED
    assert (changed.username, changed.recorded_at) == (await name_of(database, other), NOON)
    assert changed.change == Change(
        Subject.PROMOTION, promotion_id, Verb.CHANGED, {"active": True}, {"active": False}
    )


async def test_new_terms_are_recorded_as_additions_and_removals(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [1, 2])
    promotion_id = await create(database, merchant)
    terms = Terms(ListedProducts(20 * PERCENT, (1, 2)), CodeType.ONE_TIME, ("b", "C", "D"))
    change = PromotionChange(PromotionType.COUPON, terms=terms)
    await promotions.change_promotion(database, merchant, promotion_id, change, NOON)
    recorded = await latest(database, merchant, promotion_id)
    assert recorded.before == {
        "code_type": None,
        "percent": "10",
        "covers": "all",
        "products": {"count": 0},
        "codes": {
            "count": 2,
            "removed": ["A"],
            "removed_count": 1,
            "replaced": ["B"],
            "replaced_count": 1,
        },
    }
    assert recorded.after == {
        "code_type": "one-time",
        "percent": "20",
        "covers": "listed",
        "products": {"count": 2, "added": [1, 2], "added_count": 2},
        "codes": {
            "count": 3,
            "added": ["C", "D"],
            "added_count": 2,
            "replaced": ["b"],
            "replaced_count": 1,
        },
    }


async def test_an_edit_without_a_difference_is_not_recorded(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create(database, merchant)
    terms = Terms(AllProducts(10 * PERCENT), None, ("A", "B"))
    change = PromotionChange(PromotionType.COUPON, name="Ten percent", terms=terms)
    await promotions.change_promotion(database, merchant, promotion_id, change, NOON)
    assert len(await entries(database, merchant, promotion_id)) == 1


async def test_a_failed_edit_is_not_recorded(database: Database, merchant: Caller) -> None:
    promotion_id = await create(database, merchant)
    with pytest.raises(UnknownProducts):
        await promotions.change_promotion(
            database,
            merchant,
            promotion_id,
            PromotionChange(
                PromotionType.COUPON, name="X", terms=Terms(ListedProducts(PERCENT, (404,)))
            ),
            NOON,
        )
    assert len(await entries(database, merchant, promotion_id)) == 1


async def test_the_size_of_an_entry_depends_on_the_change_alone(
    database: Database, merchant: Caller
) -> None:
    many = tuple(f"CODE-{number}" for number in range(5_000))
    promotion_id = await create(database, merchant, a_promotion(codes=many))
    terms = Terms(AllProducts(10 * PERCENT), None, (*many, "ONE-MORE"))
    change = PromotionChange(PromotionType.COUPON, terms=terms)
    await promotions.change_promotion(database, merchant, promotion_id, change, NOON)
    await codes.add_codes(database, merchant, promotion_id, ["AND-ANOTHER"], NOON)
    await codes.remove_codes(database, merchant, promotion_id, many[:500], NOON)
    async with database.read() as connection:
        sizes = await connection.fetch(
            "SELECT length(before::text), length(after::text) FROM history"
            " WHERE merchant_id = $1 ORDER BY entry_id",
            merchant.merchant_id,
        )
    assert len(sizes) == 4
    assert max(size or 0 for row in sizes for size in row) < 2_000
    assert max(size or 0 for row in sizes[1:3] for size in row) < 200


async def test_added_and_removed_codes_are_named(database: Database, merchant: Caller) -> None:
    promotion_id = await create(database, merchant)
    await codes.add_codes(database, merchant, promotion_id, ["C", "D"], NOON)
    assert await latest(database, merchant, promotion_id) == Change(
        Subject.PROMOTION,
        promotion_id,
        Verb.CODES_ADDED,
        None,
        {"codes": {"added": ["C", "D"], "added_count": 2}},
    )
    await codes.remove_codes(database, merchant, promotion_id, ["c", "NONE"], NOON)
    assert await latest(database, merchant, promotion_id) == Change(
        Subject.PROMOTION,
        promotion_id,
        Verb.CODES_REMOVED,
        {"codes": {"removed": ["C"], "removed_count": 1}},
        None,
    )
    await codes.remove_codes(database, merchant, promotion_id, ["NONE"], NOON)
    await code_imports.import_codes(database, merchant, promotion_id, [b"E\nF"], NOON)
    imported = await latest(database, merchant, promotion_id)
    assert imported.after == {"codes": {"added": ["E", "F"], "added_count": 2}}
    assert len(await entries(database, merchant, promotion_id)) == 4


async def test_a_deletion_is_recorded_and_shown_after_the_restoration(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create(database, merchant)
    await promotions.delete_promotion(database, merchant, promotion_id, NOON)
    with pytest.raises(PromotionNotFound):
        await get_promotion_history(database, merchant, promotion_id, limit=1)
    await promotions.restore_promotion(database, merchant, promotion_id, NOON)
    _, deleted, restored = await entries(database, merchant, promotion_id)
    assert (deleted.change.verb, deleted.change.after) == (Verb.DELETED, None)
    assert deleted.change.before is not None
    assert deleted.change.before["codes"] == {
        "count": 2,
        "removed": ["A", "B"],
        "removed_count": 2,
    }
    assert restored.change == Change(Subject.PROMOTION, promotion_id, Verb.RESTORED)


async def test_history_is_read_page_by_page(database: Database, merchant: Caller) -> None:
    promotion_id = await create(database, merchant)
    for number in range(6):
        change = PromotionChange(PromotionType.COUPON, name=f"Name {number}")
        await promotions.change_promotion(database, merchant, promotion_id, change, NOON)
    seen: list[Entry] = []
    before = None
    more = True
    while more:
        page = await get_promotion_history(database, merchant, promotion_id, limit=3, before=before)
        seen += page.entries
        before, more = page.entries[-1].id, page.more
    names = [(entry.change.after or {}).get("name") for entry in seen]
    assert names == [*(f"Name {number}" for number in (5, 4, 3, 2, 1, 0)), "Ten percent"]


async def test_another_merchants_history_is_empty(database: Database, merchant: Caller) -> None:
    promotion_id = await create(database, merchant)
    other_merchant = await create_caller(database)
    with pytest.raises(PromotionNotFound):
        await get_promotion_history(database, other_merchant, promotion_id, limit=1)
    assert (
        await list_entries_of_all(database, other_merchant, Subject.USER, limit=10)
    ).entries == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET username = 'nobody' WHERE merchant_id = $1",
        "DELETE FROM history WHERE merchant_id = $1",
    ],
)
async def test_the_database_refuses_to_change_history(
    database: Database, merchant: Caller, statement: str
) -> None:
    promotion_id = await create(database, merchant)
    with pytest.raises(asyncpg.RestrictViolationError, match="history is never changed"):
        async with database.write() as connection:
            await connection.execute(statement, merchant.merchant_id)
    assert len(await entries(database, merchant, promotion_id)) == 1


async def test_the_database_refuses_to_empty_history(database: Database) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        async with database.write() as connection:
            await connection.execute("TRUNCATE history")


async def test_changes_of_users_are_recorded(database: Database, merchant: Caller) -> None:
    name = f"grace-{merchant.merchant_id}"
    user_id = await users.add_user(database, merchant, name, PASSWORD, Role.VIEWER)
    await users.change_role(database, merchant, user_id, Role.MANAGER)
    await users.change_role(database, merchant, user_id, Role.MANAGER)
    await users.set_password(database, merchant, user_id, PASSWORD)
    await people.set_disabled(database, name, disabled=True)
    page = await list_entries_of_all(database, merchant, Subject.USER, limit=10)
    by = await name_of(database, merchant)
    disabled = Change(Subject.USER, user_id, Verb.CHANGED, {"disabled": False}, {"disabled": True})
    assert [(entry.username, entry.change) for entry in page.entries] == [
        (None, disabled),
        (by, Change(Subject.USER, user_id, Verb.PASSWORD_SET)),
        (
            by,
            Change(Subject.USER, user_id, Verb.CHANGED, {"role": "viewer"}, {"role": "manager"}),
        ),
        (
            by,
            Change(
                Subject.USER,
                user_id,
                Verb.CREATED,
                None,
                {"name": name, "role": "viewer", "disabled": False},
            ),
        ),
    ]


async def test_changes_by_the_command_line_have_no_username(
    database: Database, merchant: Caller
) -> None:
    promotion_id = await create(database, command_line_caller(merchant.merchant_id))
    [created] = await entries(database, merchant, promotion_id)
    assert created.username is None
