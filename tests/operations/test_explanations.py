"""Explanations of a quote: the result of each promotion."""

from datetime import timedelta

from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.explanation import PromotionName, PromotionStatus
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import NewPromotion
from sconto.operations.checkout import place_order, quote
from sconto.operations.explanations import explain_order, explain_quote
from sconto.operations.promotions import create_promotion, delete_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_period, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock


async def create(database: Database, caller: Caller, new: NewPromotion) -> int:
    return await create_promotion(database, caller, new, NOON)


async def test_every_promotion_on_a_product_is_explained(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [11111, 22222])
    older = await create(database, merchant, a_promotion(name="Older"))
    later = await create(database, merchant, a_promotion(name="Later"))
    off = await create(database, merchant, a_promotion(name="Off", active=False))
    over = await create(
        database,
        merchant,
        a_promotion(name="Over", period=a_period(ends_at=NOON - timedelta(days=1))),
    )
    tea = ListedProducts(20 * PERCENT, (11111,))
    specific = await create(database, merchant, a_promotion(name="Tea", coverage=tea))
    first = await create(database, merchant, a_promotion(name="First", codes=("ONE",)))
    small = AllProducts(2 * PERCENT)
    second = await create(
        database, merchant, a_promotion(name="Second", codes=("TWO",), coverage=small)
    )
    other = await create(
        database,
        merchant,
        a_promotion(name="Other", codes=("two",), coverage=ListedProducts(50 * PERCENT, (22222,))),
    )
    cart = a_cart(a_line(11111), codes=("one", "two"))

    explained = await explain_quote(database, merchant, cart, NOON)

    assert explained.priced == await quote(database, merchant, cart, NOON)
    verdicts = [
        (considered.promotion_id, considered.status) for considered in explained.considered[11111]
    ]
    assert verdicts == [
        (specific, PromotionStatus.APPLIED),
        (second, PromotionStatus.LOWER_DISCOUNT),
        (later, PromotionStatus.LOWER_DISCOUNT),
        (first, PromotionStatus.LATER_CODE),
        (older, PromotionStatus.LATER_CREATED),
        (other, PromotionStatus.NOT_COVERED),
        (over, PromotionStatus.EXPIRED),
        (off, PromotionStatus.INACTIVE),
    ]
    assert explained.names[specific] == PromotionName("Tea", deleted=False)
    assert {explained.names[promotion_id].name for promotion_id, _ in verdicts} == {
        "Older", "Later", "Off", "Over", "Tea", "First", "Second", "Other"
    }  # fmt: skip


async def test_of_two_promotions_with_one_code_the_loser_names_the_winner(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [11111])
    less = await create(
        database, merchant, a_promotion(codes=("SAME",), coverage=AllProducts(5 * PERCENT))
    )
    more = await create(database, merchant, a_promotion(codes=("same",)))
    explained = await explain_quote(database, merchant, a_cart(codes=("Same",)), NOON)
    assert [(one.promotion_id, one.status) for one in explained.considered[11111]] == [
        (more, PromotionStatus.APPLIED),
        (less, PromotionStatus.SAME_CODE),
    ]


async def test_a_used_code_says_when_it_was_used(database: Database, merchant: Caller) -> None:
    await stock(database, merchant, [11111])
    await create(database, merchant, a_promotion(codes=("ONCE",), code_type=CodeType.ONE_TIME))
    cart = a_cart(codes=("ONCE",))
    await place_order(database, merchant, NewOrder("A-1", cart), NOON, NOON.date())
    (considered,) = (await explain_quote(database, merchant, cart, NOON)).considered[11111]
    assert (considered.status, considered.used_at) == (PromotionStatus.USED, NOON)


async def test_an_explanation_shows_nothing_of_another_merchant(
    database: Database, merchant: Caller
) -> None:
    other_merchant = await create_caller(database)
    await create(database, other_merchant, a_promotion(codes=("THEIRS",)))
    await create(database, other_merchant, a_promotion())
    explained = await explain_quote(database, merchant, a_cart(codes=("THEIRS",)), NOON)
    assert (explained.considered, explained.names) == ({11111: ()}, {})


async def test_an_order_names_its_promotions_even_deleted_ones(
    database: Database, merchant: Caller
) -> None:
    await stock(database, merchant, [11111])
    promotion_id = await create(database, merchant, a_promotion(name="Gone by now"))
    await place_order(database, merchant, NewOrder("A-1", a_cart()), NOON, NOON.date())
    await delete_promotion(database, merchant, promotion_id, NOON)
    gone = PromotionName("Gone by now", deleted=True)
    found = await explain_order(database, merchant, "A-1", NOON)
    assert (found.order.outcome.discount, found.explained.names) == (100, {promotion_id: gone})
