"""Large carts: what a hundred lines and five hundred cost beside five, with many codes."""

from collections.abc import Iterator
from random import Random
from typing import Final

from bench.carts import Basket, ask_quotes, write_cart
from bench.contenders import Contender, take_turns
from bench.figures import Figure, Goal, compared
from bench.load import LoadRequest
from bench.servers import Server
from bench.shop import PRODUCTS, Shop
from bench.stage import SEED, Stage

_SMALL: Final = (5, 1)
_LARGE: Final = ((100, 10, Goal("<=", 8)), (500, 20, Goal("<=", 30)))
"""Lines, codes, and the most that a cart may cost beside a small one."""

_CARTS: Final = 200


async def measure_cart_sizes(stage: Stage, server: Server) -> list[Figure]:
    """Quotes of large carts beside those of small ones, one caller at a time."""
    shop = stage.usual
    contenders = [
        Contender(server, ask_carts(stage, shop, lines, codes), clients=1)
        for lines, codes in (_SMALL, *[(lines, codes) for lines, codes, _ in _LARGE])
    ]
    await take_turns(contenders, stage.plan.rounds, stage.plan.seconds)
    small, *large = contenders
    figures = []
    for (lines, codes, goal), contender in zip(_LARGE, large, strict=True):
        name = f"a cart of {lines} lines and {codes} codes"
        figures += [
            compared(
                name,
                "ms",
                [1000 / rate for rate in contender.rates],
                ("5 lines and a code", [1000 / rate for rate in small.rates]),
                goal,
            ),
            compared(f"{name}: p99", "ms", contender.p99, ("5 lines and a code", small.p99)),
        ]
    return figures


def ask_carts(stage: Stage, shop: Shop, lines: int, codes: int) -> Iterator[LoadRequest]:
    """Quotes of carts with so many different products and codes of the shop."""
    random = Random(f"{SEED} {lines} lines {codes} codes")
    coupons = shop.coupons
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
    return ask_quotes(baskets, stage.token(shop))
