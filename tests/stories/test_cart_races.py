"""Thirty-two clients race for the limits of cart promotions on two processes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.promises import violations
from tests.stories.shoppers import an_order, clients, share_out

CLIENTS: Final = 32
Bearer = Callable[[Caller], dict[str, str]]
Order = Callable[[httpx.AsyncClient, int], Awaitable[None]]

TEN_OFF: Final[dict[str, Any]] = {
    "name": "Ten off",
    "target": "order",
    "benefit": {"type": "amount", "amounts": {"EUR": "10.00"}},
}


async def create(client: httpx.AsyncClient, **fields: Any) -> int:
    answer = await client.post(
        f"{client.base_url.copy_with(path='/cart/v1/promotions')}", json={**TEN_OFF, **fields}
    )
    assert answer.status_code == 201, answer.text
    promotion_id: int = answer.json()["id"]
    return promotion_id


async def ask(
    client: httpx.AsyncClient, method: str, path: str, body: object = None
) -> httpx.Response:
    url = f"{client.base_url.copy_with(path=path)}"
    return await client.request(method, url, json=body)


async def race(
    shoppers: list[httpx.AsyncClient], orders: int, customer: Callable[[int], str] | None = None
) -> Counter[str]:
    """Place orders of 20.00 and count the discounts that they got."""
    got: Counter[str] = Counter()

    async def place(client: httpx.AsyncClient, number: int) -> None:
        body = an_order(f"A-{number}")
        if customer is not None:
            body["customer"] = {"id": customer(number)}
        for _ in range(20):
            answer = await client.post("/orders", json=body)
            if answer.status_code != 503:
                break
        assert answer.status_code == 201, answer.text
        got[answer.json()["discount"]] += 1

    await share_out(range(orders), shoppers, place)
    return got


@pytest.mark.parametrize(
    ("limits", "customer", "expected"),
    [
        ({"total": 7}, None, {"10.00": 7, "0.00": 57}),
        ({"budget": {"EUR": "75.00"}}, None, {"10.00": 7, "0.00": 57}),
        ({"per_customer": 2}, lambda n: f"c-{n % 4}", {"10.00": 8, "0.00": 56}),
        ({"total": 5, "per_customer": 1}, lambda n: f"c-{n % 8}", {"10.00": 5, "0.00": 59}),
    ],
    ids=["total", "budget", "per_customer", "both"],
)
async def test_a_limit_is_reached_exactly_and_never_passed(
    limits: dict[str, Any],
    customer: Callable[[int], str] | None,
    expected: dict[str, int],
    server: str,
    database: Database,
    merchant: Caller,
    bearer: Bearer,
) -> None:
    async with clients(server, bearer(merchant)) as shoppers:
        await create(shoppers[0], limits=limits)
        assert await race(shoppers, 64, customer) == expected
    assert await violations(database, merchant) == []


async def test_one_of_a_customers_concurrent_orders_is_the_first(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    async with clients(server, bearer(merchant)) as shoppers:
        await create(shoppers[0], conditions={"first_order": True})
        got = await race(shoppers, 64, lambda number: f"c-{number % 8}")
    assert got == {"10.00": 8, "0.00": 56}
    assert await violations(database, merchant) == []


async def test_deletions_give_back_what_later_orders_take(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    """Orders are placed and deleted concurrently; what is taken is what the other orders have."""
    standing: set[str] = set()

    async def place_and_delete(client: httpx.AsyncClient, number: int) -> None:
        order_id = f"A-{number}"
        answer = await client.post("/orders", json=an_order(order_id))
        while answer.status_code == 503:
            answer = await client.post("/orders", json=an_order(order_id))
        assert answer.status_code == 201, answer.text
        if number % 3:
            deleted = await client.patch(f"/orders/{order_id}", json={"status": "deleted"})
            while deleted.status_code == 503:
                deleted = await client.patch(f"/orders/{order_id}", json={"status": "deleted"})
            assert deleted.status_code == 200, deleted.text
        elif answer.json()["discount"] == "10.00":
            standing.add(order_id)

    async with clients(server, bearer(merchant)) as shoppers:
        promotion_id = await create(shoppers[0], limits={"total": 9, "budget": {"EUR": "90.00"}})
        await share_out(range(96), shoppers, place_and_delete)
        path = f"/cart/v1/promotions/{promotion_id}/statistics"
        found = (await ask(shoppers[0], "GET", path)).json()
    assert found["limits"]["total"]["taken"] == len(standing) <= 9
    assert await violations(database, merchant) == []


async def test_a_changing_limit_is_never_exceeded_under_load(
    server: str, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    async with clients(server, bearer(merchant)) as shoppers:
        promotion_id = await create(shoppers[0])
        path = f"/cart/v1/promotions/{promotion_id}"
        editor, *others = shoppers
        racing = asyncio.ensure_future(race(others, 120))
        for limits in ({"total": 20}, None, {"total": 60}, {"total": 5}, {"total": 60}) * 3:
            answer = await ask(editor, "PATCH", path, {"limits": limits})
            assert answer.status_code in (200, 503), answer.text
        answer = await ask(editor, "PATCH", path, {"limits": {"total": 60}})
        assert answer.status_code == 200
        got = await racing
        left = (await ask(editor, "GET", f"{path}/statistics")).json()["limits"]["total"]
    assert left["taken"] == got["10.00"]
    assert await violations(database, merchant) == []
