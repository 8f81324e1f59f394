"""Cart promotions: what the automatic ones and those with codes cost, and one limit for all orders.

Each shop is like the usual one, and has cart promotions besides. So a quote has as many picks.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from bench.carts import Basket, ask_quotes, fill_baskets, place_orders, write_cart
from bench.contenders import CLIENTS, Contender, take_turns
from bench.figures import Figure, Goal, compared
from bench.load import Load, Unanswered, ask, write_request
from bench.loading import (
    finish_shops,
    open_loader,
    write_shop,
)
from bench.measures.subscriptions import commit_on_one_row
from bench.servers import Server
from bench.shop import PRODUCTS, Shop, make_shop
from bench.stage import MANY_CART_PROMOTIONS, SEED, Stage
from sconto.store.fair_turns import ALONE_AFTER

AUTOMATIC: Final = 100
_CARTS: Final = 3_000

_PATH: Final = "/cart/v1/promotions"
TEN_OFF: Final[dict[str, Any]] = {
    "name": "Ten off",
    "target": "order",
    "benefit": {"type": "amount", "amounts": {"EUR": "10.00"}},
}
_LIMIT: Final = 1_000_000_000


async def measure_cart_promotions(stage: Stage, server: Server) -> list[Figure]:
    """Quotes with a hundred automatic ones and with a million codes, and orders on one limit."""
    without, automatic, one = await open_shops_beside(stage, 3)
    million = stage.shops[MANY_CART_PROMOTIONS]
    for promotion in make_automatic(Random(SEED)):
        await _create(stage, server, automatic, promotion)
    for shop in (one, million):
        codes = {"code_type": "reusable", "codes": ["NAMED"]}
        await _create(stage, server, shop, {**TEN_OFF, "codes": codes})
    return [
        await _by_automatic(stage, server, without, automatic),
        await _by_codes(stage, server, one, million),
        *await _on_one_limit(stage, server, without),
    ]


def make_automatic(random: Random) -> Iterator[dict[str, Any]]:
    """Cart promotions that apply without a code: those of a shop that uses every kind.

    Six of ten are on two products each, as the shop's other promotions are.
    """
    for number in range(AUTOMATIC):
        kind = number % 10
        fields: dict[str, Any] = {"name": f"Automatic {number}"}
        if kind < 6:
            fields["target"] = "lines"
            fields["products"] = {"ids": random.sample(range(1, PRODUCTS + 1), 2)}
            fields["benefit"] = _BENEFITS[kind]
        elif kind < 8:
            minimum = f"{random.randrange(50, 5_000)}.00"
            fields |= {**TEN_OFF, "conditions": {"minimum_subtotal": {"EUR": minimum}}}
        elif kind == 8:
            fields |= {**TEN_OFF, "conditions": {"segments": [f"segment {number}"]}}
        else:
            fields["target"] = "shipping"
            fields["benefit"] = {"type": "percent", "percent": "100"}
            fields["conditions"] = {"minimum_subtotal": {"EUR": "75.00"}}
        yield fields


_BENEFITS: Final[tuple[dict[str, Any], ...]] = (
    {"type": "percent", "percent": "10"},
    {"type": "percent", "percent": "5"},
    {"type": "amount", "amounts": {"EUR": "1.00"}},
    {"type": "price", "prices": {"EUR": "15.00"}},
    {"type": "units", "buy": 2, "get": 1},
    {
        "type": "tiers",
        "by": "quantity",
        "tiers": [
            {"from": 3, "benefit": {"type": "percent", "percent": "5"}},
            {"from": 6, "benefit": {"type": "percent", "percent": "10"}},
        ],
    },
)


async def _by_automatic(stage: Stage, server: Server, without: Shop, automatic: Shop) -> Figure:
    """The same carts with and without, one caller at a time: what a shopper waits for."""
    baskets = fill_baskets(without, SEED, _CARTS)
    times: tuple[list[float], list[float]] = ([], [])
    requests = [ask_quotes(baskets, stage.token(shop)) for shop in (without, automatic)]
    for one in requests:
        await Load(server.port).saturate(one, 1, 0.5)
    for _ in range(3 * stage.plan.rounds):
        for one, taken in zip(requests, times, strict=True):
            run = await Load(server.port).saturate(one, 1, stage.plan.seconds / 3)
            taken.append(1000 / run.rate)
    return compared(
        f"a quote with {AUTOMATIC} automatic cart promotions",
        "ms",
        times[1],
        ("without", times[0]),
        Goal("<=", 1.5),
    )


async def _by_codes(stage: Stage, server: Server, one: Shop, million: Shop) -> Figure:
    """Carts that name one cart promotion, in shops that have one and very many."""
    random = Random(f"{SEED} named")
    baskets = [
        Basket(write_cart(random.sample(range(1, PRODUCTS + 1), 5), ["NAMED"], random))
        for _ in range(_CARTS)
    ]
    few, many = (
        Contender(server, ask_quotes(baskets, stage.token(shop))) for shop in (one, million)
    )
    rounds, seconds = 2 * stage.plan.rounds, stage.plan.seconds / 2
    await take_turns((few, many), rounds, seconds, rest=ALONE_AFTER)
    return compared(
        f"quotes that name one of {stage.plan.cart_promotions:,} cart promotions",
        "requests/s",
        many.rates,
        ("of 1", few.rates),
        Goal(">=", 0.9),
    )


async def _on_one_limit(stage: Stage, server: Server, shop: Shop) -> list[Figure]:
    """Orders that all take from one limit, compared with orders without and commits on one row."""
    plan, token = stage.plan, stage.token(shop)
    baskets = fill_baskets(shop, SEED, _CARTS)
    unlimited = Contender(server, place_orders(baskets, token, "free"))
    await unlimited.saturate(0.5)
    unlimited.discard_results()
    for _ in range(plan.rounds):
        await unlimited.saturate(plan.seconds)
    await _create(stage, server, shop, {**TEN_OFF, "limits": {"total": _LIMIT}})
    limited = Contender(server, place_orders(baskets, token, "limited"))
    await limited.saturate(0.5)
    limited.discard_results()
    commits = []
    async with commit_on_one_row(stage) as pgbench:
        for _ in range(plan.rounds):
            await limited.saturate(plan.seconds)
            commits.append(await pgbench.run(CLIENTS, plan.seconds))
    name = f"orders on the limit of one cart promotion, {CLIENTS} clients"
    return [
        compared(name, "orders/s", limited.rates, ("pgbench, commits on one row", commits)),
        compared(
            "the same orders", "orders/s", limited.rates, ("without a limit", unlimited.rates)
        ),
    ]


async def open_shops_beside(stage: Stage, number: int) -> list[Shop]:
    """Shops with the promotions of the usual one."""
    size, shops = stage.usual.size, []
    connection = await open_loader(stage.url)
    try:
        merchant_id = await connection.fetchval("SELECT max(merchant_id) + 1 FROM merchants")
        promotion_id = await connection.fetchval("SELECT max(promotion_id) + 1 FROM promotions")
        now = datetime.now(UTC).replace(microsecond=0)
        for place in range(number):
            first = promotion_id + place * size.promotions
            shop = make_shop(merchant_id + place, size, first, SEED, now)
            await write_shop(connection, shop)
            shops.append(shop)
        await finish_shops(connection)
    finally:
        await connection.close()
    return shops


async def _create(stage: Stage, server: Server, shop: Shop, promotion: dict[str, Any]) -> None:
    request = write_request("POST", _PATH, stage.token(shop), json.dumps(promotion).encode())
    status, answer = await ask(server.port, request)
    if status != 201:
        raise Unanswered(answer[:600].decode())
