"""Exports of stored records: one row per line of the file, with the columns in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from sconto.domain.order import OrderStatus

Value: TypeAlias = str | int | bool | Decimal | datetime | None
"""A value of a cell. Amounts are decimals in the currency's units, with all its decimals."""


class ExportKind(StrEnum):
    """What is exported."""

    ORDERS = "orders"
    REDEMPTIONS = "redemptions"
    RETURNS = "returns"
    CODES = "codes"


class FileFormat(StrEnum):
    """The format of a file."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class ExportFilter:
    """Which rows: those that match all conditions that are set.

    Orders and redemptions are of orders placed from `since` (included) to `until` (excluded), and
    returns were made in that time. `promotion_id` and `code_key` are of promotions that the order
    picked. Codes have only `promotion_id` and `used`.
    """

    since: datetime | None = None
    until: datetime | None = None
    status: OrderStatus | None = None
    customer_id: str | None = None
    promotion_id: int | None = None
    code_key: str | None = None
    used: bool | None = None


FILTERS: Final[Mapping[ExportKind, tuple[str, ...]]] = {
    ExportKind.ORDERS: ("since", "until", "status", "customer_id", "promotion_id", "code_key"),
    ExportKind.REDEMPTIONS: ("since", "until", "status", "customer_id", "promotion_id", "code_key"),
    ExportKind.RETURNS: ("since", "until", "customer_id"),
    ExportKind.CODES: ("promotion_id", "used"),
}
"""The conditions that each export knows."""


class OrderRow(NamedTuple):
    """An order. `codes` are the activated ones as typed, with `|` between them."""

    order_id: str
    status: str
    created_at: datetime
    currency: str
    lines: int
    units: int
    subtotal: Decimal
    discount: Decimal
    shipping: Decimal
    shipping_discount: Decimal
    total: Decimal
    customer_id: str | None
    codes: str
    replaces: str | None
    replaced_by: str | None


class RedemptionRow(NamedTuple):
    """A redemption: a promotion that an order picked for a product, or for the cart.

    `product_id` is null for a cart promotion, `code` for an automatic one. `applied` is false if
    another promotion gave more, and then `discount` is 0.
    """

    order_id: str
    created_at: datetime
    order_status: str
    promotion_id: int
    promotion_name: str | None
    product_id: int | None
    code: str | None
    one_time: bool
    applied: bool
    currency: str
    discount: Decimal


class ReturnRow(NamedTuple):
    """Units of a line that came back, or the shipping, which has no line and no product.

    `total` is what is paid back, and `discount` is everything that was taken off.
    """

    return_id: str
    order_id: str
    created_at: datetime
    customer_id: str | None
    line_id: str | None
    product_id: int | None
    quantity: int
    currency: str
    subtotal: Decimal
    discount: Decimal
    total: Decimal


class CodeRow(NamedTuple):
    """A code that a promotion has. `used_by` is the order that used it up while it was one-time."""

    code_id: int
    code: str
    promotion_id: int
    promotion_name: str
    one_time: bool
    uses: int
    used_by: str | None
    used_at: datetime | None


Row: TypeAlias = OrderRow | RedemptionRow | ReturnRow | CodeRow

ROWS: Final[Mapping[ExportKind, type[Row]]] = {
    ExportKind.ORDERS: OrderRow,
    ExportKind.REDEMPTIONS: RedemptionRow,
    ExportKind.RETURNS: ReturnRow,
    ExportKind.CODES: CodeRow,
}
