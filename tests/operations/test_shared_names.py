"""Users of several merchants with one name: who is signed in, and what nobody learns."""

from datetime import timedelta

import pytest

from sconto.domain.people import Role
from sconto.operations.people import (
    create_merchant,
    create_user,
    find_merchant,
    set_disabled,
    set_password,
)
from sconto.store.database import Database
from tests.operations.cheap_passwords import CHEAP, CountedPasswords, a_guard
from tests.operations.test_people import PASSWORD, a_name
from tests.operations.test_people_sign_in import NOW, TOKENS, WRONG, address, outcome_of, token_of

__all__ = ["address"]

OTHER_PASSWORD = "the other's password"


@pytest.fixture
async def name(database: Database) -> str:
    """The name that a user has in each of two merchants."""
    return a_name()


async def a_shop(database: Database, username: str, password: str) -> str:
    shop = a_name()
    await create_merchant(database, shop)
    await create_user(database, shop, username, password, Role.ADMIN, passwords=CHEAP)
    return shop


async def merchant_of(database: Database, typed: str, password: str, address: str) -> int:
    token = await token_of(database, typed, password, address)
    return TOKENS.caller(token, NOW).merchant_id


async def test_the_password_tells_users_of_one_name_apart(
    database: Database, name: str, address: str
) -> None:
    one = await a_shop(database, name, PASSWORD)
    other = await a_shop(database, name, OTHER_PASSWORD)
    for shop, password in ((one, PASSWORD), (other, OTHER_PASSWORD)):
        merchant_id = await find_merchant(database, shop)
        assert await merchant_of(database, name, password, address) == merchant_id
        assert await merchant_of(database, f"{shop}/{name}", password, address) == merchant_id
    assert await outcome_of(database, f"{one}/{name}", OTHER_PASSWORD, address) == "wrong"
    assert await outcome_of(database, name, WRONG, address) == "wrong"


async def test_one_name_and_one_password_need_the_merchant(
    database: Database, name: str, address: str
) -> None:
    one, other = await a_shop(database, name, PASSWORD), await a_shop(database, name, PASSWORD)
    for shop in (one, other):
        assert await outcome_of(database, name, PASSWORD, address) == "wrong"
        merchant_id = await find_merchant(database, shop)
        assert await merchant_of(database, f"{shop}/{name}", PASSWORD, address) == merchant_id
    assert await outcome_of(database, name, PASSWORD, address) == "wrong"
    # Whoever cannot sign in is no second one.
    await set_disabled(database, name, disabled=True, merchant=other)
    assert await merchant_of(database, name, PASSWORD, address) == await find_merchant(
        database, one
    )


async def test_a_merchant_whose_name_has_a_slash_is_found_by_the_last_one(
    database: Database, name: str, address: str
) -> None:
    shop = f"Nord/{a_name()}"
    await create_merchant(database, shop)
    await create_user(database, shop, name, PASSWORD, Role.ADMIN, passwords=CHEAP)
    merchant_id = await find_merchant(database, shop)
    assert await merchant_of(database, f"{shop}/{name}", PASSWORD, address) == merchant_id
    assert await outcome_of(database, f"/{name}", PASSWORD, address) == "wrong"
    assert await outcome_of(database, f"{shop}/", PASSWORD, address) == "wrong"


async def test_setting_the_password_of_ones_own_user_of_that_name_guesses_nobodys(
    database: Database, name: str
) -> None:
    """An admin elsewhere who signs in again and again learns from no answer what fits another."""
    await a_shop(database, name, PASSWORD)
    mine = await a_shop(database, name, OTHER_PASSWORD)
    passwords = CountedPasswords()
    guard = a_guard(passwords)
    assert await outcome_of(database, name, OTHER_PASSWORD, "203.0.113.77", guard=guard) == "in"
    assert [compared for compared, _ in passwords.asked] == [2]
    for guess in ("first guess", "second guess", PASSWORD):
        await set_password(database, name, guess, merchant=mine, passwords=CHEAP)
        passwords.asked.clear()
        assert await outcome_of(database, name, guess, "203.0.113.77", guard=guard) == "in"
        assert [compared for compared, _ in passwords.asked] == [1]


async def test_a_first_sign_in_from_an_address_counts_for_the_name_for_an_hour(
    database: Database, name: str
) -> None:
    """Or an admin elsewhere could compare a password with another's user from each new address."""
    await a_shop(database, name, PASSWORD)
    for _ in range(2):
        assert await outcome_of(database, name, PASSWORD, "203.0.113.88") == "in"
    later = NOW + timedelta(hours=1)
    count = (
        "SELECT count(*) FROM sign_in_failures WHERE subject LIKE 'name %' AND subject ="
        " 'name ' || encode(sha256(convert_to($1, 'UTF8')), 'hex') AND failed_at > $2"
    )
    async with database.read() as connection:
        assert await connection.fetchval(count, name, NOW - timedelta(hours=1)) == 1
        assert await connection.fetchval(count, name, later - timedelta(hours=1)) == 0


async def test_as_many_checks_are_made_for_a_name_that_nobody_one_or_two_have(
    database: Database, name: str, address: str
) -> None:
    passwords = CountedPasswords()
    guard = a_guard(passwords)
    for _ in range(3):
        assert await outcome_of(database, name, WRONG, address, guard=guard) == "wrong"
        await a_shop(database, name, PASSWORD)
    assert [checks for _, checks in passwords.asked] == [2, 2, 2]
