"""The memory of a worker that quotes for very many merchants."""

from collections.abc import Iterator
from itertools import islice

from bench.contenders import CLIENTS
from bench.crowd import write_crowd
from bench.figures import Figure, Goal, compared, figure
from bench.load import Load, LoadRequest
from bench.machine import memory_megabytes
from bench.servers import Server, serve_sconto
from bench.stage import SEED, Stage

_PARTS = 20
"""The memory is read after each twentieth of the quotes."""

_WARM = 4
"""After these parts every merchant was quoted for, and memory should stay as it is."""


async def measure_crowds(stage: Stage, server: Server) -> list[Figure]:
    """Quotes of random merchants on a worker of its own, and its memory meanwhile."""
    del server
    plan = stage.plan
    crowd = await write_crowd(stage.url, plan.crowd)
    each = plan.crowd_quotes // _PARTS
    memory = []
    async with serve_sconto(stage.url, stage.cores.service) as worker:
        requests = crowd.ask_quotes(SEED, stage.token_of)
        for part in range(_PARTS):
            await _send(worker, requests, each)
            memory.append(memory_megabytes(worker.pid))
            print(f"{(part + 1) * each:,} quotes: {memory[-1]:.0f} MB", flush=True)
    what = f"{plan.crowd_quotes:,} quotes of {plan.crowd:,} merchants"
    return [
        figure(f"memory of one worker after {what}", "MB", [memory[-1]], Goal("<=", 150)),
        compared(
            "the same",
            "MB",
            [memory[-1]],
            (f"after {_WARM * each:,}", [memory[_WARM - 1]]),
            Goal("<=", 1.05),
        ),
    ]


async def _send(worker: Server, requests: Iterator[LoadRequest], number: int) -> None:
    await Load(worker.port).send_all(islice(requests, number), CLIENTS)
