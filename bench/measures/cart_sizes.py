"""Large carts: what a hundred lines and five hundred cost, compared with five, with many codes."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

from bench.carts import Basket, ask_quotes, write_cart
from bench.figures import Figure, Goal, compared
from bench.load import Load, LoadRequest, Run
from bench.servers import Server
from bench.shop import PRODUCTS
from bench.stage import SEED, Stage

_SMALL: Final = (5, 1)
_LARGE: Final = ((100, 10, Goal("<=", 8)), (500, 20, Goal("<=", 30)))
"""Lines, codes, and the most that a cart may cost, compared with a small one."""

_CARTS: Final = 200


async def measure_cart_sizes(stage: Stage, server: Server) -> list[Figure]:
    """Quotes of large carts, compared with those of small ones, one caller at a time."""
    carts = [ask_carts(stage, lines, codes) for lines, codes, *_ in (_SMALL, *_LARGE)]
    for requests in carts:
        await Load(server.port).saturate(requests, 1, 0.5)
    runs: list[list[Run]] = [[] for _ in carts]
    for _ in range(stage.plan.rounds):
        for requests, of_carts in zip(carts, runs, strict=True):
            of_carts.append(await Load(server.port).saturate(requests, 1, stage.plan.seconds / 2))
    small, *large = runs
    figures = []
    for (lines, codes, goal), of_carts in zip(_LARGE, large, strict=True):
        name = f"a cart of {lines} lines and {codes} codes"
        figures += [
            _compare(name, of_carts, small, lambda run: 1000 / run.rate, goal),
            _compare(f"{name}: p99", of_carts, small, lambda run: 1000 * run.percentile(0.99)),
        ]
    return figures


def _compare(
    name: str,
    large: Sequence[Run],
    small: Sequence[Run],
    milliseconds: Callable[[Run], float],
    goal: Goal | None = None,
) -> Figure:
    limit = ("5 lines, 1 code", [*map(milliseconds, small)])
    return compared(name, "ms", [*map(milliseconds, large)], limit, goal)


def ask_carts(stage: Stage, lines: int, codes: int) -> Iterator[LoadRequest]:
    """Quotes of carts with a number of different products and codes of the usual shop."""
    random = Random(f"{SEED} {lines} lines {codes} codes")
    coupons = stage.usual.coupons
    baskets = [
        Basket(
            write_cart(
                random.sample(range(1, PRODUCTS + 1), lines),
                [one.code(random) for one in random.sample(coupons, codes)],
                random,
            )
        )
        for _ in range(_CARTS)
    ]
    return ask_quotes(baskets, stage.token(stage.usual))
