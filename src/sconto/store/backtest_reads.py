"""What a back-test reads: the orders of its period, and everything that their prices depend on.

These are the look-ups of `candidate_statements`, for many orders and times in one statement. The
result of a statement is valid in the whole period, so it is cached for as long as the merchant's
price version stays the same (`backtest_stock`). Two things differ from a quote:

- A customer's first order is the first in order of time, not the only one.
- A one-time code counts as used only if an order before the period used it, or an order that the
  back-test leaves out. It finds out itself which codes the other orders use up.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from sconto.domain.allowances import Scope
from sconto.domain.candidates import AutomaticPick
from sconto.domain.cart_promotion import CartTerms
from sconto.domain.offers import Offer
from sconto.domain.schedule import Period
from sconto.domain.stored_request import StoredRequest
from sconto.domain.subscription import subscription_code_key
from sconto.domain.subscription_pricing import SubscriptionRules
from sconto.store.backtest_statements import (
    COUNT_ORDERS,
    HAS_FIRST_ORDERS,
    NAMES,
    READ_AUTOMATIC,
    READ_CODES,
    READ_ORDERS,
    READ_PERCENTS,
    READ_PRODUCTS,
    READ_RIVALS,
    READ_RULES,
    READ_VERSION,
    SUBSCRIPTION_NAMES,
    TAKEN_BEFORE,
    TAKEN_BY_CUSTOMERS,
)
from sconto.store.pool import Connection
from sconto.store.subscription_rules import CarriedRules

_PROMOTIONS_OF_CODE: Final = 100
"""Cart promotions that a cart may get by one code, as in `cart_offers`."""


class PeriodOrder(msgspec.Struct, frozen=True):
    """An order of the period; `request` is None if it is deleted, or has none stored."""

    order_id: str
    placed_at: datetime
    is_deleted: bool
    request: StoredRequest | None
    has_ordered: bool


class ProductFacts(msgspec.Struct, frozen=True):
    """A product, or all products together; `picks` are its timeline in the period."""

    product_id: int
    known: bool
    tags: frozenset[str]
    picks: tuple[tuple[datetime, datetime | None, AutomaticPick], ...]


class CodeFacts(msgspec.Struct, frozen=True):
    """A promotion that has a code; `terms` are those of a cart promotion.

    `percent` is what a product promotion gives where products have no percents of their own.
    `place` is its place by creation among the promotions that have the code.
    """

    offer: Offer
    place: int
    percent: int | None = None
    terms: CartTerms | None = None

    @property
    def may_apply(self) -> bool:
        """Whether quotes read it."""
        return self.terms is None or self.place <= _PROMOTIONS_OF_CODE


class AutomaticFacts(msgspec.Struct, frozen=True):
    """An automatic cart promotion."""

    offer: Offer
    terms: CartTerms


class Rival(msgspec.Struct, frozen=True):
    """An automatic promotion on a product."""

    product_id: int
    period: Period
    pick: AutomaticPick


_REQUESTS: Final = msgspec.json.Decoder(StoredRequest)
_PRODUCTS: Final = msgspec.json.Decoder(list[ProductFacts])
_CODES: Final = msgspec.json.Decoder(list[CodeFacts])
_AUTOMATIC: Final = msgspec.json.Decoder(list[AutomaticFacts])
_RIVALS: Final = msgspec.json.Decoder(list[Rival])
_RULES: Final = msgspec.json.Decoder(list[CarriedRules])


async def count_orders(
    connection: Connection, merchant_id: int, since: datetime, until: datetime
) -> int:
    """The number of orders placed from one time until before another, whatever their status."""
    return int(await connection.fetchval(COUNT_ORDERS, merchant_id, since, until))


async def read_orders(
    connection: Connection,
    merchant_id: int,
    after: tuple[datetime, str],
    until: datetime,
    limit: int,
    *,
    with_first: bool,
) -> list[PeriodOrder]:
    """The next orders by time; `with_first` also reads whether the customer had ordered before."""
    rows = await connection.fetch(READ_ORDERS, merchant_id, *after, until, limit, with_first)
    return [
        PeriodOrder(
            row["order_id"],
            row["created_at"],
            row["is_deleted"],
            _decode_request(row["request"]),
            row["has_ordered"],
        )
        for row in rows
    ]


def _decode_request(text: str | None) -> StoredRequest | None:
    """The request; None if it is of a version that this program does not know."""
    try:
        return None if text is None else _REQUESTS.decode(text)
    except msgspec.ValidationError:
        return None


async def read_price_version(connection: Connection, merchant_id: int) -> int | None:
    """The version of everything that can change prices."""
    version: int | None = await connection.fetchval(READ_VERSION, merchant_id)
    return version


async def has_first_orders(connection: Connection, merchant_id: int) -> bool:
    """Whether a cart promotion is for first orders."""
    return bool(await connection.fetchval(HAS_FIRST_ORDERS, merchant_id))


async def read_products(
    connection: Connection,
    merchant_id: int,
    product_ids: Sequence[int],
    since: datetime,
    until: datetime,
) -> list[ProductFacts]:
    """The products with their timelines."""
    text = await connection.fetchval(READ_PRODUCTS, merchant_id, product_ids, since, until)
    return [] if text is None else _PRODUCTS.decode(text)


async def read_codes(
    connection: Connection,
    merchant_id: int,
    keys: Sequence[str],
    since: datetime,
    until: datetime,
) -> list[CodeFacts]:
    """The promotions that have the codes."""
    text = await connection.fetchval(READ_CODES, merchant_id, keys, since, until)
    return [] if text is None else _CODES.decode(text)


async def read_automatic(
    connection: Connection, merchant_id: int, since: datetime, until: datetime
) -> list[AutomaticFacts]:
    """The automatic cart promotions that run in the period."""
    text = await connection.fetchval(READ_AUTOMATIC, merchant_id, since, until)
    return [] if text is None else _AUTOMATIC.decode(text)


async def read_percents(
    connection: Connection, merchant_id: int, pairs: Collection[tuple[int, int]]
) -> dict[tuple[int, int], int]:
    """The percents of promotions on products that they name, by promotion and product."""
    rows = await connection.fetch(
        READ_PERCENTS, merchant_id, [one for one, _ in pairs], [one for _, one in pairs]
    )
    return {(row["promotion_id"], row["product_id"]): row["percent"] for row in rows}


async def read_rivals(
    connection: Connection,
    merchant_id: int,
    product_ids: Sequence[int],
    promotion_id: int,
    since: datetime,
    until: datetime,
) -> list[Rival]:
    """The automatic promotions on the products except one, the latest created first."""
    text = await connection.fetchval(
        READ_RIVALS, merchant_id, product_ids, promotion_id, since, until
    )
    return [] if text is None else _RIVALS.decode(text)


async def read_rules(
    connection: Connection, merchant_id: int, carried: Sequence[tuple[str, str | None]]
) -> dict[tuple[str, str | None], SubscriptionRules]:
    """The rules of codes on subscriptions, by their key and application."""
    text = await connection.fetchval(
        READ_RULES, merchant_id, [key for key, _ in carried], [one for _, one in carried]
    )
    found: Iterable[CarriedRules] = [] if text is None else _RULES.decode(text)
    return {
        carried[rules.position - 1]: SubscriptionRules(rules.promotion_id, rules.rules)
        for rules in found
        if subscription_code_key(rules.code_key) == carried[rules.position - 1][0]
    }


async def read_taken_before(
    connection: Connection, merchant_id: int, promotion_id: int, since: datetime
) -> dict[tuple[int, Scope, str], int]:
    """What orders before a time took of a promotion, in all and of the budgets."""
    taken: dict[tuple[int, Scope, str], int] = {}
    for row in await connection.fetch(TAKEN_BEFORE, merchant_id, promotion_id, since):
        key = promotion_id, Scope(row["scope"]), row["key"]
        taken[key] = taken.get(key, 0) + int(row["taken"])
    return taken


async def read_taken_by_customers(
    connection: Connection,
    merchant_id: int,
    pairs: Sequence[tuple[int, str]],
    since: datetime,
) -> dict[tuple[int, Scope, str], int]:
    """What the orders of customers before a time took of promotions, without zeros."""
    rows = await connection.fetch(
        TAKEN_BY_CUSTOMERS,
        merchant_id,
        [promotion_id for promotion_id, _ in pairs],
        [customer for _, customer in pairs],
        since,
    )
    return {
        (row["promotion_id"], Scope.CUSTOMER, row["customer"]): int(row["taken"])
        for row in rows
        if row["taken"]
    }


async def read_names(
    connection: Connection, merchant_id: int, product: Sequence[int], subscription: Sequence[int]
) -> dict[str, str]:
    """The names of promotions by kind and id; `product` ids include cart promotions."""
    rows = await connection.fetch(NAMES, merchant_id, product)
    names = {
        f"{'cart' if row['is_cart'] else 'product'} {row['promotion_id']}": row["name"]
        for row in rows
    }
    for row in await connection.fetch(SUBSCRIPTION_NAMES, merchant_id, subscription):
        names[f"subscription {row['promotion_id']}"] = row["name"]
    return names
