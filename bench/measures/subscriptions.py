"""Concurrent applications of one limited subscription promotion, against commits on one row."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from bench.contenders import CLIENTS, Contender
from bench.figures import Figure, compared
from bench.load import LoadRequest, Unanswered, ask, write_request
from bench.pgbench import Pgbench
from bench.servers import Server
from bench.stage import Stage

_CAP = 1_000_000_000
_PROMOTION = {
    "enabled": True,
    "name": "Capped",
    "code": "CAPPED",
    "constraint": {"maxUsage": _CAP},
    "rules": [{"effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "10"}, "conditions": []}],
}
_APPLICATION = {
    "promotionCode": "CAPPED",
    "subscriptionContract": {
        "createdAt": None,
        "subscriptionTypeId": "monthly",
        "discounts": [],
    },
}


# pgbench commits each statement: it waits for the disk and for the row's previous holder.
_TABLE = """
CREATE TABLE bench_limit (limit_id integer PRIMARY KEY, uses bigint NOT NULL);
INSERT INTO bench_limit VALUES (1, 0)
"""
_COUNT = "UPDATE bench_limit SET uses = uses + 1 WHERE limit_id = 1;\n"


async def measure_subscriptions(stage: Stage, server: Server) -> list[Figure]:
    """Applications each with its own key, as platforms should send them, and without a key."""
    token, plan = stage.token(stage.plain), stage.plan
    await _create(server, token)
    with_keys = Contender(server, _apply(token, keys=True))
    without = Contender(server, _apply(token, keys=False))
    commits = []
    async with commit_on_one_row(stage) as pgbench:
        for contender in (without, with_keys):
            await contender.saturate(0.5)
            contender.discard_results()
        for _ in range(plan.rounds):
            await without.saturate(plan.seconds)
            await with_keys.saturate(plan.seconds)
            commits.append(await pgbench.run(CLIENTS, plan.seconds))
    limit = ("pgbench, commits on one row", commits)
    return [
        compared(
            f"applications of one capped promotion, {CLIENTS} clients",
            "applications/s",
            without.rates,
            limit,
        ),
        compared(
            "the same, each with an Idempotency-Key", "applications/s", with_keys.rates, limit
        ),
    ]


async def _create(server: Server, token: str) -> None:
    body = json.dumps(_PROMOTION).encode()
    status, answer = await ask(
        server.port, write_request("POST", "/promotion/v1/promotions", token, body)
    )
    if status != 201:
        raise Unanswered(answer[:600].decode())


def _apply(token: str, *, keys: bool) -> Iterator[LoadRequest]:
    path, body = "/promotion/v1/promotion-codes/_apply", json.dumps(_APPLICATION).encode()
    for number in count():
        headers = {"idempotency-key": f"contract-{number}"} if keys else None
        yield LoadRequest(write_request("POST", path, token, body, headers))


@asynccontextmanager
async def commit_on_one_row(stage: Stage) -> AsyncIterator[Pgbench]:
    """pgbench that increases one row of its own table."""
    connection = await asyncpg.connect(stage.url)
    try:
        await connection.execute(_TABLE)
        try:
            with Pgbench(stage, _COUNT, "1 row") as pgbench:
                yield pgbench
        finally:
            await connection.execute("DROP TABLE bench_limit")
    finally:
        await connection.close()
