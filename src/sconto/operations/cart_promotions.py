"""Cart promotions: create, change, delete, restore, get, list and try them; statistics."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final

from msgspec.structs import replace

from sconto.domain.allowances import Scope
from sconto.domain.bill import PricedCart
from sconto.domain.candidates import CartOffers
from sconto.domain.cart import Cart
from sconto.domain.cart_draft import CartDraft
from sconto.domain.cart_promotion import (
    MAX_AUTOMATIC,
    CartPromotion,
    CartPromotionQuery,
    Limits,
    NewCartPromotion,
)
from sconto.domain.cart_statistics import CartStatistics, CodeUses, DayUses
from sconto.domain.history import (
    HistoryPage,
    ListChange,
    Subject,
    cart_promotion_changed,
    cart_promotion_created,
    cart_promotion_deleted,
    cart_promotion_restored,
)
from sconto.domain.overview import CartPromotionOverview
from sconto.domain.people import Caller
from sconto.domain.pricing import price
from sconto.domain.problems import PromotionNotFound, TooManyAutomatic
from sconto.domain.promotion import RESTORABLE_FOR, changed_at
from sconto.operations.idempotency import EncodedAnswer, KeyedRequest, run_once
from sconto.operations.versions import ChangedMeanwhile
from sconto.store import (
    allowances,
    cart_promotions,
    cart_statistics,
    code_sweeps,
    codes,
    history,
    promotion_lists,
    promotions,
)
from sconto.store.candidates import CartAt
from sconto.store.database import Connection, Database, retried, retrying
from sconto.store.price_versions import Renewal
from sconto.store.threads import in_thread

MAX_CODES_ANSWERED: Final = 100_000
"""Codes that are in the answer about a promotion; the code endpoints list all."""

_RENEWAL: Final = Renewal(cart_promotions=True)
"""Quotes read the cart promotions again after an edit, and orders their prices."""


async def create_promotion(
    database: Database,
    caller: Caller,
    new: NewCartPromotion,
    now: datetime,
    request: KeyedRequest[CartPromotion, EncodedAnswer] | None = None,
) -> CartPromotion:
    """Create a promotion. Raises TooManyAutomatic, and what `run_once` raises."""

    async def create(connection: Connection) -> CartPromotion:
        merchant_id = caller.merchant_id
        await promotions.lock_promotions(connection, merchant_id)
        promotion_id = await cart_promotions.insert_promotion(connection, merchant_id, new, now)
        created = CartPromotion(
            promotion_id, new.name, new.active, new.period, new.terms, new.code_type, now, now
        )
        if new.codes:
            await codes.write_first_codes(connection, merchant_id, promotion_id, new.codes, now)
        await _check_number(connection, caller, created, now)
        await allowances.set_scopes(
            connection, merchant_id, promotion_id, (), scopes_of(new.terms.limits)
        )
        entry = cart_promotion_created(created, new.codes)
        await history.record(connection, caller, entry, now, _RENEWAL)
        return created

    return await run_once(database, caller, request, create, now)


async def change_promotion(
    database: Database,
    caller: Caller,
    promotion_id: int,
    change: Callable[[CartPromotion], NewCartPromotion],
    now: datetime,
    version: datetime | None = None,
) -> CartPromotion:
    """Change a promotion to what `change` returns for it.

    If the result has a code type but no codes, the codes stay. If nothing differs, nothing is
    written. `version` is the change that the caller saw last; ChangedMeanwhile is raised if there
    was a later one. Raises PromotionNotFound, TooManyAutomatic, and what `change` raises.
    """

    async def change_it() -> CartPromotion:
        merchant_id = caller.merchant_id
        async with database.write(merchant_id) as connection:
            await promotions.lock_promotions(connection, merchant_id)
            before = await _existing(connection, merchant_id, promotion_id)
            wanted = await in_thread(change, before)  # it may check 100,000 codes
            after = replace(
                before,
                name=wanted.name,
                active=wanted.active,
                period=wanted.period,
                terms=wanted.terms,
                code_type=wanted.code_type,
                updated_at=changed_at(before.updated_at, now),
            )
            changed_codes = ListChange()
            if wanted.codes or after.code_type is None:
                changed_codes = await codes.write_codes(
                    connection, merchant_id, promotion_id, wanted.codes, now
                )
            entry = cart_promotion_changed(before, after, changed_codes)
            if entry is None:
                return before
            if not await cart_promotions.update_promotion(connection, merchant_id, after, version):
                raise ChangedMeanwhile
            await _check_number(connection, caller, after, now)
            await allowances.set_scopes(
                connection,
                merchant_id,
                promotion_id,
                scopes_of(before.terms.limits),
                scopes_of(after.terms.limits),
            )
            await history.record(connection, caller, entry, now, _RENEWAL)
        return after

    return await retrying(change_it)


async def switch_promotion(
    database: Database, caller: Caller, promotion_id: int, now: datetime, *, active: bool
) -> CartPromotion:
    """Switch a promotion on or off. Raises PromotionNotFound and TooManyAutomatic."""

    def switched(before: CartPromotion) -> NewCartPromotion:
        return NewCartPromotion(before.name, active, before.period, before.terms, before.code_type)

    return await change_promotion(database, caller, promotion_id, switched, now)


async def delete_promotion(
    database: Database, caller: Caller, promotion_id: int, now: datetime
) -> CartPromotion:
    """Delete a promotion with its codes, and return it; raises PromotionNotFound."""

    async def delete() -> CartPromotion:
        merchant_id = caller.merchant_id
        async with database.write(merchant_id) as connection:
            await promotions.lock_promotions(connection, merchant_id)
            before = await _existing(connection, merchant_id, promotion_id)
            await promotions.delete_promotion(connection, merchant_id, promotion_id, now)
            await code_sweeps.begin_sweep(connection, merchant_id, promotion_id, now)
            entry = cart_promotion_deleted(before)
            await history.record(connection, caller, entry, now, _RENEWAL)
        return before

    return await retrying(delete)


async def restore_promotion(
    database: Database, caller: Caller, promotion_id: int, now: datetime
) -> None:
    """Restore a deleted promotion with its codes; does nothing to one that is not deleted.

    Raises PromotionNotFound, also if it was deleted longer than RESTORABLE_FOR ago, and
    TooManyAutomatic.
    """
    done: code_sweeps.Restoration | None = None

    async def restore_some() -> code_sweeps.Restoration | None:
        merchant_id = caller.merchant_id
        async with database.write(merchant_id) as connection:
            await promotions.lock_promotions(connection, merchant_id)
            since = now - RESTORABLE_FOR
            found = await cart_promotions.find_deleted(connection, merchant_id, promotion_id, since)
            if found is None:
                await _existing(connection, merchant_id, promotion_id)
                return None
            restored = await code_sweeps.restore_batch(
                connection, merchant_id, promotion_id, found.deleted_at, done
            )
            if restored.is_complete:
                await promotions.restore_promotion(connection, merchant_id, promotion_id, now)
                await _check_number(connection, caller, found.promotion, now)
                entry = cart_promotion_restored(found.promotion)
                await history.record(connection, caller, entry, now, _RENEWAL)
        return restored

    while (done := await retrying(restore_some)) is not None and not done.is_complete:
        pass


@retried
async def get_promotion(database: Database, caller: Caller, promotion_id: int) -> CartPromotion:
    """The promotion without its codes. Raises PromotionNotFound."""
    async with database.read(caller.merchant_id) as connection:
        return await _existing(connection, caller.merchant_id, promotion_id)


@retried
async def list_codes(
    database: Database, caller: Caller, promotion: CartPromotion
) -> tuple[str, ...] | None:
    """The first codes of a promotion in their order; None for an automatic one."""
    if promotion.code_type is None:
        return None
    async with database.read(caller.merchant_id) as connection:
        return await cart_promotions.find_codes(
            connection, caller.merchant_id, promotion.id, MAX_CODES_ANSWERED
        )


@retried
async def list_promotions(
    database: Database, caller: Caller, query: CartPromotionQuery, now: datetime
) -> tuple[list[CartPromotion], bool]:
    """The promotions that match the query, and whether there are more."""
    async with database.read(caller.merchant_id) as connection:
        found = await cart_promotions.list_promotions(connection, caller.merchant_id, query, now)
    return found[: query.limit], len(found) > query.limit


@retried
async def get_promotion_history(
    database: Database, caller: Caller, promotion_id: int, *, limit: int, before: int | None = None
) -> HistoryPage:
    """The latest entries about a promotion and its codes; raises PromotionNotFound."""
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        await _existing(connection, merchant_id, promotion_id)
        return await history.list_entries(
            connection, merchant_id, Subject.PROMOTION, promotion_id, limit, before
        )


@retried
async def get_statistics(database: Database, caller: Caller, promotion_id: int) -> CartStatistics:
    """What the promotion gave, and what is left of its limits. Raises PromotionNotFound."""
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        promotion = await _existing(connection, merchant_id, promotion_id)
        codes_used = await cart_statistics.read_codes(connection, merchant_id, promotion_id)
        return await _read_statistics(connection, caller, promotion, codes_used)


@retried
async def get_overview(
    database: Database, caller: Caller, promotion_id: int, today: date
) -> tuple[CartPromotionOverview, CartStatistics]:
    """What the portal shows of a promotion: with its first codes, but no statistics of codes.

    Raises PromotionNotFound.
    """
    async with database.read(caller.merchant_id) as connection:
        found = await promotion_lists.find_cart_overview(
            connection, caller.merchant_id, promotion_id, today
        )
        if found is None:
            raise PromotionNotFound(promotion_id)
        return found, await _read_statistics(connection, caller, found.summary, ())


@retried
async def try_promotion(
    database: Database, caller: Caller, draft: CartDraft, cart: Cart, at: datetime
) -> PricedCart:
    """The quote as if the draft, which may replace a promotion, were saved. Nothing is written.

    Raises PromotionNotFound if the promotion to replace does not exist.
    """
    merchant_id = caller.merchant_id
    if draft.replaces is not None:
        draft = await _with_taken(database, caller, draft, draft.replaces, cart, at)
    wanted = CartAt(cart, at, with_cart_promotions=True)
    found = await database.carts.read(merchant_id, wanted)
    others = [one for one in found.cart_offers if one.promotion_id != draft.replaces]
    replaced = [one for one in found.cart_offers if one.promotion_id == draft.replaces]
    offers = [*others, *draft.offers(cart, replaced)]
    return price(cart, replace(found, cart_offers=CartOffers(offers)), at)


async def _with_taken(
    database: Database,
    caller: Caller,
    draft: CartDraft,
    replaces: int,
    cart: Cart,
    at: datetime,
) -> CartDraft:
    """The draft with what orders and holds took of the promotion that it replaces."""
    merchant_id = caller.merchant_id
    keys = {Scope.TOTAL: "", Scope.BUDGET: cart.currency}
    if cart.customer.id is not None:
        keys[Scope.CUSTOMER] = cart.customer.id
    limited = scopes_of(draft.promotion.terms.limits)
    async with database.read(merchant_id) as connection:
        before = await _existing(connection, merchant_id, replaces)
        taken = await allowances.find_taken(
            connection,
            merchant_id,
            replaces,
            scopes_of(before.terms.limits),
            {scope: key for scope, key in keys.items() if scope in limited},
            at,
        )
    return dataclasses.replace(draft, taken=taken)


def scopes_of(limits: Limits) -> tuple[Scope, ...]:
    """The scopes of the limits that are set."""
    found = (
        (Scope.TOTAL, limits.total),
        (Scope.CUSTOMER, limits.per_customer),
        (Scope.BUDGET, limits.budget),
    )
    return tuple(scope for scope, limit in found if limit is not None)


async def _existing(connection: Connection, merchant_id: int, promotion_id: int) -> CartPromotion:
    found = await cart_promotions.find_promotion(connection, merchant_id, promotion_id)
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found


async def _read_statistics(
    connection: Connection,
    caller: Caller,
    promotion: CartPromotion,
    codes_used: Sequence[CodeUses],
) -> CartStatistics:
    merchant_id = caller.merchant_id
    days = await cart_statistics.read_days(connection, merchant_id, promotion.id)
    taken, budget = await allowances.read_taken(connection, merchant_id, promotion.id)
    by_day = []
    for day, uses in groupby(days, lambda one: one.day):
        of_day = list(uses)
        given = {one.currency: one.discount for one in of_day}
        by_day.append(DayUses(day, sum(one.orders for one in of_day), given))
    discounts: Counter[str] = Counter()
    for one in days:
        discounts[one.currency] += one.discount
    return CartStatistics(
        promotion,
        sum(one.orders for one in days),
        discounts,
        codes_used,
        by_day,
        taken.total,
        budget,
    )


async def _check_number(
    connection: Connection, caller: Caller, promotion: CartPromotion, now: datetime
) -> None:
    """Raise TooManyAutomatic if this is one active automatic promotion too many."""
    if promotion.code_type is None and promotion.active:
        count = await cart_promotions.count_automatic(connection, caller.merchant_id, now)
        if count > MAX_AUTOMATIC:
            raise TooManyAutomatic(MAX_AUTOMATIC)
