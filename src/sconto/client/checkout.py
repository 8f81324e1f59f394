"""The checkout API: quotes, holds, orders, returns and listing prices."""

from collections.abc import Sequence
from typing import Any

from sconto.client.bodies.checkout import (
    Cart,
    CartToHold,
    CartToPrice,
    HeldCart,
    OrderToPlace,
    PlacedOrder,
)
from sconto.client.bodies.explanation import ExplainedOrder, QuotedCart
from sconto.client.bodies.listing import PriceList, PricesToList
from sconto.client.bodies.orders import ListedOrder
from sconto.client.bodies.returns import (
    GoodsLeft,
    KeptReturn,
    PricedReturn,
    ReturnToKeep,
    ReturnToPrice,
    UnitsOfLine,
)
from sconto.client.bodies.words import OrderStatus
from sconto.client.call import (
    Api,
    Call,
    Listing,
    S,
    listing,
    operation,
    pages_of,
    read_nothing,
    segment,
)

_ORDERS = "/checkout/v1/orders"


class Checkout(Api[S]):
    """`client.checkout`."""

    @operation
    def quote(
        self, cart: Cart, *, at: str | None = None, explain: bool = False
    ) -> Call[QuotedCart]:
        """What a cart costs, and why. Nothing is written. `at` is the time to price it at.

        With `explain` the answer has an `explanation`: the bill step by step.
        """
        body: CartToPrice = {**cart, "at": at, "explain": explain}
        if not explain:
            del body["explain"]
        return Call("POST", "/checkout/v1/quotes", body)

    @operation
    def place_order(
        self, order_id: str, cart: Cart, *, expected_total: str | None, replaces: str | None = None
    ) -> Call[PlacedOrder]:
        """Place an order, once for each `order_id`, however often it is sent.

        `expected_total` is the total that the shopper saw; with None it is placed at any price.
        Raises PriceChanged with the new quote, and OrderConflict with the conflicting order.
        """
        body: OrderToPlace = {
            **cart,
            "order_id": order_id,
            "expected_total": expected_total,
            "replaces": replaces,
        }
        return Call("POST", "/checkout/v1/orders", body)

    @operation
    def hold(
        self,
        order_id: str,
        cart: Cart,
        *,
        expected_total: str | None,
        replaces: str | None = None,
        seconds: int | None = None,
    ) -> Call[HeldCart]:
        """Promise price, one-time codes and limits to `order_id`, for 900 seconds by default.

        Call it when payment starts, and `place_order` with the same cart after it. The same cart
        again leaves the hold unchanged; another cart takes its place. Raises as `place_order` does.
        """
        body: CartToHold = {
            **cart,
            "order_id": order_id,
            "expected_total": expected_total,
            "replaces": replaces,
            "seconds": seconds,
        }
        return Call("POST", "/checkout/v1/holds", body)

    @operation
    def get_hold(self, order_id: str) -> Call[HeldCart]:
        """The hold of the order id. Raises NotFound, also if it has ended."""
        return Call("GET", f"/checkout/v1/holds/{segment(order_id)}")

    @operation
    def release_hold(self, order_id: str) -> Call[None]:
        """Release the hold of the order id. Raises NotFound if there is none."""
        return Call("DELETE", f"/checkout/v1/holds/{segment(order_id)}", read=read_nothing)

    @operation
    def get_order(self, order_id: str) -> Call[PlacedOrder]:
        """The order as it was placed."""
        return Call("GET", f"/checkout/v1/orders/{segment(order_id)}")

    @operation
    def explain_order(self, order_id: str) -> Call[ExplainedOrder]:
        """The bill of an order step by step, and whether its request would cost the same now."""
        return Call("GET", f"{_ORDERS}/{segment(order_id)}/explanation")

    @listing
    def list_orders(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        status: OrderStatus | None = None,
        customer_id: str | None = None,
        promotion_id: int | None = None,
        code: str | None = None,
        page_size: int = 100,
    ) -> Listing[ListedOrder]:
        """The orders, the newest first: placed from `since` on and before `until`.

        A promotion or a code is one that the order redeemed.
        """
        query = {
            "limit": page_size,
            "from": since,
            "until": until,
            "status": status,
            "customer_id": customer_id,
            "promotion_id": promotion_id,
            "code": code,
        }
        return pages_of(Call("GET", _ORDERS, query=query), "orders")

    @operation
    def set_status(self, order_id: str, status: OrderStatus) -> Call[PlacedOrder]:
        """The order with its new status."""
        return Call("PATCH", f"/checkout/v1/orders/{segment(order_id)}", {"status": status})

    @operation
    def create_return(
        self,
        order_id: str,
        return_id: str,
        lines: Sequence[UnitsOfLine] = (),
        *,
        shipping: bool = False,
    ) -> Call[KeptReturn]:
        """Store a return, once for each `return_id`: the answer says what to pay back.

        Raises MoreThanLeft with what is left of the order, Conflict if other goods were returned
        under the id, and OrderConflict for a deleted order.
        """
        body: ReturnToKeep = {"return_id": return_id, "lines": list(lines), "shipping": shipping}
        return Call("POST", _returns(order_id), body)

    @operation
    def quote_return(
        self, order_id: str, lines: Sequence[UnitsOfLine] = (), *, shipping: bool = False
    ) -> Call[PricedReturn]:
        """What a return would pay back. Nothing is stored. Raises as `create_return`."""
        body: ReturnToPrice = {"lines": list(lines), "shipping": shipping}
        return Call("POST", f"{_returns(order_id)}/_quote", body)

    @listing
    def list_returns(self, order_id: str, *, page_size: int = 100) -> Listing[KeptReturn]:
        """The returns of an order, the first one first."""
        return pages_of(Call("GET", _returns(order_id), query={"limit": page_size}), "returns")

    @operation
    def get_goods_left(self, order_id: str) -> Call[GoodsLeft]:
        """What can still be returned of an order."""
        return Call("GET", _returns(order_id), query={"limit": 1}, read=_read_left)

    @operation
    def get_return(self, order_id: str, return_id: str) -> Call[KeptReturn]:
        """The return as it was stored."""
        return Call("GET", f"{_returns(order_id)}/{segment(return_id)}")

    @operation
    def list_prices(self, products: PricesToList) -> Call[PriceList]:
        """What one unit of each product costs without codes."""
        return Call("POST", "/checkout/v1/prices", products)


def _returns(order_id: str) -> str:
    return f"/checkout/v1/orders/{segment(order_id)}/returns"


def _read_left(answer: Any) -> GoodsLeft:
    left: GoodsLeft = answer.json()["left"]
    return left
