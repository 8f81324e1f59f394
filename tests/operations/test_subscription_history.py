"""What is done to subscription promotions is recorded with it, on PostgreSQL."""

from dataclasses import replace
from typing import TypeVar

from sconto.domain.history import Verb
from sconto.domain.people import Caller
from sconto.domain.subscription_promotion import Constraint, SubscriptionPromotion
from sconto.operations.history import get_subscription_history
from sconto.operations.idempotency import EncodedAnswer, Repeatable
from sconto.operations.subscription_promotions import (
    archive_promotion,
    change_promotion,
    create_promotion,
)
from sconto.store.database import Database
from tests.builders import NOON, after_applied, percent_off, subscription_terms
from tests.conftest import create_caller

T = TypeVar("T")


def noting(made: list[T], key: str | None = None) -> Repeatable[T]:
    """A request that notes its effect in the list."""

    def note(effect: T) -> EncodedAnswer:
        made.append(effect)
        return EncodedAnswer(200, b"")

    return Repeatable(key, b"", note)


async def test_a_life_is_recorded(database: Database, merchant: Caller) -> None:
    made: list[SubscriptionPromotion] = []
    await create_promotion(database, merchant, subscription_terms(), noting(made), NOON)
    [promotion] = made
    changed = subscription_terms(
        percent_off("50", after_applied(2)), constraint=Constraint(max_usage=3)
    )
    for _ in range(2):
        await change_promotion(
            database, merchant, promotion.id, lambda _: changed, noting(made), NOON
        )
    gone: list[None] = []
    await archive_promotion(database, merchant, promotion.id, noting(gone), NOON)
    page = await get_subscription_history(database, merchant, promotion.id, limit=10)
    archived, changes, created = (entry.change for entry in page.entries)
    assert (created.verb, created.before) == (Verb.CREATED, None)
    assert created.after is not None
    assert (created.after["code"], created.after["active"]) == ("TRY3", True)
    assert changes.before == {
        "max_usage": None,
        "rules": [{"effect": "PERCENTAGE_DISCOUNT", "amount": "30", "conditions": []}],
    }
    assert changes.after == {
        "max_usage": 3,
        "rules": [
            {
                "effect": "PERCENTAGE_DISCOUNT",
                "amount": "50",
                "conditions": [{"type": "ORDER_NUMBER_AFTER_APPLIED", "order_number": 2}],
            }
        ],
    }
    assert (archived.verb, archived.after) == (Verb.DELETED, None)
    stranger = await create_caller(database)
    assert (await get_subscription_history(database, stranger, promotion.id, limit=1)).entries == ()


async def test_a_request_that_is_sent_again_is_recorded_once(
    database: Database, merchant: Caller
) -> None:
    made: list[SubscriptionPromotion] = []
    for _ in range(2):
        request = noting(made, "the same key")
        await create_promotion(database, merchant, subscription_terms(), request, NOON)
    page = await get_subscription_history(database, merchant, made[0].id, limit=10)
    assert [entry.change.verb for entry in page.entries] == [Verb.CREATED]


async def test_a_long_text_is_recorded_in_part(database: Database, merchant: Caller) -> None:
    made: list[SubscriptionPromotion] = []
    await create_promotion(database, merchant, subscription_terms(), noting(made), NOON)
    long = replace(subscription_terms(), description="x" * 5000)
    await change_promotion(database, merchant, made[0].id, lambda _: long, noting(made), NOON)
    [entry] = (await get_subscription_history(database, merchant, made[0].id, limit=1)).entries
    assert entry.change.after == {"description": "x" * 1000 + "…"}
