"""Signing in and out, and the command line's operations on merchants and users, by their names."""

import secrets
from datetime import datetime

from sconto.domain.names import is_name
from sconto.domain.people import (
    Caller,
    Merchant,
    Role,
    User,
    command_line_caller,
)
from sconto.domain.problems import (
    MerchantNotFound,
    NameTaken,
    NotAName,
    UserAmbiguous,
    UserNotFound,
)
from sconto.domain.sessions import Origin
from sconto.operations import two_factor, users
from sconto.operations.passwords import PASSWORDS, Passwords
from sconto.operations.sessions import record_sign_in
from sconto.operations.sign_in import GUARD, Guard, SignIn, find_user
from sconto.operations.tokens import Purpose, Tokens
from sconto.operations.users import UserEdit
from sconto.store import people
from sconto.store.database import Connection, Database, retried, retrying
from sconto.store.tokens import renew_epoch


async def sign_in(  # noqa: PLR0913 - what is sent, from where, and for what
    database: Database,
    tokens: Tokens,
    username: str,
    password: str,
    address: str,
    now: datetime,
    *,
    holder: Caller | None = None,
    purpose: Purpose = Purpose.API,
    user_agent: str = "",
    guard: Guard = GUARD,
) -> str:
    """A token for the user. Raises BadCredentials, TooManyAttempts.

    The name is the user's, or `merchant/username` if users of several merchants have the name.
    `holder` is the user whose valid token came with the request, if there was one. A user with
    two-factor sign-in gets no token: nothing here asks for a code.
    """
    asked = SignIn(username, password, address, holder, user_agent)
    user = await find_user(database, asked, now, guard)
    state = user.state
    database.require_answers_for(state.caller.merchant_id)

    async def record() -> None:
        async with database.write() as connection:
            await record_sign_in(connection, state.caller, None, Origin(address, user_agent), now)

    await retrying(record)
    return tokens.issue(state.caller, now, state.changed_at, purpose=purpose, epoch=user.epoch)


async def end_all_tokens(database: Database) -> None:
    """End all sessions and tokens of all users, as needed after a restore."""
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
    *,
    passwords: Passwords = PASSWORDS,
) -> int:
    """Create a user; returns the id.

    Raises MerchantNotFound, NotAName, PasswordRefused, NameTaken.
    """
    merchant_id = await find_merchant(database, merchant_name)
    command_line = command_line_caller(merchant_id)
    return await users.add_user(
        database, command_line, username, password, role, passwords=passwords
    )


@retried
async def list_users(database: Database) -> list[User]:
    """All users, in the order of their creation."""
    async with database.read() as connection:
        return await people.list_users(connection)


async def set_disabled(
    database: Database, username: str, *, disabled: bool, merchant: str | None = None
) -> None:
    """Disable the user, or enable them, and end their sessions and tokens.

    Raises UserNotFound, UserAmbiguous, MerchantNotFound. `merchant`, here and below, is the name of
    the user's merchant; without it only one user may have the name.
    """
    await _edit(database, username, merchant, UserEdit(disabled=disabled))


async def set_password(
    database: Database,
    username: str,
    password: str,
    merchant: str | None = None,
    *,
    passwords: Passwords = PASSWORDS,
) -> None:
    """Give the user another password, and end their sessions and tokens.

    Raises PasswordRefused, UserNotFound, UserAmbiguous, MerchantNotFound.
    """
    edit = UserEdit(password_hash=await users.hash_new_password(passwords, password))
    await _edit(database, username, merchant, edit)


async def set_role(
    database: Database, username: str, role: Role, merchant: str | None = None
) -> None:
    """Give the user another role, and end their sessions and tokens.

    Raises UserNotFound, UserAmbiguous, MerchantNotFound.
    """
    await _edit(database, username, merchant, UserEdit(role=role))


async def sign_out_everywhere(
    database: Database, username: str, merchant: str | None = None
) -> None:
    """End the user's sessions and tokens.

    Raises UserNotFound, UserAmbiguous, MerchantNotFound.
    """
    await _edit(database, username, merchant, UserEdit())


async def reset_two_factor(database: Database, username: str, merchant: str | None = None) -> None:
    """Remove the user's second factor, and end their sessions and tokens.

    Raises TwoFactorIsOff, UserNotFound, UserAmbiguous, MerchantNotFound.
    """
    user = await find_named_user(database, username, merchant)
    await two_factor.reset(database, None, command_line_caller(user.merchant_id), user.user_id)


@retried
async def find_named_user(database: Database, username: str, merchant: str | None = None) -> Caller:
    """The user of that name. Raises UserNotFound, UserAmbiguous, MerchantNotFound."""
    merchant_id = None if merchant is None else await find_merchant(database, merchant)
    async with database.read(merchant_id) as connection:
        user_id = await _find_one(connection, username, merchant_id)
        state = await people.find_state(connection, user_id)
    if state is None:
        raise UserNotFound(username)
    return state.caller


async def _edit(database: Database, username: str, merchant: str | None, edit: UserEdit) -> None:
    merchant_id = None if merchant is None else await find_merchant(database, merchant)
    async with database.write(merchant_id) as connection:
        user_id = await _find_one(connection, username, merchant_id)
        await users.edit_user(connection, user_id, edit)


async def _find_one(connection: Connection, username: str, merchant_id: int | None) -> int:
    if not is_name(username):
        raise UserNotFound(username)
    user_ids = await people.find_named(connection, username, merchant_id)
    if len(user_ids) > 1:
        raise UserAmbiguous(username)
    if not user_ids:
        raise UserNotFound(username)
    return user_ids[0]
