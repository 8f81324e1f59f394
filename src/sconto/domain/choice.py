"""Which promotion a product gets, and why not the others.

The rule is the merchant API's: three groups each pick at most one promotion for a product, and the
customer gets the highest of the picks. Everything that was activated or picked and did not win says
why.

The values are structs of msgspec and not dataclasses, for each quote makes some twenty: a frozen
dataclass takes six times as long, which was 40 % of pricing.
"""

from collections.abc import Callable, Iterable, KeysView, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from sconto.domain.cart import Cart
from sconto.domain.codes import CodeType, activated_codes
from sconto.domain.schedule import Period, PeriodState
from sconto.domain.subscription_pricing import SubscriptionRules


class Group(StrEnum):
    """The groups that pick, in the order that decides a tie."""

    CODE = "code"
    AUTOMATIC_SPECIFIC = "automatic_specific"
    AUTOMATIC_ALL = "automatic_all"


class Reason(StrEnum):
    """Why a pick lost."""

    LOWER_DISCOUNT = "lower_discount"
    TIE = "tie"


class CodeStatus(StrEnum):
    """What became of an activated code, from best to worst."""

    APPLIED = "applied"
    OUTDONE = "outdone"
    NOT_PICKED = "not_picked"
    NOT_APPLICABLE = "not_applicable"
    USED = "used"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


_OUT_OF_TIME = {
    PeriodState.NOT_STARTED: CodeStatus.NOT_STARTED,
    PeriodState.OVER: CodeStatus.EXPIRED,
}

_RANK = {status: rank for rank, status in enumerate(CodeStatus)}


class AutomaticPick(msgspec.Struct, frozen=True):
    """The promotion that a timeline shows for a product, or for all, at the time of the quote."""

    promotion_id: int
    percent: int


class CodeOffer(msgspec.Struct, frozen=True):
    """A code of a promotion, and what the promotion gives on the products of the cart.

    `percent` is what it gives on every product; None where it names products, and then `percents`
    has those of the cart that it covers. `used_at` is set once the code served an order while it
    was one-time. `covers` says that it covers a product of the cart even if neither tells: percents
    that cannot be picked may be left out.
    """

    key: str
    code_id: int
    promotion_id: int
    code_type: CodeType | None
    active: bool
    period: Period
    used_at: datetime | None = None
    percent: int | None = None
    percents: Mapping[int, int] = {}
    covers: bool = False

    def percent_on(self, product_id: int) -> int | None:
        """The percent on a product of the cart; None where the promotion does not cover it."""
        return self.percents.get(product_id) if self.percent is None else self.percent

    def obstacle(self, at: datetime) -> CodeStatus | None:
        """What keeps the code from being usable at all at that time; None where nothing does."""
        if not self.active:
            return CodeStatus.INACTIVE
        standing = self.period.state(at)
        if standing is not PeriodState.RUNNING:
            return _OUT_OF_TIME[standing]
        if self.code_type is CodeType.ONE_TIME and self.used_at is not None:
            return CodeStatus.USED
        return None

    def covers_any(self, product_ids: KeysView[int]) -> bool:
        """Whether the promotion covers one of the cart's products."""
        return self.covers or self.percent is not None or not product_ids.isdisjoint(self.percents)


class Candidates(msgspec.Struct, frozen=True):
    """Everything stored that the prices of one cart depend on at one time.

    `known` are the cart's products that the catalogue has; `specific` the automatic promotions on
    specific products, by product; `offers` the codes that the activated texts are spellings of;
    `subscription_rules` those of each code on the cart's subscription, None for an unknown one.
    """

    known: frozenset[int] = frozenset()
    everywhere: AutomaticPick | None = None
    specific: Mapping[int, AutomaticPick] = {}
    offers: Sequence[CodeOffer] = ()
    subscription_rules: Sequence[SubscriptionRules | None] = ()


class Pick(msgspec.Struct, frozen=True):
    """The promotion that a group chose for a product.

    `code`, `code_id` and `code_type` are those of the code group's pick; `reason` says why the pick
    lost and is None for the one that applied.
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
        """The same pick, with the reason why it does not apply."""
        return Pick(
            self.promotion_id,
            self.group,
            self.percent,
            self.code,
            self.code_id,
            self.code_type,
            reason,
        )


class CodeOutcome(msgspec.Struct, frozen=True):
    """What became of an activated code, with the facts that explain it."""

    code: str
    status: CodeStatus
    promotion_id: int | None = None
    starts_at: datetime | None = None
    ended_at: datetime | None = None
    used_at: datetime | None = None


class Choice(msgspec.Struct, frozen=True):
    """The picks of each product, the one that applies first, and the outcome of each code."""

    picks: Mapping[int, tuple[Pick, ...]]
    codes: tuple[CodeOutcome, ...]


class _Activated(msgspec.Struct, frozen=True):
    """An activated code with the offers it stands for, and those of them that are usable.

    `everywhere` is the best usable one that covers everything. `by_product` has the best of the
    others for each product; None where there are so few that looking through them is faster.
    """

    text: str
    offers: Sequence[CodeOffer]
    usable: Sequence[CodeOffer]
    everywhere: CodeOffer | None = None
    by_product: Mapping[int, CodeOffer] | None = None

    def find_offers(self, product_id: int) -> Sequence[CodeOffer]:
        """Usable offers among which the best for the product is."""
        if self.by_product is None:
            return self.usable
        found = (self.everywhere, self.by_product.get(product_id))
        return [offer for offer in found if offer is not None]


_FEW_OFFERS = 4


def choose(cart: Cart, candidates: Candidates, at: datetime) -> Choice:
    """Pick for every product of the cart, and say what became of every code.

    The picks of a product stand in the order of their groups, at most one of each.
    """
    activated = _activate(cart, candidates, at)
    usable = [code for code in reversed(activated) if code.usable]
    find_specific, everywhere = candidates.specific.get, candidates.everywhere
    # Most products of a cart have the same picks: decided once for all of them.
    decided: dict[tuple[object, ...], tuple[Pick, ...]] = {}
    picks: dict[int, tuple[Pick, ...]] = {}
    for line in cart.lines:
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
    return Choice(picks, _outcomes(activated, decided.values(), picks.keys(), at))


def choose_without_code(
    specific: AutomaticPick | None, everywhere: AutomaticPick | None
) -> tuple[Pick, ...]:
    """The picks of a product that no code covers: the one that applies first."""
    return _decide(_automatic(specific, everywhere))


def _activate(cart: Cart, candidates: Candidates, at: datetime) -> list[_Activated]:
    by_key: dict[str, list[CodeOffer]] = {}
    for offer in candidates.offers:
        by_key.setdefault(offer.key, []).append(offer)
    activated = []
    for key, text in activated_codes(cart.codes).items():
        offers = by_key.get(key, [])
        usable = [offer for offer in offers if offer.obstacle(at) is None]
        if len(usable) <= _FEW_OFFERS:
            activated.append(_Activated(text, offers, usable))
        else:
            activated.append(_Activated(text, offers, usable, *_best_of(usable)))
    return activated


def _best_of(usable: Sequence[CodeOffer]) -> tuple[CodeOffer | None, dict[int, CodeOffer]]:
    """The best of the offers on everything, and by product the best of the others."""

    def rank(offer: CodeOffer, percent: int) -> tuple[int, int]:
        return percent, offer.promotion_id

    everywhere: CodeOffer | None = None
    by_product: dict[int, CodeOffer] = {}
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


def _find_offer(product_id: int, usable: Sequence[_Activated]) -> tuple[str, CodeOffer | None, int]:
    """The first of the codes that covers the product, the last activated one standing first.

    Of its promotions the highest discount, which comes with it; a tie goes to the latest created.
    """
    for code in usable:
        best: CodeOffer | None = None
        highest = 0
        for offer in code.find_offers(product_id):
            percent = offer.percent_on(product_id)
            if percent is None:
                continue
            if best is None or (percent, offer.promotion_id) > (highest, best.promotion_id):
                best, highest = offer, percent
        if best is not None:
            return code.text, best, highest
    return "", None, 0


def _pick_by_code(code: str, offer: CodeOffer, percent: int) -> Pick:
    return Pick(offer.promotion_id, Group.CODE, percent, code, offer.code_id, offer.code_type)


def _automatic(specific: AutomaticPick | None, everywhere: AutomaticPick | None) -> list[Pick]:
    """The picks of the two automatic groups, in their order."""
    picks = []
    if specific is not None:
        picks.append(Pick(specific.promotion_id, Group.AUTOMATIC_SPECIFIC, specific.percent))
    if everywhere is not None:
        picks.append(Pick(everywhere.promotion_id, Group.AUTOMATIC_ALL, everywhere.percent))
    return picks


def _decide(picks: Sequence[Pick]) -> tuple[Pick, ...]:
    """The highest discount applies, on a tie the earlier group's; the others say why they lost."""
    if len(picks) < 2:
        return tuple(picks)
    best = picks[0]
    for pick in picks:
        if pick.percent > best.percent:
            best = pick
    decided = [best]
    for pick in picks:
        if pick is not best:
            tied = pick.percent == best.percent
            decided.append(pick.lost(Reason.TIE if tied else Reason.LOWER_DISCOUNT))
    return tuple(decided)


def _outcomes(
    activated: Sequence[_Activated],
    decided: Iterable[tuple[Pick, ...]],
    product_ids: KeysView[int],
    at: datetime,
) -> tuple[CodeOutcome, ...]:
    if not activated:
        return ()
    by_code = [pick for picks in decided for pick in picks if pick.code_id is not None]
    applied = {pick.code_id for pick in by_code if pick.applied}
    picked = {pick.code_id for pick in by_code}

    def status(offer: CodeOffer) -> CodeStatus:
        if offer.code_id in applied:
            return CodeStatus.APPLIED
        if offer.code_id in picked:
            return CodeStatus.OUTDONE
        if (obstacle := offer.obstacle(at)) is not None:
            return obstacle
        covers = offer.covers_any(product_ids)
        return CodeStatus.NOT_PICKED if covers else CodeStatus.NOT_APPLICABLE

    return tuple([_outcome(code, status) for code in activated])


def _outcome(code: _Activated, status_of: Callable[[CodeOffer], CodeStatus]) -> CodeOutcome:
    """The best status over the promotions that have the code; of equals the latest created's."""
    if not code.offers:
        return CodeOutcome(code.text, CodeStatus.UNKNOWN)
    status, offer = min(
        ((status_of(offer), offer) for offer in code.offers),
        key=lambda found: (_RANK[found[0]], -found[1].promotion_id),
    )
    return CodeOutcome(
        code.text,
        status,
        offer.promotion_id,
        starts_at=offer.period.starts_at if status is CodeStatus.NOT_STARTED else None,
        ended_at=offer.period.ends_at if status is CodeStatus.EXPIRED else None,
        used_at=offer.used_at if status is CodeStatus.USED else None,
    )
