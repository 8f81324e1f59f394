"""API keys: how an admin lists, creates and revokes them."""

import secrets
from datetime import datetime

from sconto.domain.api_keys import (
    ALPHABET,
    MAX_KEYS,
    SECRET_LENGTH,
    ApiKey,
    NewKey,
    key_hash,
    shown_prefix,
    write_key,
)
from sconto.domain.history import key_created, key_revoked
from sconto.domain.names import is_name
from sconto.domain.people import Caller, key_caller
from sconto.domain.people_problems import KeyEndsInThePast, KeyNotFound, TooManyKeys
from sconto.domain.problems import NameTaken, NotAName
from sconto.operations.known_keys import KnownKeys
from sconto.store import api_keys as store
from sconto.store import history
from sconto.store.api_keys import KeyState
from sconto.store.database import Connection, Database, retried


async def create_key(
    database: Database, caller: Caller, new: NewKey, now: datetime, known: KnownKeys | None = None
) -> tuple[ApiKey, str]:
    """A new key of the caller's merchant, and its text, which is shown only once.

    `known` has the keys of this process, which accepts the new one immediately. Other processes
    accept it at its first request. Raises NotAName, KeyEndsInThePast, NameTaken, TooManyKeys.
    """
    if not is_name(new.name):
        raise NotAName(new.name)
    if new.expires_at is not None and new.expires_at <= now:
        raise KeyEndsInThePast
    text = write_key("".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH)))
    hashed, prefix = key_hash(text), shown_prefix(text)
    merchant_id = caller.merchant_id
    async with database.write(merchant_id) as connection:
        key_id = await store.insert_key(connection, caller, new, hashed, prefix, MAX_KEYS, now)
        if key_id is None:
            if await store.is_name_taken(connection, merchant_id, new.name):
                raise NameTaken(new.name)
            raise TooManyKeys(MAX_KEYS)
        await history.record(connection, caller, key_created(key_id, new, prefix))
        key = await _find(connection, caller, key_id)
    if known is not None:
        holder = key_caller(merchant_id, key_id, new.role)
        known.note_created(KeyState(hashed, holder, new.expires_at, revoked=False))
    return key, text


@retried
async def list_keys(database: Database, caller: Caller) -> list[ApiKey]:
    """The keys of the caller's merchant that are not revoked, in the order of their creation."""
    async with database.read(caller.merchant_id) as connection:
        return await store.list_keys(connection, caller.merchant_id)


@retried
async def get_key(database: Database, caller: Caller, key_id: int) -> ApiKey:
    """A key of the caller's merchant. Raises KeyNotFound."""
    async with database.read(caller.merchant_id) as connection:
        return await _find(connection, caller, key_id)


@retried
async def find_key(database: Database, caller: Caller, name: str) -> ApiKey:
    """The key of the caller's merchant that has the name. Raises KeyNotFound."""
    async with database.read(caller.merchant_id) as connection:
        key = await store.find_key_named(connection, caller.merchant_id, name)
    if key is None:
        raise KeyNotFound(name)
    return key


async def revoke_key(
    database: Database, caller: Caller, key_id: int, now: datetime, known: KnownKeys | None = None
) -> ApiKey:
    """Revoke a key: in this process immediately, elsewhere within 10 seconds.

    Returns the key. Raises KeyNotFound.
    """
    async with database.write(caller.merchant_id) as connection:
        key = await _find(connection, caller, key_id)
        hashed = await store.revoke_key(connection, caller.merchant_id, key_id, now)
        if hashed is None:
            raise KeyNotFound(key_id)
        await history.record(connection, caller, key_revoked(key))
    if known is not None:
        known.note_revoked(hashed)
    return key


async def _find(connection: Connection, caller: Caller, key_id: int) -> ApiKey:
    key = await store.find_key(connection, caller.merchant_id, key_id)
    if key is None:
        raise KeyNotFound(key_id)
    return key
