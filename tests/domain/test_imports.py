"""Rows of other systems' exports become promotions, or say why they do not."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sconto.domain.cart_promotion import (
    AmountOff,
    Conditions,
    Limits,
    NewCartPromotion,
    PercentOff,
    ProductSelection,
    Target,
)
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts
from sconto.domain.csv_rows import RowFault
from sconto.domain.headings import heading_word
from sconto.domain.imports import shopify, stripe, woocommerce
from sconto.domain.imports.cells import HeadingsMissing, Record, read_records
from sconto.domain.imports.discount import Discount, make_promotion
from sconto.domain.imports.notes import Note, NoteKind, Unreadable
from sconto.domain.money import PERCENT
from sconto.domain.promotion import NewPromotion
from tests.builders import NOON

BERLIN = ZoneInfo("Europe/Berlin")


def record(cells: Mapping[str, str], line: int = 2) -> Record:
    """A row whose headings are these names, with underscores for blanks."""
    return Record(line, {heading_word(name): cell for name, cell in cells.items()})


def code(line: int, text: str, coupon_id: str, **cells: str) -> Record:
    return record({"Code": text, "Coupon": coupon_id, **cells}, line)


def woo(**cells: str) -> list[Discount]:
    given = {"post_title": "tea", "discount_type": "percent", "coupon_amount": "10", **cells}
    return list(woocommerce.read_coupon(record(given), BERLIN, "EUR"))


def shop(**cells: str) -> Discount:
    given = {
        "Name": "TEA",
        "Value": "-10.0",
        "Value_Type": "percentage",
        "Type": "Amount Off",
        "Discount_Class": "order",
        **cells,
    }
    (found,) = shopify.read_discount(record(given), BERLIN, "EUR")
    return found


def coupon(**cells: str) -> Discount:
    return stripe.read_coupon(record({"id": "TEA", "Percent_Off": "10", **cells}))


def cart(discount: Discount) -> NewCartPromotion:
    made = make_promotion(discount, NOON)
    assert isinstance(made, NewCartPromotion)
    return made


def product(discount: Discount) -> NewPromotion:
    made = make_promotion(discount, NOON)
    assert isinstance(made, NewPromotion)
    return made


def test_a_percent_on_products_becomes_a_product_promotion() -> None:
    made = product(woo(product_ids="2, 1")[0])
    assert made.terms.coverage == ListedProducts(10 * PERCENT, (1, 2))
    assert made.terms.code_type is CodeType.REUSABLE
    once = product(woo(usage_limit="1")[0])
    assert once.terms.coverage == AllProducts(10 * PERCENT)
    assert (once.terms.code_type, once.terms.codes) == (CodeType.ONE_TIME, ("tea",))


def test_everything_else_becomes_a_cart_promotion() -> None:
    found = woo(
        discount_type="fixed_cart",
        coupon_amount="5.00",
        individual_use="yes",
        exclude_sale_items="yes",
        exclude_product_ids="3|4",
        product_categories="Tea",
        usage_limit="10",
        usage_count="3",
        usage_limit_per_user="1",
        minimum_amount="40",
        date_expires="2027-01-01",
    )[0]
    made = cart(found)
    assert made.terms.target is Target.ORDER
    assert made.terms.benefit == AmountOff({"EUR": 500})
    assert made.terms.conditions == Conditions({"EUR": 4000})
    assert made.terms.limits == Limits(7, 1)
    assert made.terms.products == ProductSelection(
        tags=frozenset({"Tea"}), except_ids=frozenset({3, 4})
    )
    assert (made.terms.exclusive, made.terms.on_discounted, made.active) == (True, False, True)
    assert made.period.ends_at == datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)


def test_free_shipping_is_a_promotion_of_its_own() -> None:
    off, free = woo(discount_type="fixed_cart", coupon_amount="3", free_shipping="yes")
    assert cart(off).terms.benefit == AmountOff({"EUR": 300})
    assert cart(free).terms.target is Target.SHIPPING
    assert cart(free).terms.benefit == PercentOff(100 * PERCENT)
    assert off.codes == free.codes
    (alone,) = woo(discount_type="fixed_cart", coupon_amount="0", free_shipping="yes")
    assert alone.target is Target.SHIPPING


@pytest.mark.parametrize(
    "cells",
    [
        {"maximum_amount": "200"},
        {"customer_email": "anna@example.com"},
        {"limit_usage_to_x_items": "1"},
        {"exclude_product_categories": "Mugs"},
        {"post_status": "draft"},
    ],
)
def test_what_would_give_more_than_before_is_switched_off(cells: dict[str, str]) -> None:
    (found,) = woo(**cells)
    assert not make_promotion(found, NOON).active
    assert found.notes


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ({"post_title": "no code!"}, (NoteKind.NOT_A_CODE,)),
        ({"coupon_amount": "0"}, (NoteKind.TAKES_NOTHING_OFF,)),
        ({"coupon_amount": "ten"}, (NoteKind.NOT_A_PERCENT, "coupon_amount", "ten")),
        (
            {"discount_type": "store_credit"},
            (NoteKind.VALUE_WITHOUT_COUNTERPART, "discount_type", "store_credit"),
        ),
        ({"usage_limit": "5", "usage_count": "5"}, (NoteKind.USED_UP,)),
        ({"product_ids": "1,SKU-9"}, (NoteKind.NOT_PRODUCT_IDS, "product_ids")),
        ({"date_expires": "soon"}, (NoteKind.NOT_A_MOMENT, "date_expires", "soon")),
        ({"individual_use": "perhaps"}, (NoteKind.NOT_A_FLAG, "individual_use", "perhaps")),
        ({"usage_limit": "-1"}, (NoteKind.NOT_A_COUNT, "usage_limit", "-1")),
        ({"usage_limit": "9" * 400}, (NoteKind.NOT_A_COUNT, "usage_limit", "9" * 400)),
        (
            {"minimum_amount": "1.234"},
            (NoteKind.NOT_AN_AMOUNT, "minimum_amount", "EUR", "1.234"),
        ),
        ({"date_expires": "2026-13-01"}, (NoteKind.NOT_A_MOMENT, "date_expires", "2026-13-01")),
    ],
)
def test_what_cannot_be_read_says_why(cells: dict[str, str], note: tuple[Any, ...]) -> None:
    with pytest.raises(Unreadable) as refused:
        woo(**cells)
    assert refused.value.note == Note(note[0], note[1:])


def test_amounts_need_a_currency() -> None:
    fixed = record({"post_title": "tea", "discount_type": "fixed_cart", "coupon_amount": "5"})
    with pytest.raises(Unreadable) as refused:
        list(woocommerce.read_coupon(fixed, BERLIN, None))
    assert refused.value.note == Note(NoteKind.CURRENCY_MISSING)


def test_a_discount_of_shopify_keeps_its_minimum_limits_and_times() -> None:
    found = shop(
        Minimum_Purchase_Requirements="Minimum purchase of €1,050.00",
        Applies_Once_Per_Customer="1",
        Usage_Limit_Per_Code="10",
        Times_Used_In_Total="4",
        Start="2025-12-08 11:28:18 -0600",
        Combines_with_Order_Discounts="1",
    )
    made = cart(found)
    assert made.terms.conditions == Conditions({"EUR": 105_000})
    assert made.terms.limits == Limits(6, 1)
    assert made.period.starts_at == datetime(2025, 12, 8, 17, 28, 18, tzinfo=UTC)
    assert not made.terms.exclusive
    assert cart(shop(Minimum_Purchase_Requirements="3 items")).terms.conditions == Conditions(
        minimum_quantity=3
    )
    assert cart(shop()).terms.exclusive


@pytest.mark.parametrize(
    "cells",
    [
        {"Discount_Class": "product"},
        {"Customer_Selection": "1 segment"},
        {"Minimum_Purchase_Requirements": "see the notes"},
    ],
)
def test_what_shopify_does_not_export_switches_off(cells: dict[str, str]) -> None:
    assert not make_promotion(shop(**cells), NOON).active


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ({"Status": "Expired"}, (NoteKind.OVER,)),
        ({"Name": "Spring sale"}, (NoteKind.NAME_NOT_A_CODE,)),
        ({"Type": "Buy X Get Y"}, (NoteKind.TERMS_NOT_EXPORTED, "Buy X Get Y")),
        (
            {"Value_Type": "app"},
            (NoteKind.VALUE_WITHOUT_COUNTERPART, "Value Type", "app"),
        ),
        (
            {"Discount_Class": "multiple"},
            (NoteKind.VALUE_WITHOUT_COUNTERPART, "Discount Class", "multiple"),
        ),
        ({"Value": "-120"}, (NoteKind.NOT_A_PERCENT, "Value", "120")),
    ],
)
def test_what_shopify_cannot_tell_is_left_out(cells: dict[str, str], note: tuple[Any, ...]) -> None:
    with pytest.raises(Unreadable) as refused:
        shop(**cells)
    assert refused.value.note == Note(note[0], note[1:])


def test_amounts_of_stripe_are_in_major_units_unless_the_api_names_them() -> None:
    found = coupon(Percent_Off="", Amount_Off="5.00", Currency="eur")
    assert found.amounts == {"EUR": 500}
    cells = {"id": "TEA", "percentoff": "", "amountoff": "500", "currency": "eur"}
    assert stripe.read_coupon(Record(2, cells, frozenset(["amount_off"]))).amounts == {"EUR": 500}
    assert coupon(Percent_Off="", Amount_Off="500", Currency="jpy").amounts == {"JPY": 500}


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ({"Duration": "repeating", "Duration_In_Months": "3"}, (NoteKind.REPEATING, "3")),
        ({"Valid": "false"}, (NoteKind.NOT_VALID,)),
        ({"Max_Redemptions": "5", "Times_Redeemed": "5"}, (NoteKind.USED_UP,)),
        ({"Percent_Off": "", "Currency": "eur"}, (NoteKind.TAKES_NOTHING_OFF,)),
        ({"Percent_Off": "", "Amount_Off": "5", "Currency": "xx"}, (NoteKind.NOT_A_CURRENCY, "xx")),
    ],
)
def test_what_stripe_has_no_terms_for_is_left_out(
    cells: dict[str, str], note: tuple[Any, ...]
) -> None:
    with pytest.raises(Unreadable) as refused:
        coupon(**cells)
    assert refused.value.note == Note(note[0], note[1:])


def test_promotion_codes_with_the_same_terms_are_codes_of_one_promotion() -> None:
    coupons = {"c1": coupon(id="c1", Name="Tea"), "c2": coupon(id="c2", Name="Tea")}
    rows = [
        code(2, "A", "c1"),
        code(3, "B", "c1"),
        code(4, "ONE", "c1", Max_Redemptions="1"),
        code(5, "TEN", "c1", Max_Redemptions="10", Times_Redeemed="4"),
        code(6, "NEW", "c1", First_Time_Transaction="true"),
        code(7, "C", "c2"),
        code(8, "a", "c2"),
        code(9, "D", "gone"),
        code(10, "E", "c1", Active="false"),
    ]
    created, left = stripe.with_codes(coupons, rows)
    assert [one.codes for one in created] == [("A", "B"), ("ONE",), ("TEN",), ("NEW",), ("C",)]
    assert created[1].code_type is CodeType.ONE_TIME
    assert created[2].limits == Limits(6)
    assert created[3].conditions == Conditions(first_order=True)
    assert [one.line for one in left] == [8, 9, 10]
    stripe.name_apart(created)
    assert len({one.name for one in created}) == 5


def test_a_limit_that_several_promotions_share_switches_them_off() -> None:
    coupons = {"c": coupon(id="c", Max_Redemptions="10")}
    rows = [code(2, "A", "c"), code(3, "B", "c")]
    (together,), _ = stripe.with_codes(coupons, rows)
    assert (together.limits, together.is_looser) == (Limits(10), False)
    rows[1] = code(3, "B", "c", First_Time_Transaction="true")
    apart, _ = stripe.with_codes(coupons, rows)
    assert [one.is_looser for one in apart] == [True, True]


def pieces(text: str) -> Iterator[bytes]:
    yield text.encode()


def test_records_are_read_by_heading_whatever_its_spelling() -> None:
    found = list(read_records(pieces('b;POST_TITLE\n1;x\n2;"y\n'), [frozenset(["post title"])]))
    assert isinstance(found[0], Record)
    assert (found[0].line, found[0].text("post_title"), found[0].text("none")) == (2, "x", "")
    assert found[1] == (3, RowFault.OPEN_QUOTE)
    with pytest.raises(HeadingsMissing) as refused:
        list(read_records(pieces("a\n1\n"), [frozenset(["post title"])]))
    assert refused.value.columns == ("post title",)


def test_products_that_the_catalogue_lacks_make_a_cart_promotion() -> None:
    (found,) = woo(product_ids="7")
    found.as_cart = True
    assert cart(found).terms.products == ProductSelection(ids=frozenset({7}))
