"""Lists of orders: which orders, and the place of the next page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sconto.domain.order import OrderStatus, StoredOrder


class OrderPlace(NamedTuple):
    """The place of an order in a list: its time, then its id."""

    created_at: datetime
    order_id: str


NEWEST: Final = OrderPlace(datetime(9999, 12, 31, tzinfo=UTC), "")
"""Before this place are all orders."""


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders to list: `since` is included, `until` is not; None means no filter.

    `before` is the place of the next page. `after` is for the page before: the last orders that are
    newer than that place. A promotion or code is one that the order redeemed.
    """

    limit: int
    before: OrderPlace = NEWEST
    since: datetime | None = None
    until: datetime | None = None
    status: OrderStatus | None = None
    customer_id: str | None = None
    promotion_id: int | None = None
    code_key: str | None = None
    after: OrderPlace | None = None

    @property
    def start(self) -> OrderPlace:
        """The place before which all orders of the answer are."""
        if self.until is None:
            return self.before
        return min(self.before, OrderPlace(self.until, ""))


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders, the newest first, and the place of the next page; None at the end.

    `previous` is the place of the previous page; None at the beginning, or if there is no way back.
    """

    orders: Sequence[StoredOrder]
    next: OrderPlace | None
    previous: OrderPlace | None = None
