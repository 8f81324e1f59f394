"""What must not grow: statistics, lists of prices, changes to large promotions."""

import json
import time
from collections.abc import Iterator
from itertools import cycle, repeat
from random import Random

from bench.carts import ask_quotes, fill_baskets
from bench.figures import Figure, Goal, compared, figure
from bench.load import Load, Shot, Unanswered, ask, write_request
from bench.servers import Server
from bench.shop import PRODUCTS
from bench.stage import COUPONS, SEED, STATISTICS, Stage

CLIENTS = 4


async def measure_growth(stage: Stage, server: Server) -> list[Figure]:
    """Statistics by the number of redemptions, prices by that of products, and one large PATCH."""
    return [
        await _statistics(stage, server),
        await _prices(stage, server),
        *await _large_promotion(stage, server),
    ]


async def _statistics(stage: Stage, server: Server) -> Figure:
    token = stage.token(stage.plain)
    few, many = (
        repeat(
            Shot(
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
    random = Random(SEED)
    pages = [random.sample(range(1, PRODUCTS + 1), 1_000) for _ in range(50)]
    page = cycle([_ask_prices(token, products) for products in pages])
    times = await _in_turns(stage, server, one, page)
    return compared("prices of 1,000 products", "ms", times[1], ("of one", times[0]), Goal("<=", 5))


async def _in_turns(
    stage: Stage, server: Server, first: Iterator[Shot], second: Iterator[Shot]
) -> tuple[list[float], list[float]]:
    """Milliseconds of an answer, each while so many clients ask."""
    times: tuple[list[float], list[float]] = ([], [])
    for shots in (first, second):
        await Load(server.port).saturate(shots, CLIENTS, 0.3)
    for _ in range(stage.plan.rounds):
        for shots, taken in zip((first, second), times, strict=True):
            run = await Load(server.port).saturate(shots, CLIENTS, stage.plan.seconds / 2)
            taken.append(CLIENTS * 1000 / run.rate)
    return times


async def _large_promotion(stage: Stage, server: Server) -> list[Figure]:
    """A promotion with many codes, of which each change takes one away and brings a new one."""
    token, number = stage.token(stage.plain), stage.plan.many_codes
    codes = [f"LARGE-{one}" for one in range(number)]
    started = time.perf_counter()
    created = await _send(server, "POST", "/v1/promotion", token, _coupon("Large", codes))
    rate = number / (time.perf_counter() - started)
    path = f"/v1/promotion/{created['id']}"
    seconds = []
    for edit in range(stage.plan.rounds):
        codes[edit * 1_000] = f"CHANGED-{edit}"
        body = _coupon("Large", codes)
        started = time.perf_counter()
        await _send(server, "PATCH", path, token, body)
        seconds.append(time.perf_counter() - started)
    return [
        figure(
            f"a promotion with {number:,} codes, created", "codes/s", [rate], Goal(">=", 50_000)
        ),
        figure(f"PATCH that changes one code of {number:,}", "s", seconds, Goal("<=", 2)),
    ]


async def warm_up(stage: Stage, server: Server) -> None:
    """Let the service open its connections and prepare its statements."""
    shots = ask_quotes(fill_baskets(stage.usual, SEED, 500), stage.token(stage.usual))
    await Load(server.port).saturate(shots, 16, 1)


def _ask_prices(token: str, products: list[int]) -> Shot:
    listed = [{"product_id": product_id, "unit_price": "19.99"} for product_id in products]
    body = json.dumps({"currency": "EUR", "products": listed}).encode()
    return Shot(write_request("POST", "/checkout/v1/prices", token, body))


def _coupon(name: str, codes: list[str]) -> bytes:
    coupons = {"coupon_code": codes, "discount_percent": "10", "coupon_type": "one-time"}
    body = {"promotion_type": "coupon", "promotion_name": name, "coupons": coupons}
    return json.dumps(body).encode()


async def _send(server: Server, method: str, path: str, token: str, body: bytes) -> dict[str, int]:
    status, answer = await ask(server.port, write_request(method, path, token, body))
    if status != 200:
        raise Unanswered(answer[:600].decode())
    sent: dict[str, int] = json.loads(answer)
    return sent
