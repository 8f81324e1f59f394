"""Promotions with many codes: created with JSON and from a CSV file, and changed by one code.

Like random codes, they are in no order: their order does not help the indexes.
"""

import asyncio
import json
import time

from bench.figures import Figure, Goal, figure
from bench.load import Unanswered, ask, write_request
from bench.machine import memory_megabytes
from bench.servers import Server
from bench.shop import code_text
from bench.stage import Stage

_ANSWER_TIMEOUT = 180.0
_SAMPLE_AFTER = 0.02
"""Seconds between two readings of a worker's memory."""


async def measure_codes(stage: Stage, server: Server) -> list[Figure]:
    """A promotion with codes from one request, then one with codes from a file."""
    return [*await _by_json(stage, server), *await _by_file(stage, server)]


async def _by_json(stage: Stage, server: Server) -> list[Figure]:
    """Codes in the promotion's own request; each change replaces one code."""
    number = stage.plan.many_codes
    codes = [code_text(one) for one in range(number)]
    started = time.perf_counter()
    promotion_id = await _create(stage, server, codes)
    rate = number / (time.perf_counter() - started)
    seconds = []
    for edit in range(stage.plan.rounds):
        codes[edit * 1_000] = f"CHANGED-{edit}"
        started = time.perf_counter()
        await _send(stage, server, "PATCH", f"/v1/promotion/{promotion_id}", _coupon(codes))
        seconds.append(time.perf_counter() - started)
    return [
        figure(
            f"a promotion with {number:,} codes, created by JSON",
            "codes/s",
            [rate],
            Goal(">=", 50_000),
        ),
        figure(f"PATCH that changes one code of {number:,}", "s", seconds, Goal("<=", 2)),
    ]


async def _by_file(stage: Stage, server: Server) -> list[Figure]:
    """A promotion with one code; the others are added from a file."""
    number = stage.plan.file_codes
    rates, before, most, after = [], [], [], []
    for _ in range(stage.plan.files):
        lines = (f"{code_text(one)}\r\n" for one in range(1, number))
        file = "".join(["coupon_code\r\n", *lines]).encode()
        before.append(memory_megabytes(server.pid))
        started = time.perf_counter()
        promotion_id = await _create(stage, server, [code_text(0)])
        path = f"/v1/promotion/{promotion_id}/codes"
        added, highest = await _watch(stage, server, path, file)
        rates.append(number / (time.perf_counter() - started))
        if added != number - 1:
            raise Unanswered(f"{added} codes were added, {number - 1} sent")
        most.append(highest)
        after.append(memory_megabytes(server.pid))
    memory = f"memory of the worker {before[0]:.0f} MB before, at most {max(most):.0f}"
    return [
        figure(
            f"a promotion with {number:,} codes, created by CSV",
            "codes/s",
            rates,
            Goal(">=", 50_000),
            note=f"{memory} meanwhile, {after[-1]:.0f} after",
        )
    ]


async def _watch(stage: Stage, server: Server, path: str, file: bytes) -> tuple[int, float]:
    """How many codes were added, and the most memory that the worker used meanwhile."""
    sending = asyncio.create_task(_send(stage, server, "POST", path, file, "text/csv"))
    highest = 0.0
    while not sending.done():
        highest = max(highest, memory_megabytes(server.pid))
        await asyncio.wait([sending], timeout=_SAMPLE_AFTER)
    return (await sending)["added"], highest


async def _create(stage: Stage, server: Server, codes: list[str]) -> int:
    return (await _send(stage, server, "POST", "/v1/promotion", _coupon(codes)))["id"]


def _coupon(codes: list[str]) -> bytes:
    coupons = {"coupon_code": codes, "discount_percent": "10", "coupon_type": "one-time"}
    body = {"promotion_type": "coupon", "promotion_name": "Many codes", "coupons": coupons}
    return json.dumps(body).encode()


async def _send(
    stage: Stage,
    server: Server,
    method: str,
    path: str,
    body: bytes,
    content_type: str = "application/json",
) -> dict[str, int]:
    token, headers = stage.token(stage.plain), {"content-type": content_type}
    request = write_request(method, path, token, body, headers)
    status, answer = await ask(server.port, request, _ANSWER_TIMEOUT)
    if status != 200:
        raise Unanswered(answer[:600].decode())
    sent: dict[str, int] = json.loads(answer)
    return sent
