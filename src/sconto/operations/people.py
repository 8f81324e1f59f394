"""What people ask for about people: to sign in, and to name merchants and users."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.domain.history import Change, password_set, signed_out, user_changed, user_created
from sconto.domain.names import is_name, is_username
from sconto.domain.people import (
    Caller,
    Merchant,
    Role,
    User,
    command_line_caller,
    is_acceptable_password,
)
from sconto.domain.problems import (
    MerchantNotFound,
    NameTaken,
    NotAName,
    PasswordRefused,
    UserAmbiguous,
    UserNotFound,
)
from sconto.operations.passwords import hash_password
from sconto.operations.sign_in import SignIn, find_user
from sconto.operations.tokens import Purpose, Tokens
from sconto.store import history, people
from sconto.store.database import Connection, Database, retried
from sconto.store.known_places import forget_places
from sconto.store.tokens import end_token, forget_ended_tokens, read_epoch, renew_epoch

MOST_ENDED_SESSIONS: Final = 100
"""How many ended sessions of one user are kept in mind; beyond that, all of the user's end."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be changed of a user; None keeps the current value."""

    role: Role | None = None
    disabled: bool | None = None
    password_hash: str | None = None


_NOTHING: Final = _Wanted()


async def sign_in(  # noqa: PLR0913 - what somebody sends, from where, and what they get for it
    database: Database,
    tokens: Tokens,
    username: str,
    password: str,
    address: str,
    now: datetime,
    *,
    holder: Caller | None = None,
    purpose: Purpose = Purpose.API,
) -> str:
    """A token for the user. Raises BadCredentials, TooManyAttempts.

    The name is the user's, or `merchant/username` where users of several merchants have the name.
    `holder` is the user whose valid token came with the request, if one did.
    """
    user = await find_user(database, SignIn(username, password, address, holder), now)
    state = user.state
    return tokens.issue(state.caller, now, state.changed_at, purpose=purpose, epoch=user.epoch)


async def renew_session(database: Database, tokens: Tokens, caller: Caller, now: datetime) -> str:
    """Another session for somebody who just ended all of theirs. Raises UserNotFound."""
    async with database.read() as connection:
        state = await people.find_state(connection, caller.user_id)
        epoch = await read_epoch(connection)
    if state is None or state.disabled:
        raise UserNotFound(str(caller.user_id))
    return tokens.issue(state.caller, now, state.changed_at, purpose=Purpose.SESSION, epoch=epoch)


async def end_session(database: Database, tokens: Tokens, token: str, now: datetime) -> None:
    """End the session that the token is: here at once, elsewhere within 10 seconds.

    Raises TokenInvalid, TokenExpired.
    """
    session = tokens.claims(token, now, Purpose.SESSION)
    caller, state = session.caller, None
    async with database.write() as connection:
        kept = await end_token(connection, caller, session.token_id, session.expiry, now)
        if kept > MOST_ENDED_SESSIONS:
            changed = await people.change_user(connection, caller.user_id)
            await forget_ended_tokens(connection, caller)
            state = None if changed is None else changed.after
    tokens.note_end(session.token_id)
    if state is not None:
        tokens.note_change(state)


async def end_all_tokens(database: Database) -> None:
    """End every session and every token of everybody, as a restored database must."""
    async with database.write() as connection:
        await renew_epoch(connection, secrets.randbelow(2**62) + 1)


async def create_merchant(database: Database, name: str) -> int:
    """The new merchant's id. Raises NotAName, NameTaken."""
    if not is_name(name):
        raise NotAName(name)
    async with database.write() as connection:
        merchant_id = await people.insert_merchant(connection, name)
    if merchant_id is None:
        raise NameTaken(name)
    return merchant_id


@retried
async def find_merchant(database: Database, name: str) -> int:
    """The id of the merchant of that name. Raises MerchantNotFound."""
    async with database.read() as connection:
        merchant_id = await people.find_merchant(connection, name) if is_name(name) else None
    if merchant_id is None:
        raise MerchantNotFound(name)
    return merchant_id


@retried
async def list_merchants(database: Database) -> list[Merchant]:
    """All merchants, in the order of their creation."""
    async with database.read() as connection:
        return await people.list_merchants(connection)


async def create_user(
    database: Database,
    merchant_name: str,
    username: str,
    password: str,
    role: Role,
    by: Caller | None = None,
) -> int:
    """The new user's id. Raises NotAName, PasswordRefused, MerchantNotFound, NameTaken.

    `by` is who does it, here and below, and may be a user of that merchant alone; None is whoever
    works at the command line.
    """
    if not is_username(username):
        raise NotAName(username)
    merchant_id = await find_merchant(database, merchant_name)
    if by is not None and by.merchant_id != merchant_id:
        raise MerchantNotFound(merchant_name)
    password_hash = await _hash_of_new(password)
    async with database.write(merchant_id) as connection:
        user_id = await people.insert_user(connection, merchant_id, username, role, password_hash)
        if user_id is None:
            raise NameTaken(username)
        await _record(connection, merchant_id, by, user_created(user_id, username, role))
    return user_id


@retried
async def list_users(database: Database) -> list[User]:
    """All users, in the order of their creation."""
    async with database.read() as connection:
        return await people.list_users(connection)


async def set_disabled(
    database: Database,
    username: str,
    *,
    disabled: bool,
    by: Caller | None = None,
    merchant: str | None = None,
) -> None:
    """Let the user in, or keep them out, and end their sessions and tokens.

    Raises UserNotFound, UserAmbiguous, MerchantNotFound. `merchant` names the user's, here and
    below, at the command line; without it the name must be one user's alone.
    """
    await _change(database, username, by, merchant, _Wanted(disabled=disabled))


async def set_password(
    database: Database,
    username: str,
    password: str,
    by: Caller | None = None,
    merchant: str | None = None,
) -> None:
    """Give the user another password, and end their sessions and tokens.

    Raises PasswordRefused, UserNotFound, UserAmbiguous, MerchantNotFound.
    """
    password_hash = await _hash_of_new(password)
    await _change(database, username, by, merchant, _Wanted(password_hash=password_hash))


async def set_role(
    database: Database,
    username: str,
    role: Role,
    by: Caller | None = None,
    merchant: str | None = None,
) -> None:
    """Give the user another role, and end their sessions and tokens.

    Raises UserNotFound, UserAmbiguous, MerchantNotFound.
    """
    await _change(database, username, by, merchant, _Wanted(role=role))


async def sign_out_everywhere(
    database: Database, username: str, by: Caller | None = None, merchant: str | None = None
) -> people.UserState:
    """End the user's sessions and tokens; answers since when.

    Raises UserNotFound, UserAmbiguous, MerchantNotFound.
    """
    return await _change(database, username, by, merchant, _NOTHING)


async def _change(
    database: Database,
    username: str,
    by: Caller | None,
    merchant: str | None,
    wanted: _Wanted,
) -> people.UserState:
    if not is_name(username):
        raise UserNotFound(username)
    if by is not None:
        merchant_id: int | None = by.merchant_id
    else:
        merchant_id = None if merchant is None else await find_merchant(database, merchant)
    async with database.write(merchant_id) as connection:
        named = await people.find_named(connection, username, merchant_id)
        if len(named) > 1:
            raise UserAmbiguous(username)
        changed = None
        for user_id in named:
            changed = await people.change_user(
                connection,
                user_id,
                role=wanted.role,
                disabled=wanted.disabled,
                password_hash=wanted.password_hash,
            )
        if changed is None:
            raise UserNotFound(username)
        subject = changed.after.caller
        await forget_ended_tokens(connection, subject)
        has_password = wanted.password_hash is not None
        if has_password:
            await forget_places(connection, subject)
        await _record_change(connection, by, changed, has_password=has_password)
        if wanted == _NOTHING:
            await _record(connection, subject.merchant_id, by, signed_out(subject.user_id))
    return changed.after


async def _record_change(
    connection: Connection, by: Caller | None, changed: people.UserChange, *, has_password: bool
) -> None:
    subject = changed.after.caller
    change = user_changed(subject.user_id, _facts(changed.before), _facts(changed.after))
    if change is not None:
        await _record(connection, subject.merchant_id, by, change)
    if has_password:
        await _record(connection, subject.merchant_id, by, password_set(subject.user_id))


def _facts(state: people.UserState) -> dict[str, object]:
    return {"role": state.caller.role.value, "disabled": state.disabled}


async def _record(
    connection: Connection, merchant_id: int, by: Caller | None, change: Change
) -> None:
    await history.record(connection, by or command_line_caller(merchant_id), change)


async def _hash_of_new(password: str) -> str:
    if not is_acceptable_password(password):
        raise PasswordRefused
    return await hash_password(password)
