"""The cart promotions API."""

from sconto.client.bodies.backtest import Backtest, BacktestToStart, ListedBacktest
from sconto.client.bodies.cart import (
    CartHistoryEntry,
    CartPromotionPatch,
    CartPromotionToCreate,
    CartTrial,
    StoredCartPromotion,
)
from sconto.client.bodies.cart_statistics import CartPromotionStatistics
from sconto.client.bodies.checkout import PricedCart
from sconto.client.bodies.words import Target
from sconto.client.call import (
    Api,
    Call,
    Listing,
    S,
    listing,
    operation,
    pages_of,
    read_nothing,
    with_key,
)

_ADDRESS = "/cart/v1/promotions"
_BACKTESTS = "/cart/v1/backtests"


class CartPromotions(Api[S]):
    """`client.cart_promotions`. `client.promotions` has the methods for their codes."""

    @operation
    def create(
        self, promotion: CartPromotionToCreate, *, key: str | None = None
    ) -> Call[StoredCartPromotion]:
        """Create a promotion, once for each idempotency key; without one it makes a new key."""
        return Call("POST", _ADDRESS, promotion, headers=with_key(key))

    @listing
    def list(
        self,
        *,
        active: bool | None = None,
        running: bool | None = None,
        target: Target | None = None,
        code: str | None = None,
        name: str | None = None,
        page_size: int = 100,
    ) -> Listing[StoredCartPromotion]:
        """The promotions without their codes, the latest created first."""
        query = {
            "limit": page_size,
            "active": active,
            "running": running,
            "target": target,
            "code": code,
            "name": name,
        }
        return pages_of(Call("GET", _ADDRESS, query=query), "promotions")

    @operation
    def get(self, promotion_id: int) -> Call[StoredCartPromotion]:
        """The promotion with its first 100,000 codes."""
        return Call("GET", f"{_ADDRESS}/{promotion_id}")

    @operation
    def change(self, promotion_id: int, patch: CartPromotionPatch) -> Call[StoredCartPromotion]:
        """The promotion after a JSON merge patch."""
        return Call("PATCH", f"{_ADDRESS}/{promotion_id}", patch)

    @operation
    def delete(self, promotion_id: int) -> Call[None]:
        """Delete the promotion. Orders keep what they got."""
        return Call("DELETE", f"{_ADDRESS}/{promotion_id}", read=read_nothing)

    @operation
    def restore(self, promotion_id: int) -> Call[StoredCartPromotion]:
        """Undo a deletion, within an hour."""
        return Call("POST", f"{_ADDRESS}/{promotion_id}/_restore")

    @operation
    def get_statistics(self, promotion_id: int) -> Call[CartPromotionStatistics]:
        """What the promotion gave, and what is left of its limits."""
        return Call("GET", f"{_ADDRESS}/{promotion_id}/statistics")

    @operation
    def try_on(self, trial: CartTrial) -> Call[PricedCart]:
        """The quote of a cart as if a draft were saved. Nothing is stored."""
        return Call("POST", f"{_ADDRESS}/_try", trial)

    @listing
    def list_history(
        self, promotion_id: int, *, page_size: int = 1000
    ) -> Listing[CartHistoryEntry]:
        """Who changed what, the latest change first."""
        call = Call[object]("GET", f"{_ADDRESS}/{promotion_id}/history", query={"limit": page_size})
        return pages_of(call, "entries")

    @operation
    def start_backtest(
        self, backtest: BacktestToStart, *, key: str | None = None
    ) -> Call[Backtest]:
        """Start a back-test, once for each idempotency key; without one it makes a new key."""
        return Call("POST", f"{_ADDRESS}/_backtest", backtest, headers=with_key(key))

    @listing
    def list_backtests(self, *, page_size: int = 100) -> Listing[ListedBacktest]:
        """The back-tests without their results, the latest first."""
        return pages_of(Call("GET", _BACKTESTS, query={"limit": page_size}), "backtests")

    @operation
    def get_backtest(self, backtest_id: int) -> Call[Backtest]:
        """Its progress, and its result once it is finished."""
        return Call("GET", f"{_BACKTESTS}/{backtest_id}")

    @operation
    def cancel_backtest(self, backtest_id: int) -> Call[Backtest]:
        """Cancel a back-test that has not ended."""
        return Call("POST", f"{_BACKTESTS}/{backtest_id}/_cancel")

    @operation
    def delete_backtest(self, backtest_id: int) -> Call[None]:
        """Delete a back-test; one that is running stops."""
        return Call("DELETE", f"{_BACKTESTS}/{backtest_id}", read=read_nothing)
