"""The step of product promotions: a percent off each line, and the outcome of each code."""

from collections.abc import Sequence

from sconto.domain.bill import Bill, PricedLine
from sconto.domain.choice import Pick, activate_codes, choose
from sconto.domain.code_outcomes import find_code_outcomes
from sconto.domain.money import percent_of


def product_promotions(bill: Bill) -> Bill:
    """Take off each line what the winning pick of its product gives.

    The lines of one product share their picks.
    """
    activated = activate_codes(bill.cart.codes, bill.candidates.offers, bill.at)
    choice = choose([line.product_id for line in bill.lines], activated, bill.candidates)
    picks = choice.picks
    return Bill(
        bill.cart,
        bill.candidates,
        bill.at,
        tuple([_discount_line(line, picks[line.product_id]) for line in bill.lines]),
        find_code_outcomes(activated, choice, picks.keys(), bill.at),
    )


def product_discount(amount: int, picks: Sequence[Pick]) -> int:
    """What a product's picks, the winning one first, take off an amount: rounded once, half up."""
    return percent_of(amount, picks[0].percent) if picks else 0


def _discount_line(line: PricedLine, picks: tuple[Pick, ...]) -> PricedLine:
    discount = product_discount(line.subtotal, picks)
    return PricedLine(
        line.line_id,
        line.product_id,
        line.quantity,
        line.unit_price,
        line.known,
        line.subtotal,
        discount,
        line.total - discount,
        picks,
    )
