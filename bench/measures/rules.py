"""The rules alone: the cost of pricing after everything has been read."""

import time
from datetime import UTC, datetime, timedelta
from random import Random

from bench.carts import LINES
from bench.figures import Figure, Goal, figure
from bench.stage import SEED
from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Cart, Line
from sconto.domain.codes import CodeType
from sconto.domain.money import PERCENT
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.schedule import Period

_CARTS = 2_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def measure_rules(rounds: int) -> list[Figure]:
    """Processor time of a cart, with all reasons; three picks compete on every second line."""
    random = Random(SEED)
    pairs = [_pair(random) for _ in range(_CARTS)]
    costs = []
    for _ in range(rounds):
        started = time.process_time()
        for cart, candidates in pairs:
            price(cart, candidates, _NOW)
        costs.append((time.process_time() - started) / _CARTS * 1_000_000)
    return [figure("rules alone: 5 lines, 1 code", "µs of CPU/cart", costs, Goal("<=", 25))]


def _pair(random: Random) -> tuple[Cart, Candidates]:
    products = random.sample(range(1, 100_000), LINES)
    code = f"c{random.randrange(100_000)}"
    lines = tuple(
        Line(str(number), product_id, random.randrange(1, 6), random.randrange(1, 30_000))
        for number, product_id in enumerate(products, 1)
    )
    offer = Offer(
        key=code,
        code_id=1,
        promotion_id=1,
        code_type=CodeType.REUSABLE,
        active=True,
        period=Period(_NOW - timedelta(days=1)),
        percent=random.randrange(1, 30) * PERCENT,
    )
    specific = {product_id: AutomaticPick(2, 8 * PERCENT) for product_id in products[::2]}
    everywhere = AutomaticPick(3, 5 * PERCENT)
    candidates = Candidates(frozenset(products), everywhere, specific, [offer])
    return Cart("EUR", lines, (code,)), candidates
