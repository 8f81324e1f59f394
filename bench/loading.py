"""Writes shops into a database by COPY, in the form in which the service stores them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from bench.shop import PRODUCTS, Coupon, Discount, Shop, check_spelling, code_text, draw_timeline
from sconto.domain.cart_promotion import AmountOff, CartTerms, Target
from sconto.operations.counters import fold
from sconto.store.cart_promotions import encode_terms
from sconto.store.database import Database

BEGINNING: Final = datetime(2024, 1, 1, tzinfo=UTC)
_CHUNK: Final = 20_000
_SPACING: Final = 2**20
_SEQUENCES: Final = (("promotions", "promotion_id"), ("users", "user_id"))
_SHOP: Final = ("products", "promotions", "promotion_products", "codes", "automatic_picks")

PROMOTION: Final = (
    "merchant_id",
    "promotion_id",
    "type",
    "name",
    "name_folded",
    "active",
    "starts_at",
    "ends_at",
    "code_type",
    "covers_all",
    "percent",
    "had_codes",
    "created_at",
    "updated_at",
)
CODE: Final = ("merchant_id", "promotion_id", "code", "code_key", "position")
_COUNT: Final = (
    "merchant_id",
    "promotion_id",
    "code_id",
    "code_type",
    "applied",
    "currency",
    "day",
    "slot",
    "uses",
    "discount",
)

_MAX_WAL: Final = "16GB"
_SECONDARY_INDEXES: Final = """
SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index
JOIN pg_class AS of_index ON of_index.oid = indexrelid
JOIN pg_am ON pg_am.oid = relam
WHERE indrelid = ANY ('{promotions, promotion_products, codes}'::regclass[]) AND NOT indisprimary
ORDER BY amname = 'gin' DESC, indrelid = 'codes'::regclass DESC, indisunique DESC, name
"""
"""Those that take longest come first."""

_BUILDERS: Final = 2


def as_superuser(url: str) -> str:
    """The bundled server's address for its superuser, who may skip foreign keys while loading."""
    return urlsplit(url)._replace(netloc="postgres@").geturl()


async def open_loader(url: str) -> asyncpg.Connection:
    """A connection that skips foreign key checks: the generated data is consistent."""
    check_spelling()
    connection = await asyncpg.connect(as_superuser(url), command_timeout=600)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("SET maintenance_work_mem = '512MB'")
    return connection


@asynccontextmanager
async def loading_much(connection: asyncpg.Connection, url: str) -> AsyncIterator[None]:
    """Load millions of rows in the block, in less than half the time.

    The indexes that are not primary keys are created afterwards, each once for all rows, two at a
    time, and no checkpoint interrupts the loading.
    """
    indexes = await connection.fetch(_SECONDARY_INDEXES)
    await connection.execute(f"ALTER SYSTEM SET max_wal_size = '{_MAX_WAL}'")
    await connection.execute("SELECT pg_reload_conf()")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    yield
    definitions = [index["definition"] for index in indexes]
    async with asyncio.TaskGroup() as tasks:
        for _ in range(_BUILDERS):
            tasks.create_task(_build(definitions, url))
    await connection.execute("ALTER SYSTEM RESET max_wal_size")
    await connection.execute("SELECT pg_reload_conf()")


async def _build(definitions: list[str], url: str) -> None:
    """Create the first of the indexes that are left, until none is."""
    connection = await open_loader(url)
    try:
        # The other core has another index to build.
        await connection.execute("SET max_parallel_maintenance_workers = 0")
        while definitions:
            await connection.execute(definitions.pop(0))
    finally:
        await connection.close()


async def write_merchant(connection: asyncpg.Connection, merchant_id: int) -> None:
    """The merchant with its catalogue, one user with the same id, and a version of its prices.

    The service draws the version with the first promotion, and looks after merchants that have one.
    """
    name = f"bench {merchant_id}"
    await copy(connection, "merchants", ("merchant_id", "name"), [(merchant_id, name)])
    await copy(
        connection,
        "timeline_versions",
        ("merchant_id", "version", "price_version"),
        [(merchant_id, 1, 1)],
    )
    await copy(
        connection,
        "users",
        ("user_id", "merchant_id", "username", "role", "password_hash", "changed_at"),
        [(merchant_id, merchant_id, name, "admin", "!", BEGINNING)],
    )
    await copy(
        connection,
        "products",
        ("merchant_id", "product_id", "name", "name_folded", "price", "currency", "updated_at"),
        (
            (merchant_id, number, f"Product {number}", f"product {number}", 1999, "EUR", BEGINNING)
            for number in range(1, PRODUCTS + 1)
        ),
    )


async def write_shop(connection: asyncpg.Connection, shop: Shop) -> None:
    """The merchant, its promotions, the products they cover, their codes, and the timeline."""
    await write_merchant(connection, shop.merchant_id)
    await copy(connection, "promotions", PROMOTION, _promotions(shop))
    await copy(
        connection,
        "promotion_products",
        ("merchant_id", "promotion_id", "product_id", "position"),
        _named_products(shop),
    )
    await copy(
        connection,
        "automatic_picks",
        ("merchant_id", "product_id", "starts_at", "ends_at", "promotion_id", "percent"),
        (
            (
                shop.merchant_id,
                product,
                span.starts_at,
                span.ends_at,
                span.promotion_id,
                span.percent,
            )
            for product, span in draw_timeline(shop)
        ),
    )
    await _write_codes(connection, _codes_of(shop))


async def write_cart_promotions(
    connection: asyncpg.Connection, merchant_id: int, first: int, number: int
) -> None:
    """A number of cart promotions from an id on, each with a code of its own (`cart_code`)."""
    start = BEGINNING
    await connection.execute(
        "UPDATE timeline_versions SET cart_version = 1 WHERE merchant_id = $1", merchant_id
    )
    terms = encode_terms(CartTerms(Target.ORDER, AmountOff({"EUR": 1_000})))
    ids = range(first, first + number)
    await copy(
        connection,
        "promotions",
        PROMOTION,
        (
            (
                *(merchant_id, promotion_id, "cart", "Cart", "cart", True, start, None),
                *("reusable", False, None, True, start, start),
            )
            for promotion_id in ids
        ),
    )
    await copy(
        connection,
        "cart_promotions",
        ("merchant_id", "promotion_id", "target", "automatic", "terms"),
        ((merchant_id, promotion_id, "order", False, terms) for promotion_id in ids),
    )
    codes = (
        f"{merchant_id}\t{promotion_id}\t{text}\t{text}\t{_SPACING}\n"
        for promotion_id in ids
        for text in [cart_code(promotion_id - first)]
    )
    await _write_codes(connection, codes)


def cart_code(number: int) -> str:
    """The code of a loaded cart promotion; no product promotion has it."""
    return f"cart-{code_text(number)}"


async def write_counts(
    connection: asyncpg.Connection, coupon: Coupon, merchant_id: int, redemptions: int, slots: int
) -> None:
    """The counters of a number of redemptions of its code, spread over two years of orders.

    The service folds counters of past days; see `fold_counts`.
    """
    code_id = await connection.fetchval(
        "SELECT code_id FROM codes WHERE merchant_id = $1 AND promotion_id = $2",
        merchant_id,
        coupon.promotion_id,
    )
    days = min(730, max(1, redemptions // 1000))
    today = datetime.now(UTC).date()
    rows = [
        (applied, today - timedelta(days=day), slot)
        for applied in (True, False)
        for day in range(days)
        for slot in range(slots)
    ]
    each, more = divmod(redemptions, len(rows))
    await copy(
        connection,
        "redemption_counts",
        _COUNT,
        (
            (
                *(merchant_id, coupon.promotion_id, code_id, "reusable"),
                *(applied, "EUR", day, slot, uses, uses * 250),
            )
            for place, (applied, day, slot) in enumerate(rows)
            for uses in [each + (place < more)]
        ),
    )


async def fold_counts(url: str) -> None:
    """Fold the counters of past days, as the service does every few minutes.

    Raises if it found none, because the loaded counters have such days.
    """
    database = await Database.open(url)
    try:
        if not await fold(database, datetime.now(UTC)):
            raise AssertionError("no counters were folded")
    finally:
        await database.close()


async def finish_loading(connection: asyncpg.Connection) -> None:
    """End the loading of the database, so that no round pays for what was written."""
    await _set_sequences(connection)
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")


async def finish_shops(connection: asyncpg.Connection) -> None:
    """End the loading of further shops."""
    await _set_sequences(connection)
    await connection.execute(f"VACUUM (ANALYZE) {', '.join(_SHOP)}")


async def _set_sequences(connection: asyncpg.Connection) -> None:
    """Set the sequences behind the loaded ids."""
    for table, column in _SEQUENCES:
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'),"
            f" greatest(1, (SELECT max({column}) FROM {table})))"
        )


def _promotions(shop: Shop) -> Iterable[tuple[object, ...]]:
    start = BEGINNING
    for one in shop.discounts:
        period, covers_all = one.period, not one.products
        yield (
            *(shop.merchant_id, one.promotion_id, "discount", "Discount", "discount", one.active),
            *(period.starts_at, period.ends_at, None, covers_all, one.percent, False, start, start),
        )
    for coupon in shop.coupons:
        covers_all = not coupon.products
        yield (
            *(shop.merchant_id, coupon.promotion_id, "coupon", "Coupon", "coupon", True),
            *(start, None, "reusable", covers_all, coupon.percent, True, start, start),
        )


def _named_products(shop: Shop) -> Iterable[tuple[int, ...]]:
    promotions: list[Discount | Coupon] = [*shop.discounts, *shop.coupons]
    for promotion in promotions:
        for place, product_id in enumerate(promotion.products):
            yield shop.merchant_id, promotion.promotion_id, product_id, place * _SPACING


async def copy(
    connection: asyncpg.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[object, ...]],
) -> None:
    """Write rows into a table."""
    await connection.copy_records_to_table(table, records=rows, columns=columns)


async def _write_codes(connection: asyncpg.Connection, lines: Iterator[str]) -> None:
    await connection.copy_to_table("codes", source=_in_chunks(lines), columns=CODE, format="text")


def _codes_of(shop: Shop) -> Iterator[str]:
    merchant_id = shop.merchant_id
    return (
        f"{merchant_id}\t{coupon.promotion_id}\t{text}\t{text}\t{place * _SPACING}\n"
        for coupon in shop.coupons
        for place in range(coupon.codes)
        for text in [code_text(coupon.first_code + place)]
    )


async def _in_chunks(lines: Iterator[str]) -> AsyncIterator[bytes]:
    while chunk := "".join(islice(lines, _CHUNK)):
        yield chunk.encode()
