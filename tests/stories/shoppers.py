"""Concurrent clients that place orders of two products."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx


@asynccontextmanager
async def clients(
    url: str, headers: dict[str, str], number: int = 32
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Clients with one connection each."""
    opened = [
        httpx.AsyncClient(base_url=f"{url}/checkout/v1", headers=headers, timeout=30)
        for _ in range(number)
    ]
    yield opened
    for client in opened:
        await client.aclose()


async def share_out(
    tasks: Iterable[Any],
    workers: list[httpx.AsyncClient],
    run: Callable[[httpx.AsyncClient, Any], Coroutine[None, None, None]],
) -> None:
    """Let each client take the next task when it has finished one."""
    waiting = iter(list(tasks))

    async def work(client: httpx.AsyncClient) -> None:
        for task in waiting:
            await run(client, task)

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(client) for client in workers))


def an_order(order_id: str, *codes: str) -> dict[str, object]:
    """One unit of two products."""
    lines = [
        {"line_id": str(product), "product_id": product, "quantity": 1, "unit_price": "10.00"}
        for product in (1, 2)
    ]
    return {"order_id": order_id, "currency": "EUR", "lines": lines, "codes": list(codes)}
