"""What a cart costs: the one place where amounts are decided, for quotes, orders and previews."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Cart, Line
from sconto.domain.choice import Pick, activate_codes, choose, choose_without_code
from sconto.domain.code_outcomes import CodeOutcome, find_code_outcomes
from sconto.domain.money import percent_of, split_amount
from sconto.domain.subscription import Subscription, SubscriptionOutcome
from sconto.domain.subscription_pricing import SubscriptionRules, price_subscription


class PricedLine(msgspec.Struct, frozen=True):
    """A line with what it costs; amounts in minor units, for the whole line.

    `discount` is what the promotions on products take off, `subscription_discount` the line's
    share of what the subscription's code does; `total` is after both.
    """

    line_id: str
    product_id: int
    quantity: int
    unit_price: int
    known: bool
    subtotal: int
    discount: int
    total: int
    picks: tuple[Pick, ...]
    subscription_discount: int = 0

    @property
    def winning_pick(self) -> Pick | None:
        """The pick whose discount the customer gets."""
        return self.picks[0] if self.picks else None


class PricedCart(msgspec.Struct, frozen=True):
    """A cart with what it costs; the lines, with both their discounts, add up to the totals."""

    currency: str
    subtotal: int
    discount: int
    total: int
    lines: tuple[PricedLine, ...]
    codes: tuple[CodeOutcome, ...]
    subscription: SubscriptionOutcome | None = None


class ListedPrice(msgspec.Struct, frozen=True, eq=False):
    """What one unit of a product costs in a listing, in minor units; `pick` is what applies."""

    unit_price: int
    price: int
    pick: Pick | None


def price_listing(products: Sequence[tuple[int, int]], candidates: Candidates) -> list[ListedPrice]:
    """Price one unit of each product, given with its unit price, as a cart without codes would."""
    specific, everywhere = candidates.specific.get, candidates.everywhere
    return [
        _list_price(unit_price, specific(product_id), everywhere)
        for product_id, unit_price in products
    ]


# Pages show the same products again and again, a thousand at a time.
@lru_cache(16_384)
def _list_price(
    unit_price: int, specific: AutomaticPick | None, everywhere: AutomaticPick | None
) -> ListedPrice:
    picks = choose_without_code(specific, everywhere)
    if not picks:
        return ListedPrice(unit_price, unit_price, None)
    discount = percent_of(unit_price, picks[0].percent)
    return ListedPrice(unit_price, unit_price - discount, picks[0])


def price(cart: Cart, candidates: Candidates, at: datetime) -> PricedCart:
    """Price a cart at a time.

    The lines of one product share their picks. A line's discount is rounded once, half up, for the
    whole line. What the code of a subscription does comes last, on what then remains.
    """
    activated = activate_codes(cart.codes, candidates.offers, at)
    choice = choose([line.product_id for line in cart.lines], activated, candidates)
    lines = tuple(
        [
            _price_line(line, choice.picks[line.product_id], line.product_id in candidates.known)
            for line in cart.lines
        ]
    )
    priced = PricedCart(
        cart.currency,
        subtotal=(subtotal := sum([line.subtotal for line in lines])),
        discount=(discount := sum([line.discount for line in lines])),
        total=subtotal - discount,
        lines=lines,
        codes=find_code_outcomes(activated, choice, choice.picks.keys(), at),
    )
    if cart.subscription is None:
        return priced
    return _discount_order(priced, cart.subscription, candidates.subscription_rules)


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


def _discount_order(
    priced: PricedCart, subscription: Subscription, applied: Sequence[SubscriptionRules | None]
) -> PricedCart:
    """Lay the effect of the subscription's code on the whole order, split over its lines."""
    outcome = price_subscription(subscription, applied, priced.currency, priced.total)
    shares = split_amount(outcome.discount, [line.total for line in priced.lines])
    return msgspec.structs.replace(
        priced,
        discount=priced.discount + outcome.discount,
        total=priced.total - outcome.discount,
        lines=tuple(
            msgspec.structs.replace(line, total=line.total - share, subscription_discount=share)
            for line, share in zip(priced.lines, shares, strict=True)
        ),
        subscription=outcome,
    )
