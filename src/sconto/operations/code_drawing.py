"""Drawing the timelines of codes that very many promotions have, in the background."""

import logging
from typing import Final

from sconto.operations.background import keep_running
from sconto.store.code_generations import list_unnoticed
from sconto.store.code_timelines import draw_code
from sconto.store.database import Busy, Database, DatabaseUnavailable, retrying
from sconto.store.price_versions import renew_for_generated

_PAUSE: Final = 60.0
"""Seconds until the next look; a cart with such a code ends the pause."""

_MAX_MERCHANTS: Final = 1_000
"""Merchants for whom one look takes note of generated codes; the next look finds the others."""

_log = logging.getLogger(__name__)


async def draw_found_codes(database: Database) -> bool:
    """Draw the codes that carts of this process had and that have no timelines; whether any had."""
    found = database.pick_cache.undrawn.take()
    for merchant_id, key in found:
        try:
            await _draw(database, merchant_id, key)
        except Busy:
            # The next cart with the code asks again.
            continue
        except DatabaseUnavailable:
            raise
        except Exception:
            # A code that fails must not stop those of other merchants.
            _log.exception("a code of merchant %s has no timelines", merchant_id)
    return bool(found)


async def notice_generated_codes(database: Database) -> None:
    """Make codes count that the previous version has generated during an upgrade."""
    async with database.read() as connection:
        merchant_ids = await list_unnoticed(connection, _MAX_MERCHANTS)
    for merchant_id in merchant_ids:
        try:
            await _notice(database, merchant_id)
        except Busy:
            continue


async def keep_drawing_codes(database: Database) -> None:
    """Draw codes as carts show that they need it; ends when cancelled."""

    async def notice_and_draw() -> None:
        await notice_generated_codes(database)
        await draw_found_codes(database)

    await keep_running(
        notice_and_draw,
        "codes of many promotions have no timelines",
        pause=_PAUSE,
        wake=database.pick_cache.undrawn.any,
    )


async def _draw(database: Database, merchant_id: int, key: str) -> None:
    async def draw() -> None:
        async with database.write() as connection:
            await draw_code(connection, merchant_id, key)

    await retrying(draw)


async def _notice(database: Database, merchant_id: int) -> None:
    async def notice() -> None:
        async with database.write() as connection:
            await renew_for_generated(connection, merchant_id)

    await retrying(notice)
