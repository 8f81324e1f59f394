"""`sconto export`."""

import io
from pathlib import Path

import pyarrow.parquet
import pytest

from sconto.domain.cart import Cart
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations.checkout import place_order
from sconto.store.database import Database
from tests.builders import NOON, a_line
from tests.cli.conftest import Sconto


@pytest.fixture
async def of_merchant(database: Database, merchant: Caller, merchant_name: str) -> tuple[str, str]:
    """The option that names a merchant with one order."""
    order = NewOrder("=A1", Cart("EUR", (a_line(),)))
    await place_order(database, merchant, order, NOON, NOON.date())
    return "--merchant", merchant_name


async def test_standard_output_is_for_programs_and_a_file_for_people(
    sconto: Sconto, of_merchant: tuple[str, str], tmp_path: Path
) -> None:
    shown = await sconto("export", "orders", *of_merchant)
    heading, line = shown.out.splitlines()
    assert heading.startswith("order_id,status,created_at,")
    assert line.startswith("=A1,not paid,2026-06-01T12:00:00+00:00,EUR,1,1,10.00,")

    shown = await sconto("export", "orders", *of_merchant, "--output", "orders.csv")
    assert shown.out == "1 order written\n"
    written = (tmp_path / "orders.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbforder_id,")
    assert b"\r\n'=A1,not paid," in written


async def test_conditions_choose_the_rows_of_a_parquet_file(
    sconto: Sconto, of_merchant: tuple[str, str], tmp_path: Path
) -> None:
    to_file = (*of_merchant, "--format", "parquet", "--output", "orders.parquet")
    for conditions, rows in (
        (("--from", "2026-06-01"), 1),
        (("--from", "2026-06-02"), 0),
        (("--until", "2026-06-01T14:00:00+02:00"), 0),
        (("--status", "not paid"), 1),
        (("--code", "TEN"), 0),
    ):
        shown = await sconto("export", "orders", *to_file, *conditions)
        assert shown.out == ("1 order written\n" if rows else "0 orders written\n"), shown.err
        file = io.BytesIO((tmp_path / "orders.parquet").read_bytes())
        assert pyarrow.parquet.read_table(file).num_rows == rows


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("codes", "--status", "paid"), "--status does not go with codes"),
        (("orders", "--free"), "--used does not go with orders"),
        (("orders", "--from", "yesterday"), "--from yesterday: a time is a date such as"),
        (("orders", "--until", "0001-01-01T00:00:00+14:00"), "a time is a date such as"),
        (("orders", "--code", ""), "no code is like that"),
    ],
)
async def test_a_refused_export_writes_no_file(
    sconto: Sconto,
    of_merchant: tuple[str, str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    refused = await sconto("export", *arguments, *of_merchant, "--output", "file")
    assert (refused.code, refused.out) == (1, "")
    assert words in refused.err
    refused = await sconto("export", "orders", "--merchant", "Nobody", "--output", "file")
    assert "there is no merchant" in refused.err
    assert not (tmp_path / "file").exists()
