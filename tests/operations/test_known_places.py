"""Exemptions from the limit: the right password gets in from a known address."""

import asyncio
import time
from datetime import timedelta

import pytest

from sconto.domain.people import Caller
from sconto.domain.problems import BadCredentials, TooManyAttempts
from sconto.domain.sign_in import known_address_hash
from sconto.operations.people import set_password
from sconto.store.database import Database
from sconto.store.known_places import store_place
from tests.operations.cheap_passwords import CHEAP, CountedPasswords, a_guard
from tests.operations.test_people import PASSWORD, a_name, a_user
from tests.operations.test_people_sign_in import NOW, TOKENS, WRONG, address, outcome_of, token_of

__all__ = ["address"]


async def fail(database: Database, name: str, address: str, times: int) -> None:
    for _ in range(times):
        assert await outcome_of(database, name, WRONG, address) == "wrong"


async def test_ten_wrong_passwords_from_another_address_lock_nobody_out(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    await fail(database, name, "203.0.113.1", 10)
    assert await outcome_of(database, name, WRONG, "203.0.113.1") == 900
    assert await outcome_of(database, name, PASSWORD, address) == "in"


async def test_a_known_address_is_not_locked_out_by_its_own_wrong_passwords(
    database: Database, merchant: Caller, address: str
) -> None:
    """Behind a proxy that is not configured, all users have its address."""
    name = await a_user(database, merchant)
    assert await outcome_of(database, name, PASSWORD, address) == "in"
    await fail(database, name, address, 10)
    assert await outcome_of(database, name, WRONG, address) == 900
    assert await outcome_of(database, name, PASSWORD, address) == "in"


async def test_a_known_address_is_not_locked_out_by_guesses_at_other_names(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    assert await outcome_of(database, name, PASSWORD, address) == "in"
    await asyncio.gather(*(outcome_of(database, a_name(), WRONG, address) for _ in range(50)))
    assert await outcome_of(database, a_name(), WRONG, address) == 900
    assert await outcome_of(database, name, PASSWORD, address) == "in"
    # A wrong password gets the same answer as an unknown name.
    assert await outcome_of(database, name, WRONG, address) == 900


async def test_guesses_at_a_name_from_many_addresses_are_limited_except_from_known_ones(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    assert await outcome_of(database, name, PASSWORD, address) == "in"
    guesses = [
        outcome_of(database, name, WRONG, f"203.0.{113 + index % 12}.9") for index in range(104)
    ]
    outcomes = await asyncio.gather(*guesses)
    # The first sign-in from a new address counts as one of the hundred.
    assert outcomes.count("wrong") == 99
    assert await outcome_of(database, name, PASSWORD, "203.0.130.9") == 3600
    assert await outcome_of(database, name, PASSWORD, address) == "in"


async def test_beyond_the_limit_a_known_address_gets_one_check_a_turn(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    assert await outcome_of(database, name, PASSWORD, address) == "in"
    await fail(database, name, address, 10)
    passwords = CountedPasswords()
    guard = a_guard(passwords)
    started = time.monotonic()
    outcomes = await asyncio.gather(
        *(outcome_of(database, name, f"wrong-{index}", address, guard=guard) for index in range(40))
    )
    turns = 1 + (time.monotonic() - started) / 0.1
    assert set(outcomes) == {900}
    assert 3 <= len(passwords.checked) <= turns


async def test_a_user_with_a_valid_token_can_sign_in_whatever_failed(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    token = await token_of(database, name, PASSWORD, "198.51.100.20", NOW)
    holder = TOKENS.caller(token, NOW)
    await fail(database, name, address, 10)
    with pytest.raises(TooManyAttempts):
        await token_of(database, name, PASSWORD, address, NOW)
    assert await token_of(database, name, PASSWORD, address, NOW, holder=holder)


async def test_guesses_with_a_valid_token_are_limited_too(
    database: Database, merchant: Caller, address: str
) -> None:
    name, other = await a_user(database, merchant), await a_user(database, merchant)
    holder = TOKENS.caller(
        await token_of(database, name, PASSWORD, "198.51.100.21", NOW),
        NOW,
    )
    for _ in range(10):
        with pytest.raises(BadCredentials):
            await token_of(database, name, WRONG, address, NOW, holder=holder)
    with pytest.raises(TooManyAttempts):
        await token_of(database, name, WRONG, address, NOW, holder=holder)
    # The token does not help with another name.
    await fail(database, other, address, 10)
    with pytest.raises(TooManyAttempts):
        await token_of(database, other, PASSWORD, address, NOW, holder=holder)


async def test_a_known_address_is_known_for_30_days(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    assert await outcome_of(database, name, PASSWORD, address) == "in"
    for days, outcome in ((29, "in"), (29 + 31, 900)):
        at = NOW + timedelta(days=days)
        for _ in range(10):
            assert await outcome_of(database, name, WRONG, address, at) == "wrong"
        assert await outcome_of(database, name, PASSWORD, address, at) == outcome


async def test_a_new_password_makes_all_addresses_unknown(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    assert await outcome_of(database, name, PASSWORD, address) == "in"
    await set_password(database, name, "another password", passwords=CHEAP)
    async with database.read() as connection:
        known = "SELECT count(*) FROM known_places JOIN users USING (user_id) WHERE username = $1"
        assert await connection.fetchval(known, name) == 0


async def test_a_hundred_addresses_of_a_user_are_stored_as_hashes(
    database: Database, merchant: Caller
) -> None:
    async with database.write() as connection:
        for number in range(103):
            at = NOW + timedelta(hours=number)
            place = known_address_hash("ada", f"10.9.8.{number}")
            assert await store_place(connection, merchant, place, at)
        assert not await store_place(connection, merchant, place, at)
        rows = await connection.fetch(
            "SELECT place, seen_at FROM known_places WHERE user_id = $1 ORDER BY seen_at",
            merchant.user_id,
        )
    assert len(rows) == 100
    assert rows[0]["seen_at"] == NOW + timedelta(hours=3)
    assert all(b"10.9" not in row["place"] and len(row["place"]) == 32 for row in rows)
