"""Which promotion a product gets, and why it does not get the others."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.cart import Cart
from sconto.domain.choice import Group, Pick, Reason
from sconto.domain.code_outcomes import CodeOutcome, CodeStatus
from sconto.domain.codes import CodeType
from sconto.domain.money import PERCENT
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.schedule import INSTANT, SECOND, Period
from tests.builders import NOON, a_cart, a_line, a_period

MUG, CUP = 1, 2


def an_offer(
    code: str = "save",
    percent: int | None = 10,
    *,
    promotion_id: int = 50,
    percents: dict[int, int] | None = None,
    active: bool = True,
    period: Period | None = None,
    code_type: CodeType | None = None,
    used_at: datetime | None = None,
) -> Offer:
    """An offer by code; the code's id is ten times the promotion's."""
    return Offer(
        key=code,
        code_id=promotion_id * 10,
        promotion_id=promotion_id,
        code_type=code_type,
        active=active,
        period=period or a_period(),
        used_at=used_at,
        percent=None if percents is not None or percent is None else percent * PERCENT,
        percents={p: whole * PERCENT for p, whole in (percents or {}).items()},
    )


def automatic(promotion_id: int, percent: int) -> AutomaticPick:
    return AutomaticPick(promotion_id, percent * PERCENT)


@dataclass(frozen=True)
class Choice:
    """The picks and the codes of a priced cart."""

    picks: dict[int, tuple[Pick, ...]]
    codes: tuple[CodeOutcome, ...]


def choose(cart: Cart, candidates: Candidates, at: datetime) -> Choice:
    priced = price(cart, candidates, at)
    return Choice({line.product_id: line.picks for line in priced.lines}, priced.codes)


def applied(choice: Choice, product_id: int = MUG) -> tuple[int, Group]:
    first, *others = choice.picks[product_id]
    assert first.applied
    assert not any(pick.applied for pick in others)
    return first.promotion_id, first.group


def cart_of(*codes: str, products: tuple[int, ...] = (MUG,)) -> Cart:
    lines = [a_line(product, line_id=str(product)) for product in products]
    return a_cart(*lines, codes=codes)


def statuses(choice: Choice) -> dict[str, CodeStatus]:
    return {outcome.code: outcome.status for outcome in choice.codes}


def test_a_product_without_promotions_has_no_picks() -> None:
    assert choose(cart_of(), Candidates(), NOON) == Choice({MUG: ()}, ())


def test_the_highest_pick_applies_and_the_others_have_the_reason_lower_discount() -> None:
    candidates = Candidates(
        everywhere=automatic(1, 30), specific={MUG: automatic(2, 20)}, offers=[an_offer()]
    )
    choice = choose(cart_of("SAVE"), candidates, NOON)
    assert applied(choice) == (1, Group.AUTOMATIC_ALL)
    assert [(pick.promotion_id, pick.reason) for pick in choice.picks[MUG]] == [
        (1, None),
        (50, Reason.LOWER_DISCOUNT),
        (2, Reason.LOWER_DISCOUNT),
    ]


def test_a_tie_goes_to_the_code_then_to_the_specific_promotion() -> None:
    everywhere, specific = automatic(1, 10), {MUG: automatic(2, 10)}
    with_code = choose(
        cart_of("save"), Candidates(frozenset(), everywhere, specific, [an_offer()]), NOON
    )
    assert applied(with_code) == (50, Group.CODE)
    assert [pick.reason for pick in with_code.picks[MUG]] == [None, Reason.TIE, Reason.TIE]
    without = choose(cart_of(), Candidates(frozenset(), everywhere, specific), NOON)
    assert applied(without) == (2, Group.AUTOMATIC_SPECIFIC)


def test_the_last_activated_code_is_picked_even_if_it_gives_less() -> None:
    offers = [an_offer("first", 30, promotion_id=51), an_offer("last", 10, promotion_id=52)]
    choice = choose(cart_of("first", "last"), Candidates(offers=offers), NOON)
    assert applied(choice) == (52, Group.CODE)
    assert statuses(choice) == {"first": CodeStatus.NOT_PICKED, "last": CodeStatus.APPLIED}


def test_each_product_gets_the_last_code_that_covers_it() -> None:
    offers = [an_offer("all", 5), an_offer("cups", percents={CUP: 20}, promotion_id=51)]
    choice = choose(cart_of("all", "cups", products=(MUG, CUP)), Candidates(offers=offers), NOON)
    assert applied(choice, MUG) == (50, Group.CODE)
    assert applied(choice, CUP) == (51, Group.CODE)


def test_the_highest_promotion_of_a_shared_code_is_picked() -> None:
    offers = [
        an_offer(percents={MUG: 10, CUP: 40}, promotion_id=51),
        an_offer(percents={MUG: 20, CUP: 30}, promotion_id=52),
    ]
    choice = choose(cart_of("save", products=(MUG, CUP)), Candidates(offers=offers), NOON)
    assert applied(choice, MUG) == (52, Group.CODE)
    assert applied(choice, CUP) == (51, Group.CODE)


def test_the_latest_created_promotion_of_a_shared_code_wins_a_tie() -> None:
    offers = [an_offer(promotion_id=52), an_offer(promotion_id=51)]
    assert applied(choose(cart_of("save"), Candidates(offers=offers), NOON)) == (52, Group.CODE)


def test_a_repeated_code_counts_at_its_last_place_with_that_spelling() -> None:
    offers = [an_offer("a", promotion_id=51), an_offer("b", promotion_id=52)]
    choice = choose(cart_of("a", "b", "A"), Candidates(offers=offers), NOON)
    assert applied(choice) == (51, Group.CODE)
    assert list(statuses(choice)) == ["b", "A"]
    assert choice.picks[MUG][0].code == "A"


@pytest.mark.parametrize(("at", "step"), [(NOON, SECOND), (NOON + INSTANT, INSTANT)])
def test_a_code_applies_at_both_ends_of_its_period(at: datetime, step: timedelta) -> None:
    offer = an_offer(period=Period(at, at))
    assert statuses(choose(cart_of("save"), Candidates(offers=[offer]), at)) == {
        "save": CodeStatus.APPLIED
    }
    for outside in (at - INSTANT, at + step):
        assert choose(cart_of("save"), Candidates(offers=[offer]), outside).picks[MUG] == ()


def test_each_status_of_a_code_has_its_facts() -> None:
    hour = timedelta(hours=1)
    later, over = Period(NOON + hour), Period(NOON - 2 * hour, NOON - hour)
    used = NOON - hour
    offers = [
        an_offer("later", period=later, promotion_id=51),
        an_offer("over", period=over, promotion_id=52),
        an_offer("off", active=False, promotion_id=53),
        an_offer("used", code_type=CodeType.ONE_TIME, used_at=used, promotion_id=54),
        an_offer("cups", percents={}, promotion_id=55),
    ]
    codes = ("later", "over", "off", "used", "cups", "none", "no code")
    choice = choose(cart_of(*codes), Candidates(offers=offers), NOON)
    assert [(c.code, c.status, c.promotion_id) for c in choice.codes] == [
        ("later", CodeStatus.NOT_STARTED, 51),
        ("over", CodeStatus.EXPIRED, 52),
        ("off", CodeStatus.INACTIVE, 53),
        ("used", CodeStatus.USED, 54),
        ("cups", CodeStatus.NOT_APPLICABLE, 55),
        ("none", CodeStatus.UNKNOWN, None),
        ("no code", CodeStatus.UNKNOWN, None),
    ]
    assert [(c.starts_at, c.ended_at, c.used_at) for c in choice.codes[:4]] == [
        (later.starts_at, None, None),
        (None, over.ends_at, None),
        (None, None, None),
        (None, None, used),
    ]


def test_a_code_that_gives_less_than_another_group_is_beaten() -> None:
    candidates = Candidates(everywhere=automatic(1, 30), offers=[an_offer()])
    assert statuses(choose(cart_of("save"), candidates, NOON)) == {"save": CodeStatus.OUTDONE}


def test_a_code_that_applies_to_one_product_and_is_beaten_on_another_is_applied() -> None:
    candidates = Candidates(specific={CUP: automatic(1, 30)}, offers=[an_offer()])
    choice = choose(cart_of("save", products=(CUP, MUG)), candidates, NOON)
    assert statuses(choice) == {"save": CodeStatus.APPLIED}


def test_a_code_has_the_best_status_of_its_promotions() -> None:
    offers = [an_offer(promotion_id=52, active=False), an_offer(promotion_id=51)]
    [outcome] = choose(cart_of("save"), Candidates(offers=offers), NOON).codes
    assert (outcome.status, outcome.promotion_id) == (CodeStatus.APPLIED, 51)


def test_a_used_code_applies_again_once_it_is_reusable() -> None:
    for code_type, status in (
        (CodeType.REUSABLE, CodeStatus.APPLIED),
        (None, CodeStatus.APPLIED),
        (CodeType.ONE_TIME, CodeStatus.USED),
    ):
        offer = an_offer(code_type=code_type, used_at=NOON)
        assert statuses(choose(cart_of("save"), Candidates(offers=[offer]), NOON)) == {
            "save": status
        }


def test_an_earlier_code_is_picked_once_the_later_one_time_code_is_used() -> None:
    reusable = an_offer("always", promotion_id=51)
    for used_at, winner in ((None, 52), (NOON, 51)):
        once = an_offer("once", 5, promotion_id=52, code_type=CodeType.ONE_TIME, used_at=used_at)
        choice = choose(cart_of("always", "once"), Candidates(offers=[reusable, once]), NOON)
        assert applied(choice) == (winner, Group.CODE)
