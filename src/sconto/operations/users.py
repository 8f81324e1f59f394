"""What an admin asks about the people of their own merchant; others' people are nobody to them."""

from sconto.domain.people import Caller, Role, User, UserPage
from sconto.domain.problems import OwnAccess, UserNotFound
from sconto.operations import people
from sconto.operations.tokens import Tokens
from sconto.store import users as store
from sconto.store.database import Database, retried


@retried
async def list_users(database: Database, caller: Caller, *, limit: int, after: int = 0) -> UserPage:
    """The users of the caller's merchant whose ids are above `after`, in the order of creation."""
    async with database.read(caller.merchant_id) as connection:
        found = await store.list_users(connection, caller.merchant_id, after, limit + 1)
    return UserPage(tuple(found[:limit]), more=len(found) > limit)


@retried
async def get_user(database: Database, caller: Caller, user_id: int) -> User:
    """A user of the caller's merchant. Raises UserNotFound."""
    async with database.read(caller.merchant_id) as connection:
        user = await store.find_user(connection, caller.merchant_id, user_id)
    if user is None:
        raise UserNotFound(str(user_id))
    return user


async def add_user(
    database: Database, caller: Caller, username: str, password: str, role: Role
) -> int:
    """The id of a new user of the caller's merchant.

    Raises NotAName, PasswordRefused, NameTaken.
    """
    merchant = (await get_user(database, caller, caller.user_id)).merchant
    return await people.create_user(database, merchant, username, password, role, by=caller)


async def change_role(database: Database, caller: Caller, user_id: int, role: Role) -> User:
    """Give a user another role; answers who they were. Raises UserNotFound, OwnAccess.

    Nobody changes their own: so a merchant does not lose its last admin by a slip.
    """
    user = await _get_other(database, caller, user_id)
    await people.set_role(database, user.name, role, by=caller)
    return user


async def set_disabled(database: Database, caller: Caller, user_id: int, *, disabled: bool) -> User:
    """Keep a user out, or let them in; answers who it is. Raises UserNotFound, OwnAccess."""
    user = await _get_other(database, caller, user_id)
    await people.set_disabled(database, user.name, disabled=disabled, by=caller)
    return user


async def set_password(database: Database, caller: Caller, user_id: int, password: str) -> User:
    """Give a user, or oneself, another password; answers who it is.

    Raises UserNotFound, PasswordRefused.
    """
    user = await get_user(database, caller, user_id)
    await people.set_password(database, user.name, password, by=caller)
    return user


async def sign_out_everywhere(
    database: Database, tokens: Tokens, caller: Caller, user_id: int
) -> User:
    """End all sessions and tokens of a user, or one's own; answers who it is.

    Raises UserNotFound. It counts here at once, elsewhere within 10 seconds.
    """
    user = await get_user(database, caller, user_id)
    tokens.note_change(await people.sign_out_everywhere(database, user.name, by=caller))
    return user


async def _get_other(database: Database, caller: Caller, user_id: int) -> User:
    if user_id == caller.user_id:
        raise OwnAccess
    return await get_user(database, caller, user_id)
