"""Tokens: issued, verified, remembered, and outlived by changes of their user."""

import asyncio
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import jwt
import pytest

from sconto.domain.people import Caller, Role
from sconto.domain.problems import TokenExpired, TokenInvalid
from sconto.operations.people import set_disabled, set_password, set_role, sign_in
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.operations.test_people import PASSWORD, a_user

KEY = b"a key that is as long as the longest hash it is ever used with: 64 bytes"
NOW = datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)
CALLER = Caller(merchant_id=7, user_id=2**40, role=Role.VIEWER)


def forged(key: bytes = KEY, algorithm: str = "HS256", **claims: Any) -> str:
    """A token as ours, with other claims; None leaves one out."""
    issued = jwt.decode(Tokens(KEY).issue(CALLER, NOW), options={"verify_signature": False})
    kept = {name: claim for name, claim in (issued | claims).items() if claim is not None}
    return jwt.encode(kept, key, algorithm)


def test_a_token_tells_whose_it_is() -> None:
    assert Tokens(KEY).caller(Tokens(KEY).issue(CALLER, NOW), NOW) == CALLER


def test_a_token_lives_24_hours_whether_remembered_or_not() -> None:
    tokens = Tokens(KEY)
    token = tokens.issue(CALLER, NOW)
    almost = NOW + timedelta(hours=23, minutes=59, seconds=59)
    assert tokens.caller(token, almost) == CALLER
    with pytest.raises(TokenExpired):
        tokens.caller(token, NOW + timedelta(hours=24))
    with pytest.raises(TokenExpired):
        Tokens(KEY).caller(token, NOW + timedelta(hours=24))


def test_a_new_key_signs_and_the_old_one_still_counts() -> None:
    old, new = b"o" * 32, b"n" * 32
    before, during, after = Tokens(old), Tokens(new, old), Tokens(new)
    assert during.caller(before.issue(CALLER, NOW), NOW) == CALLER
    assert during.caller(during.issue(CALLER, NOW), NOW) == CALLER
    assert after.caller(during.issue(CALLER, NOW), NOW) == CALLER
    for one, other in ((before, during), (after, before)):
        with pytest.raises(TokenInvalid):
            one.caller(other.issue(CALLER, NOW), NOW)


def test_two_tokens_of_one_moment_differ() -> None:
    tokens = Tokens(KEY)
    assert tokens.issue(CALLER, NOW) != tokens.issue(CALLER, NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        "." * 100,
        forged(key=KEY[::-1]),
        forged(algorithm="HS384"),
        forged(algorithm="HS512"),
        forged(sub=None),
        forged(mid=None),
        forged(role=None),
        forged(exp=None),
        forged(chg=None),
        forged(role="owner"),
        forged(sub="x"),
        forged(mid=[7]),
        forged(chg=float("nan")),
        forged(exp=float("inf")),
    ],
)
def test_what_is_no_token_of_ours_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        Tokens(KEY).caller(token, NOW)


def test_a_token_without_a_signature_is_refused() -> None:
    header, claims, _ = forged().split(".")
    unsigned = jwt.encode({}, "", "none").split(".")[0]
    for token in [f"{header}.{claims}.", f"{unsigned}.{claims}."]:
        with pytest.raises(TokenInvalid):
            Tokens(KEY).caller(token, NOW)


def test_a_remembered_token_costs_little_and_no_more_than_a_bounded_number_is_kept() -> None:
    tokens = Tokens(KEY, remembered=100)
    issued = [tokens.issue(CALLER, NOW) for _ in range(300)]
    for token in issued:
        tokens.caller(token, NOW)
    assert len(tokens._tokens) == 100

    def cost(look_ups: list[str]) -> float:
        start = perf_counter()
        for token in look_ups:
            tokens.caller(token, NOW)
        return perf_counter() - start

    remembered = min(cost(issued[200:]) for _ in range(5))
    verified = min(cost(issued[:100]), cost(issued[100:200]))
    assert remembered < verified / 5


async def test_a_disabled_user_and_a_changed_role_count_after_a_refresh(
    database: Database, merchant: Caller
) -> None:
    name = await a_user(database, merchant, role=Role.MANAGER)
    here, elsewhere = Tokens(KEY), Tokens(KEY)
    token = await sign_in(database, here, name, PASSWORD, "192.0.2.1", NOW)
    assert elsewhere.caller(token, NOW).role is Role.MANAGER

    await set_role(database, name, Role.VIEWER)
    await elsewhere.refresh(database)
    assert elsewhere.caller(token, NOW).role is Role.VIEWER

    await set_disabled(database, name, disabled=True)
    await elsewhere.refresh(database)
    with pytest.raises(TokenInvalid):
        elsewhere.caller(token, NOW)


async def test_a_new_token_of_a_user_who_is_let_in_again_counts_at_once_everywhere(
    database: Database, merchant: Caller
) -> None:
    name = await a_user(database, merchant)
    here, elsewhere = Tokens(KEY), Tokens(KEY)
    await set_disabled(database, name, disabled=True)
    await elsewhere.refresh(database)
    await set_disabled(database, name, disabled=False)
    token = await sign_in(database, here, name, PASSWORD, "192.0.2.1", NOW)
    assert elsewhere.caller(token, NOW).role is Role.ADMIN


async def test_a_new_password_leaves_tokens_valid(database: Database, merchant: Caller) -> None:
    name = await a_user(database, merchant)
    tokens = Tokens(KEY)
    token = await sign_in(database, tokens, name, PASSWORD, "192.0.2.1", NOW)
    await set_password(database, name, "another-password")
    await tokens.refresh(database)
    assert tokens.caller(token, NOW).role is Role.ADMIN


async def test_changes_are_learnt_within_10_seconds_and_after_a_lost_database(
    database: Database, merchant: Caller
) -> None:
    name = await a_user(database, merchant)
    tokens = Tokens(KEY)
    token = await sign_in(database, tokens, name, PASSWORD, "192.0.2.1", NOW)
    lost = await Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    asking = asyncio.create_task(tokens.keep_current(lost))
    try:
        await asyncio.sleep(0.5)
        assert tokens.caller(token, NOW).role is Role.ADMIN
        await set_disabled(database, name, disabled=True)
        # The same pool, whose database is back.
        lost._pool = database._pool
        for _ in range(95):
            if not is_valid(tokens, token):
                break
            await asyncio.sleep(0.1)
        assert not is_valid(tokens, token)
    finally:
        asking.cancel()


def is_valid(tokens: Tokens, token: str) -> bool:
    try:
        tokens.caller(token, NOW)
    except TokenInvalid:
        return False
    return True
