"""Back-tests as jobs: the request, the progress and the result."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.figures import (
    BacktestFigures,
    BeforeAfter,
    ChangedOrder,
    OfCurrency,
    OfPromotion,
    parse_promotion_key,
)
from sconto.domain.backtest.scenarios import Scenario
from sconto.domain.promotion_kind import PromotionKind

KEPT_FOR: Final = timedelta(days=30)
"""How long an ended back-test is kept."""

MAX_WAITING: Final = 5
"""Back-tests of a merchant that may be running or waiting; they run one after the other."""

LONGEST_PERIOD: Final = timedelta(days=366)

MAX_ATTEMPTS: Final = 3
"""How often a back-test is begun or resumed without getting any further; then it has failed."""

MAX_PROMOTIONS: Final = 100
"""Promotions of a result: the draft, and those whose orders changed most."""


class BacktestState(StrEnum):
    """How far a back-test is."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ChangedPromotion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A promotion of a result; a new draft has no id."""

    kind: PromotionKind
    promotion_id: int | None = None
    name: str | None = None
    is_draft: bool = False
    sums: OfPromotion


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a back-test found; `edited` if promotions were edited while it ran.

    `customers` are those on whose orders the draft applies, `unnamed` such orders without a
    customer.
    """

    orders: int
    changed: int
    cheaper: int
    dearer: int
    deleted: int
    without_request: int
    customers: int
    unnamed: int
    currencies: dict[str, OfCurrency]
    promotions: tuple[ChangedPromotion, ...]
    days: dict[str, dict[str, BeforeAfter]]
    largest: dict[str, list[ChangedOrder]]
    edited: bool = False


class Checkpoint(msgspec.Struct):
    """What a back-test needs to continue: the last order, the sums, and both scenarios.

    `salt` is used for the digests of customers. `price_version` is that of the promotions at the
    start.
    """

    salt: bytes
    last: tuple[datetime, str]
    price_version: int | None = None
    figures: BacktestFigures = msgspec.field(default_factory=BacktestFigures)
    before: Scenario = msgspec.field(default_factory=Scenario)
    after: Scenario = msgspec.field(default_factory=Scenario)
    edited: bool = False


class NewBacktest(msgspec.Struct, frozen=True):
    """A back-test to be started, of the orders placed from `since` until before `until`.

    `draft` is as the caller described it. With `as_if_running` it is priced as active in the whole
    period. Days are those of the `zone`.
    """

    draft: Draft
    since: datetime
    until: datetime
    as_if_running: bool
    zone: str


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """A back-test without its draft. `orders` are those of the period, None until counted."""

    id: int
    state: BacktestState
    kind: PromotionKind
    name: str
    promotion_id: int | None
    since: datetime
    until: datetime
    as_if_running: bool
    created_at: datetime
    finished_at: datetime | None = None
    orders: int | None = None
    done: int = 0
    result: Result | None = None


def kind_of(draft: Draft) -> PromotionKind:
    """The kind of promotion that the draft is."""
    return PromotionKind(str(draft.__struct_config__.tag))


def result_of(checkpoint: Checkpoint, draft: Draft, names: dict[str, str]) -> Result:
    """The result after all orders were priced; `names` of promotions are by their keys."""
    figures, kind = checkpoint.figures, kind_of(draft)
    own = f"{kind.value} {draft.id}"
    shown = []
    for key, sums in figures.promotions.items():
        of_kind, promotion_id = parse_promotion_key(key)
        is_draft = key == own
        if is_draft or sums.gained or sums.lost or _differs(sums):
            shown.append(
                ChangedPromotion(
                    kind=of_kind,
                    promotion_id=draft.replaces if is_draft else promotion_id,
                    name=draft.name if is_draft else names.get(key),
                    is_draft=is_draft,
                    sums=sums,
                )
            )
    if own not in figures.promotions:
        nothing = OfPromotion()
        shown.append(
            ChangedPromotion(
                kind=kind,
                promotion_id=draft.replaces,
                name=draft.name,
                is_draft=True,
                sums=nothing,
            )
        )
    shown.sort(key=lambda one: (not one.is_draft, -(one.sums.gained + one.sums.lost)))
    return Result(
        orders=figures.orders,
        changed=figures.changed,
        cheaper=figures.cheaper,
        dearer=figures.dearer,
        deleted=figures.deleted,
        without_request=figures.without_request,
        customers=len(figures.reached),
        unnamed=figures.reached_unnamed,
        currencies=figures.currencies,
        promotions=tuple(shown[:MAX_PROMOTIONS]),
        days=figures.days,
        largest=figures.largest,
        edited=checkpoint.edited,
    )


def _differs(sums: OfPromotion) -> bool:
    return any(one.before != one.after for one in sums.discounts.values())
