"""Forms that are kept while their user signs in again.

A user who sends a form after their session has ended gets it back as it was. It is kept for the
user for whom the form was made, so nobody else who signs in can read it. The key is in a cookie of
their browser, and the database has only its hash.
"""

import hashlib
import secrets
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from sconto.domain.people import Caller
from sconto.operations.background import keep_running
from sconto.store import kept_forms as store
from sconto.store.database import Database, retried, retrying
from sconto.store.threads import in_thread

KEPT_FOR: Final = timedelta(hours=12)

MAX_KEPT: Final = 5
"""Forms of one user; the oldest makes room for a new one."""

_PAUSE: Final = 1800.0


class KeptFile(msgspec.Struct, frozen=True):
    """A file that was chosen in a form."""

    name: str
    content: bytes


class KeptForm(msgspec.Struct, frozen=True):
    """A form as it was sent: the portal's path, and the fields in their order."""

    path: str
    fields: Sequence[tuple[str, str | KeptFile]]


_READER: Final = msgspec.msgpack.Decoder(KeptForm)


async def keep_form(database: Database, owner: Caller, form: KeptForm, now: datetime) -> str:
    """Keep a form for a user; returns the key with which they find it."""
    key = secrets.token_urlsafe(24)
    content = await in_thread(_packed, form)

    async def put() -> None:
        async with database.write(owner.merchant_id) as connection:
            await store.put_form(connection, owner, _hash(key), content, now + KEPT_FOR, MAX_KEPT)

    await retrying(put)
    return key


@retried
async def find_form(database: Database, caller: Caller, key: str, now: datetime) -> KeptForm | None:
    """The form that was kept for the caller under this key; None if it no longer exists."""
    async with database.read(caller.merchant_id) as connection:
        content = await store.find_form(connection, caller, _hash(key), now)
    return None if content is None else await in_thread(_unpacked, content)


async def remove_expired(database: Database, now: datetime) -> None:
    """Remove expired forms."""
    async with database.read() as connection:
        merchant_ids = await store.list_merchants_with_expired(connection, now)
    for merchant_id in merchant_ids:
        async with database.write(merchant_id) as connection:
            await store.remove_expired(connection, merchant_id, now)


async def keep_removing_forms(database: Database, clock: Callable[[], datetime]) -> None:
    """Remove expired forms at intervals; ends when cancelled."""
    await keep_running(
        lambda: remove_expired(database, clock()), "kept forms are not removed", pause=_PAUSE
    )


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _packed(form: KeptForm) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(form), 1)


def _unpacked(content: bytes) -> KeptForm:
    return _READER.decode(zlib.decompress(content))
