"""`sconto import`: real exports, tried first, then created once, and used in a cart."""

from pathlib import Path
from typing import Final

import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller
from sconto.operations import checkout
from sconto.operations.stored_promotions import read_promotions
from sconto.store.database import Database
from tests.builders import a_cart, a_line
from tests.cli.conftest import Sconto
from tests.operations.stock import stock

EXPORTS: Final = Path(__file__).with_name("exports")
RUNS: Final = (
    (
        "stripe",
        ("--codes", str(EXPORTS / "stripe_promotion_codes.csv")),
        "stripe_coupons.csv",
        6,
        1,
    ),
    ("shopify", ("--currency", "EUR"), "shopify_discounts.csv", 6, 2),
    ("woocommerce", ("--currency", "EUR"), "woocommerce_coupons.csv", 9, 3),
)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run[0])
async def test_an_export_is_tried_first_then_created_once(
    run: tuple[str, tuple[str, ...], str, int, int],
    sconto: Sconto,
    merchant_name: str,
    merchant: Caller,
    database: Database,
) -> None:
    system, options, file, count, off = run
    await stock(database, merchant, [1, 2])
    command = ("import", system, str(EXPORTS / file), "--merchant", merchant_name, *options)
    tried = await sconto(*command)
    assert tried.code == 0, tried.err
    assert f"{count} promotions would be created, {off} of them switched off" in tried.out
    assert "Nothing was written." in tried.out
    assert (await read_promotions(database, merchant, read_clock())).cart == ()
    created = await sconto(*command, "--apply")
    assert f"{count} promotions created" in created.out
    stored = await read_promotions(database, merchant, read_clock())
    switched_off = [
        *(one for one in stored.product if not one.summary.active),
        *(one for one in stored.cart if not one.promotion.active),
    ]
    assert (len(stored.product) + len(stored.cart), len(switched_off)) == (count, off)
    again = await sconto(*command, "--apply")
    assert "0 promotions created" in again.out
    assert again.out.count("a promotion already has this name") == count


async def test_imported_codes_take_off_what_they_took_off_before(
    sconto: Sconto, merchant_name: str, merchant: Caller, database: Database
) -> None:
    await stock(database, merchant, [1, 2])
    for system, options, file, _, _ in RUNS:
        command = ("import", system, str(EXPORTS / file), "--merchant", merchant_name, *options)
        assert (await sconto(*command, "--apply")).code == 0
    now = read_clock()
    for code, total in (
        ("BIG10", 9000),
        ("PARTNER-B", 9500),
        ("tenoff50", 9000),
        ("SORRY-77", 9500),
        ("five-off", 10_000),  # once for each customer, and there is none
        ("TEA10", 9000),
        ("VIP30", 10_000),
    ):
        cart = a_cart(a_line(1, unit_price=10_000), codes=(code,))
        assert (await checkout.quote(database, merchant, cart, now)).total == total, code


async def test_a_file_of_another_kind_is_refused(sconto: Sconto, merchant_name: str) -> None:
    wrong = str(EXPORTS / "woocommerce_coupons.csv")
    refused = await sconto("import", "shopify", wrong, "--merchant", merchant_name)
    assert refused.code == 1
    assert "has no column Name, Value, Value Type, Discount Class" in refused.err
    unknown = await sconto(
        "import", "woocommerce", wrong, "--merchant", merchant_name, "--currency", "XX"
    )
    assert unknown.err == "sconto: 'XX' is no currency\n"
