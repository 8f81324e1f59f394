"""Codes of cart promotions: which one activates a promotion, and the status of each."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from sconto.domain.bill import PricedCart
from sconto.domain.candidates import Candidates, CartOffers
from sconto.domain.cart import Cart, Line
from sconto.domain.cart_draft import CartDraft
from sconto.domain.cart_offers import CartOffer, Room
from sconto.domain.cart_promotion import (
    AmountOff,
    Benefit,
    CartTerms,
    Conditions,
    NewCartPromotion,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from sconto.domain.schedule import Period

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
TEN: Benefit = AmountOff({"EUR": 1000})
TEN_OFF = CartTerms(Target.ORDER, TEN)


def by_code(key: str, number: int = 1, *, used: bool = False, room: int | None = None) -> CartOffer:
    offer = Offer(
        key=key,
        code_id=ord(key[0]) * 10 + number,
        promotion_id=number,
        code_type=CodeType.ONE_TIME,
        active=True,
        period=Period(NOW - timedelta(days=1)),
        used_at=NOW if used else None,
    )
    return CartOffer(offer, TEN_OFF, Room(total=room))


def priced(
    *codes: str, offers: list[CartOffer], product_offers: tuple[Offer, ...] = ()
) -> PricedCart:
    """A cart of 60.00 with these codes."""
    cart = Cart("EUR", (Line("1", 1, 2, 3000),), codes)
    return price(cart, Candidates(cart_offers=CartOffers(offers), offers=product_offers), NOW)


def statuses(cart: PricedCart) -> list[tuple[str, str]]:
    return [(code.code, code.status.value) for code in cart.codes]


@pytest.mark.parametrize("order", list(permutations("abc")))
def test_of_several_codes_of_a_promotion_the_last_one_activates_it(
    order: tuple[str, ...],
) -> None:
    cart = priced(*"abc", offers=[by_code(key) for key in order])
    assert (cart.discount, len(cart.cart_promotions)) == (1000, 1)
    assert cart.cart_promotions[0].code == "c"
    assert statuses(cart) == [("a", "not_picked"), ("b", "not_picked"), ("c", "applied")]


def test_if_the_last_code_is_used_up_an_earlier_one_activates_the_promotion() -> None:
    cart = priced("a", "b", offers=[by_code("a"), by_code("b", used=True)])
    assert cart.discount == 1000
    assert statuses(cart) == [("a", "applied"), ("b", "used")]


def test_several_used_codes_are_each_used() -> None:
    cart = priced("a", "b", offers=[by_code("a", used=True), by_code("b", used=True)])
    assert statuses(cart) == [("a", "used"), ("b", "used")]
    assert [one.code for one in cart.cart_promotions] == ["b"]


def test_codes_of_a_promotion_that_does_not_apply_have_the_same_status() -> None:
    cart = priced("a", "b", offers=[by_code("a", room=0), by_code("b", room=0)])
    assert statuses(cart) == [("a", "limit_reached"), ("b", "limit_reached")]


def test_a_code_of_several_promotions_has_the_best_status() -> None:
    cart = priced(
        "a", offers=[by_code("a", 1, room=0), by_code("a", 2), by_code("a", 3, used=True)]
    )
    assert statuses(cart) == [("a", "applied")]
    assert cart.codes[0].promotion_id == 2
    assert [(one.promotion_id, one.applied) for one in cart.cart_promotions] == [
        (2, True),
        (1, False),
        (3, False),
    ]


def test_a_code_shared_with_a_product_promotion_activates_both() -> None:
    half = Offer(
        key="a",
        code_id=9,
        promotion_id=9,
        active=True,
        period=Period(NOW - timedelta(days=1)),
        percent=50_000_000,
    )
    assert priced("a", offers=[by_code("a")], product_offers=(half,)).total == 2000
    cart = priced("a", offers=[by_code("a", room=0)], product_offers=(half,))
    assert (cart.total, statuses(cart)) == (3000, [("a", "applied")])


def test_a_draft_is_the_newest_promotion() -> None:
    older = CartOffer(
        Offer(promotion_id=7, active=True, period=Period(NOW)),
        CartTerms(Target.ORDER, TEN, exclusive=True),
    )
    terms = CartTerms(Target.ORDER, TEN, exclusive=True)
    draft = CartDraft(NewCartPromotion("Draft", True, Period(NOW), terms))
    offers = [*draft.offers(Cart("EUR", ())), older]
    cart = priced(offers=offers)
    assert [(one.promotion_id, one.applied) for one in cart.cart_promotions] == [
        (7, True),
        (0, False),
    ]


def test_all_reasons_are_listed_for_a_currency_without_terms() -> None:
    conditions = Conditions(minimum_quantity=3, minimum_subtotal={"EUR": 7000})
    terms = CartTerms(Target.SHIPPING, AmountOff({"USD": 100}), conditions=conditions)
    offer = Offer(promotion_id=7, active=True, period=Period(NOW))
    [outcome] = priced(offers=[CartOffer(offer, terms, Room(total=0))]).cart_promotions
    assert [reason.reason.value for reason in outcome.reasons] == [
        "minimum_subtotal",
        "minimum_quantity",
        "currency",
        "no_shipping",
        "total_limit",
    ]
