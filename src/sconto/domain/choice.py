"""Which promotion a product gets, and why it does not get the others.

The rule is the merchant API's: three groups each pick at most one promotion for a product, and the
customer gets the highest of the picks. A pick that loses has a reason.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Line
from sconto.domain.codes import CodeType, activated_codes
from sconto.domain.offers import Offer


class Group(StrEnum):
    """The groups that pick, in the order that decides a tie."""

    CODE = "code"
    AUTOMATIC_SPECIFIC = "automatic_specific"
    AUTOMATIC_ALL = "automatic_all"


# Enum lookups are slow in Python 3.11.
_CODE, _SPECIFIC, _ALL = Group.CODE, Group.AUTOMATIC_SPECIFIC, Group.AUTOMATIC_ALL

_ORDER: Final = {group: number for number, group in enumerate(Group)}


class Reason(StrEnum):
    """Why a pick lost."""

    LOWER_DISCOUNT = "lower_discount"
    TIE = "tie"


_LOWER_DISCOUNT, _TIE = Reason.LOWER_DISCOUNT, Reason.TIE


class Pick(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """The promotion that a group chose for a product.

    `code`, `code_id` and `code_type` are those of the code group's pick. `reason` says why the pick
    lost; it is None for the pick that applied.
    """

    promotion_id: int
    group: Group
    percent: int
    code: str | None = None
    code_id: int | None = None
    code_type: CodeType | None = None
    reason: Reason | None = None

    @property
    def applied(self) -> bool:
        """Whether the customer gets this pick's discount."""
        return self.reason is None

    def lost(self, reason: Reason) -> "Pick":
        """The same pick, with the reason why it lost."""
        return Pick(
            self.promotion_id,
            self.group,
            self.percent,
            self.code,
            self.code_id,
            self.code_type,
            reason,
        )


P = TypeVar("P", AutomaticPick, Pick)


class Choice(msgspec.Struct, frozen=True, gc=False):
    """The picks of each product, and the distinct ones; the pick that applies is first."""

    picks: Mapping[int, tuple[Pick, ...]]
    distinct: Collection[tuple[Pick, ...]]


class ActivatedCode(msgspec.Struct, frozen=True, gc=False):
    """An activated code, its promotions, and those of them that can apply.

    `everywhere` is the best usable offer on everything, `by_product` the best of the others for
    each product. `by_product` is None if there are so few that a search through them is faster.
    """

    text: str
    offers: Sequence[Offer]
    usable: Sequence[Offer]
    everywhere: Offer | None = None
    by_product: Mapping[int, Offer] | None = None

    def find_offers(self, product_id: int | None) -> Sequence[Offer]:
        """Usable offers, including the best one for the product; None is one that none names."""
        if self.by_product is None:
            return self.usable
        found = (self.everywhere, None if product_id is None else self.by_product.get(product_id))
        return [offer for offer in found if offer is not None]

    def named_products(self) -> Iterator[int]:
        """The products that usable offers name, some perhaps twice."""
        for offer in self.usable:
            if offer.percent is None:
                yield from offer.percents


_FEW_OFFERS = 4


def choose(
    lines: Iterable[Line], activated: Sequence[ActivatedCode], candidates: Candidates
) -> Choice:
    """Choose the picks of each product on the lines, at most one of each group."""
    usable = [code for code in reversed(activated) if code.usable]
    named = {product_id for code in usable for product_id in code.named_products()}
    by_code_elsewhere = _find_by_code(None, usable)
    find_specific, everywhere = candidates.specific.get, candidates.everywhere
    # Many products have the same picks, so equal picks are decided once.
    decided: dict[tuple[object, ...], tuple[Pick, ...]] = {}
    picks: dict[int, tuple[Pick, ...]] = {}
    for line in lines:
        product_id = line.product_id
        if product_id in picks:
            continue
        by_code = _find_by_code(product_id, usable) if product_id in named else by_code_elsewhere
        competing = find_specific(product_id), by_code
        chosen = decided.get(competing)
        if chosen is None:
            chosen = decided[competing] = pick_from_groups(*competing, everywhere)
        picks[product_id] = chosen
    return Choice(picks, decided.values())


# A shop has few promotions that run, so its carts choose between the same ones again and again.
@lru_cache(2_048)
def pick_from_groups(
    specific: AutomaticPick | None, by_code: Pick | None, everywhere: AutomaticPick | None
) -> tuple[Pick, ...]:
    """The pick of each group for a product; the one that applies is first."""
    picks = [] if by_code is None else [by_code]
    if specific is not None:
        picks.append(_pick_automatically(specific, _SPECIFIC))
    if everywhere is not None:
        picks.append(_pick_automatically(everywhere, _ALL))
    return _decide(picks)


# A shop may have so many codes that carts rarely choose between the same promotions again. But they
# do choose between the same automatic ones, and an object that is used again has its hash.
@lru_cache(2_048)
def _pick_automatically(promotion: AutomaticPick, group: Group) -> Pick:
    return Pick(promotion.promotion_id, group, promotion.percent)


@lru_cache(2_048)
def _lose_automatically(pick: Pick, reason: Reason) -> Pick:
    return pick.lost(reason)


def winner_of(first: Pick, second: Pick) -> Pick:
    """Which of two promotions a product gets; at least one is automatic."""
    if first.group is second.group:
        return latest_created(first, second)
    return best_pick(sorted((first, second), key=lambda pick: _ORDER[pick.group]))


def latest_created(pick: P | None, other: P) -> P:
    """The pick of an automatic group: promotions are created in the order of their ids."""
    return other if pick is None or pick.promotion_id < other.promotion_id else pick


def best_pick(picks: Sequence[Pick]) -> Pick:
    """The pick that applies: the highest discount, on a tie that of the earlier group.

    Takes the picks in the order of their groups.
    """
    best = picks[0]
    for pick in picks:
        if pick.percent > best.percent:
            best = pick
    return best


def activate_codes(
    texts: Iterable[str], offers: Iterable[Offer], at: datetime
) -> list[ActivatedCode]:
    """The codes of a cart with their offers, in the order of activation."""
    by_key: dict[str | None, list[Offer]] = {}
    for offer in offers:
        by_key.setdefault(offer.key, []).append(offer)
    activated = []
    for key, text in activated_codes(texts).items():
        found = by_key.get(key, [])
        usable = [offer for offer in found if offer.obstacle(at) is None]
        if len(usable) <= _FEW_OFFERS:
            activated.append(ActivatedCode(text, found, usable))
        else:
            activated.append(ActivatedCode(text, found, usable, *_best_of(usable)))
    return activated


def _best_of(usable: Sequence[Offer]) -> tuple[Offer | None, dict[int, Offer]]:
    """The best offer on all products, and the best of the others by product."""

    def rank(offer: Offer, percent: int) -> tuple[int, int]:
        return percent, offer.promotion_id

    everywhere: Offer | None = None
    by_product: dict[int, Offer] = {}
    for offer in usable:
        if offer.percent is not None:
            if everywhere is None or rank(offer, offer.percent) > rank(
                everywhere, everywhere.percent or 0
            ):
                everywhere = offer
            continue
        for product_id, percent in offer.percents.items():
            best = by_product.get(product_id)
            if best is None or rank(offer, percent) > rank(best, best.percents[product_id]):
                by_product[product_id] = offer
    return everywhere, by_product


def _find_by_code(product_id: int | None, usable: Sequence[ActivatedCode]) -> Pick | None:
    """The pick by the first code that covers the product, or every product that none names.

    Takes the codes with the last activated one first. Of a code's promotions it takes the highest
    discount, on a tie the latest created.
    """
    for code in usable:
        best: Offer | None = None
        highest = 0
        for offer in code.usable if code.by_product is None else code.find_offers(product_id):
            percent = offer.percent
            if percent is None:
                percent = None if product_id is None else offer.percents.get(product_id)
                if percent is None:
                    continue
            if best is None or (percent, offer.promotion_id) > (highest, best.promotion_id):
                best, highest = offer, percent
        if best is not None:
            return Pick(best.promotion_id, _CODE, highest, code.text, best.code_id, best.code_type)
    return None


def _decide(picks: Sequence[Pick]) -> tuple[Pick, ...]:
    """The pick that applies, then the others with the reason why they lost."""
    if len(picks) < 2:
        return tuple(picks)
    best = best_pick(picks)
    decided = [best]
    for pick in picks:
        if pick is not best:
            reason = _TIE if pick.percent == best.percent else _LOWER_DISCOUNT
            lose = Pick.lost if pick.group is _CODE else _lose_automatically
            decided.append(lose(pick, reason))
    return tuple(decided)
