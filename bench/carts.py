"""Thousands of different carts of a shop as requests: five lines and one code each."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle
from random import Random
from typing import Final

from bench.edits import Edits
from bench.load import LoadRequest, write_request
from bench.shop import PRODUCTS, Shop

DISTINCT: Final = 12_000
LINES: Final = 5


@dataclass(frozen=True, slots=True)
class Basket:
    """A cart as JSON, and whether the edited promotion covers one of its products."""

    body: bytes
    edited: bool = False


def fill_baskets(shop: Shop, seed: str, number: int = DISTINCT) -> list[Basket]:
    """Carts of the shop. The code of each covers one of its products, or all."""
    random = Random(f"{seed} carts {shop.size.name}")
    baskets: dict[bytes, Basket] = {}
    while len(baskets) < number:
        coupon = random.choice(shop.coupons)
        products = dict.fromkeys(coupon.products[:1])
        while len(products) < LINES:
            products[random.randrange(1, PRODUCTS + 1)] = None
        body = write_cart(list(products), [coupon.code(random)], random)
        baskets[body] = Basket(body, any(Edits.covers(product) for product in products))
    return list(baskets.values())


def fill_baskets_with_code(code: str, seed: str, number: int) -> list[Basket]:
    """Carts that all have the same code."""
    random = Random(f"{seed} carts with {code}")
    return [
        Basket(write_cart(random.sample(range(1, PRODUCTS + 1), LINES), [code], random))
        for _ in range(number)
    ]


def write_cart(products: list[int], codes: list[str], random: Random) -> bytes:
    """The body of a quote."""
    lines = [
        {
            "line_id": str(number),
            "product_id": product_id,
            "quantity": random.randrange(1, 6),
            "unit_price": f"{random.randrange(1, 300)}.{random.randrange(100):02d}",
        }
        for number, product_id in enumerate(products, 1)
    ]
    return json.dumps({"currency": "EUR", "lines": lines, "codes": codes}).encode()


def ask_quotes(
    baskets: list[Basket], token: str, edits: Edits | None = None
) -> Iterator[LoadRequest]:
    """Quotes of the carts in turn. Answers with a product of the edited promotion are checked."""
    requests = [
        (write_request("POST", "/checkout/v1/quotes", token, basket.body), basket.edited)
        for basket in baskets
    ]
    for data, edited in cycle(requests):
        yield LoadRequest(data, edits.checker() if edited and edits is not None else None)


def ask_bare(baskets: list[Basket], path: str, token: str) -> Iterator[LoadRequest]:
    """The same carts for the bare application."""
    return cycle(
        [LoadRequest(write_request("POST", path, token, basket.body)) for basket in baskets]
    )


def place_orders(baskets: list[Basket], token: str, prefix: str) -> Iterator[LoadRequest]:
    """Orders of the carts, each with its own id."""
    numbers = count()
    for basket in cycle(baskets):
        order_id = f"{prefix}-{next(numbers):09d}"
        body = b'{"order_id": "%s", %s' % (order_id.encode(), basket.body[1:])
        yield LoadRequest(write_request("POST", "/checkout/v1/orders", token, body))
