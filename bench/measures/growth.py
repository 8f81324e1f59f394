"""What must not grow: the time of statistics with redemptions, of prices with products."""

import json
from collections.abc import Iterator
from itertools import cycle, repeat
from random import Random

from bench.carts import ask_quotes, fill_baskets
from bench.figures import Figure, Goal, compared
from bench.load import Load, LoadRequest, write_request
from bench.servers import Server
from bench.shop import PRODUCTS
from bench.stage import COUPONS, SEED, STATISTICS, Stage


async def measure_growth(stage: Stage, server: Server) -> list[Figure]:
    """Statistics by the number of redemptions, and prices by the number of products."""
    return [await _statistics(stage, server), await _prices(stage, server)]


async def _statistics(stage: Stage, server: Server) -> Figure:
    token = stage.token(stage.plain)
    few, many = (
        repeat(
            LoadRequest(
                write_request(
                    "POST",
                    "/v1/promotion/statistics",
                    token,
                    b'{"id": %d}' % coupon.promotion_id,
                )
            )
        )
        for coupon in stage.plain.coupons[COUPONS:]
    )
    few_name, many_name = STATISTICS
    times = await _in_turns(stage, server, few, many)
    return compared(
        f"statistics with {many_name} redemptions",
        "ms",
        times[1],
        (f"with {few_name}", times[0]),
        Goal("<=", 1.5),
    )


async def _prices(stage: Stage, server: Server) -> Figure:
    token = stage.token(stage.usual)
    one = cycle([_ask_prices(token, [number]) for number in range(1, PRODUCTS + 1)])
    times = await _in_turns(stage, server, one, cycle(ask_pages(token)))
    return compared("prices of 1,000 products", "ms", times[1], ("of one", times[0]), Goal("<=", 4))


async def _in_turns(
    stage: Stage, server: Server, first: Iterator[LoadRequest], second: Iterator[LoadRequest]
) -> tuple[list[float], list[float]]:
    """Milliseconds that a single caller waits for an answer."""
    times: tuple[list[float], list[float]] = ([], [])
    for requests in (first, second):
        await Load(server.port).saturate(requests, 1, 0.3)
    for _ in range(stage.plan.rounds):
        for requests, taken in zip((first, second), times, strict=True):
            run = await Load(server.port).saturate(requests, 1, stage.plan.seconds / 2)
            taken.append(1000 / run.rate)
    return times


async def warm_up(stage: Stage, server: Server) -> None:
    """Let the service open its connections and prepare its statements."""
    requests = ask_quotes(fill_baskets(stage.usual, SEED, 500), stage.token(stage.usual))
    await Load(server.port).saturate(requests, 16, 1)


def ask_pages(token: str) -> list[LoadRequest]:
    """Listing prices of 1,000 products, of several pages."""
    random = Random(SEED)
    pages = [random.sample(range(1, PRODUCTS + 1), 1_000) for _ in range(50)]
    return [_ask_prices(token, products) for products in pages]


def _ask_prices(token: str, products: list[int]) -> LoadRequest:
    # Each product has one price, the same on every page, as in a shop.
    listed = [
        {"product_id": number, "unit_price": f"{1 + number * 37 % 300}.{number * 7 % 100:02d}"}
        for number in products
    ]
    body = json.dumps({"currency": "EUR", "products": listed}).encode()
    return LoadRequest(write_request("POST", "/checkout/v1/prices", token, body))
