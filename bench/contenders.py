"""Servers that take turns under the same load, and the results of each round."""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from bench.load import Load, LoadRequest, Run
from bench.machine import cpu_seconds
from bench.servers import Server

CLIENTS: Final = 16


@dataclass(slots=True)
class Contender:
    """A server with its requests, and the results of each round."""

    server: Server
    requests: Iterator[LoadRequest]
    clients: int = CLIENTS
    rates: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)
    """The server's processor time for a request."""
    p99: list[float] = field(default_factory=list)
    """Milliseconds."""

    async def saturate(self, seconds: float) -> None:
        """A round with as many requests as the server answers."""
        before = cpu_seconds(self.server.pid)
        run = await Load(self.server.port).saturate(self.requests, self.clients, seconds)
        self.rates.append(run.rate)
        self.microseconds.append(_cpu_each(run, cpu_seconds(self.server.pid) - before))

    async def pace(self, rate: float, seconds: float) -> None:
        """A round with a fixed number of requests a second."""
        run = await Load(self.server.port).pace(self.requests, rate, 4 * self.clients, seconds)
        self.p99.append(run.percentile(0.99) * 1000)

    def discard_results(self) -> None:
        """Drop the results so far: they were warm-up."""
        for found in (self.rates, self.microseconds, self.p99):
            found.clear()


async def take_turns(
    contenders: Collection[Contender],
    rounds: int,
    seconds: float,
    warm_up: float = 0.5,
    rest: float = 0,
) -> None:
    """Run rounds of some seconds, each contender in turn, with a rest before each.

    A service shares its time fairly between merchants that ask concurrently. So if the contenders
    are merchants of one service, they rest for ALONE_AFTER.
    """
    for contender in contenders:
        await contender.saturate(warm_up)
        contender.discard_results()
    for _ in range(rounds):
        for contender in contenders:
            await asyncio.sleep(rest)
            await contender.saturate(seconds)


def _cpu_each(run: Run, seconds: float) -> float:
    return seconds / len(run.latencies) * 1_000_000
