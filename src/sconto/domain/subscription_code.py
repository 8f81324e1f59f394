"""The step of the subscription's code: an effect on the whole order, split over its lines."""

from msgspec.structs import replace

from sconto.domain.bill import Bill
from sconto.domain.money import split_amount
from sconto.domain.subscription_pricing import price_subscription


def subscription_code(bill: Bill) -> Bill:
    """Apply the best code on the cart's subscription.

    It works on what is left of the lines, and is split in proportion to that.
    """
    subscription = bill.cart.subscription
    if subscription is None:
        return bill
    remainders = [line.total for line in bill.lines]
    rules = bill.candidates.subscription_rules
    outcome = price_subscription(subscription, rules, bill.cart.currency, sum(remainders))
    shares = split_amount(outcome.discount, remainders)
    lines = tuple(
        replace(line, total=line.total - share, subscription_discount=share)
        for line, share in zip(bill.lines, shares, strict=True)
    )
    return replace(bill, lines=lines, subscription=outcome)
