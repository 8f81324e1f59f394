"""What a cart costs: the one place where amounts are decided, for quotes, orders and previews."""

from dataclasses import dataclass
from datetime import datetime

from sconto.domain.cart import Cart, Line
from sconto.domain.choice import Candidates, CodeOutcome, Pick, choose
from sconto.domain.money import percent_of


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with what it costs; amounts in minor units, for the whole line."""

    line_id: str
    product_id: int
    quantity: int
    unit_price: int
    known: bool
    subtotal: int
    discount: int
    total: int
    picks: tuple[Pick, ...]

    @property
    def applied(self) -> Pick | None:
        """The pick whose discount the customer gets."""
        return self.picks[0] if self.picks else None


@dataclass(frozen=True, slots=True)
class PricedCart:
    """A cart with what it costs; the lines add up to the totals."""

    currency: str
    subtotal: int
    discount: int
    total: int
    lines: tuple[PricedLine, ...]
    codes: tuple[CodeOutcome, ...]


def price(cart: Cart, candidates: Candidates, at: datetime) -> PricedCart:
    """Price a cart at a time.

    The lines of one product share their picks. A line's discount is rounded once, half up, for the
    whole line.
    """
    choice = choose(cart, candidates, at)
    lines = tuple(
        _price_line(line, choice.picks[line.product_id], line.product_id in candidates.known)
        for line in cart.lines
    )
    return PricedCart(
        cart.currency,
        subtotal=sum(line.subtotal for line in lines),
        discount=sum(line.discount for line in lines),
        total=sum(line.total for line in lines),
        lines=lines,
        codes=choice.codes,
    )


def _price_line(line: Line, picks: tuple[Pick, ...], known: bool) -> PricedLine:
    subtotal = line.quantity * line.unit_price
    discount = percent_of(subtotal, picks[0].percent) if picks else 0
    return PricedLine(
        line.line_id,
        line.product_id,
        line.quantity,
        line.unit_price,
        known,
        subtotal,
        discount,
        subtotal - discount,
        picks,
    )
