"""Drafts of a back-test, and what a cart may get from them instead of what is stored.

A draft is stored with its back-test as JSON of these shapes. A new field needs a default.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Final

import msgspec
from msgspec.structs import replace

from sconto.domain.backtest.prospects import Occasion
from sconto.domain.candidates import AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import NewCartPromotion
from sconto.domain.choice import latest_created
from sconto.domain.codes import CodeType, activated_codes, code_key
from sconto.domain.numbers import MAX_INT64
from sconto.domain.offers import Offer
from sconto.domain.promotion import PromotionType
from sconto.domain.schedule import ALL_PRODUCTS_ID, Period, PeriodState

MAX_NAMED: Final = 100_000
"""Codes, and products, that a draft may name."""

Uncovered = Callable[[int, datetime], AutomaticPick | None]
"""The automatic pick of a product (ALL_PRODUCTS_ID: of all products) without the promotion whose
place the draft takes."""


class ProductDraft(
    msgspec.Struct, frozen=True, tag_field="kind", tag="product", omit_defaults=True, dict=True
):
    """A product promotion that is not saved; it may replace one that is.

    It gives `percent` on all products, or `percents` on those that it names. With `codes` None it
    keeps the codes of the promotion that it replaces.
    """

    name: str
    type: PromotionType
    active: bool
    period: Period
    percent: int | None = None
    percents: dict[int, int] = {}
    code_type: CodeType | None = None
    codes: tuple[str, ...] | None = ()
    replaces: int | None = None

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of its own codes."""
        return _keys_of(self.codes or ())

    @property
    def id(self) -> int:
        """Its id during pricing; a new draft counts as created after all promotions."""
        return self.replaces or MAX_INT64


class CartPromotionDraft(
    msgspec.Struct, frozen=True, tag_field="kind", tag="cart", omit_defaults=True, dict=True
):
    """A cart promotion that is not saved; it may replace one that is.

    If it has a code type but no codes, it keeps the codes of the promotion that it replaces.
    """

    promotion: NewCartPromotion
    replaces: int | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.promotion.name

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of its own codes."""
        return _keys_of(self.promotion.codes)

    @property
    def id(self) -> int:
        """Its id during pricing; 0 for a new one."""
        return self.replaces or 0


Draft = ProductDraft | CartPromotionDraft


def as_if_running(draft: Draft, since: datetime) -> Draft:
    """The draft as if it were active from a time on, without an end."""
    period = Period(since)
    if isinstance(draft, ProductDraft):
        return replace(draft, active=True, period=period)
    return replace(draft, promotion=replace(draft.promotion, active=True, period=period))


def with_draft(
    draft: Draft, cart: Cart, found: Candidates, at: datetime, uncovered: Uncovered
) -> Candidates:
    """The candidates of a cart as if the draft were saved.

    Returns `found` itself if the draft changes nothing for the cart. Allowances are not considered.
    """
    if isinstance(draft, CartPromotionDraft):
        return _with_cart_promotion(draft, cart, found, at)
    return _with_product_promotion(draft, cart, found, at, uncovered)


def _with_cart_promotion(
    draft: CartPromotionDraft, cart: Cart, found: Candidates, at: datetime
) -> Candidates:
    replaced = [one for one in found.cart_offers if one.promotion_id == draft.replaces]
    occasion = Occasion(cart, at, has_ordered=found.has_ordered)
    own = [one for one in _cart_offers(draft, cart, replaced) if occasion.may_get(one)]
    if not own and not replaced:
        return found
    others = [one for one in found.cart_offers if one.promotion_id != draft.replaces]
    return replace(found, cart_offers=CartOffers([*others, *own]))


def _cart_offers(
    draft: CartPromotionDraft, cart: Cart, replaced: Iterable[CartOffer]
) -> Iterable[CartOffer]:
    new = draft.promotion
    stored = {one.offer.key: one.offer for one in replaced if one.offer.key is not None}
    for key, before in _served(cart, new.code_type, new.codes or None, draft.keys, stored):
        offer = Offer(
            key=key,
            code_id=None if key is None else 0 if before is None else before.code_id,
            promotion_id=draft.id,
            code_type=new.code_type,
            active=new.active,
            period=new.period,
            used_at=None if before is None else before.used_at,
        )
        yield CartOffer(offer, new.terms)


def _with_product_promotion(
    draft: ProductDraft, cart: Cart, found: Candidates, at: datetime, uncovered: Uncovered
) -> Candidates:
    everywhere, specific = found.everywhere, found.specific
    replaced = [one for one in found.offers if one.promotion_id == draft.replaces]
    offers = found.offers
    if draft.replaces is not None:
        everywhere, specific = _without(draft.replaces, found, at, uncovered)
        if replaced:
            offers = [one for one in offers if one.promotion_id != draft.replaces]
    if draft.type is PromotionType.COUPON:
        own = list(_offers(draft, cart, replaced))
        offers = [*offers, *own] if own else offers
    elif draft.active and draft.period.state(at) is PeriodState.RUNNING:
        everywhere, specific = _covered(draft, cart, everywhere, specific)
    if everywhere is found.everywhere and specific is found.specific and offers is found.offers:
        return found
    return replace(found, everywhere=everywhere, specific=specific, offers=offers)


def _without(
    promotion_id: int, found: Candidates, at: datetime, uncovered: Uncovered
) -> tuple[AutomaticPick | None, Mapping[int, AutomaticPick]]:
    """The automatic picks without a promotion."""
    everywhere, specific = found.everywhere, found.specific
    if everywhere is not None and everywhere.promotion_id == promotion_id:
        everywhere = uncovered(ALL_PRODUCTS_ID, at)
    if any(pick.promotion_id == promotion_id for pick in specific.values()):
        specific = {
            product_id: left
            for product_id, pick in specific.items()
            if (left := pick if pick.promotion_id != promotion_id else uncovered(product_id, at))
        }
    return everywhere, specific


def _covered(
    draft: ProductDraft,
    cart: Cart,
    everywhere: AutomaticPick | None,
    specific: Mapping[int, AutomaticPick],
) -> tuple[AutomaticPick | None, Mapping[int, AutomaticPick]]:
    """The automatic picks with the draft, which wins against promotions created earlier."""
    if draft.percent is not None:
        return latest_created(everywhere, AutomaticPick(draft.id, draft.percent)), specific
    covered = {
        product_id: latest_created(specific.get(product_id), AutomaticPick(draft.id, percent))
        for product_id, percent in _percents_on(draft, cart).items()
    }
    return everywhere, {**specific, **covered} if covered else specific


def _offers(draft: ProductDraft, cart: Cart, replaced: Iterable[Offer]) -> Iterable[Offer]:
    stored = {one.key: one for one in replaced if one.key is not None}
    percents = _percents_on(draft, cart)
    for key, before in _served(cart, CodeType.REUSABLE, draft.codes, draft.keys, stored):
        yield Offer(
            key=key,
            code_id=0 if before is None else before.code_id,
            promotion_id=draft.id,
            code_type=draft.code_type,
            active=draft.active,
            period=draft.period,
            used_at=None if before is None else before.used_at,
            percent=draft.percent,
            percents=percents,
        )


def _percents_on(draft: ProductDraft, cart: Cart) -> dict[int, int]:
    """The percents of the named products that are in the cart."""
    named = draft.percents
    return {
        line.product_id: percent
        for line in cart.lines
        if (percent := named.get(line.product_id)) is not None
    }


def _served(
    cart: Cart,
    code_type: CodeType | None,
    codes: tuple[str, ...] | None,
    keys: frozenset[str],
    stored: Mapping[str, Offer],
) -> Iterable[tuple[str | None, Offer | None]]:
    """The keys of the cart's codes that activate the draft, each with the stored code.

    Without a code type that is the key None, once. With `codes` None the stored codes are kept.
    """
    if code_type is None:
        yield None, None
        return
    for key in activated_codes(cart.codes):
        if key in stored if codes is None else key in keys:
            yield key, stored.get(key)


def _keys_of(codes: Iterable[str]) -> frozenset[str]:
    return frozenset(key for code in codes if (key := code_key(code)) is not None)
