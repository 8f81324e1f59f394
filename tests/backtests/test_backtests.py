"""Back-tests agree with shops in which the same orders are placed, with and without the draft."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.figures import PromotionKind
from sconto.domain.backtest.job import Backtest, BacktestState, NewBacktest, Result
from sconto.domain.bill import PricedCart
from sconto.domain.cart_promotion import AmountOff, Conditions, Limits, PercentOff, Target
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import OrderStatus
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.operations import cart_promotions, checkout
from sconto.operations.backtesting import jobs
from sconto.operations.backtesting.running import Strides, run_backtest
from sconto.store.database import Database
from tests.backtests.shop import (
    END,
    LONG,
    ONE_TIME,
    START,
    SentOrder,
    Shop,
    cart_promotion,
    changed,
    five_percent,
    some_orders,
)
from tests.backtests.summing import Pair, add_up
from tests.builders import a_promotion
from tests.conftest import create_caller

NOW: Final = END + timedelta(days=5)
CHANGED_SINCE: Final = PromotionChange(
    PromotionType.DISCOUNT, terms=Terms(OwnPercents({2: 22 * PERCENT, 3: 9 * PERCENT}))
)


@dataclass(frozen=True)
class Trial:
    """A draft, and how a shop saves it."""

    name: str
    draft: Callable[[Shop], Awaitable[Draft]]
    save: Callable[[Shop], Awaitable[None]]


def new_product_promotion(new: Any) -> Trial:
    async def draft(_: Shop) -> Draft:
        return jobs.draft_product_promotion(new)

    return Trial(new.name, draft, lambda shop: shop.add_product_promotion(new))


def new_cart_promotion(new: Any) -> Trial:
    async def draft(_: Shop) -> Draft:
        return jobs.draft_cart_promotion(new)

    return Trial(new.name, draft, lambda shop: shop.add_cart_promotion(new))


def product_change(name: str, change: PromotionChange) -> Trial:
    async def draft(shop: Shop) -> Draft:
        return await jobs.draft_product_change(
            shop.database, shop.caller, shop.ids[name], change, NOW
        )

    return Trial(name, draft, lambda shop: shop.change_product_promotion(name, change))


def cart_change(name: str, **terms: Any) -> Trial:
    async def draft(shop: Shop) -> Draft:
        old = await cart_promotions.get_promotion(shop.database, shop.caller, shop.ids[name])
        return jobs.draft_cart_promotion(changed(old, **terms), old.id)

    return Trial(name, draft, lambda shop: shop.change_cart_promotion(name, **terms))


COUPON: Final = PromotionType.COUPON
DISCOUNT: Final = PromotionType.DISCOUNT
TRIALS: Final = {
    "specific": new_product_promotion(
        a_promotion(
            name="Draft", period=LONG, coverage=OwnPercents({1: 40 * PERCENT, 2: 1 * PERCENT})
        )
    ),
    "all": new_product_promotion(
        a_promotion(name="Draft", period=LONG, coverage=AllProducts(15 * PERCENT))
    ),
    "one-time code": new_product_promotion(
        a_promotion(
            name="Draft",
            period=LONG,
            codes=("SUMMER", "SAVE"),
            code_type=CodeType.ONE_TIME,
            coverage=ListedProducts(35 * PERCENT, (1, 3)),
        )
    ),
    "limited": new_cart_promotion(
        cart_promotion(
            "Draft",
            Target.ORDER,
            AmountOff({"EUR": 1500}),
            limits=Limits(total=20, per_customer=3, budget={"EUR": 20000}),
            exclusive=True,
        )
    ),
    "first orders": new_cart_promotion(
        cart_promotion(
            "Draft",
            Target.LINES,
            PercentOff(50 * PERCENT),
            conditions=Conditions(first_order=True),
        )
    ),
    "one-time code in carts": new_cart_promotion(
        cart_promotion("Draft", Target.ORDER, five_percent(), "SUMMER", code_type=CodeType.ONE_TIME)
    ),
    "switched off": product_change("Winter sale", PromotionChange(DISCOUNT, active=False)),
    "all switched off": product_change("Everything", PromotionChange(DISCOUNT, active=False)),
    "other products": product_change(
        "Old", PromotionChange(DISCOUNT, terms=Terms(ListedProducts(45 * PERCENT, (4,))))
    ),
    "from now a coupon": product_change(
        "Winter sale",
        PromotionChange(COUPON, terms=Terms(AllProducts(9 * PERCENT), None, ("SUMMER",))),
    ),
    "other period": product_change("Later", PromotionChange(COUPON, starts_at=START)),
    "other codes": product_change(
        "Once",
        PromotionChange(
            COUPON,
            terms=Terms(AllProducts(60 * PERCENT), CodeType.REUSABLE, (*ONE_TIME[:2], "SUMMER")),
        ),
    ),
    "lower limit": cart_change("Few", limits=Limits(total=20)),
    "higher budget": cart_change("Budget", limits=Limits(budget={"EUR": 90000, "USD": 9000})),
    "limit for customers": cart_change("Once each", limits=Limits(per_customer=2)),
    "no limit": cart_change("Few", limits=Limits()),
    "other percent": cart_change("Shoes", benefit=PercentOff(90 * PERCENT), active=True),
    "cart switched off": cart_change("Budget", active=False),
}

QUICK: Final = ("one-time code", "limited", "first orders", "other products", "other codes")


@dataclass(frozen=True)
class History:
    """A shop with orders, and what those of the period cost with its promotions as they are now."""

    shop: Shop
    orders: Sequence[SentOrder]
    left_aside: int
    before: dict[str, PricedCart]
    names: dict[Any, str]

    async def expected(self, database: Database, trial: Trial) -> dict[str, Any]:
        """The figures, from a shop that has saved the draft."""
        after = await replayed(database, self.orders, trial.save)
        pairs = [
            Pair(
                one.order_id,
                one.at,
                one.cart.customer.id,
                self.before[one.order_id],
                after[0][one.order_id],
            )
            for one in self.orders
            if START <= one.at < END
        ]
        return add_up(pairs, self.names, after[1], trial.name)


@pytest.fixture(scope="module")
async def quiet_database(create_database: Callable[[], str]) -> AsyncIterator[Database]:
    """A database without a service, which would compute the back-tests."""
    database = await Database.open(create_database())
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def history(quiet_database: Database) -> History:
    """Orders were placed, some deleted, and a promotion was changed since."""
    orders = some_orders(seed=7, count=90)
    shop = await Shop(quiet_database, await create_caller(quiet_database)).open()
    await shop.place(orders)
    gone = [
        one
        for one in orders[30:60:6]
        if not any(code in ONE_TIME for code in one.cart.codes) and START <= one.at < END
    ]
    for one in gone:
        await checkout.change_order_status(
            shop.database, shop.caller, one.order_id, OrderStatus.DELETED, NOW
        )
    await change_since(shop)
    left = [one for one in orders if one not in gone]
    before, names = await replayed(quiet_database, left)
    return History(shop, left, len(gone), before, names)


async def change_since(shop: Shop) -> None:
    await shop.change_product_promotion("Winter sale", CHANGED_SINCE)


async def replayed(
    database: Database,
    orders: Sequence[SentOrder],
    save: Callable[[Shop], Awaitable[None]] | None = None,
) -> tuple[dict[str, PricedCart], dict[Any, str]]:
    """What the orders of the period cost in another shop, where the promotions change before it."""
    shop = await Shop(database, await create_caller(database)).open()
    await shop.place([one for one in orders if one.at < START])
    await change_since(shop)
    if save is not None:
        await save(shop)
    return await shop.place([one for one in orders if START <= one.at < END]), shop.names


async def start(shop: Shop, draft: Draft, *, as_if_running: bool = False) -> Backtest:
    new = NewBacktest(draft, START, END, as_if_running, "UTC")
    return await jobs.start_backtest(shop.database, shop.caller, new, NOW)


async def computed(shop: Shop, draft: Draft, *, as_if_running: bool = False) -> Backtest:
    job = await start(shop, draft, as_if_running=as_if_running)
    strides = Strides(orders=17, checkpoint_every=timedelta(0))
    assert await run_backtest(
        shop.database, shop.caller.merchant_id, job.id, uuid4(), lambda: NOW, strides
    )
    return await jobs.get_backtest(shop.database, shop.caller, job.id)


def shown(result: Result, names: dict[Any, str]) -> dict[str, Any]:
    """The result in the words of the model."""
    promotions = {}
    for one in result.promotions:
        sums = one.sums
        of_subscription = one.kind is PromotionKind.SUBSCRIPTION
        key = ("subscription", one.promotion_id) if of_subscription else one.promotion_id
        assert one.is_draft or one.name == names[key]
        given = sums.discounts.values()
        promotions[one.name] = (
            sums.orders.before,
            sums.orders.after,
            sums.gained,
            sums.lost,
            sum(both.before for both in given),
            sum(both.after for both in given),
        )
    return {
        "orders": result.orders,
        "changed": result.changed,
        "cheaper": result.cheaper,
        "dearer": result.dearer,
        "customers": result.customers,
        "unnamed": result.unnamed,
        "discount": {
            currency: (one.discount.before, one.discount.after)
            for currency, one in result.currencies.items()
        },
        "promotions": promotions,
        "largest": {
            currency: [one.order_id for one in result.largest.get(currency, [])]
            for currency in result.currencies
        },
    }


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.soak) for name in TRIALS],
)
async def test_a_backtest_finds_what_shops_with_and_without_the_draft_give(
    history: History, name: str
) -> None:
    shop, trial = history.shop, TRIALS[name]
    job = await computed(shop, await trial.draft(shop))
    expected = await history.expected(shop.database, trial)
    assert job.result is not None
    found = shown(job.result, shop.names)
    # Promotions that nothing changes for are left out.
    kept = {
        name: sums
        for name, sums in expected["promotions"].items()
        if name == trial.name or sums[2:4] != (0, 0) or sums[4] != sums[5]
    }
    assert found == {**expected, "promotions": kept}
    assert found["changed"] > 0
    assert (job.state, job.done) == (BacktestState.FINISHED, job.orders)
    assert job.result.deleted == history.left_aside
