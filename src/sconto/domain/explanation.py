"""Why a cart costs what it does: for each product, the result of every promotion considered.

A quote shows the pick of each group. A merchant also wants to know about the other promotions: one
that a later promotion displaces, a code that covers only other products. This module explains
those. Pricing alone decides which pick applies.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sconto.domain.bill import PricedCart
from sconto.domain.candidates import Candidates
from sconto.domain.cart import Cart
from sconto.domain.choice import Group, Pick, Reason
from sconto.domain.codes import activated_codes
from sconto.domain.offers import Offer
from sconto.domain.schedule import Period


class PromotionStatus(StrEnum):
    """The result of a promotion on a product."""

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
        """Whether the promotion could not apply at that time, even without the others."""
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
    """The result of a promotion on a product.

    `percent` is None if the promotion gives nothing on the product, or if it was not read because
    the promotion cannot apply. `code` is the cart's code that activated it. The facts behind the
    status are the promotion's period and, for a used code, `used_at`, or `held_until` if it is held
    for another order.
    """

    promotion_id: int
    group: Group
    status: PromotionStatus
    percent: int | None = None
    code: str | None = None
    period: Period | None = None
    used_at: datetime | None = None
    held_until: datetime | None = None

    @property
    def time_behind(self) -> datetime | None:
        """When the promotion ended or starts, or its code was used; None for another status."""
        match self.status:
            case PromotionStatus.USED:
                return self.used_at
            case PromotionStatus.EXPIRED:
                return None if self.period is None else self.period.ends_at
            case PromotionStatus.NOT_STARTED:
                return None if self.period is None else self.period.starts_at
        return None


@dataclass(frozen=True, slots=True)
class PromotionName:
    """A promotion's current name, and whether it is deleted."""

    name: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class ExplainedQuote:
    """A priced cart, and for each product the promotions considered; the applied one is first.

    `names` are the names of these promotions, by id. Subscription promotions have ids of their own;
    their names are in `subscription_names`.
    """

    priced: PricedCart
    considered: Mapping[int, tuple[PromotionOutcome, ...]]
    names: Mapping[int, PromotionName]
    subscription_names: Mapping[int, PromotionName]


def explain(
    cart: Cart,
    priced: PricedCart,
    candidates: Candidates,
    automatic: Sequence[Offer],
    at: datetime,
) -> dict[int, tuple[PromotionOutcome, ...]]:
    """The result of each promotion on each product of the priced cart.

    `automatic` are automatic promotions on the cart's products, in the order of the answer. Picks
    among them are left out.
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
    """The result of the picks of each product of an order; the order stores only these."""
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
    """Why a code of the cart was not picked for a product."""
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
        offer.promotion_id,
        Group.CODE,
        status,
        percent,
        text,
        offer.period,
        offer.used_at,
        None if offer.used_at else offer.held_until,
    )


def _consider_automatic(offer: Offer, product_id: int, at: datetime) -> PromotionOutcome:
    """Why an automatic promotion was not picked: if it is running, one created later was picked."""
    obstacle = offer.obstacle(at)
    status = PromotionStatus.LATER_CREATED if obstacle is None else PromotionStatus(obstacle.value)
    group = Group.AUTOMATIC_SPECIFIC if offer.percent is None else Group.AUTOMATIC_ALL
    percent = offer.percent_on(product_id)
    return PromotionOutcome(offer.promotion_id, group, status, percent, period=offer.period)
