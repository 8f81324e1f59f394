"""Very many small shops: a catalogue, four promotions, and an API key or a token each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

import asyncpg

from bench.carts import write_cart
from bench.load import LoadRequest, write_request
from bench.loading import (
    BEGINNING,
    CODE,
    PROMOTION,
    copy,
    finish_loading,
    open_loader,
)
from bench.shop import ALL_PRODUCTS_ID
from sconto.domain.api_keys import KEY_START, key_hash, write_key
from sconto.domain.cart_promotion import AmountOff, CartTerms, Target
from sconto.domain.codes import code_key
from sconto.domain.money import PERCENT
from sconto.domain.people import Role
from sconto.store.cart_promotions import encode_terms

PRODUCTS: Final = 20
LINES: Final = 5
_CODE: Final = "WELCOME"


@dataclass(frozen=True, slots=True)
class Crowd:
    """Merchants with ids from `first` on.

    Each has a promotion on all products, one on half of them, one with a code, and a cart promotion
    that applies without one.
    """

    first: int
    size: int

    def ask_quotes(self, seed: str, token_of: Callable[[int], str]) -> Iterator[LoadRequest]:
        """Quotes of carts of any of the merchants; endless.

        Every second merchant sends its API key, and the others a token.
        """
        credentials = [
            _key_of(one) if one % 2 else token_of(one)
            for one in range(self.first, self.first + self.size)
        ]
        random = Random(f"{seed} crowd")
        products = range(1, PRODUCTS + 1)
        while True:
            body = write_cart(random.sample(products, LINES), [_CODE], random)
            sent = random.choice(credentials)
            yield LoadRequest(write_request("POST", "/checkout/v1/quotes", sent, body))


async def write_crowd(url: str, size: int) -> Crowd:
    """Load a number of merchants behind those that the database has."""
    connection = await open_loader(url)
    try:
        first = await connection.fetchval("SELECT max(merchant_id) + 1 FROM merchants")
        promotion_id = await connection.fetchval("SELECT max(promotion_id) + 1 FROM promotions")
        crowd = Crowd(first, size)
        merchants = range(first, first + size)
        await _write_merchants(connection, merchants)
        await _write_promotions(connection, merchants, promotion_id)
        await finish_loading(connection)
    finally:
        await connection.close()
    return crowd


async def _write_merchants(connection: asyncpg.Connection, merchants: range) -> None:
    named = [(one, f"crowd {one}") for one in merchants]
    await copy(connection, "merchants", ("merchant_id", "name"), named)
    await copy(
        connection,
        "api_keys",
        ("merchant_id", "key_id", "name", "role", "key_hash", "prefix", "created_at"),
        (
            (one, 1, "till", Role.CHECKOUT.value, key_hash(_key_of(one)), KEY_START, BEGINNING)
            for one in merchants
        ),
    )
    await copy(
        connection,
        "products",
        ("merchant_id", "product_id", "name", "name_folded", "price", "currency", "updated_at"),
        (
            (one, number, f"Product {number}", f"product {number}", 1999, "EUR", BEGINNING)
            for one in merchants
            for number in range(1, PRODUCTS + 1)
        ),
    )
    await copy(
        connection,
        "timeline_versions",
        ("merchant_id", "version", "price_version", "cart_version"),
        ((one, 1, 1, 1) for one in merchants),
    )


async def _write_promotions(
    connection: asyncpg.Connection, merchants: range, first_promotion: int
) -> None:
    """The promotions of each merchant have four ids in a row."""
    firsts = [(one, first_promotion + 4 * place) for place, one in enumerate(merchants)]
    half = range(2, PRODUCTS + 1, 2)
    terms = encode_terms(CartTerms(Target.ORDER, AmountOff({"EUR": 100})))
    await copy(connection, "promotions", PROMOTION, _promotions(firsts))
    await copy(
        connection,
        "promotion_products",
        ("merchant_id", "promotion_id", "product_id", "position"),
        ((one, first + 1, product, product) for one, first in firsts for product in half),
    )
    await copy(
        connection,
        "automatic_picks",
        ("merchant_id", "product_id", "starts_at", "promotion_id", "percent"),
        (
            (one, product, BEGINNING, first + (product > 0), 5 * PERCENT)
            for one, first in firsts
            for product in (ALL_PRODUCTS_ID, *half)
        ),
    )
    await copy(
        connection,
        "codes",
        CODE,
        ((one, first + 2, _CODE, code_key(_CODE), 1) for one, first in firsts),
    )
    await copy(
        connection,
        "cart_promotions",
        ("merchant_id", "promotion_id", "target", "automatic", "terms"),
        ((one, first + 3, "order", True, terms) for one, first in firsts),
    )


def _promotions(firsts: list[tuple[int, int]]) -> Iterator[tuple[object, ...]]:
    times = (BEGINNING, BEGINNING)
    kinds = (
        ("discount", None, True, 5 * PERCENT, False),
        ("discount", None, False, 5 * PERCENT, False),
        ("coupon", "reusable", True, 10 * PERCENT, True),
        ("cart", None, False, None, False),
    )
    for merchant_id, first in firsts:
        for promotion_id, (kind, *terms) in enumerate(kinds, first):
            named = (merchant_id, promotion_id, kind, "Small", "small", True, BEGINNING, None)
            yield *named, *terms, *times


def _key_of(merchant_id: int) -> str:
    return write_key(f"{merchant_id:030d}")
