"""What a cart costs: the one calculation for quotes, orders, previews and the portal.

A bill is opened for the cart, goes through STEPS in order, and is added up.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from sconto.domain.bill import Bill, PricedCart, add_up, open_bill
from sconto.domain.candidates import Candidates
from sconto.domain.cart import Cart
from sconto.domain.cart_promotions import cart_lines, cart_order, cart_shipping
from sconto.domain.product_promotions import product_promotions
from sconto.domain.subscription_code import subscription_code

Step: TypeAlias = Callable[[Bill], Bill]

STEPS: Final[tuple[Step, ...]] = (
    product_promotions,
    cart_lines,
    cart_order,
    cart_shipping,
    subscription_code,
)
"""Each step takes its discounts off the lines. The next step works on what remains."""


def price(
    cart: Cart, candidates: Candidates, at: datetime, steps: Sequence[Step] = STEPS
) -> PricedCart:
    """Price a cart at a time. `steps` are STEPS, or STEPS with something that watches each."""
    bill = open_bill(cart, candidates, at)
    for step in steps:
        bill = step(bill)
    return add_up(bill)
