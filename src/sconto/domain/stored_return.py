"""Stored refunds: what was paid back, as the row of a return keeps it, with a version.

As with outcomes (`stored_outcome`), the field names are independent of the values that the rules
work with. A new field needs a default. Any other change needs a new version, and a decoder for the
previous version. Amounts are in minor units.
"""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from sconto.domain.returns import Refund, RefundedLine
from sconto.domain.stored_cart_promotions import (
    StoredAdjustment,
    StoredShipping,
    read_adjustment,
    read_shipping,
    store_adjustment,
    store_shipping,
)

NEWEST_VERSION: Final = 1


class StoredRefundedLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What was paid back for some units of a line."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: int
    returned_before: int
    subtotal: int
    discount: int
    total: int
    subscription_discount: int = 0
    adjustments: tuple[StoredAdjustment, ...] = ()


class StoredRefund(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was paid back."""

    version: int
    currency: str
    subtotal: int
    discount: int
    total: int
    lines: tuple[StoredRefundedLine, ...]
    shipping: StoredShipping | UnsetType = UNSET
    in_subscription: bool

    def __post_init__(self) -> None:
        """Raise ValueError for a version that this program does not know."""
        if self.version > NEWEST_VERSION:
            raise ValueError(f"a refund of version {self.version}, later than {NEWEST_VERSION}")


def store_refund(refund: Refund) -> StoredRefund:
    """The refund, to be stored."""
    return StoredRefund(
        version=NEWEST_VERSION,
        currency=refund.currency,
        subtotal=refund.subtotal,
        discount=refund.discount,
        total=refund.total,
        lines=tuple([_store_line(line) for line in refund.lines]),
        shipping=UNSET if refund.shipping is None else store_shipping(refund.shipping),
        in_subscription=refund.in_subscription,
    )


def read_refund(stored: StoredRefund) -> Refund:
    """The refund that was stored."""
    return Refund(
        stored.currency,
        stored.subtotal,
        stored.discount,
        stored.total,
        tuple([_read_line(line) for line in stored.lines]),
        None if stored.shipping is UNSET else read_shipping(stored.shipping),
        stored.in_subscription,
    )


def _store_line(line: RefundedLine) -> StoredRefundedLine:
    return StoredRefundedLine(
        line.line_id,
        line.product_id,
        line.quantity,
        line.unit_price,
        line.returned_before,
        line.subtotal,
        line.discount,
        line.total,
        line.subscription_discount,
        tuple([store_adjustment(one) for one in line.adjustments]),
    )


def _read_line(line: StoredRefundedLine) -> RefundedLine:
    return RefundedLine(
        line.line_id,
        line.product_id,
        line.quantity,
        line.unit_price,
        line.returned_before,
        line.subtotal,
        line.discount,
        line.subscription_discount,
        line.total,
        tuple([read_adjustment(one) for one in line.adjustments]),
    )
