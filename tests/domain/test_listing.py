"""Listing prices equal those of a cart with one unit and the promotions shown in listings."""

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sconto.domain.candidates import AutomaticPick, Candidates, CartOffers
from sconto.domain.cart import Cart, Line
from sconto.domain.cart_offers import CartOffer
from sconto.domain.cart_promotion import CartTerms, FixedPrice, PercentOff, Target
from sconto.domain.hours import Hours
from sconto.domain.listing import ListedOffers, ListingCandidates, is_listed, price_listing
from sconto.domain.money import FULL_PERCENT, PERCENT
from sconto.domain.offers import Offer
from sconto.domain.pricing import price
from tests.builders import NOON, a_period
from tests.domain.cart_strategies import promotions_of, tags
from tests.domain.test_cart_steps import offer

HOURS = [None, Hours(time(10), time(14), "UTC"), Hours(time(13), time(14), "UTC")]

product_ids = st.integers(1, 5)
percents = st.integers(1, FULL_PERCENT)
promotions = st.one_of([promotions_of(target.value) for target in Target])


def depends_on_the_cart(fields: dict[str, Any]) -> bool:
    """Whether the promotion depends on the other products, the quantities or the customer."""
    return bool(
        fields["target"] != "lines"
        or fields["benefit"]["type"] in ("units", "tiers")
        or fields.get("conditions")
        or fields.get("limits")
    )


@given(
    st.dictionaries(product_ids, st.integers(0, 10_000), min_size=1),
    st.none() | st.builds(AutomaticPick, st.integers(1, 10), percents),
    st.dictionaries(product_ids, st.builds(AutomaticPick, st.integers(11, 20), percents)),
    promotions,
    st.dictionaries(product_ids, tags.map(frozenset)),
    st.data(),
)
def test_a_listing_shows_what_a_cart_with_one_unit_costs(
    products: dict[int, int],
    everywhere: AutomaticPick | None,
    specific: dict[int, AutomaticPick],
    drawn: list[dict[str, Any]],
    tags_of: dict[int, frozenset[str]],
    data: st.DataObject,
) -> None:
    offers = [with_hours(offer(fields), data.draw(st.sampled_from(HOURS))) for fields in drawn]
    listed = [one for one in offers if is_listed(one.terms)]
    assert len(listed) == sum(not depends_on_the_cart(fields) for fields in drawn)

    found = ListingCandidates(everywhere, specific, ListedOffers(tuple(listed)), tags_of)
    shown = list(price_listing(products.items(), found, "EUR", NOON))

    stored = Candidates(
        frozenset(), everywhere, specific, cart_offers=CartOffers(listed), tags=tags_of
    )
    for (product_id, unit_price), listed_price in zip(products.items(), shown, strict=True):
        cart = Cart("EUR", (Line("1", product_id, 1, unit_price),))
        [line] = price(cart, stored, NOON).lines
        assert (
            listed_price.unit_price,
            listed_price.price,
            listed_price.pick,
            listed_price.adjustments,
        ) == (line.unit_price, line.total, line.winning_pick, line.adjustments)


def with_hours(promotion: CartOffer, hours: Hours | None) -> CartOffer:
    return structs.replace(promotion, terms=structs.replace(promotion.terms, hours=hours))


def off(number: int, terms: CartTerms) -> CartOffer:
    return CartOffer(Offer(promotion_id=number, active=True, period=a_period()), terms)


@pytest.mark.parametrize(
    ("currency", "price_of_one", "taken"),
    [("EUR", 600, [(51, 400)]), ("USD", 800, [(52, 200)])],
)
def test_an_exclusive_promotion_is_shown_in_its_currency(
    currency: str, price_of_one: int, taken: list[tuple[int, int]]
) -> None:
    alone = CartTerms(Target.LINES, FixedPrice({"EUR": 600}), exclusive=True)
    percent = CartTerms(Target.LINES, PercentOff(20 * PERCENT))
    listed = ListedOffers((off(51, alone), off(52, percent)))
    [shown] = price_listing([(1, 1000)], ListingCandidates(listed=listed), currency, NOON)
    assert shown.price == price_of_one
    assert [(one.promotion_id, one.discount) for one in shown.adjustments] == taken


def test_another_version_of_a_promotion_is_priced_again() -> None:
    for percent in (10, 20):
        terms = CartTerms(Target.LINES, PercentOff(percent * PERCENT))
        found = ListingCandidates(listed=ListedOffers((off(51, terms),)))
        [shown] = price_listing([(1, 1000)], found, "EUR", NOON)
        assert shown.price == 1000 - percent * 10
