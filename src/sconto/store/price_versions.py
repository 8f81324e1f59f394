"""The version of a merchant's prices, so that no order is placed at prices from before an edit.

Each transaction that changes what an order may cost gives the merchant a new version, committed
together with the change. An order compares the version that it was priced at with the one that its
writing statement sees (`orders`). The timeline has its own version, which changes less often,
because it decides how long cached picks stay valid (`pick_cache`). `drawn_version` is the price
version for which the timelines of codes are true (`code_timelines`): whatever renews the price
version and keeps them true renews it too.

These renew it: creating, changing, deleting and restoring a promotion; adding, importing and
removing codes; creating, changing and archiving a subscription promotion. Generated codes do not:
they come in many small transactions, and nobody knows a code before it exists.

A program older than schema 0011 renews only the timeline's version. While it serves during an
upgrade, orders still notice its edits of automatic promotions, because they compare that version
too.
"""

import secrets
from typing import Final

from sconto.store.code_timelines import redraw_codes
from sconto.store.database import Connection

KEEP_DRAWN: Final = """drawn_version = CASE WHEN kept.drawn_version = kept.price_version
        THEN excluded.price_version ELSE kept.drawn_version END"""
"""The part of an upsert of `timeline_versions AS kept` that keeps the timelines of codes true."""

# A random number, so that a restored database never has a version that was used before.
_RENEW: Final = f"""
INSERT INTO timeline_versions AS kept (merchant_id, version, price_version) VALUES ($1, $2, $2)
ON CONFLICT (merchant_id) DO UPDATE
SET price_version = excluded.price_version,
    version = CASE WHEN $3 THEN excluded.version ELSE kept.version END,
    {KEEP_DRAWN}
RETURNING drawn_version = price_version
"""  # noqa: S608  # of our own constants


async def renew_price_version(
    connection: Connection,
    merchant_id: int,
    *,
    timeline: bool = False,
    promotion_id: int | None = None,
) -> None:
    """Make orders that were priced before this transaction price again.

    With `timeline`, cached picks end too. `promotion_id` is the product promotion whose terms or
    codes this transaction has written, if it has; the timelines of its codes are updated. The row
    stays locked until the transaction ends, so this comes after all other locks.
    """
    version = secrets.randbits(63)
    is_drawn = await connection.fetchval(_RENEW, merchant_id, version, timeline)
    if is_drawn and promotion_id is not None:
        await redraw_codes(connection, merchant_id, promotion_id)
