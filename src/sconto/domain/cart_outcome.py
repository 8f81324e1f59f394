"""The result of a cart promotion when a cart was priced."""

from collections.abc import Mapping

import msgspec

from sconto.domain.cart_offers import CartOffer, CartRefusal
from sconto.domain.cart_promotion import Target
from sconto.domain.codes import CodeType


class CartPromotionOutcome(
    msgspec.Struct, frozen=True, gc=False, omit_defaults=True, cache_hash=True
):
    """The result of a cart promotion: what it takes off, or all reasons why it does not apply.

    `code` is the one that activated it, as typed. `next_tier` is what a higher tier needs.
    """

    promotion_id: int
    target: Target
    discount: int = 0
    code: str | None = None
    code_id: int | None = None
    code_type: CodeType | None = None
    reasons: tuple[CartRefusal, ...] = ()
    next_tier: CartRefusal | None = None

    @property
    def applied(self) -> bool:
        """Whether the customer gets its discount."""
        return not self.reasons


def make_outcome(
    offered: CartOffer,
    texts: Mapping[str, str],
    discount: int,
    reasons: tuple[CartRefusal, ...] = (),
    next_tier: CartRefusal | None = None,
) -> CartPromotionOutcome:
    """The outcome of a promotion; `texts` are the cart's codes as typed, by their keys."""
    offer = offered.offer
    return CartPromotionOutcome(
        offer.promotion_id,
        offered.terms.target,
        discount,
        None if offer.key is None else texts[offer.key],
        offer.code_id,
        offer.code_type,
        reasons,
        next_tier,
    )
