"""The demo shop's earlier orders, so that its figures, reports and lists show something."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sconto.cli.demo_shop import CART_CODE, CATALOGUE, CODE
from sconto.domain.cart import Cart, Customer, Line
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.order_list import OrderQuery
from sconto.domain.people import Caller
from sconto.operations import Database, checkout, orders

_ORDERS: Final = 90
_OF: Final = timedelta(days=60)
"""The first orders are from before the promotions, to compare with."""

_TEAPOT: Final = CATALOGUE[1]
_APOLOGIES: Final = {60: "SORRY-001", 75: "SORRY-002"}
"""One-time codes for the teapot, by the number of the order that uses them."""

_SHIPPING: Final = 490


async def place_earlier_orders(database: Database, caller: Caller, now: datetime) -> None:
    """Place orders of the weeks before `now`, unless the shop has any order."""
    if (await orders.list_orders(database, caller, OrderQuery(limit=1))).orders:
        return
    for order, at in _orders(now):
        await checkout.place_order(database, caller, order, at, at.date())
        # The latest orders are not paid yet, and every fifteenth was cancelled.
        if at < now - timedelta(hours=12):
            is_cancelled = int(order.order_id) % 15 == 0
            status = OrderStatus.DELETED if is_cancelled else OrderStatus.PAID
            await checkout.change_order_status(database, caller, order.order_id, status, at)


def _orders(now: datetime) -> Iterator[tuple[NewOrder, datetime]]:
    """The same orders each time, the oldest first, with the times at which they are placed."""
    chance = random.Random(7)  # noqa: S311 - nothing has to be secret here
    ages = sorted((_OF * chance.random() for _ in range(_ORDERS)), reverse=True)
    for number, age in enumerate(ages):
        products = chance.sample(CATALOGUE, chance.choice((1, 2, 2, 3)))
        codes = chance.choice(((), (), (CODE,), (CART_CODE,)))
        if number in _APOLOGIES:
            products, codes = [_TEAPOT], (_APOLOGIES[number],)
        lines = tuple(
            Line(str(place), product.product_id, chance.choice((1, 1, 2, 3)), product.price)
            for place, product in enumerate(products)
        )
        customer = Customer(f"customer-{chance.randrange(40)}")
        cart = Cart("EUR", lines, codes, customer=customer, shipping=_SHIPPING)
        yield NewOrder(str(1001 + number), cart), now - age
