"""What a merchant can ask of its subscription promotions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sconto.domain.people import Caller
from sconto.domain.problems import MaxUsageTooLow, SubscriptionPromotionNotFound
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
from sconto.store import history
from sconto.store import subscription_promotions as store
from sconto.store.database import Connection, Database, retried
from sconto.store.price_versions import renew_price_version
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
        await renew_price_version(connection, caller.merchant_id)
        created = SubscriptionPromotion(promotion_id, 1, terms, 0, now, now)
        await history.record(connection, caller, subscription_created(created), now)
        return created

    return await run_once(database, caller, request, create, now)


@retried
async def get_promotion(
    database: Database, caller: Caller, promotion_id: int
) -> SubscriptionPromotion:
    """The merchant's promotion. Raises SubscriptionPromotionNotFound."""
    async with database.read(caller.merchant_id) as connection:
        promotion = await store.find_promotion(connection, caller.merchant_id, promotion_id)
    if promotion is None:
        raise SubscriptionPromotionNotFound(str(promotion_id))
    return promotion


@retried
async def list_promotions(
    database: Database, caller: Caller, query: SubscriptionQuery
) -> SubscriptionPage:
    """The promotions that the query asks for, and whether there are more."""
    # One more than asked for tells.
    one_more = replace(query, limit=query.limit + 1)
    async with database.read(caller.merchant_id) as connection:
        found = await store.list_promotions(connection, caller.merchant_id, one_more)
    return SubscriptionPage(tuple(found[: query.limit]), more=len(found) > query.limit)


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
    """Give the promotion the terms that `change` makes of it; nobody applies it meanwhile.

    `is_long` says that `change` takes long: it is called in a thread.
    A new code or new rules make a new version; who has the code keeps the version that was applied.
    Raises SubscriptionPromotionNotFound, SubscriptionCodeTaken, MaxUsageTooLow, and what `change`
    and `run_once` raise.
    """

    async def run(connection: Connection) -> SubscriptionPromotion:
        before = await store.lock_promotion(connection, caller.merchant_id, promotion_id)
        if before is None:
            raise SubscriptionPromotionNotFound(str(promotion_id))
        terms = await in_thread(change, before) if is_long else change(before)
        max_usage = terms.constraint.max_usage
        if max_usage is not None and max_usage < before.usage:
            raise MaxUsageTooLow(before.usage)
        version, updated_at = _version(before, terms), _after(before, now)
        after = replace(before, terms=terms, version=version, updated_at=updated_at)
        await store.update_promotion(connection, caller.merchant_id, after)
        await renew_price_version(connection, caller.merchant_id)
        if (entry := subscription_changed(before, after)) is not None:
            await history.record(connection, caller, entry, now)
        return after

    return await run_once(database, caller, request, run, now)


async def archive_promotion(
    database: Database,
    caller: Caller,
    promotion_id: int,
    now: datetime,
    request: KeyedRequest[None, EncodedAnswer] | None = None,
) -> None:
    """Take the promotion away from new subscriptions; those that have its code keep it.

    Raises SubscriptionPromotionNotFound, and what `run_once` raises.
    """

    async def archive(connection: Connection) -> None:
        before = await store.lock_promotion(connection, caller.merchant_id, promotion_id)
        if before is None:
            raise SubscriptionPromotionNotFound(str(promotion_id))
        await store.archive_promotion(
            connection, caller.merchant_id, promotion_id, _after(before, now)
        )
        await renew_price_version(connection, caller.merchant_id)
        await history.record(connection, caller, subscription_archived(before), now)

    await run_once(database, caller, request, archive, now)


def _version(before: SubscriptionPromotion, terms: SubscriptionTerms) -> int:
    same_code = subscription_code_key(before.terms.code) == subscription_code_key(terms.code)
    same = same_code and before.terms.rules == terms.rules
    return before.version if same else before.version + 1


def _after(before: SubscriptionPromotion, now: datetime) -> datetime:
    """When it changed: always later than before, so that who saw it before can tell."""
    return max(now, before.updated_at + timedelta(microseconds=1))
