"""Tokens: issued, verified, cached, and ended by changes of their user."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import jwt
import pytest

from sconto.domain.people import Caller, Role
from sconto.domain.problems import TokenExpired, TokenInvalid, UserNotFound
from sconto.domain.sessions import Origin
from sconto.operations import tokens as operations
from sconto.operations.people import (
    create_merchant,
    create_user,
    end_all_tokens,
    set_disabled,
    set_password,
    set_role,
    sign_in,
    sign_out_everywhere,
)
from sconto.operations.sessions import edit_and_stay, end_session
from sconto.operations.tokens import REFRESH_PAUSE, REFRESH_TIMEOUT, Purpose, Tokens
from sconto.operations.users import UserEdit, get_user
from sconto.store import tokens as store
from sconto.store.database import Connection, Database, DatabaseUnavailable
from tests.operations.cheap_passwords import CHEAP, GUARD
from tests.operations.test_people import PASSWORD, a_user

KEY = b"a key that is as long as the longest hash it is ever used with: 64 bytes"
NOW = datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)
CALLER = Caller(merchant_id=7, user_id=2**40, role=Role.VIEWER)


def forged(key: bytes = KEY, algorithm: str = "HS256", **claims: Any) -> str:
    """A token like ours with other claims; None leaves a claim out."""
    issued = jwt.decode(Tokens(KEY).issue(CALLER, NOW), options={"verify_signature": False})
    kept = {name: claim for name, claim in (issued | claims).items() if claim is not None}
    return jwt.encode(kept, key, algorithm)


def test_a_token_names_its_user() -> None:
    assert Tokens(KEY).caller(Tokens(KEY).issue(CALLER, NOW), NOW) == CALLER


def test_a_token_is_valid_for_24_hours_whether_cached_or_not() -> None:
    tokens = Tokens(KEY)
    token = tokens.issue(CALLER, NOW)
    almost = NOW + timedelta(hours=23, minutes=59, seconds=59)
    assert tokens.caller(token, almost) == CALLER
    with pytest.raises(TokenExpired):
        tokens.caller(token, NOW + timedelta(hours=24))
    with pytest.raises(TokenExpired):
        Tokens(KEY).caller(token, NOW + timedelta(hours=24))


def test_a_new_key_signs_and_tokens_of_the_old_key_stay_valid() -> None:
    old, new = b"o" * 32, b"n" * 32
    before, during, after = Tokens(old), Tokens(new, old), Tokens(new)
    assert during.caller(before.issue(CALLER, NOW), NOW) == CALLER
    assert during.caller(during.issue(CALLER, NOW), NOW) == CALLER
    assert after.caller(during.issue(CALLER, NOW), NOW) == CALLER
    for one, other in ((before, during), (after, before)):
        with pytest.raises(TokenInvalid):
            one.caller(other.issue(CALLER, NOW), NOW)


def test_two_tokens_issued_together_differ() -> None:
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
def test_foreign_and_broken_tokens_are_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        Tokens(KEY).caller(token, NOW)


def test_a_token_without_a_signature_is_refused() -> None:
    header, claims, _ = forged().split(".")
    unsigned = jwt.encode({}, "", "none").split(".")[0]
    for token in [f"{header}.{claims}.", f"{unsigned}.{claims}."]:
        with pytest.raises(TokenInvalid):
            Tokens(KEY).caller(token, NOW)


def test_cached_tokens_are_quick_to_check_and_limited_in_number() -> None:
    tokens = Tokens(KEY, most_cached=100)
    issued = [tokens.issue(CALLER, NOW) for _ in range(300)]
    for token in issued:
        tokens.caller(token, NOW)
    assert len(tokens._tokens) == 100

    def cost(look_ups: list[str]) -> float:
        start = perf_counter()
        for token in look_ups:
            tokens.caller(token, NOW)
        return perf_counter() - start

    cached = min(cost(issued[200:]) for _ in range(5))
    verified = min(cost(issued[:100]), cost(issued[100:200]))
    assert cached < verified / 5


CHANGES: dict[str, Callable[[Database, str], Awaitable[object]]] = {
    "another role": lambda database, name: set_role(database, name, Role.VIEWER),
    "a new password": lambda database, name: set_password(
        database, name, PASSWORD, passwords=CHEAP
    ),
    "disabled": lambda database, name: set_disabled(database, name, disabled=True),
    "signed out everywhere": sign_out_everywhere,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("purpose", Purpose)
async def test_a_change_of_a_user_ends_earlier_tokens_and_sessions_only(
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
    issued = [
        await sign_in(database, tokens, name, PASSWORD, "192.0.2.1", NOW, guard=GUARD)
        for _ in range(2)
    ]
    await tokens.refresh(database)
    assert len({tokens.caller(token, NOW) for token in issued}) == 1


async def test_an_ended_session_is_invalid_immediately_here_and_after_a_refresh_elsewhere(
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


async def test_one_ended_session_beyond_a_hundred_ends_all_sessions_of_the_user(
    database: Database, merchant: Caller
) -> None:
    """So nobody can make the list that all processes cache grow without limit."""
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


async def test_changes_noted_during_a_refresh_are_not_lost(
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


def test_a_session_is_no_api_token_and_an_api_token_is_no_session() -> None:
    tokens = Tokens(KEY)
    session = tokens.issue(CALLER, NOW, purpose=Purpose.SESSION)
    assert tokens.caller(session, NOW, Purpose.SESSION) == CALLER
    with pytest.raises(TokenInvalid):
        tokens.caller(session, NOW)
    with pytest.raises(TokenInvalid):
        tokens.caller(tokens.issue(CALLER, NOW), NOW, Purpose.SESSION)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_of_the_previous_version_is_valid_in_the_first_epoch(
    purpose: Purpose,
) -> None:
    old = forged(use=None, epc=None)
    assert Tokens(KEY).caller(old, NOW, purpose) == CALLER
    with pytest.raises(TokenInvalid):
        Tokens(KEY, epoch=5).caller(old, NOW, purpose)


def test_no_token_is_valid_before_the_epoch_is_known() -> None:
    with pytest.raises(DatabaseUnavailable):
        Tokens(KEY, epoch=None).caller(Tokens(KEY).issue(CALLER, NOW), NOW)


async def test_a_restore_ends_all_earlier_tokens(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database())
    try:
        await create_merchant(database, "shop")
        await create_user(database, "shop", "ada", PASSWORD, Role.ADMIN)
        tokens = Tokens(KEY, epoch=None)
        await tokens.refresh(database)
        before = await sign_in(database, tokens, "ada", PASSWORD, "192.0.2.1", NOW, guard=GUARD)
        assert tokens.caller(before, NOW).role is Role.ADMIN
        await end_all_tokens(database)
        await tokens.refresh(database)
        after = await sign_in(database, tokens, "ada", PASSWORD, "192.0.2.1", NOW, guard=GUARD)
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


async def test_users_who_set_their_own_password_get_a_valid_session(
    database: Database, merchant: Caller
) -> None:
    tokens, now = Tokens(KEY), datetime.now(UTC)
    me = await get_user(database, merchant, merchant.user_id)
    old = tokens.issue(merchant, now, purpose=Purpose.SESSION)
    claims = tokens.claims(old, now, Purpose.SESSION)
    edit = UserEdit(password_hash=await CHEAP.hash(PASSWORD))
    new = await edit_and_stay(database, tokens, claims, edit, Origin(), now)
    await tokens.refresh(database)
    assert tokens.caller(new, now, Purpose.SESSION) == merchant
    with pytest.raises(TokenInvalid):
        tokens.caller(old, now, Purpose.SESSION)
    await set_disabled(database, me.name, disabled=True)
    with pytest.raises(UserNotFound):
        await edit_and_stay(database, tokens, claims, edit, Origin(), now)


async def test_a_new_token_of_a_reenabled_user_is_valid_immediately_everywhere(
    database: Database, merchant: Caller
) -> None:
    name = await a_user(database, merchant)
    here, elsewhere = Tokens(KEY), Tokens(KEY)
    await set_disabled(database, name, disabled=True)
    await elsewhere.refresh(database)
    await set_disabled(database, name, disabled=False)
    token = await sign_in(database, here, name, PASSWORD, "192.0.2.1", NOW, guard=GUARD)
    assert elsewhere.caller(token, NOW).role is Role.ADMIN


async def test_changes_are_learned_within_10_seconds_and_when_the_database_is_back(
    database: Database, merchant: Caller
) -> None:
    assert REFRESH_PAUSE + REFRESH_TIMEOUT < 10
    name = await a_user(database, merchant)
    tokens = Tokens(KEY)
    token = await sign_in(database, tokens, name, PASSWORD, "192.0.2.1", NOW, guard=GUARD)
    lost = await Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    asking = asyncio.create_task(tokens.keep_refreshing(lost, pause=0.05))
    try:
        await asyncio.sleep(0.1)
        assert tokens.caller(token, NOW).role is Role.ADMIN
        await set_disabled(database, name, disabled=True)
        # The database is back.
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
