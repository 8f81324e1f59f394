"""Back-tests agree with shops where the same orders are placed, with and without the draft."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.job import BacktestState, Result
from sconto.domain.cart_promotion import AmountOff, Conditions, Limits, PercentOff, Target
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.domain.promotion_kind import PromotionKind
from sconto.operations import cart_promotions
from sconto.operations.backtesting import jobs
from tests.backtests.conftest import History
from tests.backtests.running import NOW, computed
from tests.backtests.shop import (
    LONG,
    ONE_TIME,
    START,
    Shop,
    cart_promotion,
    changed,
    five_percent,
)
from tests.builders import a_promotion


@dataclass(frozen=True)
class Trial:
    """A draft, and the function that saves it in a shop."""

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


def shown(result: Result, names: dict[Any, str]) -> dict[str, Any]:
    """The result in the form of the model."""
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
async def test_a_backtest_agrees_with_shops_with_and_without_the_draft(
    history: History, name: str
) -> None:
    shop, trial = history.shop, TRIALS[name]
    job = await computed(shop, await trial.draft(shop))
    expected = await history.expected(trial.name, trial.save)
    assert job.result is not None
    found = shown(job.result, shop.names)
    # Promotions without changes are left out.
    kept = {
        name: sums
        for name, sums in expected["promotions"].items()
        if name == trial.name or sums[2:4] != (0, 0) or sums[4] != sums[5]
    }
    assert found == {**expected, "promotions": kept}
    assert found["changed"] > 0
    assert (job.state, job.done) == (BacktestState.FINISHED, job.orders)
    assert job.result.deleted == history.left_aside
