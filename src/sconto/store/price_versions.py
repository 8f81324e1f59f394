"""The version of a merchant's prices, so that no order is placed at prices from before an edit.

Each transaction that changes what an order may cost gives the merchant a new version, committed
together with the change. An order compares the version that it was priced at with the one that its
writing statement sees (`orders`). The timeline has its own version, which changes less often,
because it decides how long cached picks stay valid (`pick_cache`).

These renew it: creating, changing, deleting and restoring a promotion; adding, importing and
removing codes; creating, changing and archiving a subscription promotion. Generated codes do not:
they come in many small transactions, and nobody knows a code before it exists.

A program older than schema 0011 renews only the timeline's version. While it serves during an
upgrade, orders still notice its edits of automatic promotions, because they compare that version
too.
"""

import secrets
from typing import Final

from sconto.store.database import Connection

# A random number, so that a restored database never has a version that was used before.
_RENEW: Final = """
INSERT INTO timeline_versions AS kept (merchant_id, version, price_version) VALUES ($1, $2, $2)
ON CONFLICT (merchant_id) DO UPDATE
SET price_version = excluded.price_version,
    version = CASE WHEN $3 THEN excluded.version ELSE kept.version END
"""


async def renew_price_version(
    connection: Connection, merchant_id: int, *, timeline: bool = False
) -> None:
    """Make orders that were priced before this transaction price again.

    With `timeline`, cached picks become invalid too. The row stays locked until the transaction
    ends, so this must come after all other locks.
    """
    await connection.execute(_RENEW, merchant_id, secrets.randbits(63), timeline)
