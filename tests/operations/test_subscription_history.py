"""Changes of subscription promotions are recorded in the same transaction."""

from dataclasses import replace
from typing import TypeVar

import pytest

from sconto.domain.history import Subject, Verb
from sconto.domain.people import Caller
from sconto.domain.subscription_promotion import Constraint
from sconto.operations.history import list_entries
from sconto.operations.idempotency import AlreadyAnswered, EncodedAnswer, KeyedRequest
from sconto.operations.subscription_promotions import (
    KeyedPromotion,
    archive_promotion,
    change_promotion,
    create_promotion,
)
from sconto.store.database import Database
from tests.builders import NOON, after_applied, percent_off, subscription_terms
from tests.conftest import create_caller

T = TypeVar("T")


async def test_creation_edits_and_archiving_are_recorded(
    database: Database, merchant: Caller
) -> None:
    promotion = await create_promotion(database, merchant, subscription_terms(), NOON)
    changed = subscription_terms(
        percent_off("50", after_applied(2)), constraint=Constraint(max_usage=3)
    )
    for _ in range(2):
        await change_promotion(database, merchant, promotion.id, lambda _: changed, NOON)
    await archive_promotion(database, merchant, promotion.id, NOON)
    page = await list_entries(
        database, merchant, Subject.SUBSCRIPTION_PROMOTION, promotion.id, limit=10
    )
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
    other_merchant = await create_caller(database)
    assert (
        await list_entries(
            database, other_merchant, Subject.SUBSCRIPTION_PROMOTION, promotion.id, limit=1
        )
    ).entries == ()


async def test_a_repeated_request_is_recorded_once(database: Database, merchant: Caller) -> None:
    request: KeyedPromotion = KeyedRequest("key", b"", lambda _: EncodedAnswer(201, b""))
    promotion = await create_promotion(database, merchant, subscription_terms(), NOON, request)
    with pytest.raises(AlreadyAnswered):
        await create_promotion(database, merchant, subscription_terms(), NOON, request)
    page = await list_entries(
        database, merchant, Subject.SUBSCRIPTION_PROMOTION, promotion.id, limit=10
    )
    assert [entry.change.verb for entry in page.entries] == [Verb.CREATED]


async def test_a_long_text_is_recorded_shortened(database: Database, merchant: Caller) -> None:
    promotion = await create_promotion(database, merchant, subscription_terms(), NOON)
    long = replace(subscription_terms(), description="x" * 5000)
    await change_promotion(database, merchant, promotion.id, lambda _: long, NOON)
    [entry] = (
        await list_entries(
            database, merchant, Subject.SUBSCRIPTION_PROMOTION, promotion.id, limit=1
        )
    ).entries
    assert entry.change.after == {"description": "x" * 1000 + "…"}
