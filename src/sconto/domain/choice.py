"""Which promotion a product gets, and why it does not get the others.

The rule is the merchant API's: three groups each pick at most one promotion for a product, and the
customer gets the highest of the picks. A pick that loses has a reason.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
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


class Pick(msgspec.Struct, frozen=True, gc=False):
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

    def find_offers(self, product_id: int) -> Sequence[Offer]:
        """Usable offers, including the best one for the product."""
        if self.by_product is None:
            return self.usable
        found = (self.everywhere, self.by_product.get(product_id))
        return [offer for offer in found if offer is not None]


_FEW_OFFERS = 4


def choose(
    lines: Iterable[Line], activated: Sequence[ActivatedCode], candidates: Candidates
) -> Choice:
    """Choose the picks of each product on the lines, at most one of each group."""
    usable = [code for code in reversed(activated) if code.usable]
    find_specific, everywhere = candidates.specific.get, candidates.everywhere
    # Many products have the same picks, so equal picks are decided once.
    decided: dict[tuple[object, ...], tuple[Pick, ...]] = {}
    picks: dict[int, tuple[Pick, ...]] = {}
    for line in lines:
        product_id = line.product_id
        if product_id in picks:
            continue
        specific = find_specific(product_id)
        code, offer, percent = _find_offer(product_id, usable)
        competing = (specific, None if offer is None else offer.code_id, percent)
        chosen = decided.get(competing)
        if chosen is None:
            picked = _automatic(specific, everywhere)
            if offer is not None:
                picked.insert(0, _pick_by_code(code, offer, percent))
            chosen = decided[competing] = _decide(picked)
        picks[product_id] = chosen
    return Choice(picks, decided.values())


def choose_without_code(
    specific: AutomaticPick | None, everywhere: AutomaticPick | None
) -> tuple[Pick, ...]:
    """The picks of a product that no code covers; the one that applies is first."""
    return _decide(_automatic(specific, everywhere))


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


def _find_offer(product_id: int, usable: Sequence[ActivatedCode]) -> tuple[str, Offer | None, int]:
    """The first code that covers the product; takes the codes with the last activated one first.

    Of the code's promotions it takes the highest discount, on a tie the latest created.
    """
    for code in usable:
        best: Offer | None = None
        highest = 0
        for offer in code.usable if code.by_product is None else code.find_offers(product_id):
            percent = offer.percent
            if percent is None:
                percent = offer.percents.get(product_id)
                if percent is None:
                    continue
            if best is None or (percent, offer.promotion_id) > (highest, best.promotion_id):
                best, highest = offer, percent
        if best is not None:
            return code.text, best, highest
    return "", None, 0


def _pick_by_code(code: str, offer: Offer, percent: int) -> Pick:
    return Pick(offer.promotion_id, _CODE, percent, code, offer.code_id, offer.code_type)


def _automatic(specific: AutomaticPick | None, everywhere: AutomaticPick | None) -> list[Pick]:
    """The picks of the two automatic groups, in their order."""
    picks = []
    if specific is not None:
        picks.append(Pick(specific.promotion_id, _SPECIFIC, specific.percent))
    if everywhere is not None:
        picks.append(Pick(everywhere.promotion_id, _ALL, everywhere.percent))
    return picks


def _decide(picks: Sequence[Pick]) -> tuple[Pick, ...]:
    """The pick that applies, then the others with the reason why they lost."""
    if len(picks) < 2:
        return tuple(picks)
    best = best_pick(picks)
    decided = [best]
    for pick in picks:
        if pick is not best:
            tied = pick.percent == best.percent
            decided.append(pick.lost(_TIE if tied else _LOWER_DISCOUNT))
    return tuple(decided)
