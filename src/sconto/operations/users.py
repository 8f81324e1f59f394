"""The users of one merchant, by their ids: how an admin lists, creates and changes them."""

from dataclasses import dataclass

from sconto.domain.emails import read_email
from sconto.domain.history import (
    Change,
    email_set,
    password_set,
    signed_out,
    user_changed,
    user_created,
)
from sconto.domain.names import is_username
from sconto.domain.people import (
    Caller,
    Role,
    User,
    UserPage,
    command_line_caller,
    is_acceptable_password,
)
from sconto.domain.people_problems import NotAnEmail
from sconto.domain.problems import NameTaken, NotAName, OwnAccess, PasswordRefused, UserNotFound
from sconto.operations.passwords import PASSWORDS, Passwords
from sconto.operations.tokens import Tokens
from sconto.store import history, people
from sconto.store import users as store
from sconto.store.database import Connection, Database, retried
from sconto.store.known_places import forget_places
from sconto.store.password_links import end_link, expire_link
from sconto.store.tokens import forget_ended_tokens


@dataclass(frozen=True, slots=True)
class UserEdit:
    """A change of a user; None keeps the current value.

    Every edit ends the user's sessions and tokens. An edit without values does nothing else.
    """

    role: Role | None = None
    disabled: bool | None = None
    password_hash: str | None = None


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
        return await _find(connection, caller, user_id)


async def add_user(
    database: Database,
    caller: Caller,
    username: str,
    password: str,
    role: Role,
    *,
    email: str | None = None,
    passwords: Passwords = PASSWORDS,
) -> int:
    """Create a user of the caller's merchant; returns the id.

    Raises NotAName, NotAnEmail, PasswordRefused, NameTaken, EmailTaken.
    """
    if not is_username(username):
        raise NotAName(username)
    email = checked_email(email)
    password_hash = await hash_new_password(passwords, password)
    merchant_id = caller.merchant_id
    async with database.write(merchant_id) as connection:
        user_id = await people.insert_user(connection, merchant_id, username, role, password_hash)
        if user_id is None:
            raise NameTaken(username)
        if email is not None:
            await store.set_email(connection, merchant_id, user_id, email)
        await history.record(connection, caller, user_created(user_id, username, role))
    return user_id


async def change_role(database: Database, caller: Caller, user_id: int, role: Role) -> User:
    """Give a user another role; returns them as they were. Raises UserNotFound, OwnAccess.

    Nobody can change their own role, so that a merchant does not lose its last admin by mistake.
    """
    if user_id == caller.user_id:
        raise OwnAccess
    user, _ = await _edit(database, caller, user_id, UserEdit(role=role))
    return user


async def set_disabled(database: Database, caller: Caller, user_id: int, *, disabled: bool) -> User:
    """Disable or enable a user; returns them as they were. Raises UserNotFound, OwnAccess."""
    if user_id == caller.user_id:
        raise OwnAccess
    user, _ = await _edit(database, caller, user_id, UserEdit(disabled=disabled))
    return user


async def set_password(
    database: Database,
    caller: Caller,
    user_id: int,
    password: str,
    *,
    passwords: Passwords = PASSWORDS,
) -> User:
    """Give a user, or oneself, another password; returns the user.

    Raises UserNotFound, PasswordRefused.
    """
    # Done first, because hashing takes long.
    await get_user(database, caller, user_id)
    edit = UserEdit(password_hash=await hash_new_password(passwords, password))
    user, _ = await _edit(database, caller, user_id, edit)
    return user


async def sign_out_everywhere(
    database: Database, tokens: Tokens, caller: Caller, user_id: int
) -> User:
    """End all sessions and tokens of a user, or one's own; returns the user.

    It takes effect in this process immediately, elsewhere within 10 seconds. Raises UserNotFound.
    """
    user, state = await _edit(database, caller, user_id, UserEdit())
    tokens.note_change(state)
    return user


async def set_email(database: Database, caller: Caller, user_id: int, email: str | None) -> User:
    """Set or remove a user's e-mail address; returns them as they were.

    Their sessions and tokens stay. Raises UserNotFound, NotAnEmail, EmailTaken.
    """
    checked = checked_email(email)
    async with database.write(caller.merchant_id) as connection:
        user = await _find(connection, caller, user_id)
        if checked != user.email:
            await store.set_email(connection, caller.merchant_id, user_id, checked)
            await history.record(connection, caller, email_set(user_id))
    return user


def checked_email(text: str | None) -> str | None:
    """The address as it is stored; None for None or blanks. Raises NotAnEmail."""
    if text is None or not text.strip():
        return None
    email = read_email(text)
    if email is None:
        raise NotAnEmail(text)
    return email


async def edit_user(
    connection: Connection, user_id: int, edit: UserEdit, by: Caller | None = None
) -> people.UserState | None:
    """Change a user, end their sessions and tokens, and record it; None if no user has that id.

    `by` is None if the command line does it.
    """
    changed = await people.change_user(
        connection,
        user_id,
        role=edit.role,
        disabled=edit.disabled,
        password_hash=edit.password_hash,
    )
    if changed is None:
        return None
    user = changed.after.caller
    await forget_ended_tokens(connection, user)
    if edit.password_hash is not None:
        await forget_places(connection, user)
        await end_link(connection, user.merchant_id, user.user_id)
    elif edit.disabled is True or edit == UserEdit():
        await expire_link(connection, user.merchant_id, user.user_id)
    for change in _changes(changed, edit):
        await history.record(connection, by or command_line_caller(user.merchant_id), change)
    return changed.after


async def hash_new_password(passwords: Passwords, password: str) -> str:
    """The hash of a password that somebody chose. Raises PasswordRefused."""
    if not is_acceptable_password(password):
        raise PasswordRefused
    return await passwords.hash(password)


async def _find(connection: Connection, caller: Caller, user_id: int) -> User:
    user = await store.find_user(connection, caller.merchant_id, user_id)
    if user is None:
        raise UserNotFound(str(user_id))
    return user


async def _edit(
    database: Database, caller: Caller, user_id: int, edit: UserEdit
) -> tuple[User, people.UserState]:
    """Edit a user of the caller's merchant: returns them as they were, and their new state."""
    async with database.write(caller.merchant_id) as connection:
        user = await _find(connection, caller, user_id)
        state = await edit_user(connection, user_id, edit, caller)
    if state is None:
        raise UserNotFound(str(user_id))
    return user, state


def _changes(changed: people.UserChange, edit: UserEdit) -> list[Change]:
    """The facts of an edit for the history."""
    user_id = changed.after.caller.user_id
    changes = []
    differs = user_changed(user_id, _facts(changed.before), _facts(changed.after))
    if differs is not None:
        changes.append(differs)
    if edit.password_hash is not None:
        changes.append(password_set(user_id))
    if edit == UserEdit():
        changes.append(signed_out(user_id))
    return changes


def _facts(state: people.UserState) -> dict[str, object]:
    return {"role": state.caller.role.value, "disabled": state.disabled}
