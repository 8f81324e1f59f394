"""Saving what somebody else changed meanwhile: of many saves of one version, one is stored."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace as replaced

from sconto.domain.cart_promotion import (
    CartPromotion,
    CartTerms,
    NewCartPromotion,
    PercentOff,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.history import Subject
from sconto.domain.people import Caller
from sconto.domain.promotion import Promotion
from sconto.domain.subscription_promotion import SubscriptionPromotion
from sconto.domain.webhooks import NewWebhook
from sconto.operations import cart_promotions, promotions, subscription_promotions, webhooks
from sconto.operations.code_imports import import_codes
from sconto.operations.price_rises import PromotionDraft, save_promotion
from sconto.operations.versions import ChangedMeanwhile, find_last_change
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_promotion, subscription_terms

WRITERS = 4


@dataclass(frozen=True)
class Edited:
    """Something that several people have open: its version, its name, and how to save it."""

    version: Callable[[], Awaitable[datetime]]
    name: Callable[[], Awaitable[str]]
    save: Callable[[str, datetime], Awaitable[object]]


async def a_product_promotion(database: Database, caller: Caller) -> Edited:
    new = a_promotion(codes=("A",), active=False)
    made = await promotions.create_promotion(database, caller, new, NOON)

    async def stored() -> Promotion:
        return await promotions.get_promotion(database, caller, made)

    async def save(name: str, version: datetime) -> object:
        # The codes are written before the row, and must not stay without it.
        mine = replace(new, name=name, terms=replace(new.terms, codes=(name,)))
        draft = PromotionDraft(mine, made, version=version)
        return await save_promotion(database, caller, draft, NOON, accept_rises=len(name) % 2 == 0)

    async def name() -> str:
        found = await stored()
        assert found.terms.codes in (("A",), (found.summary.name,))
        return found.summary.name

    async def version() -> datetime:
        return (await stored()).summary.updated_at

    return Edited(version, name, save)


async def a_cart_promotion(database: Database, caller: Caller) -> Edited:
    terms = CartTerms(Target.ORDER, PercentOff(1_000_000))
    new = NewCartPromotion("one", True, a_period(), terms, CodeType.REUSABLE, ("A",))
    made = (await cart_promotions.create_promotion(database, caller, new, NOON)).id

    async def stored() -> CartPromotion:
        return await cart_promotions.get_promotion(database, caller, made)

    async def save(name: str, version: datetime) -> object:
        mine = replaced(new, name=name, codes=(name,))
        return await cart_promotions.change_promotion(
            database, caller, made, lambda _: mine, NOON, version
        )

    async def name() -> str:
        found = await stored()
        listed = await cart_promotions.list_codes(database, caller, found)
        assert listed in (("A",), (found.name,))
        return found.name

    async def version() -> datetime:
        return (await stored()).updated_at

    return Edited(version, name, save)


async def a_subscription_promotion(database: Database, caller: Caller) -> Edited:
    terms = subscription_terms()
    made = (await subscription_promotions.create_promotion(database, caller, terms, NOON)).id

    async def stored() -> SubscriptionPromotion:
        return await subscription_promotions.get_promotion(database, caller, made)

    async def save(name: str, version: datetime) -> object:
        mine = replace(terms, name=name)
        return await subscription_promotions.save_promotion(
            database, caller, made, mine, NOON, version
        )

    async def name() -> str:
        return (await stored()).terms.name

    async def version() -> datetime:
        return (await stored()).updated_at

    return Edited(version, name, save)


async def a_webhook(database: Database, caller: Caller) -> Edited:
    new = NewWebhook("https://nothing.invalid/", "one", (), enabled=False)
    made = (await webhooks.create_webhook(database, caller, new, NOON)).webhook.id

    async def save(name: str, version: datetime) -> object:
        mine = replace(new, description=name)
        return await webhooks.change_webhook(database, caller, made, lambda _: mine, NOON, version)

    async def name() -> str:
        return (await webhooks.get_webhook(database, caller, made)).description

    async def version() -> datetime:
        return (await webhooks.get_webhook(database, caller, made)).updated_at

    return Edited(version, name, save)


@pytest.mark.parametrize(
    "make", [a_product_promotion, a_cart_promotion, a_subscription_promotion, a_webhook]
)
async def test_one_of_several_saves_of_one_version_is_stored_and_the_others_are_refused(
    database: Database,
    merchant: Caller,
    make: Callable[[Database, Caller], Awaitable[Edited]],
) -> None:
    edited = await make(database, merchant)
    first = version = await edited.version()
    for turn in range(3):
        names = [f"{'x' * number}-{turn}" for number in range(1, WRITERS + 1)]
        outcomes = await asyncio.gather(
            *(edited.save(name, version) for name in names), return_exceptions=True
        )
        kept = [
            name
            for name, outcome in zip(names, outcomes, strict=True)
            if not isinstance(outcome, BaseException)
        ]
        refused = [one for one in outcomes if isinstance(one, BaseException)]
        assert [type(one) for one in refused] == [ChangedMeanwhile] * (WRITERS - 1)
        assert await edited.name() == kept[0]
        before, version = version, await edited.version()
        # By the same clock, and still another version.
        assert before < version < NOON + timedelta(seconds=1)
    with pytest.raises(ChangedMeanwhile):
        await edited.save("late", first)


async def test_added_codes_are_a_change_that_a_form_without_them_does_not_remove(
    database: Database, merchant: Caller
) -> None:
    new = a_promotion(codes=("A",), code_type=CodeType.REUSABLE)
    made = await promotions.create_promotion(database, merchant, new, NOON)
    seen = await promotions.get_promotion(database, merchant, made)
    await import_codes(database, merchant, made, [b"B\n"], NOON)

    draft = PromotionDraft(replace(new, name="mine"), made, version=seen.summary.updated_at)
    with pytest.raises(ChangedMeanwhile):
        await save_promotion(database, merchant, draft, NOON)

    found = await promotions.get_promotion(database, merchant, made)
    assert (found.summary.name, found.terms.codes) == (new.name, ("A", "B"))
    change = await find_last_change(database, merchant, Subject.PROMOTION, made)
    assert change is not None
    assert change.username is not None
