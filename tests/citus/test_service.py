"""Sconto on a distributed database: every example of /docs, races, and the order of ids."""

import re
import subprocess

from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.operations.checkout import quote
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
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
