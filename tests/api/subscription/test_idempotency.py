"""The Idempotency-Key: one effect for each key; repetitions get the first answer."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sconto.domain.people import Caller
from sconto.operations import subscriptions
from sconto.operations.idempotency import sweep_keys
from sconto.store.database import Database
from tests.api.subscription.platform import Platform, a_body, a_contract, details


async def test_a_repeated_call_gets_the_first_answer_and_changes_nothing(
    platform: Platform,
) -> None:
    created = await platform.ask("POST", "/promotions", a_body(), idempotency_key="create")
    again = await platform.ask("POST", "/promotions", a_body(), idempotency_key="create")
    assert (again.status_code, again.content) == (201, created.content)
    path = f"/promotions/{created.json()['data']['id']}"

    applied = [await platform.apply("TRY3", idempotency_key="apply") for _ in range(3)]
    assert {answer.content for answer in applied} == {applied[0].content}
    assert applied[0].json()["data"]["constraint"]["usageCount"] == 1

    patch = {"name": "Other"}
    patched = [await platform.ask("PATCH", path, patch, idempotency_key="x") for _ in range(2)]
    assert patched[0].content == patched[1].content

    deleted = [await platform.ask("DELETE", path, idempotency_key="delete") for _ in range(2)]
    assert [answer.status_code for answer in deleted] == [204, 204]
    details(await platform.ask("DELETE", path), 404)
    # Even if the promotion has been deleted.
    assert (await platform.ask("PATCH", path, patch, idempotency_key="x")).status_code == 200


async def test_a_key_with_another_request_is_refused(platform: Platform) -> None:
    await platform.create()
    assert (await platform.apply("TRY3", idempotency_key="k")).status_code == 200
    other = await platform.apply("TRY3", a_contract(type_id="yearly"), idempotency_key="k")
    details(other, 409)
    details(await platform.ask("POST", "/promotions", a_body(), idempotency_key="k"), 409)
    spelled = {"subscriptionContract": a_contract(), "promotionCode": "TRY3"}
    reordered = await platform.ask("POST", "/promotion-codes/_apply", spelled, idempotency_key="k")
    assert reordered.status_code == 200


async def test_a_number_and_a_string_of_its_digits_are_different_requests(
    platform: Platform,
) -> None:
    for size, status in ((30.5, 201), (30.50, 201), ("30.5", 409)):
        body = a_body(meta={"size": size})
        answer = await platform.ask("POST", "/promotions", body, idempotency_key="k")
        assert answer.status_code == status


async def test_a_refused_request_does_not_use_its_key(platform: Platform) -> None:
    details(await platform.apply("TRY3", idempotency_key="k"), 404)
    await platform.create()
    assert (await platform.apply("TRY3", idempotency_key="k")).status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
async def test_an_invalid_key_is_refused(platform: Platform, key: str) -> None:
    headers = platform.headers | {"Idempotency-Key": key}
    answer = await platform.client.post(
        "/promotion/v1/promotions",
        json=a_body(),
        headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    )
    details(answer, 400)


@pytest.mark.parametrize("constraint", [{}, {"maxUsage": 1}])
async def test_concurrent_calls_with_one_key_have_one_effect(
    platform: Platform, constraint: dict[str, int]
) -> None:
    created = await platform.create(constraint=constraint)
    answers = await asyncio.gather(*(platform.apply("TRY3", idempotency_key="k") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert await platform.usage(created["id"]) == 1


async def test_a_key_in_use_is_answered_409_with_retry_after(
    platform: Platform, database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "BUSY_TIMEOUT", 0.2)
    created = await platform.create()
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO idempotency_keys (merchant_id, key, fingerprint, created_at)"
            " VALUES ($1, 'k', '', now())",
            merchant.merchant_id,
        )
        answer = await platform.apply("TRY3", idempotency_key="k")
        details(answer, 409)
        assert int(answer.headers["retry-after"]) >= 1
        await connection.execute(
            "DELETE FROM idempotency_keys WHERE merchant_id = $1", merchant.merchant_id
        )
    assert await platform.usage(created["id"]) == 0
    assert (await platform.apply("TRY3", idempotency_key="k")).status_code == 200


async def test_a_key_is_valid_for_a_day_and_deleted_afterwards(
    platform: Platform, database: Database, merchant: Caller
) -> None:
    created = await platform.create()
    for key in ("old", "young"):
        await platform.apply("TRY3", idempotency_key=key)
    async with database.write() as connection:
        await connection.execute(
            "UPDATE idempotency_keys SET created_at = $2 WHERE merchant_id = $1 AND key = 'old'",
            merchant.merchant_id,
            datetime.now(UTC) - timedelta(hours=24, seconds=1),
        )
    assert (await platform.apply("TRY3", idempotency_key="old")).status_code == 200
    assert await platform.usage(created["id"]) == 3
    async with database.read() as connection:
        count = "SELECT count(*) FROM idempotency_keys WHERE merchant_id = $1"
        assert await connection.fetchval(count, merchant.merchant_id) == 2
        now = datetime.now(UTC)
        await sweep_keys(database, now + timedelta(hours=23))
        assert await connection.fetchval(count, merchant.merchant_id) == 2
        assert await sweep_keys(database, now + timedelta(hours=24, minutes=1)) >= 2
        assert await connection.fetchval(count, merchant.merchant_id) == 0
