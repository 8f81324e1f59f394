"""A shop with promotions of all kinds, its orders, and drafts to test them with."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace as with_fields

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart, Customer, Line
from sconto.domain.cart_promotion import (
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    PercentOff,
    ProductSelection,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.problems import CodesUsedUp
from sconto.domain.product import Product
from sconto.domain.promotion import NewPromotion, PromotionChange
from sconto.domain.schedule import Period
from sconto.domain.subscription import Subscription, SubscriptionCode
from sconto.operations import cart_promotions, checkout, products, promotions
from sconto.operations import subscription_promotions as subscriptions
from sconto.store.database import Database
from tests.builders import NOON, a_promotion, subscription_terms

START: Final = NOON
END: Final = NOON + timedelta(days=10)
BEFORE: Final = NOON - timedelta(days=20)
LONG: Final = Period(BEFORE)

ONE_TIME: Final = ("ONE-1", "ONE-2", "ONE-3")
CODES: Final = ("SAVE", "CART5", "LATER", "SUMMER", *ONE_TIME)


@dataclass(frozen=True)
class SentOrder:
    """An order, and the time when it was sent."""

    order_id: str
    at: datetime
    cart: Cart


def some_orders(seed: int, count: int) -> list[SentOrder]:
    """Random orders; some are from before the period and some from after it."""
    draw = random.Random(seed)
    orders = []
    for number in range(count):
        at = START + (END - START) * (number / count) * 1.4 - timedelta(days=2)
        lines = tuple(
            Line(
                str(position),
                draw.randint(1, 5),
                draw.randint(1, 3),
                draw.choice([999, 1999, 4990]),
            )
            for position in range(draw.randint(1, 3))
        )
        codes = tuple(draw.sample(CODES, draw.choice([0, 0, 1, 2])))
        customer = Customer(
            draw.choice([None, "c-1", "c-2", "c-3", f"new-{number}"]),
            frozenset(draw.choice([(), ("vip",)])),
            draw.random() < 0.1,
        )
        subscription = None
        if draw.random() < 0.2:
            code = SubscriptionCode("TRY3", 1, None)
            subscription = Subscription(None, "monthly", draw.randint(1, 3), (code,))
        cart = Cart(
            draw.choice(["EUR", "EUR", "EUR", "USD"]),
            lines,
            codes,
            subscription,
            customer,
            draw.choice([None, 490]),
        )
        orders.append(SentOrder(f"o-{number}", at, cart))
    return orders


class Shop:
    """A merchant with promotions; `names` are their names by id."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self.database = database
        self.caller = caller
        self.ids: dict[str, int] = {}
        self.names: dict[Any, str] = {}

    async def open(self) -> "Shop":
        """Create the products and promotions."""
        catalogue = [
            Product(number, f"Product {number}", 1000, "EUR", tags=tags)
            for number, tags in enumerate([(), ("shoe",), ("shoe", "sale"), ()], 1)
        ]
        await products.put_products(self.database, self.caller, catalogue, BEFORE)
        for new in _PRODUCT_PROMOTIONS:
            await self.add_product_promotion(new)
        for cart_promotion in _CART_PROMOTIONS:
            await self.add_cart_promotion(cart_promotion)
        terms = subscription_terms()
        stored = await subscriptions.create_promotion(self.database, self.caller, terms, BEFORE)
        self.names["subscription", stored.id] = "Thirty percent"
        return self

    async def add_product_promotion(self, new: NewPromotion) -> None:
        """Create a product promotion."""
        created = await promotions.create_promotion(self.database, self.caller, new, BEFORE)
        self.ids[new.name], self.names[created] = created, new.name

    async def add_cart_promotion(self, new: NewCartPromotion) -> None:
        """Create a cart promotion."""
        created = await cart_promotions.create_promotion(self.database, self.caller, new, BEFORE)
        self.ids[new.name], self.names[created.id] = created.id, new.name

    async def change_product_promotion(self, name: str, change: PromotionChange) -> None:
        """Change a product promotion."""
        await promotions.change_promotion(
            self.database, self.caller, self.ids[name], change, BEFORE
        )

    async def change_cart_promotion(self, name: str, **terms: Any) -> None:
        """Change the terms of a cart promotion but keep its codes."""
        await cart_promotions.change_promotion(
            self.database, self.caller, self.ids[name], lambda old: changed(old, **terms), BEFORE
        )

    async def place(self, orders: Sequence[SentOrder]) -> dict[str, PricedCart]:
        """Place the orders at their times. Shoppers accept any total."""
        return {order.order_id: await self._place(order) for order in orders}

    async def _place(self, sent: SentOrder) -> PricedCart:
        order = NewOrder(sent.order_id, sent.cart)
        try:
            placed = await self._try_to_place(order, sent.at)
        except CodesUsedUp as refused:
            agreed = replace(order, expected_total=refused.quote.total)
            placed = await self._try_to_place(agreed, sent.at)
        return placed

    async def _try_to_place(self, order: NewOrder, at: datetime) -> PricedCart:
        placed = await checkout.place_order(self.database, self.caller, order, at, at.date())
        return placed.order.outcome


def changed(old: Any, **terms: Any) -> NewCartPromotion:
    """A cart promotion with other terms, which keeps its codes."""
    active = terms.pop("active", old.active)
    return NewCartPromotion(
        old.name, active, old.period, with_fields(old.terms, **terms), old.code_type
    )


def cart_promotion(
    name: str,
    target: Target,
    benefit: Any,
    *codes: str,
    code_type: CodeType = CodeType.REUSABLE,
    **terms: Any,
) -> NewCartPromotion:
    """A cart promotion that started long ago."""
    return NewCartPromotion(
        name, True, LONG, CartTerms(target, benefit, **terms), code_type if codes else None, codes
    )


def five_percent() -> PercentOff:
    return PercentOff(5 * PERCENT)


_PRODUCT_PROMOTIONS: Final = (
    a_promotion(name="Everything", period=LONG, coverage=AllProducts(5 * PERCENT)),
    a_promotion(name="Old", period=LONG, coverage=ListedProducts(12 * PERCENT, (1, 2))),
    a_promotion(
        name="Winter sale",
        period=Period(START + timedelta(days=1), END - timedelta(days=2)),
        coverage=OwnPercents({2: 20 * PERCENT, 3: 25 * PERCENT}),
    ),
    a_promotion(name="Save", period=LONG, codes=("SAVE",), coverage=AllProducts(8 * PERCENT)),
    a_promotion(
        name="Later",
        period=Period(START + timedelta(days=4)),
        codes=("LATER", "ONE-3"),
        coverage=ListedProducts(30 * PERCENT, (3, 4)),
    ),
    a_promotion(
        name="Once",
        period=LONG,
        codes=ONE_TIME,
        code_type=CodeType.ONE_TIME,
        coverage=ListedProducts(50 * PERCENT, (1, 4)),
    ),
)

_EUROS: Final = {"EUR": 700, "USD": 800}

_CART_PROMOTIONS: Final = (
    cart_promotion(
        "Budget", Target.ORDER, AmountOff(_EUROS), limits=Limits(budget={"EUR": 20000, "USD": 2900})
    ),
    cart_promotion("Few", Target.LINES, five_percent(), limits=Limits(total=30)),
    cart_promotion(
        "Once each",
        Target.ORDER,
        five_percent(),
        limits=Limits(per_customer=1),
        conditions=Conditions(minimum_subtotal={"EUR": 3000, "USD": 3000}),
    ),
    cart_promotion(
        "First", Target.SHIPPING, PercentOff(100 * PERCENT), conditions=Conditions(first_order=True)
    ),
    cart_promotion(
        "Shoes",
        Target.LINES,
        PercentOff(9 * PERCENT),
        "CART5",
        "ONE-1",
        products=ProductSelection(tags=frozenset({"shoe"})),
    ),
    cart_promotion(
        "Once in the cart",
        Target.ORDER,
        AmountOff({"EUR": 500, "USD": 500}),
        "ONE-2",
        code_type=CodeType.ONE_TIME,
        conditions=Conditions(minimum_quantity=3),
        exclusive=True,
    ),
)
