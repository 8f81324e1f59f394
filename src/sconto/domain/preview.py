"""What a promotion would do if it were saved: sample prices and warnings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from sconto.domain.bill import PricedLine
from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Cart, Line
from sconto.domain.choice import Group, Pick, latest_created, winner_of
from sconto.domain.codes import typed_code_key
from sconto.domain.coverage import AllProducts, named_products, percent_on
from sconto.domain.money import FULL_PERCENT
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.product import Product
from sconto.domain.promotion import NewPromotion, PromotionType
from sconto.domain.schedule import (
    ALL_PRODUCTS_ID,
    Period,
    PeriodState,
    Span,
    parts_outside,
    span_of,
)

_STAND_IN: Final = "\0"
"""The code of a draft without codes; no shopper can type it."""


class WarningKind(StrEnum):
    """Something that the merchant may not have intended."""

    NEVER_WINS = "never_wins"
    CODE_ELSEWHERE = "code_elsewhere"
    ALL_FREE = "all_free"
    OVER = "over"
    REMOVES_USED = "removes_used"


@dataclass(frozen=True, slots=True)
class PromotionWarning:
    """A warning, with the promotion and the codes behind it; `count` counts all such codes."""

    kind: WarningKind
    promotion_id: int | None = None
    codes: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class SamplePrice:
    """What one unit of a product would cost; `winner` is the promotion that applies."""

    product: Product
    line: PricedLine
    covered: bool
    winner: int | None
    wins: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A promotion that is not saved; a new one has an `id` above all others."""

    promotion: NewPromotion
    id: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Sample prices at a time, and warnings.

    `unknown` are products that the promotion names but the catalogue does not have. `names` are
    those of the other promotions that warnings are about, by id.
    """

    at: datetime
    prices: tuple[SamplePrice, ...]
    warnings: tuple[PromotionWarning, ...]
    unknown: tuple[int, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)


def preview_time(period: Period, now: datetime) -> datetime:
    """When to preview prices: now if the period is running, otherwise at its start."""
    return now if period.state(now) is PeriodState.RUNNING else period.starts_at


def first_code(draft: Draft) -> str:
    """A code of the draft, to be activated in the preview."""
    return next(iter(draft.promotion.terms.codes), _STAND_IN)


def sample_prices(
    draft: Draft, products: Sequence[Product], candidates: Candidates, at: datetime
) -> tuple[SamplePrice, ...]:
    """Price each product alone, with the draft in place of the stored promotion."""
    candidates = with_draft(candidates, draft, {product.product_id for product in products})
    return tuple(_sample(draft, product, candidates, at) for product in products)


def with_draft(candidates: Candidates, draft: Draft, product_ids: Collection[int]) -> Candidates:
    """The candidates for these products as if the draft were saved."""
    promotion, offer = draft.promotion, offer_of(draft, product_ids)
    offers = [other for other in candidates.offers if other.promotion_id != draft.id]
    specific = {
        product_id: pick
        for product_id, pick in candidates.specific.items()
        if pick.promotion_id != draft.id
    }
    everywhere = candidates.everywhere
    if everywhere is not None and everywhere.promotion_id == draft.id:
        everywhere = None
    if promotion.type is PromotionType.COUPON:
        offers.append(offer)
    elif promotion.active:
        if offer.percent is not None:
            everywhere = latest_created(everywhere, AutomaticPick(draft.id, offer.percent))
        for product_id, percent in offer.percents.items():
            own = AutomaticPick(draft.id, percent)
            specific[product_id] = latest_created(specific.get(product_id), own)
    return Candidates(candidates.known, everywhere, specific, offers, candidates.subscription_rules)


def offer_of(draft: Draft, product_ids: Collection[int]) -> Offer:
    """The draft as an offer to a cart of these products."""
    promotion, terms = draft.promotion, draft.promotion.terms
    is_coupon = promotion.type is PromotionType.COUPON
    # A draft may name a whole catalogue; only a few products are read.
    named = [one for one in named_products(terms.coverage) if one in product_ids]
    return Offer(
        key=typed_code_key(first_code(draft)) if is_coupon else None,
        code_id=0 if is_coupon else None,
        promotion_id=draft.id,
        code_type=terms.code_type,
        active=promotion.active,
        period=promotion.period,
        percent=terms.coverage.percent if isinstance(terms.coverage, AllProducts) else None,
        percents={product_id: _percent(draft, product_id) for product_id in named},
    )


def find_warnings(
    draft: Draft, spans: Mapping[int, Sequence[Span]] | None, now: datetime
) -> list[PromotionWarning]:
    """The warnings about the draft alone, and about other automatic promotions.

    `spans` are the timelines of the products that the draft covers, and of ALL_PRODUCTS_ID; None if
    there are too many products.
    """
    promotion = draft.promotion
    warnings = []
    if promotion.period.state(now) is PeriodState.OVER:
        warnings.append(PromotionWarning(WarningKind.OVER))
    coverage = promotion.terms.coverage
    if isinstance(coverage, AllProducts) and coverage.percent == FULL_PERCENT:
        warnings.append(PromotionWarning(WarningKind.ALL_FREE))
    if spans is not None and (rival := find_rival(draft, spans, now)) is not None:
        warnings.append(PromotionWarning(WarningKind.NEVER_WINS, promotion_id=rival))
    return warnings


def find_rival(draft: Draft, spans: Mapping[int, Sequence[Span]], now: datetime) -> int | None:
    """A promotion because of which the draft never wins on any product from now on.

    None if the draft wins somewhere, or if its period is over.
    """
    period = draft.promotion.period
    if period.state(now) is PeriodState.OVER:
        return None
    left = span_of(replace(period, starts_at=max(period.starts_at, now)), draft.id, 0)
    first: int | None = None
    for product_id in spans:
        if product_id == ALL_PRODUCTS_ID:
            continue
        rivals = list(_rivals(draft, product_id, spans))
        if _left_over(left, rivals):
            return None
        first = first or rivals[0].promotion_id
    return first


def _sample(draft: Draft, product: Product, candidates: Candidates, at: datetime) -> SamplePrice:
    line = Line("1", product.product_id, 1, product.price)
    coupon = draft.promotion.type is PromotionType.COUPON
    codes = (first_code(draft),) if coupon else ()
    priced = price(Cart(product.currency, (line,), codes), candidates, at).lines[0]
    winner = None if priced.winning_pick is None else priced.winning_pick.promotion_id
    covered = percent_on(draft.promotion.terms.coverage, product.product_id) is not None
    return SamplePrice(product, priced, covered, winner, wins=winner == draft.id)


def _percent(draft: Draft, product_id: int) -> int:
    """The draft's percent on a product; 0 if it does not cover it."""
    return percent_on(draft.promotion.terms.coverage, product_id) or 0


def _rivals(draft: Draft, product_id: int, spans: Mapping[int, Sequence[Span]]) -> Iterable[Span]:
    """The spans of the promotions that the product would get instead of the draft."""
    own = Pick(draft.id, _group(draft), _percent(draft, product_id))
    for timeline, group in (
        (product_id, Group.AUTOMATIC_SPECIFIC),
        (ALL_PRODUCTS_ID, Group.AUTOMATIC_ALL),
    ):
        for span in spans.get(timeline, ()):
            if span.promotion_id != draft.id:
                rival = Pick(span.promotion_id, group, span.percent)
                if winner_of(own, rival) is rival:
                    yield span


def _group(draft: Draft) -> Group:
    if draft.promotion.type is PromotionType.COUPON:
        return Group.CODE
    covers_all = isinstance(draft.promotion.terms.coverage, AllProducts)
    return Group.AUTOMATIC_ALL if covers_all else Group.AUTOMATIC_SPECIFIC


def _left_over(span: Span, others: Sequence[Span]) -> list[Span]:
    parts = [span]
    for other in others:
        parts = [rest for part in parts for rest in parts_outside(part, other)]
    return parts
