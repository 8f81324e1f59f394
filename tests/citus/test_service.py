"""Sconto on a distributed database: every example of /docs, races, and the order of ids."""

import re
import subprocess

import psycopg
import pytest

from sconto.domain.coverage import AllProducts
from sconto.domain.holds import NewHold
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.operations import holds
from sconto.operations.checkout import place_order, quote
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from sconto.store.node_calls import NodeFunction
from sconto.store.node_functions import FUNCTIONS
from tests.builders import NOON, a_cart, a_promotion
from tests.citus.checked import assert_no_violations
from tests.conftest import SECRET_KEY, create_caller
from tests.faults.shoppers import create_limited
from tests.services import SCONTO, environment_of


def settings_for(url: str) -> dict[str, str]:
    return {"SCONTO_DATABASE_URL": url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}


def test_no_race_breaks_sconto(distributed_url: str) -> None:
    """At the end, all records are checked."""
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


def test_each_hot_path_is_one_call_on_the_merchants_node(distributed_url: str) -> None:
    with psycopg.connect(distributed_url) as connection:
        for function in FUNCTIONS:
            nothing = ", NULL" * (len(function.arguments) - 1)
            call = f"EXPLAIN (VERBOSE) SELECT * FROM {function.name}(7{nothing})"
            plan = connection.execute(call.encode()).fetchall()
            text = "\n".join(line for (line,) in plan)
            assert "Custom Scan (Citus Adaptive)" in text
            assert "Task Count: 1" in text


async def test_programs_with_and_without_functions_quote_and_order_side_by_side(
    distributed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await create_caller(distributed)
    await create_promotion(distributed, shop, a_promotion(codes=("TEN",)), NOON)
    await create_limited(distributed, shop)
    cart = a_cart(codes=("TEN",))
    called = await quote(distributed, shop, cart, NOON)
    monkeypatch.setattr(NodeFunction, "is_on", lambda *_: False)
    assert await quote(distributed, shop, cart, NOON) == called
    assert called.total < 900
    for number in (1, 2):
        order = NewOrder(f"A-{number}", cart, replaces=f"A-{number - 1}" if number > 1 else None)
        await place_order(distributed, shop, order, NOON, NOON.date())
        held = NewHold(NewOrder(f"H-{number}", cart), 600)
        await holds.hold_order(distributed, shop, held, NOON)
        await holds.release_hold(distributed, shop, held.order.order_id, NOON)
        monkeypatch.undo()
    await assert_no_violations(distributed)
