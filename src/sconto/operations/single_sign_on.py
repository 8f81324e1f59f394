"""Signing in by a provider: users are found by their subject or e-mail address, or created."""

import secrets
from datetime import datetime
from typing import Final

from sconto.domain.history import user_created
from sconto.domain.people import Caller
from sconto.domain.people_problems import EmailTaken, SignOnReason, SignOnRefused
from sconto.domain.problems import MerchantNotFound
from sconto.domain.sessions import Origin, Way
from sconto.domain.single_sign_on import Identity
from sconto.operations.passwords import PASSWORDS, Passwords
from sconto.operations.people import find_merchant
from sconto.operations.sessions import open_session, record_sign_in
from sconto.operations.tokens import Tokens
from sconto.operations.users import UserEdit, edit_user
from sconto.store import history, identities, people
from sconto.store import users as store
from sconto.store.database import Connection, Database
from sconto.store.password_links import end_link
from sconto.store.people import UserState
from sconto.store.tokens import read_epoch

_ATTEMPTS: Final = 5

_UNKNOWN: Final = Origin()


class _AnotherWasFaster(Exception):
    """Another sign-in of the same person created the user."""


async def sign_on(
    database: Database,
    tokens: Tokens,
    identity: Identity,
    now: datetime,
    *,
    origin: Origin = _UNKNOWN,
    passwords: Passwords = PASSWORDS,
) -> tuple[str, str]:
    """The name of the user, and a session. Raises SignOnRefused.

    The provider must have proved the identity, with whatever factors it requires.
    """
    try:
        merchant_id = await find_merchant(database, identity.merchant)
    except MerchantNotFound:
        raise SignOnRefused(SignOnReason.NO_MERCHANT) from None
    for _ in range(_ATTEMPTS):
        try:
            async with database.write(merchant_id) as connection:
                username, state, is_changed = await _find_or_create(
                    connection, merchant_id, identity, passwords
                )
                epoch = await read_epoch(connection)
                session = await open_session(
                    connection, tokens, state, epoch, Way.PROVIDER, origin, now
                )
                await record_sign_in(connection, state.caller, Way.PROVIDER, origin, now)
            break
        except _AnotherWasFaster:
            continue
    else:
        raise SignOnRefused(SignOnReason.NO_NAME)
    if is_changed:
        # Sessions with the previous role end in this process immediately.
        tokens.note_change(state)
    return username, session


async def _find_or_create(
    connection: Connection, merchant_id: int, identity: Identity, passwords: Passwords
) -> tuple[str, UserState, bool]:
    """The user's name and state, and whether their role was changed."""
    user_id = await identities.find_identity(
        connection, merchant_id, identity.issuer, identity.subject
    )
    if user_id is None:
        user_id = await _find_by_email(connection, merchant_id, identity)
        if user_id is None:
            user_id = await _create(connection, merchant_id, identity, passwords)
        if not await identities.insert_identity(
            connection, merchant_id, identity.issuer, identity.subject, user_id
        ):
            raise _AnotherWasFaster
        # A user who signs in by the provider no longer needs an invitation.
        await end_link(connection, merchant_id, user_id)
    user = await store.find_user(connection, merchant_id, user_id)
    if user is None or user.disabled:
        raise SignOnRefused(SignOnReason.DISABLED)
    is_changed = identity.sets_role and identity.role not in (None, user.role)
    if is_changed:
        caller = Caller(merchant_id, user_id, user.role)
        await edit_user(connection, user_id, UserEdit(role=identity.role), caller)
    state = await people.find_state(connection, user_id)
    if state is None:
        raise SignOnRefused(SignOnReason.DISABLED)
    return user.name, state, is_changed


async def _find_by_email(
    connection: Connection, merchant_id: int, identity: Identity
) -> int | None:
    """The user to whom an admin gave the address that the provider has verified."""
    if identity.email is None:
        return None
    user = await store.find_user_by_email(connection, merchant_id, identity.email)
    return None if user is None else user.id


async def _create(
    connection: Connection, merchant_id: int, identity: Identity, passwords: Passwords
) -> int:
    if identity.role is None:
        raise SignOnRefused(SignOnReason.NO_ROLE)
    # Nobody knows this password; an admin may set another.
    password_hash = await passwords.hash(secrets.token_hex())
    for name in identity.names:
        user_id = await people.insert_user(
            connection, merchant_id, name, identity.role, password_hash
        )
        if user_id is not None:
            break
    else:
        raise SignOnRefused(SignOnReason.NO_NAME)
    if identity.email is not None:
        try:
            await store.set_email(connection, merchant_id, user_id, identity.email)
        except EmailTaken:
            # Its user was created a moment ago.
            raise _AnotherWasFaster from None
    caller = Caller(merchant_id, user_id, identity.role)
    await history.record(connection, caller, user_created(user_id, name, identity.role))
    return user_id
