"""Tokens: issued, verified, remembered, and outlived by changes of their user."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import jwt
import pytest

from sconto.domain.people import Caller, Role
from sconto.domain.problems import TokenExpired, TokenInvalid, UserNotFound
from sconto.operations import tokens as operations
from sconto.operations.people import (
    create_merchant,
    create_user,
    end_all_tokens,
    end_session,
    renew_session,
    set_disabled,
    set_password,
    set_role,
    sign_in,
    sign_out_everywhere,
)
from sconto.operations.tokens import REFRESH_PAUSE, REFRESH_TIMEOUT, Purpose, Tokens
from sconto.operations.users import get_user
from sconto.store import tokens as store
from sconto.store.database import Connection, Database, DatabaseUnavailable
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
        forged(jti=None),
        forged(use="refresh"),
        forged(use=["api"]),
        forged(epc=1),
        forged(epc="x"),
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


CHANGES: dict[str, Callable[[Database, str], Awaitable[object]]] = {
    "another role": lambda database, name: set_role(database, name, Role.VIEWER),
    "a new password": lambda database, name: set_password(database, name, PASSWORD),
    "disabled": lambda database, name: set_disabled(database, name, disabled=True),
    "signed out everywhere": sign_out_everywhere,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("purpose", Purpose)
async def test_a_change_of_a_user_ends_their_tokens_and_sessions_and_no_later_ones(
    database: Database, merchant: Caller, change: str, purpose: Purpose
) -> None:
    name = await a_user(database, merchant, role=Role.MANAGER)
    here, elsewhere = Tokens(KEY), Tokens(KEY)
    token = await sign_in(database, here, name, PASSWORD, "192.0.2.1", NOW, purpose=purpose)
    assert elsewhere.caller(token, NOW, purpose).role is Role.MANAGER

    await CHANGES[change](database, name)
    await elsewhere.refresh(database)
    with pytest.raises(TokenInvalid):
        elsewhere.caller(token, NOW, purpose)
    if change != "disabled":
        later = await sign_in(database, here, name, PASSWORD, "192.0.2.1", NOW, purpose=purpose)
        assert elsewhere.caller(later, NOW, purpose).merchant_id == merchant.merchant_id


async def test_a_new_sign_in_leaves_earlier_tokens_valid(
    database: Database, merchant: Caller
) -> None:
    name = await a_user(database, merchant)
    tokens = Tokens(KEY)
    issued = [await sign_in(database, tokens, name, PASSWORD, "192.0.2.1", NOW) for _ in range(2)]
    await tokens.refresh(database)
    assert len({tokens.caller(token, NOW) for token in issued}) == 1


async def test_the_end_of_a_session_counts_here_at_once_and_elsewhere_after_a_refresh(
    database: Database, merchant: Caller
) -> None:
    here, elsewhere = Tokens(KEY), Tokens(KEY)
    now = datetime.now(UTC)
    ended, other = (here.issue(merchant, now, purpose=Purpose.SESSION) for _ in range(2))
    await end_session(database, here, ended, now)
    await elsewhere.refresh(database)
    for tokens in (here, elsewhere):
        with pytest.raises(TokenInvalid):
            tokens.caller(ended, now, Purpose.SESSION)
        assert tokens.caller(other, now, Purpose.SESSION) == merchant
    await here.refresh(database)
    with pytest.raises(TokenInvalid):
        here.caller(ended, now, Purpose.SESSION)


async def test_of_a_user_a_hundred_ended_sessions_are_kept_and_one_more_ends_all(
    database: Database, merchant: Caller
) -> None:
    """So that nobody makes what all processes keep in mind grow without a limit."""
    tokens, now = Tokens(KEY), datetime.now(UTC)
    last = tokens.issue(merchant, now, purpose=Purpose.SESSION)
    for _ in range(100):
        session = tokens.issue(merchant, now, purpose=Purpose.SESSION)
        await end_session(database, tokens, session, now)
    assert tokens.caller(last, now, Purpose.SESSION) == merchant
    session = tokens.issue(merchant, now, purpose=Purpose.SESSION)
    await end_session(database, tokens, session, now)
    with pytest.raises(TokenInvalid):
        tokens.caller(last, now, Purpose.SESSION)
    async with database.read() as connection:
        kept = "SELECT count(*) FROM ended_tokens WHERE user_id = $1"
        assert await connection.fetchval(kept, merchant.user_id) == 0


async def test_what_is_noted_while_it_is_read_is_not_lost(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, now = Tokens(KEY), datetime.now(UTC)
    session = tokens.issue(merchant, now, purpose=Purpose.SESSION)

    async def read_and_end_meanwhile(connection: Connection) -> int:
        monkeypatch.undo()
        await end_session(database, tokens, session, now)
        return await store.read_epoch(connection)

    monkeypatch.setattr(operations, "read_epoch", read_and_end_meanwhile)
    await tokens.refresh(database)
    with pytest.raises(TokenInvalid):
        tokens.caller(session, now, Purpose.SESSION)


def test_a_session_is_no_token_of_the_api_nor_the_other_way_round() -> None:
    tokens = Tokens(KEY)
    session = tokens.issue(CALLER, NOW, purpose=Purpose.SESSION)
    assert tokens.caller(session, NOW, Purpose.SESSION) == CALLER
    with pytest.raises(TokenInvalid):
        tokens.caller(session, NOW)
    with pytest.raises(TokenInvalid):
        tokens.caller(tokens.issue(CALLER, NOW), NOW, Purpose.SESSION)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_of_the_version_before_counts_until_it_expires_in_the_first_epoch(
    purpose: Purpose,
) -> None:
    old = forged(use=None, epc=None)
    assert Tokens(KEY).caller(old, NOW, purpose) == CALLER
    with pytest.raises(TokenInvalid):
        Tokens(KEY, epoch=5).caller(old, NOW, purpose)


def test_before_the_epoch_is_known_no_token_is_taken() -> None:
    with pytest.raises(DatabaseUnavailable):
        Tokens(KEY, epoch=None).caller(Tokens(KEY).issue(CALLER, NOW), NOW)


async def test_a_restore_ends_all_tokens_and_no_later_ones(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database())
    try:
        await create_merchant(database, "shop")
        await create_user(database, "shop", "ada", PASSWORD, Role.ADMIN)
        tokens = Tokens(KEY, epoch=None)
        await tokens.refresh(database)
        before = await sign_in(database, tokens, "ada", PASSWORD, "192.0.2.1", NOW)
        assert tokens.caller(before, NOW).role is Role.ADMIN
        await end_all_tokens(database)
        await tokens.refresh(database)
        after = await sign_in(database, tokens, "ada", PASSWORD, "192.0.2.1", NOW)
        assert tokens.caller(after, NOW).role is Role.ADMIN
        with pytest.raises(TokenInvalid):
            tokens.caller(before, NOW)
        await end_all_tokens(database)
        await tokens.refresh(database)
        for token in (before, after):
            with pytest.raises(TokenInvalid):
                tokens.caller(token, NOW)
    finally:
        await database.close()


async def test_somebody_who_sets_their_own_password_gets_a_session_that_counts(
    database: Database, merchant: Caller
) -> None:
    tokens, now = Tokens(KEY), datetime.now(UTC)
    me = await get_user(database, merchant, merchant.user_id)
    old = tokens.issue(merchant, now, purpose=Purpose.SESSION)
    await set_password(database, me.name, PASSWORD)
    new = await renew_session(database, tokens, merchant, now)
    await tokens.refresh(database)
    assert tokens.caller(new, now, Purpose.SESSION) == merchant
    with pytest.raises(TokenInvalid):
        tokens.caller(old, now, Purpose.SESSION)
    await set_disabled(database, me.name, disabled=True)
    with pytest.raises(UserNotFound):
        await renew_session(database, tokens, merchant, now)


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


async def test_changes_are_learned_within_10_seconds_and_when_the_database_is_back(
    database: Database, merchant: Caller
) -> None:
    assert REFRESH_PAUSE + REFRESH_TIMEOUT < 10
    name = await a_user(database, merchant)
    tokens = Tokens(KEY)
    token = await sign_in(database, tokens, name, PASSWORD, "192.0.2.1", NOW)
    lost = await Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    asking = asyncio.create_task(tokens.keep_refreshing(lost, pause=0.05))
    try:
        await asyncio.sleep(0.1)
        assert tokens.caller(token, NOW).role is Role.ADMIN
        await set_disabled(database, name, disabled=True)
        # The same pool, whose database is back.
        lost._pools = database._pools
        for _ in range(200):
            if not is_valid(tokens, token):
                break
            await asyncio.sleep(0.05)
        assert not is_valid(tokens, token)
    finally:
        asking.cancel()


def is_valid(tokens: Tokens, token: str) -> bool:
    try:
        tokens.caller(token, NOW)
    except TokenInvalid:
        return False
    return True
