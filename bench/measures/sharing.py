"""What thousands of promotions cost that have the same code, or name the same products."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import asyncpg

from bench.carts import Basket, ask_quotes, fill_baskets_with_code
from bench.figures import Figure, Goal, compared
from bench.load import Load, LoadRequest, Run, Unanswered, ask, write_request
from bench.loading import finish_shops, open_loader, write_shop
from bench.servers import Server
from bench.shop import PRODUCTS, Coupon, Discount, Shop, Size, code_text
from bench.stage import SEED, Stage
from sconto.domain.money import PERCENT
from sconto.domain.schedule import Period

_FEW: Final = (100, 40)
_MANY: Final = (5_000, 4_000)
"""Promotions that have one code, and inactive ones that name one product."""

_PRODUCT: Final = 1
_CARTS: Final = 200
_SWITCHES: Final = 20
_LOOKS: Final = 200
"""Looks whether the code has its timelines, a tenth of a second apart."""


async def measure_sharing(stage: Stage, server: Server) -> list[Figure]:
    """Quotes with the code, and switching a promotion, in a shop with many and in one with few."""
    connection = await open_loader(stage.url)
    try:
        shops = [await _write_shop(connection, *numbers) for numbers in (_FEW, _MANY)]
        await finish_shops(connection)
        requests = [[*await _prepare(connection, stage, server, shop)] for shop in shops]
    finally:
        await connection.close()
    quotes: list[list[Run]] = [[], []]
    switches: list[list[Run]] = [[], []]
    for _ in range(stage.plan.rounds):
        for place, (shop, switching) in enumerate(zip(shops, requests, strict=True)):
            carts = ask_quotes(_baskets(shop), stage.token(shop))
            quotes[place].append(await Load(server.port).saturate(carts, 1, stage.plan.seconds / 4))
            switches[place].append(await Load(server.port).send_all(iter(switching), 1))
    what = (
        f"a quote with a code that {_MANY[0]:,} promotions have",
        f"switching a promotion whose product {_MANY[1]:,} inactive ones name",
    )
    return [
        _compare(name, runs, f"{number:,}", goal)
        for name, runs, number, goal in zip(
            what, (quotes, switches), _FEW, (Goal("<=", 1.2), Goal("<=", 1.2)), strict=True
        )
    ]


def _compare(name: str, runs: Sequence[Sequence[Run]], number: str, goal: Goal) -> Figure:
    few, many = [[1000 / run.rate for run in of_shop] for of_shop in runs]
    return compared(name, "ms", many, (number, few), goal)


def _baskets(shop: Shop) -> list[Basket]:
    return fill_baskets_with_code(code_text(0), f"{SEED} {shop.size.name}", _CARTS)


async def _write_shop(connection: asyncpg.Connection, sharing: int, inactive: int) -> Shop:
    [(merchant_id, first)] = await connection.fetch(
        "SELECT (SELECT max(merchant_id) + 1 FROM merchants),"
        " (SELECT max(promotion_id) + 1 FROM promotions)"
    )
    random = Random(f"{SEED} sharing {sharing}")
    shop = Shop(merchant_id, Size(f"{sharing:,} sharing", sharing + inactive, sharing))
    always = Period(datetime.now(UTC).replace(microsecond=0) - timedelta(days=1000))
    shop.discounts.extend(
        Discount(first + number, 9 * PERCENT, (_PRODUCT,), always, active=False)
        for number in range(inactive)
    )
    for number in range(inactive, inactive + sharing):
        products = tuple(random.sample(range(1, PRODUCTS + 1), 5))
        percent = random.randrange(4, 30) * PERCENT
        shop.coupons.append(Coupon(first + number, percent, products, first_code=0, codes=1))
    await write_shop(connection, shop)
    return shop


async def _prepare(
    connection: asyncpg.Connection, stage: Stage, server: Server, shop: Shop
) -> list[LoadRequest]:
    """Create a promotion, let the code be drawn, and write the requests that switch it."""
    token = stage.token(shop)
    terms = {"discount_percent": "10", "product_id": [_PRODUCT]}
    body = {"promotion_type": "discount", "promotion_name": "Switched", "discounts": terms}
    request = write_request("POST", "/v1/promotion", token, json.dumps(body).encode())
    status, answer = await ask(server.port, request)
    if status != 200:
        raise Unanswered(answer[:600].decode())
    await _wait_until_drawn(connection, stage, server, shop)
    path = f"/v1/promotion/{json.loads(answer)['id']}"
    return [
        LoadRequest(
            write_request(
                "PATCH",
                path,
                token,
                json.dumps({"promotion_type": "discount", "status": bool(number % 2)}).encode(),
            )
        )
        for number in range(_SWITCHES)
    ]


async def _wait_until_drawn(
    connection: asyncpg.Connection, stage: Stage, server: Server, shop: Shop
) -> None:
    """Quote until the code has its timelines."""
    for _ in range(_LOOKS):
        carts = ask_quotes(_baskets(shop)[:1], stage.token(shop))
        await Load(server.port).send_all(iter([next(carts)]), 1)
        if await connection.fetchval(
            "SELECT is_drawn FROM crowded_codes WHERE merchant_id = $1", shop.merchant_id
        ):
            return
        await asyncio.sleep(0.1)
    raise Unanswered("the code that many promotions have was not drawn")
