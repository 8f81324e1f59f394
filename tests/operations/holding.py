"""A merchant's checkout that holds, orders and looks at what is left, for tests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart, Customer
from sconto.domain.cart_promotion import (
    AmountOff,
    CartPromotion,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.holds import Held, Hold, NewHold
from sconto.domain.order import NewOrder, Placed
from sconto.domain.people import Caller
from sconto.domain.schedule import Period
from sconto.operations import cart_promotions, checkout, holds, promotions
from sconto.operations.check import check
from sconto.store.database import Database
from tests.builders import a_line, a_promotion

NOON: Final = datetime(2100, 6, 1, 12, tzinfo=UTC)
"""Far from today: a service that other tests run on the same database sweeps what is over today."""

SECONDS: Final = 900
END: Final = NOON + timedelta(seconds=SECONDS)
"""The end of a hold that was made at noon."""

BEFORE_END: Final = END - timedelta(microseconds=1)


def a_basket(
    *codes: str, customer: str | None = None, price: int = 3000, currency: str = "EUR"
) -> Cart:
    """A cart of thirty euros."""
    line = a_line(unit_price=price)
    return Cart(currency, (line,), codes, customer=Customer(customer))


@dataclass(frozen=True)
class Shop:
    """A merchant in a database."""

    database: Database
    caller: Caller

    async def hold(
        self, order_id: str, cart: Cart, at: datetime = NOON, seconds: int = SECONDS, **more: Any
    ) -> Held:
        new = NewHold(NewOrder(order_id, cart, **more), seconds)
        return await holds.hold_order(self.database, self.caller, new, at)

    async def order(self, order_id: str, cart: Cart, at: datetime = NOON, **more: Any) -> Placed:
        order = NewOrder(order_id, cart, **more)
        return await checkout.place_order(self.database, self.caller, order, at, at.date())

    async def quote(self, cart: Cart, at: datetime = NOON) -> PricedCart:
        return await checkout.quote(self.database, self.caller, cart, at)

    async def get(self, order_id: str, at: datetime = NOON) -> Hold:
        return await holds.get_hold(self.database, self.caller, order_id, at)

    async def release(self, order_id: str, at: datetime = NOON) -> None:
        await holds.release_hold(self.database, self.caller, order_id, at)

    async def sweep(self, at: datetime) -> int:
        return await holds.sweep_merchant(self.database, self.caller.merchant_id, at)

    async def once(self, *codes: str) -> int:
        """A product promotion of ten percent, with one-time codes."""
        new = a_promotion(codes=codes, code_type=CodeType.ONE_TIME)
        return await promotions.create_promotion(self.database, self.caller, new, NOON)

    async def ten_off(
        self, *codes: str, first_order: bool = False, one_time: bool = False, **limits: Any
    ) -> int:
        """A cart promotion of ten euros off the order, with limits."""
        terms = CartTerms(
            Target.ORDER,
            AmountOff({"EUR": 1000}),
            conditions=Conditions(first_order=first_order),
            limits=Limits(**limits),
        )
        code_type = (CodeType.ONE_TIME if one_time else CodeType.REUSABLE) if codes else None
        new = NewCartPromotion("Ten off", True, Period(NOON), terms, code_type, codes)
        created = await cart_promotions.create_promotion(self.database, self.caller, new, NOON)
        return created.id

    async def change(self, promotion_id: int, *, active: bool = True, **limits: Any) -> None:
        """Change a cart promotion: switch it, and set its limits."""

        def changed(before: CartPromotion) -> NewCartPromotion:
            terms = replace(before.terms, limits=Limits(**limits))
            return NewCartPromotion(before.name, active, before.period, terms, before.code_type)

        await cart_promotions.change_promotion(
            self.database, self.caller, promotion_id, changed, NOON
        )

    async def violations(self) -> list[str]:
        """What `sconto check` finds."""
        return [
            f"{promise.promise}: {one}"
            async for promise in check(self.database, self.caller.merchant_id)
            for one in promise.violations
        ]
