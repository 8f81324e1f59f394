"""What people ask for about people: to sign in, and to name merchants and users."""

import asyncio
from datetime import datetime
from typing import Final

from sconto.domain.history import Change, password_set, user_changed, user_created
from sconto.domain.names import is_name
from sconto.domain.people import (
    Caller,
    Merchant,
    Role,
    User,
    is_acceptable_password,
    operator_of,
)
from sconto.domain.problems import (
    BadCredentials,
    MerchantNotFound,
    NameTaken,
    NotAName,
    PasswordRefused,
    TooManyAttempts,
    UserNotFound,
)
from sconto.domain.sign_in import seconds_until, subjects_of_attempt, user_key
from sconto.operations.passwords import hash_password, is_password
from sconto.operations.tokens import Tokens
from sconto.store import history, people
from sconto.store import sign_in as failures
from sconto.store.database import Connection, Database, retried

_CHECKS_AT_ONCE: Final = asyncio.Semaphore(2)
"""How many passwords a process checks at the same time: more would only take memory."""

_PAUSE: Final = 0.05
_PAUSES: Final = 200


async def sign_in(
    database: Database, tokens: Tokens, username: str, password: str, address: str, now: datetime
) -> str:
    """A token for the user. Raises BadCredentials, TooManyAttempts.

    The attempt is counted as a failure before the password is looked at and taken back if it was
    right: however many arrive at once, in whatever process, no more are looked at than may fail.
    Where only attempts under way stand against it, it waits for them, so that a shop whose clients
    all sign in at the same moment is not taken for a thief.
    """
    subjects = subjects_of_attempt(username, address)
    for _ in range(_PAUSES):
        async with _CHECKS_AT_ONCE:
            async with database.write() as connection:
                answer = await failures.reserve_attempt(connection, subjects, now)
            if isinstance(answer, failures.Attempt):
                return await _check_password(database, tokens, username, password, answer, now)
        if answer.free_at is not None:
            raise TooManyAttempts(seconds_until(answer.free_at, now))
        await asyncio.sleep(_PAUSE)
    raise TooManyAttempts(1)


async def _check_password(
    database: Database,
    tokens: Tokens,
    username: str,
    password: str,
    attempt: failures.Attempt,
    now: datetime,
) -> str:
    """A token for the user, once the attempt is counted."""
    async with database.read() as connection:
        known = await people.find_credentials(connection, username) if is_name(username) else None
    right = await is_password(password, known.password_hash if known else None)
    if known is None or not right or known.state.disabled:
        async with database.write() as connection:
            await failures.confirm_failure(connection, attempt)
        raise BadCredentials
    async with database.write() as connection:
        await failures.take_back(connection, attempt)
    return tokens.issue(known.state.caller, now, known.state.changed_at)


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
    if not is_name(username):
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
    database: Database, username: str, *, disabled: bool, by: Caller | None = None
) -> None:
    """Let the user in, or keep them out, their tokens too. Raises UserNotFound.

    Whoever is let in again starts without failures.
    """
    await _change(database, username, by, disabled=disabled, forgive=not disabled)


async def set_password(
    database: Database, username: str, password: str, by: Caller | None = None
) -> None:
    """Give the user another password. Raises UserNotFound, PasswordRefused.

    Failures with the old one are forgotten; tokens stay valid.
    """
    password_hash = await _hash_of_new(password)
    await _change(database, username, by, password_hash=password_hash, forgive=True)


async def set_role(database: Database, username: str, role: Role, by: Caller | None = None) -> None:
    """Give the user another role, for their tokens too. Raises UserNotFound."""
    await _change(database, username, by, role=role)


async def _change(
    database: Database,
    username: str,
    by: Caller | None,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
    password_hash: str | None = None,
    forgive: bool = False,
) -> None:
    if not is_name(username):
        raise UserNotFound(username)
    async with database.write(None if by is None else by.merchant_id) as connection:
        changed = await people.change_user(
            connection,
            username,
            None if by is None else by.merchant_id,
            role=role,
            disabled=disabled,
            password_hash=password_hash,
        )
        if changed is None:
            raise UserNotFound(username)
        if forgive:
            await failures.forget_failures(connection, user_key(username))
        await _record_change(connection, by, changed, has_password=password_hash is not None)


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
    await history.record(connection, by or operator_of(merchant_id), change)


async def _hash_of_new(password: str) -> str:
    if not is_acceptable_password(password):
        raise PasswordRefused
    return await hash_password(password)
