"""The export API: files, their columns, and parameters that are refused."""

import csv
import io
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import httpx
import pyarrow.parquet
import pytest

from sconto.domain.cart import Cart, Customer
from sconto.domain.exports import ROWS, ExportKind
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.domain.returns import Goods
from sconto.operations import checkout, promotions
from sconto.operations.returns import create_return
from sconto.store.database import Database
from tests.builders import NOON, a_line, a_promotion
from tests.conftest import create_caller

Bearer = Callable[[Caller], dict[str, str]]


@pytest.fixture
async def shop(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> httpx.AsyncClient:
    """A client of a merchant with two returned orders, the second an hour after the first."""
    await promotions.create_promotion(database, merchant, a_promotion(codes=("TEN",)), NOON)
    for hours, order_id in enumerate(("=A1", "B,2")):
        cart = Cart("EUR", (a_line(),), ("ten",), None, Customer('the "one"'))
        at = NOON + timedelta(hours=hours)
        await checkout.place_order(database, merchant, NewOrder(order_id, cart), at, at.date())
        await create_return(database, merchant, order_id, f"R-{order_id}", Goods({"1": 1}), at)
    client.headers.update(bearer(merchant))
    return client


def rows_in(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_a_csv_file_has_each_row_with_unchanged_texts(shop: httpx.AsyncClient) -> None:
    answer = await shop.get("/export/v1/orders")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="orders.csv"'
    first, second = rows_in(answer)
    assert tuple(first) == ROWS[ExportKind.ORDERS]._fields
    assert (first["order_id"], second["order_id"]) == ("=A1", "B,2")
    assert first["customer_id"] == 'the "one"'
    assert first["created_at"] == "2026-06-01T12:00:00+00:00"
    assert (first["total"], first["replaces"]) == ("9.00", "")

    [redemption] = rows_in(await shop.get("/export/v1/redemptions?until=2026-06-01T13:00:00Z"))
    assert (redemption["code"], redemption["applied"], redemption["discount"]) == (
        "TEN",
        "true",
        "1.00",
    )
    # A + in an address is a blank, and is understood.
    path = "/export/v1/returns?from=2026-06-01T15:00:00+02:00"
    [returned] = rows_in(await shop.get(path))
    assert (returned["return_id"], returned["line_id"], returned["total"]) == ("R-B,2", "1", "9.00")
    [code] = rows_in(await shop.get("/export/v1/codes?state=free"))
    assert (code["code"], code["uses"], code["used_at"]) == ("TEN", "2", "")


async def test_a_parquet_file_has_typed_columns(shop: httpx.AsyncClient) -> None:
    for kind in ExportKind:
        answer = await shop.get(f"/export/v1/{kind}?format=parquet")
        assert answer.headers["content-type"] == "application/vnd.apache.parquet"
        table = pyarrow.parquet.read_table(io.BytesIO(answer.content))
        assert tuple(table.column_names) == ROWS[kind]._fields
        assert table.num_rows == (1 if kind is ExportKind.CODES else 2)
    orders = await shop.get("/export/v1/orders?format=parquet")
    first = pyarrow.parquet.read_table(io.BytesIO(orders.content)).to_pylist()[0]
    assert (first["created_at"], first["total"], first["replaces"]) == (NOON, Decimal(9), None)


async def test_an_empty_file_has_its_columns(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer
) -> None:
    client.headers.update(bearer(merchant))
    answer = await client.get("/export/v1/codes")
    assert answer.text == ",".join(ROWS[ExportKind.CODES]._fields) + "\r\n"
    answer = await client.get("/export/v1/codes?format=parquet")
    assert pyarrow.parquet.read_table(io.BytesIO(answer.content)).num_rows == 0


@pytest.mark.parametrize(
    ("path", "pointers"),
    [
        (
            "orders?format=xls&from=today&until=1&status=x",
            ["/format", "/from", "/until", "/status"],
        ),
        (
            "orders?customer_id=&promotion_id=0&code=&state=used",
            ["/customer_id", "/promotion_id", "/code", "/state"],
        ),
        ("redemptions?promotion_id=9223372036854775808", ["/promotion_id"]),
        ("redemptions?promotion_id=%D9%A3&from=a&from=b", ["/promotion_id", "/from", "/from"]),
        ("codes?status=paid&state=gone&a%2Fb=1", ["/status", "/state", "/a~1b"]),
    ],
)
async def test_all_faulty_parameters_are_listed(
    client: httpx.AsyncClient, merchant: Caller, bearer: Bearer, path: str, pointers: list[str]
) -> None:
    client.headers.update(bearer(merchant))
    answer = await client.get(f"/export/v1/{path}")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers


async def test_the_checkout_role_cannot_export(
    client: httpx.AsyncClient, database: Database, bearer: Bearer
) -> None:
    client.headers.update(bearer(await create_caller(database, Role.CHECKOUT)))
    for kind in ExportKind:
        answer = await client.get(f"/export/v1/{kind}")
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_export_says_that_parquet_is_not_installed(
    shop: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = await shop.get("/export/v1/orders?format=parquet")
    assert answer.status_code == 501
    assert "sconto[parquet]" in answer.json()["detail"]
