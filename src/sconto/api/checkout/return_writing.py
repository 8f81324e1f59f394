"""The checkout API's answers about returns, field by field."""

import asyncio

import msgspec
from msgspec import UNSET, UnsetType

from sconto.api.checkout.cart_promotions import (
    Adjusted,
    Shipping,
    write_adjustments,
    write_shipping,
)
from sconto.api.cursors import write_cursor
from sconto.api.rfc3339 import write_instant
from sconto.domain.money import format_amount
from sconto.domain.returns import Goods, OrderReturn, Refund, RefundedLine, Returns


class _WrittenReturnLine(msgspec.Struct):
    line_id: str
    product_id: int
    quantity: int
    unit_price: str
    subtotal: str
    discount: str
    subscription_discount: str | UnsetType
    adjustments: list[Adjusted] | UnsetType
    total: str


class WrittenReturn(msgspec.Struct, kw_only=True):
    """What to pay back; the first fields are those of a return that was stored or has an id."""

    return_id: str | UnsetType = UNSET
    order_id: str
    created_at: str | UnsetType = UNSET
    currency: str
    subtotal: str
    discount: str
    total: str
    lines: list[_WrittenReturnLine]
    shipping: Shipping | UnsetType = UNSET


class _LineLeft(msgspec.Struct):
    line_id: str
    quantity: int


class WrittenLeft(msgspec.Struct):
    """What can still be returned."""

    lines: list[_LineLeft]
    shipping: bool


class WrittenReturns(msgspec.Struct):
    """A page of an order's returns."""

    returns: list[WrittenReturn]
    left: WrittenLeft
    next_cursor: str | None


def write_refund(refund: Refund, order_id: str, return_id: str | None = None) -> WrittenReturn:
    """What to pay back for goods that were not returned yet."""
    currency = refund.currency
    return WrittenReturn(
        return_id=UNSET if return_id is None else return_id,
        order_id=order_id,
        currency=currency,
        subtotal=format_amount(refund.subtotal, currency),
        discount=format_amount(refund.discount, currency),
        total=format_amount(refund.total, currency),
        lines=[_write_line(line, refund) for line in refund.lines],
        shipping=UNSET if refund.shipping is None else write_shipping(refund.shipping, currency),
    )


def write_return(kept: OrderReturn) -> WrittenReturn:
    """A return as it was stored."""
    answer = write_refund(kept.refund, kept.order_id, kept.return_id)
    answer.created_at = write_instant(kept.created_at)
    return answer


async def write_returns(found: Returns) -> WrittenReturns:
    """A page of returns. Other requests run between two of them, which may be long."""
    written = []
    for one in found.listed:
        written.append(write_return(one))
        await asyncio.sleep(0)
    cursor = write_cursor(found.listed[-1].number) if found.more else None
    return WrittenReturns(written, write_left(found.left), cursor)


def write_left(left: Goods) -> WrittenLeft:
    """What can still be returned, all lines of the order."""
    units = left.units.items()
    return WrittenLeft([_LineLeft(line_id, number) for line_id, number in units], left.shipping)


def _write_line(line: RefundedLine, refund: Refund) -> _WrittenReturnLine:
    currency = refund.currency
    return _WrittenReturnLine(
        line.line_id,
        line.product_id,
        line.quantity,
        format_amount(line.unit_price, currency),
        format_amount(line.subtotal, currency),
        format_amount(line.discount, currency),
        format_amount(line.subscription_discount, currency) if refund.in_subscription else UNSET,
        write_adjustments(line.adjustments, currency) or UNSET,
        format_amount(line.total, currency),
    )
