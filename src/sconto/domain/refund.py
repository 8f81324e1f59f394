"""What to pay back for goods that come back.

A line of q units that cost T pays back round(T·(k+n)/q) - round(T·k/q) for its units k+1 to k+n,
rounded half up. So all returns of a line add up to T, whatever their order and sizes. Its discounts
work in the same way: `_cost_of_first` says what its first k units cost, with each discount, and a
return is the difference of two such values.
"""

from collections.abc import Iterator, Sequence

from sconto.domain.bill import Adjustment, PricedCart, PricedLine
from sconto.domain.order import OrderStatus
from sconto.domain.return_problems import MoreThanLeft, OrderDeleted, ReturnConflict, UnknownLines
from sconto.domain.returns import (
    Goods,
    OrderReturn,
    Refund,
    RefundedLine,
    Returns,
    left_of,
)


def decide_return(found: Returns, goods: Goods) -> OrderReturn | Refund:
    """What to pay back for the goods; or the return stored under the id, if it has the same goods.

    Raises ReturnConflict if it has others, OrderDeleted, UnknownLines and MoreThanLeft.
    """
    if found.same is not None:
        if found.same.refund.goods == goods:
            return found.same
        raise ReturnConflict(found.same)
    if found.order.status is OrderStatus.DELETED:
        raise OrderDeleted(found.order)
    return refund(found.order.outcome, found.returned, goods)


def refund(outcome: PricedCart, returned: Goods, goods: Goods) -> Refund:
    """What to pay back for the goods, after earlier returns; lines in the order in which they came.

    Raises UnknownLines, and MoreThanLeft.
    """
    ordered = {line.line_id: line for line in outcome.lines}
    unknown = [place for place, line_id in enumerate(goods.units) if line_id not in ordered]
    if unknown:
        raise UnknownLines(tuple(unknown))
    left = left_of(outcome, returned)
    if any(number > left.units[line_id] for line_id, number in goods.units.items()) or (
        goods.shipping and not left.shipping
    ):
        raise MoreThanLeft(left)
    lines = tuple(
        _refund_line(ordered[line_id], returned.units.get(line_id, 0), number)
        for line_id, number in goods.units.items()
    )
    shipping = outcome.shipping if goods.shipping else None
    subtotal = sum(line.subtotal for line in lines)
    total = sum(line.total for line in lines)
    discount = subtotal - total
    if shipping is not None:
        discount += shipping.discount
        total += shipping.total
    in_subscription = outcome.subscription is not None
    return Refund(outcome.currency, subtotal, discount, total, lines, shipping, in_subscription)


def _refund_line(line: PricedLine, before: int, number: int) -> RefundedLine:
    start, end = _cost_of_first(line, before), _cost_of_first(line, before + number)
    total, discount, subscription, *adjusted = [b - a for a, b in zip(start, end, strict=True)]
    return RefundedLine(
        line.line_id,
        line.product_id,
        number,
        line.unit_price,
        before,
        number * line.unit_price,
        discount,
        subscription,
        total,
        tuple(
            Adjustment(one.promotion_id, one.target, part)
            for one, part in zip(line.adjustments, adjusted, strict=True)
            if part
        ),
    )


def _cost_of_first(line: PricedLine, units: int) -> list[int]:
    """What the first units of the line cost, and each of its discounts on them.

    The sum of the discounts is the units' price without discounts, less what they cost. One unit
    more adds the unit price to the first and at most the unit price to the second: T/q is at most
    the unit price, which is a whole number. So the sum never falls as units are added, and no
    single discount does (`_split`). All units together have the amounts of the line.
    """
    cost = (2 * line.total * units + line.quantity) // (2 * line.quantity)
    discounts = [
        line.discount,
        line.subscription_discount,
        *[one.discount for one in line.adjustments],
    ]
    return [cost, *_split(units * line.unit_price - cost, discounts)]


def _split(amount: int, weights: Sequence[int]) -> Iterator[int]:
    """Split an amount in proportion to the weights; a larger amount has no smaller part.

    Each weight gets its share of what is left, rounded half up, one after the other. If what is
    left grows by a cent, that share grows by a cent or stays, and what is left for the others grows
    by the rest. An amount that is the sum of the weights is split into the weights. Largest
    remainder does not work here: with it a larger amount can have a smaller part.
    """
    whole = sum(weights)
    for weight in weights:
        part = (2 * amount * weight + whole) // (2 * whole) if whole else 0
        yield part
        amount, whole = amount - part, whole - weight
