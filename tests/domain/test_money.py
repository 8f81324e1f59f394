"""Amounts, percents and shares are exact."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.money import (
    FULL_PERCENT,
    TOTAL_DIGITS,
    currency_decimals,
    format_amount,
    format_percent,
    parse_amount,
    parse_percent,
    percent_of,
    split_amount,
)

amounts = st.integers(0, 10**22)
percents = st.integers(1, FULL_PERCENT)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("19.99", "EUR", 1999),
        ("19.9", "EUR", 1990),
        ("19", "EUR", 1900),
        ("0", "EUR", 0),
        ("0.01", "EUR", 1),
        ("100", "JPY", 100),
        ("1.234", "KWD", 1234),
        ("999999999999.99", "EUR", 99999999999999),
    ],
)
def test_an_amount_is_read_in_minor_units(text: str, currency: str, amount: int) -> None:
    assert parse_amount(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "EUR"),
        ("-1", "EUR"),
        ("+1", "EUR"),
        ("1,99", "EUR"),
        ("1.999", "EUR"),
        ("1.", "EUR"),
        (".5", "EUR"),
        ("01", "EUR"),
        ("1e3", "EUR"),
        (" 1", "EUR"),
        ("1\n", "EUR"),
        ("\u0661", "EUR"),
        ("1.5", "JPY"),
        ("1000000000000", "EUR"),
        ("NaN", "EUR"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_amount(text, currency)


@given(amounts, st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_an_amount_survives_being_written_and_read(amount: int, currency: str) -> None:
    text = format_amount(amount, currency)
    assert parse_amount(text, currency, TOTAL_DIGITS) == amount
    assert len(text.partition(".")[2]) == currency_decimals(currency)


@given(percents)
def test_a_percent_survives_being_written_and_read(percent: int) -> None:
    assert parse_percent(format_percent(percent)) == percent


@pytest.mark.parametrize("text", ["0", "100.000001", "1.0000001", "-5", "5%", "1e1", "", "5."])
def test_what_is_no_percent_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        parse_percent(text)


@given(amounts, percents)
def test_a_part_is_the_nearest_minor_unit_and_half_goes_up(amount: int, percent: int) -> None:
    exact = Fraction(amount * percent, FULL_PERCENT)
    assert percent_of(amount, percent) == (exact + Fraction(1, 2)).__floor__()


def test_nine_tenths_of_a_percent_of_fifteen_euro_are_fourteen_cents() -> None:
    assert percent_of(1500, parse_percent("0.9")) == 14


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), st.fractions(0, 1))
def test_shares_add_up_and_none_exceeds_its_weight(weights: list[int], part: Fraction) -> None:
    amount = int(sum(weights) * part)
    shares = split_amount(amount, weights)
    assert sum(shares) == amount
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


def test_equal_remainders_go_to_the_earlier_share() -> None:
    assert split_amount(2, [1, 1, 1]) == [1, 1, 0]


def test_nothing_can_be_split_over_nothing() -> None:
    assert split_amount(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="nothing"):
        split_amount(1, [0])
