"""Which products are valid."""

from typing import Any

import pytest

from sconto.domain.money import CURRENCY_OF_MOST_DECIMALS
from sconto.domain.numbers import parse_id
from sconto.domain.product import (
    FieldRule,
    Product,
    ProductFault,
    read_product,
    search_key,
)

MUG = {"product_id": 11111, "name": "Mug", "price": "19.99", "currency": "EUR"}


class Written(str):
    """A JSON number as it was written."""


def broken_rules(**changes: Any) -> dict[str, FieldRule]:
    """The rule that each field of a changed product breaks."""
    outcome = read_product(MUG | changes)
    return {fault.field: fault.rule for fault in outcome} if isinstance(outcome, tuple) else {}


def test_a_price_is_read_into_the_minor_unit_of_its_currency() -> None:
    assert read_product(MUG) == Product(11111, "Mug", 1999, "EUR")
    assert read_product(MUG | {"price": "1999", "currency": "JPY"}) == Product(
        11111, "Mug", 1999, "JPY"
    )
    assert read_product(MUG | {"price": "0"}) == Product(11111, "Mug", 0, "EUR")


@pytest.mark.parametrize("product_id", [1, 2**63 - 1])
def test_the_lowest_and_the_highest_id_are_valid(product_id: int) -> None:
    assert broken_rules(product_id=product_id) == {}


@pytest.mark.parametrize(
    "product_id", [0, -1, 2**63, True, False, 1.0, "1", None, [1], {"id": 1}, 10**400]
)
def test_an_id_is_a_whole_number_of_63_bits(product_id: object) -> None:
    assert broken_rules(product_id=product_id) == {"product_id": FieldRule.PRODUCT_ID}


@pytest.mark.parametrize(
    "name",
    [
        "",
        " \u00a0\u2003",
        "\n",
        "x" * 256,
        "Mug\x00",
        "Mug\nblue",
        "Mug\x7f",
        "Mug\x85blue",
        "Mug\ud83d",
    ],
)
def test_an_unprintable_name_is_refused(name: str) -> None:
    assert broken_rules(name=name) == {"name": FieldRule.NAME}


@pytest.mark.parametrize("name", [7, None, ["Mug"], Written("7.5")])
def test_a_name_must_be_a_string(name: object) -> None:
    assert broken_rules(name=name) == {"name": FieldRule.TEXT}


@pytest.mark.parametrize("name", ["x" * 255, "=1+1", "<b>", "Кружка", "☕" * 255, " Mug ", "'; --"])
def test_a_name_is_any_printable_text(name: str) -> None:
    outcome = read_product(MUG | {"name": name})
    assert isinstance(outcome, Product)
    assert outcome.name == name


@pytest.mark.parametrize(
    "price",
    [
        "",
        "-1",
        "+1",
        "1,5",
        "1.",
        ".5",
        "01",
        "1e3",
        " 1",
        "1\n",
        "NaN",
        "1.999",
        "1" + "0" * 12,
        "\u0661",
    ],
)
def test_a_price_is_written_in_digits_with_the_decimals_of_its_currency(price: str) -> None:
    assert broken_rules(price=price) == {"price": FieldRule.AMOUNT}


@pytest.mark.parametrize("price", [19, 19.99, None, True, ["19.99"], Written("19.99")])
def test_a_price_must_be_a_string(price: object) -> None:
    assert broken_rules(price=price) == {"price": FieldRule.AMOUNT_AS_TEXT}


def test_the_price_just_below_the_limit_is_valid() -> None:
    assert read_product(MUG | {"price": "999999999999.99"}) == Product(
        11111, "Mug", 99_999_999_999_999, "EUR"
    )


@pytest.mark.parametrize(
    ("price", "currency", "amount"),
    [
        ("45.0000", "EUR", 4500),
        ("29.900000", "EUR", 2990),
        ("19.0", "JPY", 19),
        ("1.9990", "KWD", 1999),
        ("0.000", "EUR", 0),
        ("999999999999.9900", "EUR", 99_999_999_999_999),
    ],
)
def test_zeros_beyond_the_currencys_decimals_are_ignored(
    price: str, currency: str, amount: int
) -> None:
    product = read_product(MUG | {"price": price, "currency": currency})
    assert product == Product(11111, "Mug", amount, currency)


@pytest.mark.parametrize(
    "price", ["45.0001", "45.000a", "45.00.00", "45.00 ", "45,0000", "045.000"]
)
def test_other_characters_beyond_the_decimals_are_refused(price: str) -> None:
    assert list(broken_rules(price=price)) == ["price"]


def test_yen_have_no_decimals() -> None:
    assert read_product(MUG | {"price": "19.5", "currency": "JPY"}) == (
        ProductFault("price", FieldRule.AMOUNT, "JPY"),
    )


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "ZZZ", 978, None, ["EUR"], {}])
def test_a_currency_is_an_iso_code(currency: object) -> None:
    assert broken_rules(currency=currency) == {"currency": FieldRule.CURRENCY}


def test_all_faults_are_found_in_one_product() -> None:
    fields = {"name": 1, "price": "-1", "currency": "eur", "colour": "blue", "": 1}
    assert read_product(fields) == (
        ProductFault("product_id", FieldRule.PRESENT),
        ProductFault("name", FieldRule.TEXT),
        ProductFault("price", FieldRule.AMOUNT, CURRENCY_OF_MOST_DECIMALS),
        ProductFault("currency", FieldRule.CURRENCY),
        ProductFault("colour", FieldRule.KNOWN),
        ProductFault("", FieldRule.KNOWN),
    )


def test_absent_fields_are_missing() -> None:
    outcome = read_product({})
    assert outcome == tuple(
        ProductFault(field, FieldRule.PRESENT)
        for field in ("product_id", "name", "price", "currency")
    )


def test_a_field_that_is_null_is_not_missing() -> None:
    assert broken_rules(name=None) == {"name": FieldRule.TEXT}


def test_a_search_key_ignores_case() -> None:
    assert search_key("STRASSE") == search_key("Straße")
    assert search_key("ΟΔΟΣ") == search_key("οδος")


@pytest.mark.parametrize("text", ["1", "11111", str(2**63 - 1)])
def test_an_id_is_read_from_digits(text: str) -> None:
    assert parse_id(text) == int(text)


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "+1", "01", "1.0", " 1", "1\n", "1_000", "\u0661", str(2**63), "9" * 5000],
)
def test_other_texts_are_not_ids(text: str) -> None:
    assert parse_id(text) is None
