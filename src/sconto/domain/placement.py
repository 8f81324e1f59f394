"""Whether an order may be placed: repetitions, replacements, and the total agreed to."""

from typing import Final

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.cart import NOBODY, Cart, Line
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.codes import activated_codes
from sconto.domain.order import NewOrder, OrderStatus, StoredOrder
from sconto.domain.problems import (
    CodesUsedUp,
    OrderNotReplaceable,
    ReplacedOrderNotFound,
    TotalDiffers,
)
from sconto.domain.subscription import Subscription, SubscriptionOutcome, with_code_keys


def is_repetition(order: NewOrder, stored: StoredOrder) -> bool:
    """Whether the stored order came from the same request.

    Requests are compared as parsed: the spelling of amounts and codes does not matter. The expected
    total is not compared, because nothing in the stored order depends on it. If an order's request
    was not stored, its outcome is compared.
    """
    if stored.cart is not None:
        return is_same_request(order, stored.cart, stored.replaces)
    if order.replaces != stored.replaces:
        return False
    outcome = stored.outcome
    lines = tuple(
        Line(line.line_id, line.product_id, line.quantity, line.unit_price)
        for line in outcome.lines
    )
    return (
        order.cart.currency == outcome.currency
        and order.cart.lines == lines
        and list(activated_codes(order.cart.codes))
        == list(activated_codes(code.code for code in outcome.codes))
        and _is_same_subscription(order.cart.subscription, outcome.subscription)
        and (order.cart.customer, order.cart.shipping) == (NOBODY, None)
    )


def is_same_request(order: NewOrder, cart: Cart, replaces: str | None) -> bool:
    """Whether an order is of this cart as parsed, and replaces this order."""
    return order.replaces == replaces and _as_compared(order.cart) == _as_compared(cart)


def _as_compared(cart: Cart) -> Cart:
    subscription = cart.subscription
    return msgspec.structs.replace(
        cart,
        codes=tuple(activated_codes(cart.codes)),
        subscription=None if subscription is None else with_code_keys(subscription),
    )


def _is_same_subscription(sent: Subscription | None, stored: SubscriptionOutcome | None) -> bool:
    if sent is None or stored is None:
        return sent is None and stored is None
    return with_code_keys(sent) == with_code_keys(stored.subscription)


def check_replaceable(order_id: str, stored: StoredOrder | None) -> None:
    """Raise unless the order can be replaced: it was placed, and is neither paid nor deleted.

    Raises ReplacedOrderNotFound or OrderNotReplaceable.
    """
    if stored is None:
        raise ReplacedOrderNotFound(order_id)
    if stored.status is not OrderStatus.NOT_PAID:
        raise OrderNotReplaceable(stored)


def check_promised(order: NewOrder, promised: PricedCart) -> None:
    """Raise TotalDiffers unless the shopper expects the total that was promised."""
    if order.expected_total not in (None, promised.total):
        raise TotalDiffers(promised)


_USED_UP: Final = (CodeStatus.USED, CodeStatus.LIMIT_REACHED)


def check_agreed(order: NewOrder, priced: PricedCart) -> None:
    """Raise TotalDiffers or CodesUsedUp unless the shopper agreed to the price.

    A used-up code does not matter if the shopper agreed to the total without it.
    """
    if order.expected_total is None:
        if any(code.status in _USED_UP for code in priced.codes):
            raise CodesUsedUp(priced)
    elif order.expected_total != priced.total:
        raise TotalDiffers(priced)
