"""The same carts, priced by django-oscar and by Sconto in turns."""

from collections.abc import Iterator, Sequence

from bench.carts import Basket, ask_bare, ask_quotes, fill_baskets, place_orders
from bench.contenders import Contender, take_turns
from bench.figures import Figure, compared, unmeasured
from bench.load import LoadRequest
from bench.peers import PeerUnavailable, install_peer, peer_versions, serve_peer
from bench.servers import Server
from bench.stage import SEED, Stage

_CLIENTS = 2
"""Its worker answers one request at a time: one is running and one waits."""

_ROUNDS = 3
"""Of a second each. It is slower by so much that more rounds would say the same."""

_NAME = "django-oscar, the same carts"


async def measure_peer(stage: Stage, server: Server) -> list[Figure]:
    """Quotes and orders of the shop with 100 promotions, on one worker each."""
    if not stage.plan.peer:
        return []
    try:
        await install_peer()
        async with serve_peer(stage, stage.usual) as peer:
            return await _measure(stage, server, peer)
    except PeerUnavailable as unavailable:
        return [unmeasured(_NAME, f"could not be installed here: {unavailable}")]


async def _measure(stage: Stage, server: Server, peer: Server) -> list[Figure]:
    baskets, token = fill_baskets(stage.usual, SEED), stage.token(stage.usual)
    figures: list[Figure] = []
    for what, ours, path in (
        ("quotes", ask_quotes(baskets, token), "/quotes"),
        ("orders", place_orders(baskets, token, "against-the-peer"), "/orders"),
    ):
        figures += await _compare(stage, what, Contender(server, ours), _ask(peer, baskets, path))
    return figures


def _ask(peer: Server, baskets: list[Basket], path: str) -> Contender:
    requests: Iterator[LoadRequest] = ask_bare(baskets, path, "")
    return Contender(peer, requests, _CLIENTS)


async def _compare(stage: Stage, what: str, sconto: Contender, peer: Contender) -> Sequence[Figure]:
    await take_turns((sconto, peer), _ROUNDS, stage.plan.seconds)
    return [
        compared(
            f"{_NAME}: {what}",
            f"{what}/s",
            peer.rates,
            ("Sconto", sconto.rates),
            note=peer_versions(),
        ),
        compared(
            f"{_NAME}: CPU of the server, {what}",
            "µs/request",
            peer.microseconds,
            ("Sconto", sconto.microseconds),
        ),
    ]
