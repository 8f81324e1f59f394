"""Drawing the timelines of codes that very many promotions have, in the background."""

import logging
from typing import Final

from sconto.operations.background import keep_running
from sconto.store.code_timelines import draw_code
from sconto.store.database import Busy, Database, DatabaseUnavailable, retrying

_PAUSE: Final = 60.0
"""Seconds until the next look; a cart with such a code ends the pause."""

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


async def keep_drawing_codes(database: Database) -> None:
    """Draw codes as carts show that they need it; ends when cancelled."""
    await keep_running(
        lambda: draw_found_codes(database),
        "codes of many promotions have no timelines",
        pause=_PAUSE,
        wake=database.pick_cache.undrawn.any,
    )


async def _draw(database: Database, merchant_id: int, key: str) -> None:
    async def draw() -> None:
        async with database.write() as connection:
            await draw_code(connection, merchant_id, key)

    await retrying(draw)
