"""Users who sign in by a provider, and many who do so together."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sconto.domain.people import Caller, Role
from sconto.domain.people_problems import LinkOver
from sconto.domain.single_sign_on import Identity
from sconto.operations.password_links import NewUser, invite_user, open_link
from sconto.operations.single_sign_on import sign_on
from sconto.operations.tokens import Purpose, Tokens
from sconto.operations.users import get_user, list_users
from sconto.store.database import Database
from tests.operations.cheap_passwords import CHEAP

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
TOKENS = Tokens(b"a key that is as long as its hash, or longer")


@pytest.fixture
async def identity(database: Database, merchant: Caller) -> Identity:
    """Somebody who has never signed in."""
    shop = (await get_user(database, merchant, merchant.user_id)).merchant
    names = ("ada", "ada@example.com", "sub-1")
    email = "ada@example.com"
    return Identity("https://login.example", "sub-1", shop, names, email, Role.VIEWER, True)


async def test_many_first_sign_ins_of_one_person_create_one_user(
    database: Database, database_url: str, merchant: Caller, identity: Identity
) -> None:
    # Two processes, because one writes a merchant's edits one after the other.
    other = await Database.open(database_url)
    try:
        ended = await asyncio.gather(
            *(
                sign_on(one, TOKENS, identity, NOW, passwords=CHEAP)
                for one in (database, other)
                for _ in range(4)
            )
        )
    finally:
        await other.close()
    assert {name for name, _ in ended} == {"ada"}
    assert len({TOKENS.caller(token, NOW, Purpose.SESSION) for _, token in ended}) == 1
    assert len((await list_users(database, merchant, limit=9)).users) == 2


async def test_another_subject_with_the_same_name_is_another_user(
    database: Database, merchant: Caller, identity: Identity
) -> None:
    first, _ = await sign_on(database, TOKENS, identity, NOW, passwords=CHEAP)
    stranger = replace(identity, subject="sub-2", email=None)
    second, _ = await sign_on(database, TOKENS, stranger, NOW, passwords=CHEAP)
    elsewhere = replace(identity, issuer="https://evil.example", email=None)
    third, _ = await sign_on(database, TOKENS, elsewhere, NOW, passwords=CHEAP)
    assert (first, second, third) == ("ada", "ada@example.com", "sub-1")


async def test_the_open_link_of_an_invited_user_ends_with_the_first_sign_in(
    database: Database, merchant: Caller, identity: Identity
) -> None:
    new = NewUser("invited", Role.MANAGER, identity.email)
    link = await invite_user(database, merchant, new, NOW, passwords=CHEAP)
    name, token = await sign_on(database, TOKENS, identity, NOW, passwords=CHEAP)
    assert name == "invited"
    # The claim's role counts from the first sign-in on.
    assert TOKENS.caller(token, NOW, Purpose.SESSION).role is Role.VIEWER
    assert not (await get_user(database, merchant, link.user_id)).invited
    with pytest.raises(LinkOver):
        await open_link(database, link.token, NOW)
