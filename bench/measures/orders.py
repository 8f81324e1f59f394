"""Orders a second, against pgbench writing the same rows, and orders that share a promotion."""

import asyncio
from collections.abc import Iterator

from bench.carts import Basket, fill_baskets, fill_baskets_with_code, place_orders
from bench.figures import Figure, Goal, compared
from bench.load import Load, LoadRequest
from bench.pgbench import Pgbench
from bench.processor_time import processor_seconds
from bench.servers import Server, find_postmaster
from bench.shop import Shop
from bench.stage import COUPONS, SEED, Stage
from sconto.store.fair_turns import ALONE_AFTER

CLIENTS = 16


async def measure_orders(stage: Stage, server: Server) -> list[Figure]:
    """Orders of the usual shop, then orders that share one promotion or none."""
    plan = stage.plan
    usual = _orders(stage, stage.usual, fill_baskets(stage.usual, SEED), "usual")
    shared = _orders(stage, stage.plain, _one_code(stage), "shared")
    own = _orders(stage, stage.plain, _own_codes(stage), "own")
    for requests in (usual, shared, own):
        await Load(server.port).saturate(requests, CLIENTS, 0.5)
    pgbench = await Pgbench.like_an_order(stage, "usual-000000000")
    postmaster = await find_postmaster(stage.url)
    rates: dict[str, list[float]] = {"usual": [], "pgbench": [], "shared": [], "own": []}
    costs: dict[str, list[float]] = {"usual": [], "pgbench": []}
    with pgbench:
        for _ in range(plan.rounds):
            await asyncio.sleep(ALONE_AFTER)  # the round before was another merchant's
            before = processor_seconds(postmaster)
            run = await Load(server.port).saturate(usual, CLIENTS, plan.seconds)
            between = processor_seconds(postmaster)
            rates["pgbench"].append(await pgbench.run(CLIENTS, plan.seconds))
            after = processor_seconds(postmaster)
            rates["usual"].append(run.rate)
            costs["usual"].append(1e6 * (between - before) / len(run.latencies))
            costs["pgbench"].append(1e6 * (after - between) / pgbench.transactions)
            for name, requests in (("shared", shared), ("own", own)):
                run = await Load(server.port).saturate(requests, CLIENTS, plan.seconds)
                rates[name].append(run.rate)
    limit = "pgbench, the same rows"
    return [
        compared(
            "orders, 16 clients",
            "orders/s",
            rates["usual"],
            (limit, rates["pgbench"]),
            Goal(">=", 0.6),
            note=pgbench.rows,
        ),
        compared(
            "the same: CPU of PostgreSQL", "µs/order", costs["usual"], (limit, costs["pgbench"])
        ),
        compared(
            "orders that share one promotion",
            "orders/s",
            rates["shared"],
            ("orders that share none", rates["own"]),
            Goal(">=", 0.9),
        ),
    ]


def _orders(stage: Stage, shop: Shop, baskets: list[Basket], prefix: str) -> Iterator[LoadRequest]:
    return place_orders(baskets, stage.token(shop), prefix)


def _one_code(stage: Stage) -> list[Basket]:
    return fill_baskets_with_code(_code(stage, 0), SEED, 4_000)


def _own_codes(stage: Stage) -> list[Basket]:
    """Carts of enough promotions that no two running orders have the same one."""
    each = [fill_baskets_with_code(_code(stage, one), SEED, 60) for one in range(COUPONS)]
    return [basket for turn in zip(*each, strict=True) for basket in turn]


def _code(stage: Stage, number: int) -> str:
    return stage.plain.coupons[number].only_code
