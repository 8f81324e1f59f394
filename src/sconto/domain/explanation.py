"""Why a cart costs what it does: for each product every promotion that was looked at, and why not.

A quote tells the pick of each group. What a merchant asks is what became of the others: the
promotion that a later one stands before, the code that counts on other products only. The verdicts
here are about those; which pick applies was decided by the pricing alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sconto.domain.candidates import Candidates, Offer
from sconto.domain.cart import Cart
from sconto.domain.choice import Group, Pick, Reason
from sconto.domain.codes import activated_codes
from sconto.domain.pricing import PricedCart
from sconto.domain.schedule import Period


class PromotionStatus(StrEnum):
    """What became of a promotion on a product."""

    APPLIED = "applied"
    LOWER_DISCOUNT = "lower_discount"
    TIE = "tie"
    LATER_CODE = "later_code"
    SAME_CODE = "same_code"
    LATER_CREATED = "later_created"
    NOT_COVERED = "not_covered"
    USED = "used"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"
    INACTIVE = "inactive"

    @property
    def is_obstacle(self) -> bool:
        """Whether the promotion could not have counted then, whatever the others are."""
        return self in _OBSTACLES


_OBSTACLES: Final = frozenset(
    {
        PromotionStatus.USED,
        PromotionStatus.EXPIRED,
        PromotionStatus.NOT_STARTED,
        PromotionStatus.INACTIVE,
        PromotionStatus.NOT_COVERED,
    }
)

_OF_PICK: Final = {
    None: PromotionStatus.APPLIED,
    Reason.LOWER_DISCOUNT: PromotionStatus.LOWER_DISCOUNT,
    Reason.TIE: PromotionStatus.TIE,
}


@dataclass(frozen=True, slots=True)
class PromotionOutcome:
    """A promotion that was looked at for a product.

    `percent` is None where it gives nothing there, or nobody looked because it could not count;
    `code` is that of the cart for which it was looked at. The facts behind the verdict are the
    promotion's period, and for a used code `used_at`.
    """

    promotion_id: int
    group: Group
    status: PromotionStatus
    percent: int | None = None
    code: str | None = None
    period: Period | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PromotionName:
    """What a promotion is called by now, and whether it can still be looked at."""

    name: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class ExplainedQuote:
    """A priced cart, and for each of its products what was considered: the one applied first.

    `names` are those of the promotions that it mentions, by id.
    """

    priced: PricedCart
    considered: Mapping[int, tuple[PromotionOutcome, ...]]
    names: Mapping[int, PromotionName]


def explain(
    cart: Cart,
    priced: PricedCart,
    candidates: Candidates,
    automatic: Sequence[Offer],
    at: datetime,
) -> dict[int, tuple[PromotionOutcome, ...]]:
    """Say of every product of the priced cart what became of each promotion.

    `automatic` are promotions on the cart's products besides the picks, in the order in which they
    are to be told.
    """
    picks = {line.product_id: line.picks for line in priced.lines}
    return {
        product_id: (
            *(_consider_pick(pick) for pick in of_product),
            *sorted(
                _consider_others(product_id, of_product, cart, candidates, automatic, at),
                key=lambda considered: considered.status.is_obstacle,
            ),
        )
        for product_id, of_product in picks.items()
    }


def explain_outcome(priced: PricedCart) -> dict[int, tuple[PromotionOutcome, ...]]:
    """Say of every product of an order what became of its picks: all that is kept of it."""
    return {
        line.product_id: tuple(_consider_pick(pick) for pick in line.picks) for line in priced.lines
    }


def _consider_pick(pick: Pick) -> PromotionOutcome:
    status = _OF_PICK[pick.reason]
    return PromotionOutcome(pick.promotion_id, pick.group, status, pick.percent, pick.code)


def _consider_others(
    product_id: int,
    picks: Sequence[Pick],
    cart: Cart,
    candidates: Candidates,
    automatic: Iterable[Offer],
    at: datetime,
) -> Iterator[PromotionOutcome]:
    picked = {pick.promotion_id for pick in picks}
    by_code = next((pick for pick in picks if pick.group is Group.CODE), None)
    for key, text in reversed(activated_codes(cart.codes).items()):
        for offer in candidates.offers:
            if offer.key == key and (by_code is None or offer.code_id != by_code.code_id):
                yield _consider_code(offer, text, by_code, product_id, at)
    for promotion in automatic:
        if promotion.promotion_id not in picked and promotion.percent_on(product_id) is not None:
            yield _consider_automatic(promotion, product_id, at)


def _consider_code(
    offer: Offer, text: str, picked: Pick | None, product_id: int, at: datetime
) -> PromotionOutcome:
    """Why a code that the cart has was not picked for a product."""
    obstacle, percent = offer.obstacle(at), offer.percent_on(product_id)
    if obstacle is not None:
        status = PromotionStatus(obstacle.value)
    elif percent is None:
        status = PromotionStatus.NOT_COVERED
    elif picked is not None and picked.code == text:
        status = PromotionStatus.SAME_CODE
    else:
        status = PromotionStatus.LATER_CODE
    return PromotionOutcome(
        offer.promotion_id, Group.CODE, status, percent, text, offer.period, offer.used_at
    )


def _consider_automatic(offer: Offer, product_id: int, at: datetime) -> PromotionOutcome:
    """Why an automatic promotion was not picked for a product: of those that run, one is."""
    obstacle = offer.obstacle(at)
    status = PromotionStatus.LATER_CREATED if obstacle is None else PromotionStatus(obstacle.value)
    group = Group.AUTOMATIC_SPECIFIC if offer.percent is None else Group.AUTOMATIC_ALL
    percent = offer.percent_on(product_id)
    return PromotionOutcome(offer.promotion_id, group, status, percent, period=offer.period)
