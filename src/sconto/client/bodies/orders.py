"""The bodies of `orders` as they are sent and answered."""

# Written by `make openapi` from the models in openapi/: do not edit.

from typing import NotRequired, TypedDict

from sconto.client.bodies.checkout import PlacedOrder


class ListedOrder(PlacedOrder):
    """An order as it was placed, with its customer and the orders around it."""

    customer_id: NotRequired[str]
    """Only if the shop named one."""
    replaces: NotRequired[str]
    """The order that it replaced."""
    replaced_by: NotRequired[str]
    """The order that replaced it."""


class OrderList(TypedDict):
    """Some orders, the newest first. Continue with `next_cursor` until it is null."""

    orders: list[ListedOrder]
    next_cursor: str | None
    """May be set on a page with fewer orders than `limit`, or none."""
