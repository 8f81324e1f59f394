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
from typing import Final, NamedTuple

from sconto.store.database import Connection


class Renewal(NamedTuple):
    """What an edit ends besides prices: the cached picks, and the cached cart promotions."""

    picks: bool = False
    cart_promotions: bool = False


PRICES: Final = Renewal()
"""An edit that ends nothing that is cached."""


def renew_sql(version: str, picks: str, cart_promotions: str) -> str:
    """The statement that gives the merchant $1 a new version; it returns `records_events`.

    Its parameters are those of `renewal_arguments`.
    """
    return f"""
    INSERT INTO timeline_versions AS kept (merchant_id, version, price_version, cart_version)
    SELECT $1::bigint, {version}::bigint, {version}::bigint,
           CASE WHEN {cart_promotions}::boolean THEN {version}::bigint END
    ON CONFLICT (merchant_id) DO UPDATE
    SET price_version = excluded.price_version,
        version = CASE WHEN {picks}::boolean THEN excluded.version ELSE kept.version END,
        cart_version = coalesce(excluded.cart_version, kept.cart_version)
    RETURNING kept.records_events
"""  # noqa: S608  # of our own constants


# Citus takes the types of parameters from the columns, and only of VALUES.
_RENEW: Final = """
INSERT INTO timeline_versions AS kept (merchant_id, version, price_version, cart_version)
VALUES ($1, $2::bigint, $2::bigint, CASE WHEN $4::boolean THEN $2::bigint END)
ON CONFLICT (merchant_id) DO UPDATE
SET price_version = excluded.price_version,
    version = CASE WHEN $3::boolean THEN excluded.version ELSE kept.version END,
    cart_version = coalesce(excluded.cart_version, kept.cart_version)
"""


def renewal_arguments(renewal: Renewal) -> tuple[int, bool, bool]:
    """A new version, and what ends. It is random, so that a restored database never had it."""
    return secrets.randbits(63), *renewal


def first_of(column: str) -> str:
    """The statement that notes that a merchant has had something, with a new version $2.

    The version that it has stays if that is noted already.
    """
    return f"""
INSERT INTO timeline_versions AS kept (merchant_id, version, price_version, {column})
VALUES ($1, $2, $2, true)
ON CONFLICT (merchant_id) DO UPDATE
SET {column} = true,
    price_version = CASE WHEN kept.{column} THEN kept.price_version
        ELSE excluded.price_version END
"""  # noqa: S608  # of our own constants


async def renew_prices(connection: Connection, merchant_id: int, renewal: Renewal) -> None:
    """Make orders that were priced before this transaction price again.

    The row stays locked until the transaction ends, so this comes after all other locks. An edit
    that has an entry in the history does it with that (`history.record`).
    """
    await connection.execute(_RENEW, merchant_id, *renewal_arguments(renewal))
