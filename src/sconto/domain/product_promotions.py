"""The step of product promotions: a percent off each line, and the outcome of each code."""

from sconto.domain.bill import Bill, PricedLine
from sconto.domain.choice import Pick, activate_codes, choose
from sconto.domain.code_outcomes import find_code_outcomes
from sconto.domain.money import percent_of


def product_promotions(bill: Bill) -> Bill:
    """Take the percent of the winning pick of its product off each line.

    The lines of one product share their picks.
    """
    activated = activate_codes(bill.cart.codes, bill.candidates.offers, bill.at)
    choice = choose(bill.cart.lines, activated, bill.candidates)
    picks = choice.picks
    return Bill(
        bill.cart,
        bill.candidates,
        bill.at,
        tuple([_discount_line(line, picks[line.product_id]) for line in bill.lines]),
        find_code_outcomes(activated, choice, picks.keys(), bill.at),
        shipping=bill.shipping,
    )


def _discount_line(line: PricedLine, picks: tuple[Pick, ...]) -> PricedLine:
    """The line with the discount of its winning pick, the first one; rounded once, half up."""
    if not picks:
        return line
    discount = percent_of(line.subtotal, picks[0].percent)
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
