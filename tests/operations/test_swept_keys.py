"""Expired idempotency keys are swept, also those of merchants that never made a promotion."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from sconto.domain.people import Caller
from sconto.operations import promotions
from sconto.operations.idempotency import KEY_LIFETIME, sweep_keys
from sconto.store import idempotency as store
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller

OLD = NOON - KEY_LIFETIME


@pytest.fixture
async def database(own_database: Database) -> Database:
    """No service sweeps it."""
    return own_database


async def use_keys(database: Database, merchant: Caller, keys: Mapping[str, datetime]) -> None:
    """Claim keys at their times and store an answer under each."""
    async with database.write(merchant.merchant_id) as connection:
        for key, time in keys.items():
            await store.claim_key(
                connection, merchant.merchant_id, key, b"x", now=time, expired_at=OLD
            )
            answer = store.EncodedAnswer(201, b"{}")
            await store.keep_answer(connection, merchant.merchant_id, key, answer)


async def keys_of(database: Database, merchant: Caller) -> set[str]:
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT key FROM idempotency_keys WHERE merchant_id = $1", merchant.merchant_id
        )
    return {row["key"] for row in rows}


async def test_keys_of_a_merchant_without_a_promotion_are_swept(database: Database) -> None:
    selling, idle, recent, silent = [await create_caller(database) for _ in range(4)]
    await promotions.create_promotion(database, selling, a_promotion(), NOON)
    for merchant in (selling, idle):
        await use_keys(database, merchant, {"old": OLD, "older": OLD - KEY_LIFETIME, "new": NOON})
    await use_keys(database, recent, {"new": OLD + timedelta(microseconds=1)})
    assert await sweep_keys(database, NOON) == 4
    found = [await keys_of(database, each) for each in (selling, idle, recent, silent)]
    assert found == [{"new"}, {"new"}, {"new"}, set()]


async def test_merchants_with_expired_keys_are_found_by_one_look_up_for_each(
    database: Database,
) -> None:
    for number in range(3):
        merchant = await create_caller(database)
        await use_keys(database, merchant, {f"{each}": OLD for each in range(20 * number)})
    listed = store.LIST_MERCHANTS
    async with database.write() as connection:
        await connection.execute("ANALYZE idempotency_keys")
        rows = await connection.fetch(listed.statement, OLD)
        assert {row["merchant_id"] for row in rows} == {
            row["merchant_id"] for row in await connection.fetch(listed.on_all_shards, OLD)
        }
        plan = await connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {listed.statement}", OLD)
    text = "\n".join(row[0] for row in plan)
    assert re.findall(r"(?:using|on) (idempotency_\w+)", text) == [
        *["idempotency_keys_by_age", "idempotency_keys"],
        *["idempotency_keys_by_age", "idempotency_keys"],
    ]
    assert not re.search("Seq Scan|Bitmap", text)
    # Each look-up reads one key, the last one none.
    assert "rows=1 loops=1)" in text
    assert re.search(r"using idempotency_keys_by_age .*rows=[01] loops=", text)
