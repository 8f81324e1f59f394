"""The checkout API: quotes, orders and listing prices."""

from sconto.client.bodies.checkout import (
    Cart,
    CartToPrice,
    OrderToPlace,
    PlacedOrder,
)
from sconto.client.bodies.explanation import ExplainedOrder, QuotedCart
from sconto.client.bodies.listing import PriceList, PricesToList
from sconto.client.bodies.orders import ListedOrder
from sconto.client.bodies.words import OrderStatus
from sconto.client.call import Api, Call, Listing, S, listing, operation, pages_of, segment

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

        `expected_total` is the total that the shopper saw; None places it at whatever it costs.
        Raises PriceChanged with the new quote, OrderConflict with the order that is in the way.
        """
        body: OrderToPlace = {
            **cart,
            "order_id": order_id,
            "expected_total": expected_total,
            "replaces": replaces,
        }
        return Call("POST", "/checkout/v1/orders", body)

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
    def list_prices(self, products: PricesToList) -> Call[PriceList]:
        """What one unit of each product costs without codes."""
        return Call("POST", "/checkout/v1/prices", products)
