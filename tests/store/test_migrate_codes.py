"""The migration of stored codes to the present form: NFC, without blanks."""

from collections.abc import Callable
from typing import Any, Final

import psycopg
import pytest

from sconto.api.clock import read_clock
from sconto.domain.cart import Cart
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.people import Caller, Role
from sconto.domain.problems import SubscriptionCodeNotFound
from sconto.domain.subscription import Contract, Subscription, SubscriptionCode
from sconto.domain.subscription_promotion import Application
from sconto.operations import checkout, subscriptions
from sconto.store.database import Database
from sconto.store.migrate import migrate
from tests.builders import NOON, a_line
from tests.store.older_schemas import (
    at_schema,
    execute,
    migrate_to,
    version,
    version_before,
    version_of,
)

AFTER: Final = version_of("codes_without_blanks")
BEFORE: Final = version_before("codes_without_blanks")

CALLER: Final = Caller(1, 1, Role.ADMIN)
RULES: Final = '[{"effect": {"type": "PERCENTAGE_DISCOUNT", "amount": %d, "text": "x"}}]'

MERCHANT: Final = "INSERT INTO merchants (name) VALUES ('shop')"

PROMOTIONS: Final = (
    "INSERT INTO promotions (merchant_id, type, name, name_folded, active, starts_at, code_type,"
    " covers_all, percent, had_codes, created_at, updated_at)"
    " SELECT 1, 'coupon', 'n', 'n', true, '2026-01-01', 'one-time', true, 1000000, true, now(),"
    " now() FROM generate_series(1, 3)"
)
CODE: Final = (
    "INSERT INTO codes (merchant_id, promotion_id, code, code_key, position, used_by, used_at,"
    " removed_at) VALUES (1, %s, %s, %s, 1, %s, %s, %s)"
)
SUBSCRIPTION: Final = """
WITH made AS (
    INSERT INTO subscription_promotions (
        merchant_id, version, code, code_key, name, name_folded, enabled, new_only, type_ids, meta,
        created_at, updated_at, archived_at)
    VALUES (1, 1, %s, %s, 'n', 'n', true, false, '{}', '{}', now(), now(), %s)
    RETURNING promotion_id, code_key
)
INSERT INTO subscription_versions (
    merchant_id, promotion_id, version, code_key, rules, created_at)
SELECT 1, promotion_id, 1, code_key, %s, now() FROM made
"""
APPLICATION: Final = (
    "INSERT INTO subscription_applications (merchant_id, application_id, promotion_id, version,"
    " code_key, subscription_type_id, applied_by, applied_at)"
    " VALUES (1, %s, %s, 1, %s, 'monthly', 1, now())"
)


@pytest.fixture
def old_database(create_database: Callable[[str], str]) -> str:
    """The address of a database with the schema before that migration, and a merchant."""
    url = at_schema(create_database, BEFORE)
    assert version(url) == [(BEFORE,)]
    execute(url, MERCHANT)
    return url


def fill(url: str, statement: str, *rows: tuple[object, ...]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for row in rows:
            connection.execute(statement.encode(), row)


def read(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


# "май", whose last letter is one character, or two.
ONE: Final = "\u043c\u0430\u0439"
TWO: Final = "\u043c\u0430\u0438\u0306"


async def test_of_codes_that_become_equal_the_used_or_the_first_stays(
    old_database: str,
) -> None:
    execute(old_database, PROMOTIONS)
    fill(
        old_database,
        CODE,
        (1, TWO, TWO, None, None, None),
        (1, ONE, ONE, "o-1", NOON, None),
        (2, TWO, TWO, None, None, None),
        (2, ONE, ONE, None, None, None),
        (3, TWO, TWO, None, None, None),
        (3, "plain", "plain", None, None, None),
        # Codes that were removed with their promotion are restored together.
        (3, ONE, ONE, None, None, NOON),
        (3, TWO, TWO, None, None, NOON),
    )
    migrate(old_database)
    assert read(
        old_database,
        "SELECT code_id, code_key, removed_at IS NULL, removed_at = '2026-06-01T12:00:00Z'"
        " FROM codes ORDER BY code_id",
    ) == [
        (1, ONE, False, False),
        (2, ONE, True, None),
        (3, ONE, True, None),
        (4, ONE, False, False),
        (5, ONE, True, None),
        (6, "plain", True, None),
        (7, ONE, False, True),
        (8, ONE, False, False),
    ]
    database = await Database.open(old_database)
    try:
        for typed in (ONE, TWO, f"\ufeff{TWO.upper()} "):
            cart = Cart("EUR", (a_line(),), (typed,))
            [code] = (await checkout.quote(database, CALLER, cart, NOON)).codes
            assert (code.code, code.status, code.promotion_id) == (typed, CodeStatus.APPLIED, 3)
    finally:
        await database.close()


def give(percent: int) -> str:
    return RULES % (percent * 1_000_000)


async def test_subscription_codes_lose_their_blanks_unless_another_promotion_has_the_code(
    old_database: str,
) -> None:
    fill(
        old_database,
        SUBSCRIPTION,
        ("SAVE10 ", "save10 ", None, give(10)),
        ("SAVE10", "save10", None, give(11)),
        ("\u200bTRY", "\u200btry", None, give(20)),
        ("TRY\u00a0", "try\u00a0", None, give(21)),
        ("KEEP", "keep", None, give(30)),
        ("GONE ", "gone ", NOON, give(40)),
    )
    fill(old_database, APPLICATION, ("a", 1, "save10 "), ("b", 3, "\u200btry"))
    migrate(old_database)
    assert read(
        old_database,
        "SELECT promotion.promotion_id, code, promotion.code_key, kept.code_key"
        " FROM subscription_promotions AS promotion JOIN subscription_versions AS kept"
        " USING (merchant_id, promotion_id) ORDER BY 1",
    ) == [
        (1, "SAVE10 ", "save10 ", "save10 "),
        (2, "SAVE10", "save10", "save10"),
        (3, "TRY", "try", "try"),
        (4, "TRY\u00a0", "try\u00a0", "try\u00a0"),
        (5, "KEEP", "keep", "keep"),
        (6, "GONE", "gone", "gone"),
    ]
    database = await Database.open(old_database)
    try:
        # Each with the application that its contract got; "GONE" has none.
        got = [("SAVE10 ", "a"), ("SAVE10", "a"), ("TRY", "b"), ("SAVE10 ", None), ("GONE ", None)]
        assert [await discount(database, *code) for code in got] == [100, 100, 200, 110, 400]
        assert await discount(database, "KEEP", "a") == 0
        for typed in ("SAVE10 ", "TRY"):
            await apply(database, typed)
        with pytest.raises(SubscriptionCodeNotFound):
            await apply(database, "NONE")
    finally:
        await database.close()
    assert read(
        old_database,
        "SELECT promotion_id FROM subscription_applications ORDER BY applied_at DESC LIMIT 2",
    ) == [(3,), (2,)]


async def discount(database: Database, code: str, application_id: str | None) -> int:
    """What a subscription with the code gets off an order of 10.00."""
    subscription = Subscription(None, "monthly", 1, (SubscriptionCode(code, 1, application_id),))
    cart = Cart("EUR", (a_line(unit_price=1000),), (), subscription)
    return (await checkout.quote(database, CALLER, cart, NOON)).discount


async def apply(database: Database, code: str) -> Application:
    contract = Contract(None, "monthly")
    return await subscriptions.apply_code(database, CALLER, code, contract, read_clock())


def test_a_database_without_such_codes_is_migrated_without_locks(
    old_database: str,
) -> None:
    execute(old_database, PROMOTIONS)
    fill(old_database, CODE, (1, ONE, ONE, None, None, None), (1, "A", "a", None, None, None))
    fill(old_database, SUBSCRIPTION, ("SAVE10", "save10", None, give(10)))
    with psycopg.connect(old_database) as other:
        # A migration that takes locks would wait for these writes.
        other.execute("UPDATE codes SET position = 2")
        other.execute("UPDATE subscription_promotions SET usage = 2")
        migrate_to(old_database, AFTER)
        assert version(old_database) == [(AFTER,)]
