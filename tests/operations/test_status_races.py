"""The status of an order is changed while the order is being placed, or replaced."""

import asyncio
from collections import Counter

import pytest

from sconto.domain.order import NewOrder, OrderStatus, Placed
from sconto.domain.people import Caller
from sconto.domain.problems import OrderNotFound, OrderNotReplaceable, OrderReplaced
from sconto.operations.checkout import change_order_status, get_order, place_order
from sconto.store.database import Database
from tests.builders import NOON, a_cart

AT_ONCE = 8


async def place(
    database: Database, caller: Caller, order_id: str, replaces: str | None = None
) -> Placed:
    order = NewOrder(order_id, a_cart(), replaces=replaces)
    return await place_order(database, caller, order, NOON, NOON.date())


async def pay(database: Database, caller: Caller, order_id: str) -> str:
    """Set the status without a pause until the order exists."""
    while True:
        try:
            order = await change_order_status(database, caller, order_id, OrderStatus.PAID, NOON)
        except OrderNotFound:
            continue
        except OrderReplaced:
            return "OrderReplaced"
        assert (order.status, order.replaced_by) == (OrderStatus.PAID, None)
        return "paid"


@pytest.mark.parametrize("pairs", [120, pytest.param(3_000, marks=pytest.mark.soak)])
async def test_an_order_paid_while_it_is_placed_is_unknown_or_paid(
    database: Database, merchant: Caller, pairs: int
) -> None:
    outcomes: Counter[str] = Counter()

    async def pair(order_id: str) -> None:
        _, came = await asyncio.gather(
            place(database, merchant, order_id), pay(database, merchant, order_id)
        )
        outcomes[came] += 1

    async def work(number: int) -> None:
        for pair_number in range(number, pairs, AT_ONCE):
            await pair(f"P-{pair_number}")

    await asyncio.gather(*(work(number) for number in range(AT_ONCE)))
    assert outcomes == {"paid": pairs}


@pytest.mark.parametrize("pairs", [80, pytest.param(2_000, marks=pytest.mark.soak)])
async def test_an_order_paid_while_it_is_replaced_is_either_paid_or_replaced(
    database: Database, merchant: Caller, pairs: int
) -> None:
    outcomes: Counter[tuple[str, str]] = Counter()

    async def replace(number: int) -> str:
        try:
            await place(database, merchant, f"new-{number}", f"old-{number}")
        except OrderNotReplaceable as error:
            return f"still {error.order.status}"
        return "replaced"

    async def pair(number: int) -> None:
        await place(database, merchant, f"old-{number}")
        became, came = await asyncio.gather(
            replace(number), pay(database, merchant, f"old-{number}")
        )
        outcomes[became, came] += 1

    for first in range(0, pairs, AT_ONCE):
        await asyncio.gather(*(pair(number) for number in range(first, first + AT_ONCE)))
    assert set(outcomes) <= {("replaced", "OrderReplaced"), ("still paid", "paid")}


async def test_the_status_of_a_replaced_or_unknown_order_cannot_change(
    database: Database, merchant: Caller
) -> None:
    await place(database, merchant, "A-1")
    await place(database, merchant, "A-2", "A-1")
    with pytest.raises(OrderReplaced) as refused:
        await change_order_status(database, merchant, "A-1", OrderStatus.PAID, NOON)
    assert refused.value.order == await get_order(database, merchant, "A-1")
    assert refused.value.order.replaced_by == "A-2"
    with pytest.raises(OrderNotFound):
        await change_order_status(database, merchant, "A-3", OrderStatus.PAID, NOON)
