"""Signing in: who may, and how failures are limited, also among concurrent attempts."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median
from time import process_time

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from sconto.domain.people import Caller, Role
from sconto.domain.problems import BadCredentials, TooManyAttempts
from sconto.domain.sign_in import limits_of_attempt, password_checks_for
from sconto.operations.passwords import Passwords
from sconto.operations.people import set_disabled, set_password, sign_in
from sconto.operations.sign_in import Guard
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from sconto.store.sign_in import AttemptRefused, SignInAttempt, reserve_attempt
from tests.operations.cheap_passwords import GUARD, CountedPasswords, a_guard
from tests.operations.test_people import PASSWORD, a_name, a_user

TOKENS = Tokens(b"a key that is as long as its hash, or longer")
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
WRONG = "wrong-password"

_networks = count()


@pytest.fixture
def address() -> str:
    """An address without attempts."""
    return f"fd00:{id(_networks) % 2**16:x}:{next(_networks):x}::1"


async def token_of(
    database: Database,
    name: str,
    password: str,
    address: str,
    now: datetime = NOW,
    *,
    holder: Caller | None = None,
    guard: Guard = GUARD,
) -> str:
    return await sign_in(database, TOKENS, name, password, address, now, holder=holder, guard=guard)


async def outcome_of(
    database: Database,
    name: str,
    password: str,
    address: str,
    now: datetime = NOW,
    guard: Guard = GUARD,
) -> str | int:
    """`in`, `wrong`, or the seconds to wait."""
    try:
        await token_of(database, name, password, address, now, guard=guard)
    except BadCredentials:
        return "wrong"
    except TooManyAttempts as error:
        return error.retry_after
    return "in"


async def test_the_right_password_gets_a_token_of_the_user(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant, Role.CHECKOUT)
    token = await token_of(database, name, PASSWORD, address)
    caller = TOKENS.caller(token, NOW)
    assert (caller.merchant_id, caller.role) == (merchant.merchant_id, Role.CHECKOUT)


async def test_unknown_and_disabled_users_and_wrong_passwords_are_refused_alike(
    database: Database, merchant: Caller, address: str
) -> None:
    name, disabled = await a_user(database, merchant), await a_user(database, merchant)
    await set_disabled(database, disabled, disabled=True)
    assert await outcome_of(database, name, WRONG, address) == "wrong"
    assert await outcome_of(database, name.upper(), PASSWORD, address) == "wrong"
    assert await outcome_of(database, a_name(), PASSWORD, address) == "wrong"
    assert await outcome_of(database, disabled, PASSWORD, address) == "wrong"


@pytest.mark.parametrize("name", ["", "a\x00b", "x" * 100_000, "\x1b", "\ud800"])
async def test_impossible_names_are_refused_like_unknown_ones(
    database: Database, address: str, name: str
) -> None:
    assert await outcome_of(database, name, "\x00\ud7ff" * 1000, address) == "wrong"


@pytest.mark.parametrize("users", [1, 2])
async def test_a_check_takes_as_long_for_an_unknown_user_as_for_a_wrong_password(
    users: int,
) -> None:
    """The same for a name of two users, of two merchants."""
    passwords = Passwords(Argon2Hasher(time_cost=1, memory_cost=4 * 1024, parallelism=1))
    password_hashes = [await passwords.hash(PASSWORD)] * users

    async def seconds(known: list[str]) -> float:
        start = process_time()
        found = await passwords.verify(WRONG, known, password_checks_for(len(known)))
        assert not any(found)
        return process_time() - start

    await seconds([])
    pairs = [(await seconds([]), await seconds(password_hashes)) for _ in range(15)]
    unknown, wrong = (median(column) for column in zip(*pairs, strict=True))
    assert 0.5 < unknown / wrong < 2


async def test_after_ten_failures_the_right_password_waits_for_the_first_to_age(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    minutes = [NOW + timedelta(minutes=minute) for minute in range(10)]
    for now in minutes:
        assert await outcome_of(database, name, WRONG, address, now) == "wrong"
    at = minutes[-1] + timedelta(seconds=0.5)
    assert await outcome_of(database, name, WRONG, address, at) == 6 * 60
    almost = NOW + timedelta(minutes=15, microseconds=-1)
    assert await outcome_of(database, name, PASSWORD, address, almost) == 1
    free = NOW + timedelta(minutes=15)
    assert await outcome_of(database, name, WRONG, address, free) == "wrong"
    assert await outcome_of(database, name, PASSWORD, address, free) == 60


async def test_an_unknown_name_is_throttled_like_any_other(
    database: Database, address: str
) -> None:
    name = a_name()
    outcomes = [await outcome_of(database, name, WRONG, address) for _ in range(11)]
    assert outcomes == ["wrong"] * 10 + [900]


async def test_a_success_undoes_its_own_attempt_and_no_earlier_failure(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    for _ in range(9):
        assert await outcome_of(database, name, WRONG, address) == "wrong"
    for _ in range(3):
        assert await outcome_of(database, name, PASSWORD, address) == "in"
    assert await outcome_of(database, name, WRONG, address) == "wrong"
    assert await outcome_of(database, name, WRONG, address) == 900


async def test_after_fifty_failures_an_address_waits_for_every_name(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    outcomes = await asyncio.gather(
        *(outcome_of(database, a_name(), WRONG, address) for _ in range(55))
    )
    assert Counter(outcomes) == {"wrong": 50, 900: 5}
    assert await outcome_of(database, name, PASSWORD, address) == 900
    assert await outcome_of(database, name, PASSWORD, "198.51.100.8") == "in"


@pytest.mark.parametrize("forgiven_by", ["password", "enable"])
async def test_a_new_password_or_enabling_the_user_ends_the_wait(
    database: Database, merchant: Caller, address: str, forgiven_by: str
) -> None:
    name = await a_user(database, merchant)
    for _ in range(10):
        await outcome_of(database, name, WRONG, address)
    assert await outcome_of(database, name, PASSWORD, address) == 900
    if forgiven_by == "password":
        await set_password(database, name, PASSWORD)
    else:
        await set_disabled(database, name, disabled=False)
    assert await outcome_of(database, name, PASSWORD, address) == "in"


async def test_exactly_10_of_64_concurrent_wrong_passwords_are_checked(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    passwords = CountedPasswords()
    guard = a_guard(passwords)
    outcomes = await asyncio.gather(
        *(outcome_of(database, name, f"wrong-{index}", address, guard=guard) for index in range(64))
    )
    assert len(passwords.checked) == 10
    assert Counter(outcomes) == {"wrong": 10, 900: 54}


async def test_64_concurrent_right_passwords_all_get_in(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    for _ in range(9):
        await outcome_of(database, name, WRONG, address)
    outcomes = await asyncio.gather(
        *(outcome_of(database, name, PASSWORD, address) for _ in range(64))
    )
    assert Counter(outcomes) == {"in": 64}


async def test_processes_share_the_count(database: Database, address: str) -> None:
    """Processes share only the database. Here the limit of one process does not apply."""
    subjects = limits_of_attempt(a_name(), address)

    async def reserve() -> SignInAttempt | AttemptRefused:
        async with database.write() as connection:
            return await reserve_attempt(connection, subjects, NOW)

    answers = await asyncio.gather(*(reserve() for _ in range(64)))
    assert sum(isinstance(answer, SignInAttempt) for answer in answers) == 10
    # No attempt has failed yet, so no answer says to wait 15 minutes.
    assert {answer for answer in answers if isinstance(answer, AttemptRefused)} == {
        AttemptRefused(None)
    }


async def test_an_attempt_whose_process_died_counts_as_failed_after_a_minute(
    database: Database, merchant: Caller, address: str
) -> None:
    name = await a_user(database, merchant)
    for _ in range(10):
        async with database.write() as connection:
            subjects = limits_of_attempt(name, address)
            assert isinstance(await reserve_attempt(connection, subjects, NOW), SignInAttempt)
    minute = NOW + timedelta(minutes=1)
    assert await outcome_of(database, name, PASSWORD, address, minute) == 14 * 60


async def test_later_attempts_delete_old_failures(database: Database, address: str) -> None:
    long_ago = NOW - timedelta(days=4000)
    names = [a_name() for _ in range(5)]
    for name in names:
        await outcome_of(database, name, WRONG, address, long_ago)
    await outcome_of(database, a_name(), WRONG, address, NOW)
    async with database.read() as connection:
        left = await connection.fetchval(
            "SELECT count(*) FROM sign_in_failures WHERE failed_at = $1", long_ago
        )
    assert left == 0
