"""Texts typed or pasted into the portal's and the shop's fields, with blanks around them."""

import re
from unicodedata import normalize
from zoneinfo import ZoneInfo

from hypothesis import given

from sconto.api.clock import read_clock
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.operations.checkout import place_order
from sconto.operations.products import put_products
from sconto.operations.promotions import create_promotion
from sconto.portal import promotion_fields, subscription_fields
from sconto.portal.language import language_for
from sconto.portal.shop.basket import Basket
from sconto.store.database import Database
from tests.builders import BLANKS, NOON, a_cart, a_product, a_promotion, blanks, subscription_terms
from tests.portal.sessions import PortalClient
from tests.portal.shop import create_subscription

ENGLISH = language_for("en", ZoneInfo("UTC"))
MAY = "МАЙ"


def without_token(page: str) -> str:
    """The page without its form token, which is different each time."""
    return re.sub(r'(name="form_token" value=)"\w+"', r"\1", page)


async def test_an_order_is_found_by_its_id_with_blanks_around_it(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    now = read_clock()
    for order_id in ("A-1001", "x" * 64, " A-2 ", "A-2"):
        await place_order(database, merchant, NewOrder(order_id, a_cart()), now, now.date())
    for blank in BLANKS:
        for order_id in ("A-1001", "x" * 64):
            found = await portal.get("/orders", id=f"{blank}{order_id}{blank}")
            assert found.status_code == 200, ascii(blank)
            assert f'<h2 class="breaking">{order_id}<' in found.text
        assert (await portal.get("/orders", id=f"A{blank}1001")).status_code == 404
        nothing = await portal.get("/orders", id=blank)
        assert nothing.status_code == 200
        assert without_token(nothing.text) == without_token((await portal.get("/orders")).text)
    # An id that contains blanks itself is found with them.
    assert '<h2 class="breaking"> A-2 <' in (await portal.get("/orders", id=" A-2 ")).text
    assert '<h2 class="breaking">A-2<' in (await portal.get("/orders", id="\tA-2")).text


async def test_every_search_ignores_blanks_around_the_text(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    await put_products(database, merchant, [a_product(11111, name="Teapot")], NOON)
    promotion_id = await create_promotion(
        database, merchant, a_promotion(name="Spring", codes=("SPACE10", MAY)), NOON
    )
    await create_subscription(database, merchant, subscription_terms(code="TRY3"))
    for blank in BLANKS:
        for path, name, text, shown in (
            ("/promotions", "search", "spring", "Spring"),
            (f"/promotions/{promotion_id}/codes", "search", "space", "SPACE10"),
            (f"/promotions/{promotion_id}/codes", "search", normalize("NFD", "май"), MAY),
            ("/subscriptions", "code", "try3", "Thirty percent"),
            ("/subscriptions", "name", "thirty", "Thirty percent"),
            ("/carts", "search", "teapot", "Teapot"),
            ("/carts", "search", "11111", "Teapot"),
        ):
            found = await portal.get(path, **{name: f"{blank}{text}{blank}"})
            assert found.status_code == 200
            assert shown in found.text, (path, name, ascii(blank))


async def test_a_cart_accepts_codes_as_they_were_pasted(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    await create_promotion(database, merchant, a_promotion(codes=("SPACE10", MAY)), NOON)
    await create_subscription(database, merchant, subscription_terms(code="TRY3"))
    cart = {"product": "1", "quantity": "1", "price": "10.00", "currency": "EUR"}
    for blank in BLANKS:
        for code in ("space10", normalize("NFD", MAY)):
            tried = await portal.get("/carts", codes=f"{blank}, {blank}{code}{blank}", **cart)
            assert "€9.00" in tried.text, ascii(blank)
        tried = await portal.get("/carts", subscription_codes=f"{blank}try3{blank}", **cart)
        assert "€7.00" in tried.text


@given(blanks, blanks)
def test_the_forms_store_codes_without_blanks_around_them(before: str, after: str) -> None:
    pasted = f"{before}SPACE10{after}"
    reading = promotion_fields.read_fields(
        promotion_fields.PromotionFields(
            name="n",
            starts_at="2026-01-01T00:00",
            percent="5",
            codes=f"{pasted}\nspace10, B{after}",
        ),
        ENGLISH,
    )
    assert reading.promotion is not None
    assert reading.promotion.terms.codes == ("SPACE10", "B")

    rule = subscription_fields.RuleFields("PERCENTAGE_DISCOUNT", "5")
    fields = subscription_fields.SubscriptionFields(name="n", code=pasted, rules=(rule,))
    terms = subscription_fields.read_terms(fields, ENGLISH).terms
    assert terms is not None
    assert terms.code == "SPACE10"


@given(blanks, blanks)
def test_a_basket_has_a_code_once_however_it_was_pasted(before: str, after: str) -> None:
    basket = Basket().with_code("A").with_code(f"{before}SPACE10{after}")
    assert basket.codes == ("A", "SPACE10")
    assert basket.with_code(f"a{after}").codes == ("SPACE10", "a")
    assert basket.without_code(f"{before}space10").codes == ("A",)
    assert basket.with_code(before) == basket
