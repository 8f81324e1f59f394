"""The version of a merchant's prices, so that no order is placed at prices from before an edit.

Each transaction that changes what an order may cost gives the merchant a new version, committed
together with the change. An order compares the version that it was priced at with the one that its
writing statement sees (`orders`). The timeline has its own version, which changes less often,
because it decides how long cached picks stay valid (`pick_cache`). `drawn_version` is the price
version for which the timelines of codes are true (`code_timelines`): whatever renews the price
version and keeps them true renews it too. `pick_changes` has the last changes of the timeline's
version, each with the products whose timelines differ (`pick_changes`).

These renew it: creating, changing, deleting and restoring a promotion; adding, importing and
removing codes; creating, changing and archiving a subscription promotion; each transaction of a
generation of codes, because another promotion may have one of its codes; and giving products other
tags, if the merchant has had cart promotions. So do a merchant's first hold, and the start and stop
of recording events, because they change how an order is written.

A program older than schema 0011 renews only the timeline's version. While it serves during an
upgrade, orders still notice its edits of automatic promotions, because they compare that version
too. A program older than schema 0036 does not renew it when it ends a generation, but leaves a mark
for `renew_for_generated`.
"""

import secrets
from collections.abc import Collection
from typing import Final, NamedTuple

from sconto.store.code_timelines import NOTICE_GENERATED, redraw_codes
from sconto.store.database import Connection
from sconto.store.pick_changes import APPENDED, change_to_append


class Renewal(NamedTuple):
    """What an edit makes invalid besides prices: cached picks, and cached cart promotions.

    `picks` are the products whose timelines changed. `codes_of` is the product promotion whose
    terms or codes were written; the timelines of its codes are updated.
    """

    picks: Collection[int] = ()
    cart_promotions: bool = False
    codes_of: int | None = None


PRICES: Final = Renewal()
"""An edit after which all caches stay valid."""


def keep_drawn(version: str) -> str:
    """What renews `drawn_version` of the row `kept` if its timelines are true, and stay so."""
    return f"""drawn_version = CASE WHEN kept.drawn_version = kept.price_version
        THEN {version} ELSE kept.drawn_version END"""


def renew_sql(version: str, picks: str, cart_promotions: str) -> str:
    """The statement that gives the merchant $1 a new version.

    It returns `records_events`, and `is_drawn`: whether the timelines of codes are true. Its
    parameters are those of `renewal_arguments`.
    """
    # Citus takes the types of parameters only from VALUES.
    return f"""
    INSERT INTO timeline_versions AS kept
        (merchant_id, version, price_version, cart_version, pick_changes)
    VALUES ($1::bigint, {version}::bigint, {version}::bigint,
            CASE WHEN {cart_promotions}::boolean THEN {version}::bigint END, {picks}::jsonb)
    ON CONFLICT (merchant_id) DO UPDATE
    SET price_version = excluded.price_version,
        version = CASE WHEN excluded.pick_changes IS NULL THEN kept.version
            ELSE excluded.version END,
        pick_changes = {APPENDED},
        cart_version = coalesce(excluded.cart_version, kept.cart_version),
        {keep_drawn("excluded.price_version")}
    RETURNING kept.records_events, kept.drawn_version = kept.price_version AS is_drawn
"""  # noqa: S608  # of our own constants


_RENEW: Final = renew_sql("$2", "$3", "$4")


_RENEW_UNDRAWN: Final = """
UPDATE timeline_versions SET price_version = $2, drawn_version = NULL WHERE merchant_id = $1
"""


# Without cart promotions, tags decide no price.
_RENEW_FOR_TAGS: Final = f"""
UPDATE timeline_versions AS kept SET price_version = $2, {keep_drawn("$2")}
WHERE merchant_id = $1 AND cart_version IS NOT NULL
"""  # noqa: S608  # of our own constants


def renewal_arguments(renewal: Renewal) -> tuple[int, str | None, bool]:
    """A new version, and what is invalid. A random one: a restored database never had it."""
    version = secrets.randbits(63)
    return version, change_to_append(version, renewal.picks), renewal.cart_promotions


def first_of(column: str) -> str:
    """The statement that notes that a merchant has had something, with a new version $2.

    If that is already noted, the merchant keeps its version.
    """
    return f"""
INSERT INTO timeline_versions AS kept (merchant_id, version, price_version, {column})
VALUES ($1, $2, $2, true)
ON CONFLICT (merchant_id) DO UPDATE
SET {column} = true,
    price_version = CASE WHEN kept.{column} THEN kept.price_version
        ELSE excluded.price_version END,
    drawn_version = CASE WHEN NOT kept.{column} AND kept.drawn_version = kept.price_version
        THEN excluded.price_version ELSE kept.drawn_version END
"""  # noqa: S608  # of our own constants


async def renew_prices(connection: Connection, merchant_id: int, renewal: Renewal) -> None:
    """Make orders that were priced before this transaction price again.

    The row stays locked until the transaction ends, so this must come after all other locks. An
    edit with an entry in the history does it together with the entry (`history.record`).
    """
    [row] = await connection.fetch(_RENEW, merchant_id, *renewal_arguments(renewal))
    if row["is_drawn"]:
        await redraw_codes_of(connection, merchant_id, renewal)


async def redraw_codes_of(connection: Connection, merchant_id: int, renewal: Renewal) -> None:
    """Update the timelines of the codes that the edit was about, once the version is renewed."""
    if renewal.codes_of is not None:
        await redraw_codes(connection, merchant_id, renewal.codes_of)


async def renew_for_tags(connection: Connection, merchant_id: int) -> None:
    """As `renew_prices`, after products got other tags, by which cart promotions choose them."""
    await connection.execute(_RENEW_FOR_TAGS, merchant_id, secrets.randbits(63))


async def renew_for_generated(connection: Connection, merchant_id: int) -> None:
    """Make codes count that a program older than schema 0036 has generated."""
    if await connection.fetch(NOTICE_GENERATED, merchant_id):
        await connection.execute(_RENEW_UNDRAWN, merchant_id, secrets.randbits(63))
