"""Placing the orders of a period again: each is priced as things stand and with the draft."""

from collections.abc import Callable
from datetime import date, datetime

import msgspec

from sconto.domain.backtest.draft import Draft, Uncovered, with_draft
from sconto.domain.backtest.figures import PricedTwice, add_order
from sconto.domain.backtest.job import Checkpoint, kind_of
from sconto.domain.backtest.worlds import Digest, Opening
from sconto.domain.candidates import Candidates
from sconto.domain.cart import Cart
from sconto.domain.pricing import price


class RecordedOrder(msgspec.Struct, frozen=True):
    """An order as it was sent, with everything that its price depends on except limits."""

    order_id: str
    placed_at: datetime
    cart: Cart
    found: Candidates


class Replay:
    """Places orders again, in the order of time, and adds up what changes."""

    def __init__(
        self,
        draft: Draft,
        checkpoint: Checkpoint,
        uncovered: Uncovered,
        digest: Digest,
        day_of: Callable[[datetime], date],
    ) -> None:
        self._draft = draft
        self._draft_key = f"{kind_of(draft).value} {draft.id}"
        self._checkpoint = checkpoint
        self._uncovered = uncovered
        self._digest = digest
        self._day_of = day_of

    def place(self, order: RecordedOrder, opening: Opening) -> PricedTwice:
        """Place the next order, as things stand and with the draft."""
        cart, at = order.cart, order.placed_at
        checkpoint, digest = self._checkpoint, self._digest
        with_it = with_draft(self._draft, cart, order.found, at, self._uncovered)
        before_found = checkpoint.before.seen_by(cart, order.found, at, opening, digest)
        after_found = checkpoint.after.seen_by(cart, with_it, at, opening, digest)
        before = price(cart, before_found, at)
        # The price depends only on these, so equal orders are priced once.
        is_same = with_it is order.found and (
            after_found is before_found or after_found == before_found
        )
        after = before if is_same else price(cart, after_found, at)
        checkpoint.before.take(cart, before, before_found.cart_offers, digest)
        checkpoint.after.take(cart, after, after_found.cart_offers, digest)
        customer = cart.customer.id
        twice = PricedTwice(
            order.order_id,
            at,
            self._day_of(at),
            before,
            after,
            None if customer is None else digest(customer),
        )
        add_order(checkpoint.figures, twice, self._draft_key)
        return twice
