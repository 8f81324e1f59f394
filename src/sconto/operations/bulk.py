"""One change of several promotions: each is changed by itself, or has a reason why not."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final, TypeAlias

from sconto.domain.cart_promotion import CartPromotion, NewCartPromotion
from sconto.domain.numbers import MAX_INT64
from sconto.domain.overview import ChosenPromotion, ListKind
from sconto.domain.people import Caller
from sconto.domain.problems import PeriodReversed, PromotionNotFound, TooManyAutomatic
from sconto.operations import cart_promotions, price_rises, promotions
from sconto.operations.price_rises import PriceRises, PricesRaised
from sconto.store import promotion_lists as store
from sconto.store.database import Busy, Database, retried

MAX_CHOSEN: Final = 100
"""Promotions that are changed together."""


class BulkStatus(StrEnum):
    """The result for a promotion."""

    DONE = "done"
    UNCHANGED = "unchanged"
    GONE = "gone"
    RISES = "rises"
    REVERSED = "reversed"
    TOO_MANY = "too_many"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """A promotion before the change, None if it no longer exists, and the result.

    `rises` are the prices that would have been raised.
    """

    promotion_id: int
    before: ChosenPromotion | None
    status: BulkStatus
    rises: PriceRises | None = None


_Change: TypeAlias = Callable[[ChosenPromotion], Awaitable[object]]


async def switch_all(
    database: Database,
    caller: Caller,
    promotion_ids: Sequence[int],
    now: datetime,
    *,
    active: bool,
    accept_rises: bool = False,
) -> list[BulkOutcome]:
    """Switch the promotions on or off.

    A promotion that would raise prices is not switched on unless `accept_rises`.
    """

    async def switch(one: ChosenPromotion) -> None:
        if one.kind is ListKind.CART:
            await cart_promotions.switch_promotion(database, caller, one.id, now, active=active)
        elif active and not accept_rises:
            await price_rises.switch_on(database, caller, one.id, now)
        else:
            await promotions.switch_promotion(database, caller, one.id, now, active=active)

    def is_so(one: ChosenPromotion) -> bool:
        return one.active is active

    return await _change_each(database, caller, promotion_ids, switch, is_so)


async def move_ends(
    database: Database,
    caller: Caller,
    ends: Mapping[int, datetime | None],
    now: datetime,
    *,
    accept_rises: bool = False,
) -> list[BulkOutcome]:
    """Give each promotion its new end, or none; rises as in `switch_all`."""

    async def move(one: ChosenPromotion) -> None:
        ends_at = ends[one.id]
        if one.kind is ListKind.CART:
            moved = partial(_with_end, ends_at=ends_at)
            await cart_promotions.change_promotion(database, caller, one.id, moved, now)
        elif accept_rises:
            await promotions.move_end(database, caller, one.id, ends_at, now)
        else:
            await price_rises.move_end(database, caller, one.id, ends_at, now)

    def is_so(one: ChosenPromotion) -> bool:
        return one.period.ends_at == ends[one.id]

    return await _change_each(database, caller, list(ends), move, is_so)


async def delete_all(
    database: Database, caller: Caller, promotion_ids: Sequence[int], now: datetime
) -> list[BulkOutcome]:
    """Delete the promotions."""

    async def delete(one: ChosenPromotion) -> None:
        room = cart_promotions if one.kind is ListKind.CART else promotions
        await room.delete_promotion(database, caller, one.id, now)

    return await _change_each(database, caller, promotion_ids, delete)


async def restore_all(
    database: Database, caller: Caller, promotion_ids: Sequence[int], now: datetime
) -> list[BulkOutcome]:
    """Restore deleted promotions."""

    async def restore(one: ChosenPromotion) -> None:
        room = cart_promotions if one.kind is ListKind.CART else promotions
        await room.restore_promotion(database, caller, one.id, now)

    return await _change_each(database, caller, promotion_ids, restore)


def _with_end(before: CartPromotion, ends_at: datetime | None) -> NewCartPromotion:
    """The promotion with another end. Raises PeriodReversed."""
    if ends_at is not None and ends_at < before.period.starts_at:
        raise PeriodReversed
    period = replace(before.period, ends_at=ends_at)
    return NewCartPromotion(before.name, before.active, period, before.terms, before.code_type)


@retried
async def find_chosen(
    database: Database, caller: Caller, promotion_ids: Sequence[int]
) -> dict[int, ChosenPromotion]:
    """The promotions that exist or can be restored, by id."""
    async with database.read(caller.merchant_id) as connection:
        known = [one for one in promotion_ids if one <= MAX_INT64]
        return await store.find_some(connection, caller.merchant_id, known)


async def _change_each(
    database: Database,
    caller: Caller,
    promotion_ids: Sequence[int],
    change: _Change,
    is_so: Callable[[ChosenPromotion], bool] = lambda _: False,
) -> list[BulkOutcome]:
    """Change one after the other, each in its own transaction."""
    different = list(dict.fromkeys(promotion_ids))[:MAX_CHOSEN]
    found = await find_chosen(database, caller, different)
    return [await _change_one(one, found.get(one), change, is_so) for one in different]


async def _change_one(
    promotion_id: int,
    before: ChosenPromotion | None,
    change: _Change,
    is_so: Callable[[ChosenPromotion], bool],
) -> BulkOutcome:
    if before is None:
        return BulkOutcome(promotion_id, None, BulkStatus.GONE)
    if is_so(before):
        return BulkOutcome(promotion_id, before, BulkStatus.UNCHANGED)
    rises = None
    try:
        await change(before)
        status = BulkStatus.DONE
    except PricesRaised as raised:
        status, rises = BulkStatus.RISES, raised.rises
    except PromotionNotFound:
        status = BulkStatus.GONE
    except PeriodReversed:
        status = BulkStatus.REVERSED
    except TooManyAutomatic:
        status = BulkStatus.TOO_MANY
    except Busy:
        status = BulkStatus.BUSY
    return BulkOutcome(promotion_id, before, status, rises)
