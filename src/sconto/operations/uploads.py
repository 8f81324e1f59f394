"""Uploaded files: kept for the user who sent them, until they are taken or expire."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import Final

from sconto.domain.people import Caller
from sconto.domain.upload import KEPT_FOR, MAX_OF_USER, Upload, UploadNotFound
from sconto.operations.background import keep_running
from sconto.store import uploads as store
from sconto.store.database import Database, retried, retrying

PART: Final = 256 * 1024
"""Bytes of a part."""

_PAUSE: Final = 600.0


async def keep_upload(
    database: Database,
    caller: Caller,
    name: str,
    parts: Iterable[bytes],
    now: datetime,
    *,
    typed: bool = False,
) -> int:
    """Keep a file for this user; returns its id. The parts are read once, one after the other.

    The user's oldest files are removed if there are many.
    """
    merchant_id, user_id = caller.merchant_id, caller.user_id
    async with database.write(merchant_id) as connection:
        end = now + KEPT_FOR
        upload_id = await store.insert_upload(
            connection, merchant_id, user_id, name, typed=typed, end=end
        )
        size = 0
        for number, part in enumerate(parts):
            await store.insert_part(connection, merchant_id, upload_id, number, part)
            size += len(part)
        await store.set_size(connection, merchant_id, upload_id, size)
        await store.remove_older(connection, merchant_id, user_id, MAX_OF_USER)
    return upload_id


@retried
async def find_upload(database: Database, caller: Caller, upload_id: int, now: datetime) -> Upload:
    """The caller's own upload. Raises UploadNotFound."""
    async with database.read(caller.merchant_id) as connection:
        found = await store.find_upload(
            connection, caller.merchant_id, caller.user_id, upload_id, now
        )
    if found is None:
        raise UploadNotFound
    return found


async def read_upload(database: Database, caller: Caller, upload: Upload) -> AsyncIterator[bytes]:
    """The parts of a file that was found; no connection is held between two parts."""

    @retried
    async def read_part(number: int) -> bytes | None:
        async with database.read(caller.merchant_id) as connection:
            return await store.read_part(connection, caller.merchant_id, upload.id, number)

    size = number = 0
    while size < upload.size and (part := await read_part(number)) is not None:
        yield part
        size += len(part)
        number += 1


async def remove_upload(database: Database, caller: Caller, upload: Upload) -> None:
    """Remove a file that was taken."""

    async def remove() -> None:
        async with database.write(caller.merchant_id) as connection:
            await store.remove(connection, caller.merchant_id, [upload.id])

    await retrying(remove)


async def remove_over(database: Database, now: datetime) -> int:
    """Remove all expired files; returns their number. It stops if another worker removes."""

    async def remove(merchant_id: int) -> int | None:
        async with database.write() as connection:
            if not await store.lock_sweep(connection):
                return None
            return await store.remove_over(connection, merchant_id, now)

    async with database.read() as connection:
        merchant_ids = await store.list_merchants(connection, now)
    removed = 0
    for merchant_id in merchant_ids:
        while some := await remove(merchant_id):
            removed += some
            await asyncio.sleep(0)
        if some is None:
            break
    return removed


async def keep_removing_uploads(database: Database, clock: Callable[[], datetime]) -> None:
    """Remove expired files every few minutes; ends when cancelled."""
    await keep_running(
        lambda: remove_over(database, clock()), "old uploads are not removed", pause=_PAUSE
    )
