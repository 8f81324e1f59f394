"""The service as a whole: its start, its memory, and what a second worker adds."""

from bench.carts import ask_quotes, fill_baskets
from bench.figures import Figure, Goal, compared, figure
from bench.load import Load
from bench.machine import memory_megabytes
from bench.servers import Server, serve_sconto
from bench.stage import SEED, Stage

_CLIENTS = 32


def measure_memory(server: Server) -> list[Figure]:
    """What one worker keeps after everything that was asked of it."""
    used = memory_megabytes(server.pid)
    return [figure("memory of one worker after all of the above", "MB", [used], Goal("<=", 150))]


async def measure_start(stage: Stage) -> list[Figure]:
    """From the command to readiness, on a migrated database that runs already."""
    seconds = []
    for _ in range(stage.plan.rounds):
        async with serve_sconto(stage.url, stage.cores.service) as server:
            seconds.append(server.ready_after)
    return [figure("start to ready, migrated database", "s", seconds, Goal("<=", 1.5))]


async def measure_workers(stage: Stage) -> list[Figure]:
    """Two workers against one, where the machine has cores for both beside database and load."""
    needed = {*stage.cores.service, *stage.cores.database, *stage.cores.load}
    if len(needed) < 4:
        return []
    wide = stage.cores.service | {min(stage.cores.database)}
    shots = ask_quotes(fill_baskets(stage.usual, SEED), stage.token(stage.usual))
    rates: dict[int, list[float]] = {1: [], 2: []}
    async with (
        serve_sconto(stage.url, wide) as one,
        serve_sconto(stage.url, wide, workers=2) as two,
    ):
        for _ in range(stage.plan.rounds):
            for workers, server in ((1, one), (2, two)):
                run = await Load(server.port).saturate(shots, _CLIENTS, stage.plan.seconds)
                rates[workers].append(run.rate)
    return [
        compared(
            "quotes of two workers", "requests/s", rates[2], ("of one", rates[1]), Goal(">=", 1.7)
        )
    ]
