"""Codes that very many promotions have: the results follow the rule, and the work is limited."""

import random
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.choice import Group
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import NewPromotion
from sconto.domain.schedule import SECOND
from sconto.operations.checkout import place_order, quote
from sconto.operations.promotions import create_promotion
from sconto.store.candidates import CartAt, read_candidates_of_carts
from sconto.store.database import Database
from sconto.store.pick_cache import PickCache
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion
from tests.operations.stock import stock

PRODUCTS: Final = range(1, 6)
TEXTS: Final = ("a", "b", "c")
DAY: Final = timedelta(days=1)
RANK: Final = list(CodeStatus)


def some_coverage(dice: random.Random) -> Coverage:
    named = dice.sample(PRODUCTS, dice.randint(1, 3))
    match dice.randrange(4):
        case 0:
            return AllProducts(dice.randint(1, 5) * PERCENT)
        case 1:
            return ListedProducts(dice.randint(1, 9) * PERCENT, tuple(named))
        case _:
            return OwnPercents({one: dice.randint(1, 9) * PERCENT for one in named})


def some_promotion(dice: random.Random) -> NewPromotion:
    texts = TEXTS if dice.random() < 0.6 else tuple(dice.sample(TEXTS, dice.randint(1, 3)))
    period = dice.choice(
        [a_period()] * 6 + [a_period(NOON + DAY), a_period(NOON - 9 * DAY, NOON - DAY)]
    )
    return a_promotion(
        coverage=some_coverage(dice),
        codes=texts,
        code_type=dice.choice(list(CodeType)),
        active=dice.random() < 0.9,
        period=period,
    )


def percent_on(new: NewPromotion, product_id: int) -> int | None:
    match new.terms.coverage:
        case AllProducts(percent=percent):
            return percent
        case ListedProducts(percent=percent, product_ids=product_ids):
            return percent if product_id in product_ids else None
        case OwnPercents(percents=percents):
            return percents.get(product_id)


def obstacle(new: NewPromotion, is_used: bool, at: datetime) -> CodeStatus | None:
    if not new.active:
        return CodeStatus.INACTIVE
    if new.period.starts_at > at:
        return CodeStatus.NOT_STARTED
    # An end includes its second.
    if new.period.ends_at is not None and new.period.ends_at + SECOND <= at:
        return CodeStatus.EXPIRED
    is_once = new.terms.code_type is CodeType.ONE_TIME
    return CodeStatus.USED if is_used and is_once else None


def by_the_rule(
    made: dict[int, NewPromotion], used: set[tuple[int, str]], cart: Cart, at: datetime = NOON
) -> tuple[dict[int, tuple[int, str, int]], list[tuple[str, CodeStatus, int | None]]]:
    """The pick by code of each product, and the outcome of each code, by the reference."""
    products = {line.product_id for line in cart.lines}
    picks: dict[int, tuple[int, str, int]] = {}
    for product in products:
        for text in reversed(cart.codes):
            rivals = [
                (percent, number)
                for number, new in made.items()
                if text in new.terms.codes
                and obstacle(new, (number, text) in used, at) is None
                and (percent := percent_on(new, product)) is not None
            ]
            if rivals:
                percent, number = max(rivals)
                picks[product] = (number, text, percent)
                break
    outcomes: list[tuple[str, CodeStatus, int | None]] = []
    for text in cart.codes:
        found: list[tuple[int, int]] = []
        for number, new in made.items():
            if text not in new.terms.codes:
                continue
            status = obstacle(new, (number, text) in used, at)
            if status is None:
                is_picked = any(pick[:2] == (number, text) for pick in picks.values())
                covers = any(percent_on(new, product) is not None for product in products)
                status = CodeStatus.NOT_PICKED if covers else CodeStatus.NOT_APPLICABLE
                status = CodeStatus.APPLIED if is_picked else status
            found.append((RANK.index(status), -number))
        if found:
            rank, latest = min(found)
            outcomes.append((text, RANK[rank], -latest))
        else:
            outcomes.append((text, CodeStatus.UNKNOWN, None))
    return picks, outcomes


def outcome_of(priced: PricedCart) -> tuple[Any, Any]:
    picks = {
        line.product_id: (pick.promotion_id, pick.code, pick.percent)
        for line in priced.lines
        for pick in line.picks
        if pick.group is Group.CODE
    }
    return picks, [(code.code, code.status, code.promotion_id) for code in priced.codes]


@pytest.mark.parametrize("seed", range(6))
async def test_codes_of_many_promotions_follow_the_rule(
    database: Database, merchant: Caller, seed: int
) -> None:
    dice = random.Random(seed)
    await stock(database, merchant, list(PRODUCTS))
    made = {}
    for _ in range(dice.choice([8, 9, 30])):
        new = some_promotion(dice)
        made[await create_promotion(database, merchant, new, NOON)] = new
    used: set[tuple[int, str]] = set()
    for number in range(14):
        lines = dice.sample(PRODUCTS, dice.randint(1, 4))
        cart = a_cart(
            *(a_line(one, line_id=str(one)) for one in lines),
            codes=tuple(
                dice.sample([t for t in TEXTS if any(t in n.terms.codes for n in made.values())], 2)
            ),
        )
        priced = await quote(database, merchant, cart, NOON)
        assert outcome_of(priced) == by_the_rule(made, used, cart)
        # Ordered with its expected total, so that a used code does not refuse it.
        order = NewOrder(f"A-{number}", cart, priced.total)
        outcome = (await place_order(database, merchant, order, NOON, NOON.date())).order.outcome
        assert outcome == priced
        used |= {
            (pick.promotion_id, pick.code or "")
            for line in outcome.lines
            for pick in line.picks
            if pick.code_type is CodeType.ONE_TIME
        }


async def test_the_number_of_offers_depends_on_the_cart_not_on_the_promotions(
    database: Database, merchant: Caller
) -> None:
    for percent in range(1, 61):
        coverage = OwnPercents({1: percent * PERCENT, 2: PERCENT})
        await stock(database, merchant, [1, 2])
        await create_promotion(
            database, merchant, a_promotion(coverage=coverage, codes=TEXTS), NOON
        )
    cart = a_cart(a_line(1), a_line(2, line_id="2"), codes=TEXTS)
    async with database.read() as connection:
        [found] = await read_candidates_of_carts(
            connection, PickCache(), merchant.merchant_id, [CartAt(cart, NOON)]
        )
    assert len(found.offers) <= len(TEXTS) * 2
    priced = await quote(database, merchant, cart, NOON)
    assert [line.discount for line in priced.lines] == [600, 10]
