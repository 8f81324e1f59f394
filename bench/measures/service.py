"""The service as a whole: its start, and its memory."""

from bench.figures import Figure, Goal, figure
from bench.machine import memory_megabytes
from bench.servers import Server, serve_sconto
from bench.stage import Stage


async def measure_start(stage: Stage, server: Server) -> list[Figure]:
    """The time from the command to readiness, on a migrated database that is running."""
    del server
    seconds = []
    for _ in range(stage.plan.rounds):
        async with serve_sconto(stage.url, stage.cores.service) as started:
            seconds.append(started.ready_after)
    return [figure("start to ready, migrated database", "s", seconds, Goal("<=", 1))]


async def measure_memory(stage: Stage, server: Server) -> list[Figure]:
    """The memory of one worker after all other measures."""
    del stage
    used = memory_megabytes(server.pid)
    return [figure("memory of one worker after all of the above", "MB", [used], Goal("<=", 150))]
