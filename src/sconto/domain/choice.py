"""Which promotion a product gets, and why not the others.

The rule is the merchant API's: three groups each pick at most one promotion for a product, and the
customer gets the highest of the picks. Everything that was activated or picked and did not win says
why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from sconto.domain.cart import Cart
from sconto.domain.codes import CodeType, activated_codes
from sconto.domain.schedule import Period, Standing
from sconto.domain.subscription_pricing import AppliedRules


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


_RANK = {status: rank for rank, status in enumerate(CodeStatus)}


@dataclass(frozen=True, slots=True)
class AutomaticPick:
    """The promotion that a timeline shows for a product, or for all, at the time of the quote."""

    promotion_id: int
    percent: int


@dataclass(frozen=True, slots=True)
class CodeOffer:
    """A code of a promotion, and what the promotion gives on the products of the cart.

    `percent` is what it gives on every product; None where it names products, and then `percents`
    has those of the cart that it covers. `used_at` is set once the code served an order while it
    was one-time.
    """

    key: str
    code_id: int
    promotion_id: int
    code_type: CodeType | None
    active: bool
    period: Period
    used_at: datetime | None = None
    percent: int | None = None
    percents: Mapping[int, int] = field(default_factory=dict)

    def percent_on(self, product_id: int) -> int | None:
        """The percent on a product of the cart; None where the promotion does not cover it."""
        return self.percents.get(product_id) if self.percent is None else self.percent

    def obstacle(self, at: datetime) -> CodeStatus | None:
        """What keeps the code from being usable at all at that time; None where nothing does."""
        if not self.active:
            return CodeStatus.INACTIVE
        match self.period.standing(at):
            case Standing.NOT_STARTED:
                return CodeStatus.NOT_STARTED
            case Standing.OVER:
                return CodeStatus.EXPIRED
            case Standing.RUNNING:
                pass
        if self.code_type is CodeType.ONE_TIME and self.used_at is not None:
            return CodeStatus.USED
        return None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Everything stored that the prices of one cart depend on at one time.

    `known` are the cart's products that the catalogue has; `specific` the automatic promotions on
    specific products, by product; `offers` the codes that the activated texts are spellings of;
    `applied` the rules of each code on the cart's subscription, None for one that is unknown.
    """

    known: frozenset[int] = frozenset()
    everywhere: AutomaticPick | None = None
    specific: Mapping[int, AutomaticPick] = field(default_factory=dict)
    offers: Sequence[CodeOffer] = ()
    applied: Sequence[AppliedRules | None] = ()


class Pick(msgspec.Struct, frozen=True):
    """The promotion that a group chose for a product.

    `code`, `code_id` and `code_type` are those of the code group's pick; `reason` says why the pick
    lost and is None for the one that applied. A struct, as `PricedLine` is, because a cart makes
    many: a frozen dataclass takes six times as long, which was 40 % of pricing.
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
        return msgspec.structs.replace(self, reason=reason)


@dataclass(frozen=True, slots=True)
class CodeOutcome:
    """What became of an activated code, with the facts that explain it."""

    code: str
    status: CodeStatus
    promotion_id: int | None = None
    starts_at: datetime | None = None
    ended_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The picks of each product, the one that applies first, and the outcome of each code."""

    picks: Mapping[int, tuple[Pick, ...]]
    codes: tuple[CodeOutcome, ...]


@dataclass(frozen=True, slots=True)
class _Activated:
    """An activated code with the offers it stands for, and those of them that are usable."""

    text: str
    offers: tuple[CodeOffer, ...]
    usable: tuple[CodeOffer, ...]


def choose(cart: Cart, candidates: Candidates, at: datetime) -> Choice:
    """Pick for every product of the cart, and say what became of every code."""
    activated = _activate(cart, candidates, at)
    picks = {
        product_id: _decide(_picks_for(product_id, activated, candidates))
        for product_id in {line.product_id: None for line in cart.lines}
    }
    return Choice(picks, tuple(_outcome(code, picks, at) for code in activated))


def _activate(cart: Cart, candidates: Candidates, at: datetime) -> list[_Activated]:
    activated = []
    for key, text in activated_codes(cart.codes).items():
        offers = tuple(offer for offer in candidates.offers if offer.key == key)
        usable = tuple(offer for offer in offers if offer.obstacle(at) is None)
        activated.append(_Activated(text, offers, usable))
    return activated


def _picks_for(
    product_id: int, activated: Sequence[_Activated], candidates: Candidates
) -> list[Pick]:
    """At most one pick a group, in the order of the groups."""
    picks = []
    by_code = _pick_by_code(product_id, activated)
    if by_code is not None:
        picks.append(by_code)
    if (specific := candidates.specific.get(product_id)) is not None:
        picks.append(Pick(specific.promotion_id, Group.AUTOMATIC_SPECIFIC, specific.percent))
    if (everywhere := candidates.everywhere) is not None:
        picks.append(Pick(everywhere.promotion_id, Group.AUTOMATIC_ALL, everywhere.percent))
    return picks


def _pick_by_code(product_id: int, activated: Sequence[_Activated]) -> Pick | None:
    """The last activated code that covers the product; of its promotions the highest discount.

    A tie of promotions goes to the latest created.
    """
    for code in reversed(activated):
        covering = [
            (percent, offer.promotion_id, offer)
            for offer in code.usable
            if (percent := offer.percent_on(product_id)) is not None
        ]
        if covering:
            percent, promotion_id, offer = max(covering, key=lambda c: c[:2])
            return Pick(
                promotion_id, Group.CODE, percent, code.text, offer.code_id, offer.code_type
            )
    return None


def _decide(picks: Sequence[Pick]) -> tuple[Pick, ...]:
    """The highest discount applies, on a tie the earlier group's; the others say why they lost."""
    if len(picks) < 2:
        return tuple(picks)
    best = max(picks, key=lambda pick: pick.percent)
    losers = [
        pick.lost(Reason.TIE if pick.percent == best.percent else Reason.LOWER_DISCOUNT)
        for pick in picks
        if pick is not best
    ]
    return (best, *losers)


def _outcome(code: _Activated, picks: Mapping[int, tuple[Pick, ...]], at: datetime) -> CodeOutcome:
    """The best status over the promotions that have the code; of equals the latest created's."""
    if not code.offers:
        return CodeOutcome(code.text, CodeStatus.UNKNOWN)
    status, offer = min(
        ((_status(offer, picks, at), offer) for offer in code.offers),
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


def _status(offer: CodeOffer, picks: Mapping[int, tuple[Pick, ...]], at: datetime) -> CodeStatus:
    obstacle = offer.obstacle(at)
    if obstacle is not None:
        return obstacle
    covers = outdone = False
    for product_id, of_product in picks.items():
        covers = covers or offer.percent_on(product_id) is not None
        for pick in of_product:
            if pick.code_id == offer.code_id:
                if pick.applied:
                    return CodeStatus.APPLIED
                outdone = True
    if outdone:
        return CodeStatus.OUTDONE
    return CodeStatus.NOT_PICKED if covers else CodeStatus.NOT_APPLICABLE
