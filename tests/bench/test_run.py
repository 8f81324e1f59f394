"""A run of the benchmarks."""

import asyncio

from bench.figures import Figure, Goal, Results, figure
from bench.machine import divide_cores
from bench.report import write_table
from bench.run import measure_all
from bench.servers import Server
from bench.stage import QUICK, Stage

FIRST, SECOND = Server(1, 1, 0.0), Server(2, 2, 0.0)


async def test_a_measure_that_fails_or_hangs_is_named_and_the_others_are_measured() -> None:
    asked: list[Server] = []

    async def measure(stage: Stage, server: Server) -> list[Figure]:
        asked.append(server)
        return [figure("orders", "a second", [50.0, 60.0], Goal(">=", 54))]

    async def fail(stage: Stage, server: Server) -> list[Figure]:
        raise ValueError("no answer\nfrom the service")

    async def hang(stage: Stage, server: Server) -> list[Figure]:
        await asyncio.Event().wait()
        return []

    async def start_again() -> Server:
        return SECOND

    results = Results()
    measures = {"first": measure, "wrong": fail, "endless": hang, "last": measure}
    stage = Stage("", divide_cores(), QUICK)
    await measure_all(results, measures, stage, FIRST, start_again, longest=0.01)

    assert results.failed == {
        "wrong": "ValueError: no answer",
        "endless": "TimeoutError: no message",
    }
    assert asked == [FIRST, SECOND]
    assert [*results.seconds] == [*measures]
    table = write_table(results)
    assert table.count("| orders | 55 (50 to 60) a second |  |  | >= 54 | yes |") == 2
    assert "| wrong | not measured |  |  |  |  |" in table
    assert "- wrong: failed with ValueError: no answer\n" in table
    assert "2 of 2 goals are met." in table
