"""Invitations and resets: a link sets a password once, and for a limited time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sconto.domain.history import Subject, Verb
from sconto.domain.password_links import LinkPurpose, OpenLink, PasswordLink, read_token
from sconto.domain.people import Caller, Role
from sconto.domain.people_problems import EmailTaken, LinkOver, NotAnEmail, UserDisabled
from sconto.domain.problems import (
    BadCredentials,
    NameTaken,
    NotAName,
    PasswordRefused,
    TokenInvalid,
    UserNotFound,
)
from sconto.operations.history import list_entries_of_all
from sconto.operations.password_links import (
    NewUser,
    invite_user,
    open_link,
    reset_password,
    use_link,
)
from sconto.operations.people import sign_in
from sconto.operations.tokens import Tokens
from sconto.operations.users import (
    get_user,
    set_disabled,
    set_email,
    set_password,
    sign_out_everywhere,
)
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.operations.cheap_passwords import CHEAP, GUARD
from tests.operations.test_people import PASSWORD, a_name

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
TOKENS = Tokens(b"a key that is as long as its hash, or longer")


async def invite(
    database: Database, merchant: Caller, role: Role = Role.MANAGER, email: str | None = None
) -> PasswordLink:
    new = NewUser(a_name(), role, email)
    return await invite_user(database, merchant, new, NOW, passwords=CHEAP)


async def use(database: Database, link: PasswordLink, password: str = PASSWORD) -> OpenLink:
    return await use_link(database, link.token, password, NOW, passwords=CHEAP)


async def token_of(database: Database, username: str, password: str = PASSWORD) -> str:
    return await sign_in(database, TOKENS, username, password, "192.0.2.1", NOW, guard=GUARD)


async def test_an_invited_user_sets_a_password_and_signs_in(
    database: Database, merchant: Caller
) -> None:
    link = await invite(database, merchant)
    assert (link.purpose, link.expires_at) == (LinkPurpose.INVITATION, NOW + timedelta(days=7))
    assert (await get_user(database, merchant, link.user_id)).invited
    opened = await open_link(database, link.token, NOW)
    assert opened == OpenLink(link.username, link.merchant, LinkPurpose.INVITATION)
    assert await open_link(database, link.token, NOW) == opened
    assert await use(database, link) == opened
    token = await token_of(database, link.username)
    assert TOKENS.caller(token, NOW) == Caller(merchant.merchant_id, link.user_id, Role.MANAGER)
    assert not (await get_user(database, merchant, link.user_id)).invited


async def test_nobody_signs_in_as_a_user_who_has_no_password_yet(
    database: Database, merchant: Caller
) -> None:
    link = await invite(database, merchant)
    for password in ("", "!", link.token, PASSWORD):
        with pytest.raises(BadCredentials):
            await token_of(database, link.username, password)


async def test_of_many_concurrent_uses_of_a_link_one_sets_the_password(
    database: Database, merchant: Caller
) -> None:
    link = await invite(database, merchant)
    passwords = [f"{PASSWORD} {number}" for number in range(8)]
    ended = await asyncio.gather(
        *(use(database, link, password) for password in passwords), return_exceptions=True
    )
    won = [
        password
        for password, end in zip(passwords, ended, strict=True)
        if isinstance(end, OpenLink)
    ]
    assert len(won) == 1
    assert all(isinstance(end, OpenLink | LinkOver) for end in ended), ended
    await token_of(database, link.username, won[0])
    with pytest.raises(LinkOver):
        await use(database, link)
    with pytest.raises(LinkOver):
        await open_link(database, link.token, NOW)


async def test_a_reset_keeps_the_password_until_it_is_used_and_then_ends_all_sessions(
    database: Database, merchant: Caller
) -> None:
    link = await invite(database, merchant)
    await use(database, link)
    before = await token_of(database, link.username)
    reset = await reset_password(database, merchant, link.user_id, NOW)
    assert (reset.purpose, reset.expires_at) == (LinkPurpose.RESET, NOW + timedelta(days=1))
    await TOKENS.refresh(database)
    assert TOKENS.caller(before, NOW).user_id == link.user_id
    await token_of(database, link.username)
    await use(database, reset, "another password")
    await TOKENS.refresh(database)
    with pytest.raises(TokenInvalid):
        TOKENS.caller(before, NOW)
    with pytest.raises(BadCredentials):
        await token_of(database, link.username)
    await token_of(database, link.username, "another password")


@pytest.mark.parametrize("days", [0, 7])
async def test_a_link_works_until_it_expires_is_replaced_or_the_password_is_set(
    database: Database, merchant: Caller, days: int
) -> None:
    link = await invite(database, merchant)
    late = NOW + timedelta(days=7)
    await open_link(database, link.token, late - timedelta(seconds=1))
    with pytest.raises(LinkOver):
        await open_link(database, link.token, late)
    # A user whose invitation has expired is invited again.
    again = await reset_password(database, merchant, link.user_id, NOW + timedelta(days=days))
    assert again.purpose is LinkPurpose.INVITATION
    with pytest.raises(LinkOver):
        await open_link(database, link.token, NOW)
    await open_link(database, again.token, NOW)
    await set_password(database, merchant, link.user_id, PASSWORD, passwords=CHEAP)
    with pytest.raises(LinkOver):
        await open_link(database, again.token, NOW)


async def test_a_link_lets_no_disabled_user_in(database: Database, merchant: Caller) -> None:
    link = await invite(database, merchant)
    await set_disabled(database, merchant, link.user_id, disabled=True)
    with pytest.raises(LinkOver):
        await use(database, link)
    with pytest.raises(UserDisabled):
        await reset_password(database, merchant, link.user_id, NOW)
    await set_disabled(database, merchant, link.user_id, disabled=False)
    with pytest.raises(LinkOver):
        await use(database, link)
    assert (await get_user(database, merchant, link.user_id)).invited


async def test_signing_out_everywhere_ends_an_open_link(
    database: Database, merchant: Caller
) -> None:
    link = await invite(database, merchant)
    await sign_out_everywhere(database, TOKENS, merchant, link.user_id)
    with pytest.raises(LinkOver):
        await open_link(database, link.token, NOW)


@pytest.mark.parametrize("change", ["merchant", "user", "secret", "form"])
async def test_a_changed_link_does_not_work(
    database: Database, merchant: Caller, change: str
) -> None:
    link, other = await invite(database, merchant), await invite(database, merchant)
    token, foreign = read_token(link.token), read_token(other.token)
    assert token is not None
    assert foreign is not None
    changed = {
        "merchant": f"{token.merchant_id + 1}-{token.user_id}-{token.secret}",
        "user": f"{token.merchant_id}-{foreign.user_id}-{token.secret}",
        "secret": f"{token.merchant_id}-{token.user_id}-{foreign.secret}",
        "form": f"{token}=",
    }
    with pytest.raises(LinkOver):
        await use_link(database, changed[change], PASSWORD, NOW, passwords=CHEAP)
    await open_link(database, link.token, NOW)


async def test_a_short_password_leaves_the_link_unused(
    database: Database, merchant: Caller
) -> None:
    link = await invite(database, merchant)
    with pytest.raises(PasswordRefused):
        await use(database, link, "short")
    await open_link(database, link.token, NOW)


async def test_bad_names_and_addresses_invite_nobody(database: Database, merchant: Caller) -> None:
    email = f"{a_name().replace(' ', '-')}@example.com"
    link = await invite(database, merchant, email=email.upper())
    assert link.email == email
    for new, problem in (
        (NewUser(link.username, Role.VIEWER), NameTaken),
        (NewUser("a/b", Role.VIEWER), NotAName),
        (NewUser(a_name(), Role.VIEWER, "ada"), NotAnEmail),
        (NewUser(a_name(), Role.VIEWER, email), EmailTaken),
    ):
        with pytest.raises(problem):
            await invite_user(database, merchant, new, NOW, passwords=CHEAP)
        if new.username != link.username:
            page = await list_entries_of_all(database, merchant, Subject.USER, limit=99)
            named = [(entry.change.after or {}).get("name") for entry in page.entries]
            assert new.username not in named
    # Merchants share no addresses.
    await invite(database, await create_caller(database), email=email)


async def test_an_address_is_set_without_ending_sessions(
    database: Database, merchant: Caller
) -> None:
    token = TOKENS.issue(merchant, datetime.now(UTC))
    for email, stored in (("Ada@Example.com", "ada@example.com"), (" ", None), (None, None)):
        await set_email(database, merchant, merchant.user_id, email)
        assert (await get_user(database, merchant, merchant.user_id)).email == stored
    await TOKENS.refresh(database)
    assert TOKENS.caller(token, datetime.now(UTC)) == merchant
    entries = (await list_entries_of_all(database, merchant, Subject.USER, limit=9)).entries
    assert [entry.change.verb for entry in entries] == [Verb.EMAIL_SET, Verb.EMAIL_SET]
    assert "example" not in str(entries)


async def test_another_merchants_user_gets_no_link(database: Database, merchant: Caller) -> None:
    theirs = await create_caller(database)
    with pytest.raises(UserNotFound):
        await reset_password(database, merchant, theirs.user_id, NOW)


async def test_the_history_names_the_admin_and_the_user_and_no_token(
    database: Database, merchant: Caller
) -> None:
    link = await invite(database, merchant)
    await use(database, link)
    used, made, created = (
        await list_entries_of_all(database, merchant, Subject.USER, limit=9)
    ).entries
    verbs = (created.change.verb, made.change.verb, used.change.verb)
    assert verbs == (Verb.CREATED, Verb.LINK_MADE, Verb.PASSWORD_SET)
    assert (used.username, made.username == created.username) == (link.username, True)
    assert link.token not in str((used, made, created))
