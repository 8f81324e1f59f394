"""Subscription promotions: create, get, list, change and archive them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from sconto.domain.people import Caller
from sconto.domain.problems import (
    MaxUsageTooLow,
    SubscriptionCodeTaken,
    SubscriptionPromotionNotFound,
)
from sconto.domain.promotion import changed_at
from sconto.domain.subscription import subscription_code_key
from sconto.domain.subscription_history import (
    subscription_archived,
    subscription_changed,
    subscription_created,
)
from sconto.domain.subscription_promotion import (
    SubscriptionPage,
    SubscriptionPromotion,
    SubscriptionQuery,
    SubscriptionTerms,
)
from sconto.operations.idempotency import EncodedAnswer, KeyedRequest, run_once
from sconto.operations.versions import ChangedMeanwhile
from sconto.store import history
from sconto.store import subscription_promotions as store
from sconto.store.database import Connection, Database, retried
from sconto.store.price_versions import PRICES, renew_prices
from sconto.store.threads import in_thread

KeyedPromotion: TypeAlias = KeyedRequest[SubscriptionPromotion, EncodedAnswer]


async def create_promotion(
    database: Database,
    caller: Caller,
    terms: SubscriptionTerms,
    now: datetime,
    request: KeyedPromotion | None = None,
) -> SubscriptionPromotion:
    """Create a promotion. Raises SubscriptionCodeTaken, and what `run_once` raises."""

    async def create(connection: Connection) -> SubscriptionPromotion:
        promotion_id = await store.insert_promotion(connection, caller.merchant_id, terms, now)
        created = SubscriptionPromotion(promotion_id, 1, terms, 0, now, now)
        await history.record(connection, caller, subscription_created(created), now, PRICES)
        return created

    return await run_once(database, caller, request, create, now)


@retried
async def get_promotion(
    database: Database, caller: Caller, promotion_id: int
) -> SubscriptionPromotion:
    """The merchant's promotion. Raises SubscriptionPromotionNotFound."""
    async with database.read(caller.merchant_id, calls=True) as connection:
        promotion = await store.find_promotion(connection, caller.merchant_id, promotion_id)
    if promotion is None:
        raise SubscriptionPromotionNotFound(str(promotion_id))
    return promotion


@retried
async def list_promotions(
    database: Database, caller: Caller, query: SubscriptionQuery
) -> SubscriptionPage:
    """The promotions that match the query by ascending id, and whether there are more.

    With `before` it is whether more come before them.
    """
    # One promotion more than the limit shows whether there are more.
    one_more = replace(query, limit=query.limit + 1)
    async with database.read(caller.merchant_id) as connection:
        found = await store.list_promotions(connection, caller.merchant_id, one_more)
    shown = found[: query.limit]
    if query.before is not None:
        shown.reverse()
    return SubscriptionPage(tuple(shown), more=len(found) > query.limit)


async def change_promotion(
    database: Database,
    caller: Caller,
    promotion_id: int,
    change: Callable[[SubscriptionPromotion], SubscriptionTerms],
    now: datetime,
    request: KeyedPromotion | None = None,
    *,
    is_long: bool = False,
) -> SubscriptionPromotion:
    """Give the promotion the terms that `change` returns for it. Nobody applies it meanwhile.

    With `is_long`, `change` takes long and is called in a thread. A new code or new rules make a
    new version; a subscription that has the code keeps the version that was applied. Raises
    SubscriptionPromotionNotFound, SubscriptionCodeTaken, MaxUsageTooLow, and what `change` and
    `run_once` raise.
    """

    async def run(connection: Connection) -> SubscriptionPromotion:
        before = await _locked(connection, caller, promotion_id)
        terms = await in_thread(change, before) if is_long else change(before)
        return await _write(connection, caller, before, terms, now)

    return await run_once(database, caller, request, run, now)


async def save_promotion(
    database: Database,
    caller: Caller,
    promotion_id: int,
    terms: SubscriptionTerms,
    now: datetime,
    seen_at: datetime | None,
) -> SubscriptionPromotion:
    """Give the promotion these terms, unless it was changed after the caller saw it.

    `seen_at` is its last change that the caller saw; None skips the check. Raises ChangedMeanwhile,
    and what changing raises.
    """

    async def run(connection: Connection) -> SubscriptionPromotion:
        before = await _locked(connection, caller, promotion_id)
        return await _write(connection, caller, before, terms, now, seen_at)

    return await run_once(database, caller, None, run, now)


async def _locked(
    connection: Connection, caller: Caller, promotion_id: int
) -> SubscriptionPromotion:
    before = await store.lock_promotion(connection, caller.merchant_id, promotion_id)
    if before is None:
        raise SubscriptionPromotionNotFound(str(promotion_id))
    return before


async def _write(
    connection: Connection,
    caller: Caller,
    before: SubscriptionPromotion,
    terms: SubscriptionTerms,
    now: datetime,
    seen_at: datetime | None = None,
) -> SubscriptionPromotion:
    max_usage = terms.constraint.max_usage
    if max_usage is not None and max_usage < before.usage:
        raise MaxUsageTooLow(before.usage)
    version, updated_at = _version(before, terms), changed_at(before.updated_at, now)
    after = replace(before, terms=terms, version=version, updated_at=updated_at)
    try:
        await store.update_promotion(connection, caller.merchant_id, after, seen_at)
    except SubscriptionCodeTaken:
        if seen_at in (None, before.updated_at):
            raise
        raise ChangedMeanwhile from None
    if (entry := subscription_changed(before, after)) is None:
        await renew_prices(connection, caller.merchant_id, PRICES)
    else:
        await history.record(connection, caller, entry, now, PRICES)
    return after


async def archive_promotion(
    database: Database,
    caller: Caller,
    promotion_id: int,
    now: datetime,
    request: KeyedRequest[None, EncodedAnswer] | None = None,
) -> None:
    """End the promotion for new subscriptions; those that have its code keep it.

    Raises SubscriptionPromotionNotFound, and what `run_once` raises.
    """

    async def archive(connection: Connection) -> None:
        before = await _locked(connection, caller, promotion_id)
        await store.archive_promotion(
            connection, caller.merchant_id, promotion_id, changed_at(before.updated_at, now)
        )
        await history.record(connection, caller, subscription_archived(before), now, PRICES)

    await run_once(database, caller, request, archive, now)


def _version(before: SubscriptionPromotion, terms: SubscriptionTerms) -> int:
    same_code = subscription_code_key(before.terms.code) == subscription_code_key(terms.code)
    same = same_code and before.terms.rules == terms.rules
    return before.version if same else before.version + 1
