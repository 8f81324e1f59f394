"""The list of orders over HTTP."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.operations import checkout
from sconto.store.database import Database
from tests.builders import NOON
from tests.conftest import create_caller
from tests.operations.test_cart_promotions import cart, shopper

Bearer = Callable[[Caller], dict[str, str]]
ORDERS = "/checkout/v1/orders"


@pytest.fixture
async def headers(database: Database, merchant: Caller, bearer: Bearer) -> dict[str, str]:
    """A merchant with three orders, a minute apart."""
    for minutes, order_id in enumerate(("A", "B/1", "C")):
        order = NewOrder(
            order_id, cart(customer=shopper("c-1")), replaces="A" if minutes == 2 else None
        )
        at = NOON + timedelta(minutes=minutes)
        await checkout.place_order(database, merchant, order, at, at.date())
    return bearer(merchant)


async def test_a_list_has_the_facts_of_each_order(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    listed = (await client.get(ORDERS, headers=headers)).json()
    assert listed["next_cursor"] is None
    assert [one["order_id"] for one in listed["orders"]] == ["C", "B/1", "A"]
    for one in listed["orders"]:
        order_id = one["order_id"].replace("/", "%2F")
        alone = (await client.get(f"{ORDERS}/{order_id}", headers=headers)).json()
        more = {name: value for name, value in one.items() if name not in alone}
        assert {name: one[name] for name in alone} == alone
        replaced = {"C": {"replaces": "A"}, "A": {"replaced_by": "C"}}.get(one["order_id"], {})
        assert more == {"customer_id": "c-1", **replaced}


async def test_a_list_continues_with_its_cursor(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    found, query = [], {"limit": "1", "from": NOON.isoformat()}
    while True:
        page = (await client.get(ORDERS, headers=headers, params=query)).json()
        found += [one["order_id"] for one in page["orders"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == ["C", "B/1", "A"]
    deleted = await client.get(ORDERS, headers=headers, params={"status": "deleted"})
    assert [one["order_id"] for one in deleted.json()["orders"]] == ["A"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"limit": "0"}, "/limit"),
        ({"limit": "101"}, "/limit"),
        ({"limit": "٣"}, "/limit"),
        ({"from": "2026-06-01"}, "/from"),
        ({"until": "tomorrow"}, "/until"),
        ({"status": "Paid"}, "/status"),
        ({"customer_id": "x" * 65}, "/customer_id"),
        ({"promotion_id": "-1"}, "/promotion_id"),
        ({"code": " "}, "/code"),
        ({"cursor": ""}, "/cursor"),
        ({"cursor": "MQ"}, "/cursor"),
        ({"cursor": "%"}, "/cursor"),
        ({"offset": "5"}, "/offset"),
    ],
)
async def test_a_parameter_that_is_not_valid_is_named(
    client: httpx.AsyncClient, headers: dict[str, str], query: dict[str, str], pointer: str
) -> None:
    answer = await client.get(ORDERS, headers=headers, params=query)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_cursors_belong_to_one_merchant(
    client: httpx.AsyncClient, database: Database, headers: dict[str, str], bearer: Bearer
) -> None:
    page = (await client.get(f"{ORDERS}?limit=1", headers=headers)).json()
    cursor = page["next_cursor"]
    other_merchant = bearer(await create_caller(database))
    for query in ({"cursor": cursor}, {"cursor": f"{cursor}="}, {"cursor": cursor[:-1]}):
        answer = await client.get(ORDERS, headers=other_merchant, params=query)
        assert answer.status_code == 422
        assert answer.json()["errors"] == [
            {"pointer": "/cursor", "detail": "must be the next_cursor of an earlier answer"}
        ]
    assert (await client.get(ORDERS, headers=other_merchant)).json() == {
        "orders": [],
        "next_cursor": None,
    }


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_may_list_and_explain_orders(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    headers: dict[str, str],
    bearer: Bearer,
    role: Role,
) -> None:
    own = bearer(await create_caller(database, role, merchant.merchant_id))
    for path in (ORDERS, f"{ORDERS}/A/explanation"):
        assert (await client.get(path, headers=own)).status_code == 200
