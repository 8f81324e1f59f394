"""Sconto on a distributed database: every example of /docs, races, and the order of ids."""

import re
import subprocess

import pytest

from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.operations.checkout import quote
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from sconto.store.node_functions import NAMES
from tests.builders import NOON, a_cart, a_promotion
from tests.citus.checked import assert_no_violations
from tests.conftest import SECRET_KEY, create_caller
from tests.services import SCONTO, environment_of


def settings_for(url: str) -> dict[str, str]:
    return {"SCONTO_DATABASE_URL": url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}


def test_no_race_breaks_sconto(distributed_url: str) -> None:
    """It ends with the check of all records."""
    proof = subprocess.run(
        [SCONTO, "prove", "--seconds", "2", "--clients", "8"],
        env=environment_of(settings_for(distributed_url)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (proof.returncode, proof.stderr) == (0, ""), proof.stdout
    assert "BROKEN" not in proof.stdout
    assert re.search(r"^held ", proof.stdout, re.MULTILINE)


async def test_the_promotion_created_last_wins_on_every_node(distributed: Database) -> None:
    shops = [await create_caller(distributed) for _ in range(8)]
    created = [
        await create_promotion(
            distributed, shop, a_promotion(coverage=AllProducts(percent * PERCENT)), NOON
        )
        for percent in (5, 10, 7)
        for shop in shops
    ]
    assert created == sorted(created)
    totals = [(await quote(distributed, shop, a_cart(), NOON)).total for shop in shops]
    assert totals == [930] * len(shops)
    await assert_no_violations(distributed)


async def test_a_quote_is_one_call_on_the_merchants_node(distributed: Database) -> None:
    shop = await create_caller(distributed)
    async with distributed.read() as connection:
        for name in NAMES.values():
            plan = await connection.fetch(
                f"EXPLAIN (VERBOSE) SELECT {name}({shop.merchant_id}, '[]')"
            )
            text = "\n".join(row[0] for row in plan)
            assert "Custom Scan (Citus Adaptive)" in text
            assert "Task Count: 1" in text


async def test_a_program_without_functions_quotes_the_same(
    distributed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await create_caller(distributed)
    await create_promotion(distributed, shop, a_promotion(codes=("TEN",)), NOON)
    cart = a_cart(codes=("TEN",))
    called = await quote(distributed, shop, cart, NOON)
    monkeypatch.setattr("sconto.store.candidates.NAMES", dict.fromkeys(NAMES, "of another version"))
    assert await quote(distributed, shop, cart, NOON) == called
    assert called.total == 900
