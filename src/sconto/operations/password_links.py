"""Invitations and resets: links that an admin passes on, with which a user sets a password."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.domain.history import link_made, user_created
from sconto.domain.names import is_username
from sconto.domain.password_links import (
    LIFETIMES,
    LinkPurpose,
    LinkToken,
    OpenLink,
    PasswordLink,
    read_token,
)
from sconto.domain.people import Caller, Role, User
from sconto.domain.people_problems import LinkOver, UserDisabled
from sconto.domain.problems import NameTaken, NotAName, UserNotFound
from sconto.operations.passwords import PASSWORDS, Passwords
from sconto.operations.users import UserEdit, checked_email, edit_user, hash_new_password
from sconto.store import history, password_links, people
from sconto.store import users as store
from sconto.store.database import Connection, Database, retried

_LOOKS: Final = asyncio.Semaphore(2)
"""How many links a process looks up together: strangers can ask for any."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to invite."""

    username: str
    role: Role
    email: str | None = None


async def invite_user(
    database: Database,
    caller: Caller,
    new: NewUser,
    now: datetime,
    *,
    passwords: Passwords = PASSWORDS,
) -> PasswordLink:
    """Create a user of the caller's merchant who has no password yet, and a link that sets it.

    Raises NotAName, NotAnEmail, NameTaken, EmailTaken.
    """
    if not is_username(new.username):
        raise NotAName(new.username)
    email = checked_email(new.email)
    merchant_id = caller.merchant_id
    # Nobody knows this password. A check against it takes as long as any other.
    password_hash = await passwords.hash(secrets.token_hex())
    async with database.write(merchant_id) as connection:
        user_id = await people.insert_user(
            connection, merchant_id, new.username, new.role, password_hash
        )
        if user_id is None:
            raise NameTaken(new.username)
        if email is not None:
            await store.set_email(connection, merchant_id, user_id, email)
        await history.record(connection, caller, user_created(user_id, new.username, new.role))
        user = await store.find_user(connection, merchant_id, user_id)
        if user is None:
            raise UserNotFound(new.username)
        return await _make_link(connection, caller, user, LinkPurpose.INVITATION, now)


async def reset_password(
    database: Database, caller: Caller, user_id: int, now: datetime
) -> PasswordLink:
    """A link with which a user of the caller's merchant sets another password.

    The user keeps the current one until then. The link replaces an earlier one, also an invitation.
    Raises UserNotFound, UserDisabled.
    """
    async with database.write(caller.merchant_id) as connection:
        user = await store.find_user(connection, caller.merchant_id, user_id)
        if user is None:
            raise UserNotFound(str(user_id))
        if user.disabled:
            raise UserDisabled(user.name)
        purpose = LinkPurpose.INVITATION if user.invited else LinkPurpose.RESET
        return await _make_link(connection, caller, user, purpose, now)


async def open_link(database: Database, text: str, now: datetime) -> OpenLink:
    """What the link of this token is for; it stays unused. Raises LinkOver."""
    token = read_token(text)
    if token is None:
        raise LinkOver
    async with _LOOKS:
        found = await _find_open(database, token, now)
    if found is None:
        raise LinkOver
    return found


async def use_link(
    database: Database,
    text: str,
    password: str,
    now: datetime,
    *,
    passwords: Passwords = PASSWORDS,
) -> OpenLink:
    """Set the password of the link's user, once, and end their sessions and tokens.

    Raises LinkOver, PasswordRefused.
    """
    # Checked first, because hashing takes long, and a stranger may try any link.
    link = await open_link(database, text, now)
    token = read_token(text)
    if token is None:
        raise LinkOver
    edit = UserEdit(password_hash=await hash_new_password(passwords, password))
    async with database.write(token.merchant_id) as connection:
        user = await password_links.use_link(connection, token, now)
        if user is None:
            raise LinkOver
        await edit_user(connection, user.user_id, edit, user)
    return link


@retried
async def _find_open(database: Database, token: LinkToken, now: datetime) -> OpenLink | None:
    async with database.read() as connection:
        return await password_links.find_open_link(connection, token, now)


async def _make_link(
    connection: Connection, caller: Caller, user: User, purpose: LinkPurpose, now: datetime
) -> PasswordLink:
    token = LinkToken(caller.merchant_id, user.id, secrets.token_urlsafe(32))
    expires_at = now + LIFETIMES[purpose]
    await password_links.put_link(connection, token, purpose, expires_at)
    await history.record(connection, caller, link_made(user.id, purpose, expires_at))
    return PasswordLink(
        user.id, user.name, user.merchant, user.email, purpose, expires_at, str(token)
    )
