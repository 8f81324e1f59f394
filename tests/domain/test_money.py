"""Amounts, percents and shares are exact."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from sconto.domain.money import (
    FULL_PERCENT,
    TOTAL_DIGITS,
    currency_decimals,
    format_amount,
    format_percent,
    known_currencies,
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
def test_an_amount_is_read_into_minor_units(text: str, currency: str, amount: int) -> None:
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
def test_invalid_amounts_are_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_amount(text, currency)


@given(amounts, st.sampled_from(sorted(known_currencies())))
def test_a_written_amount_is_read_unchanged(amount: int, currency: str) -> None:
    text = format_amount(amount, currency)
    assert parse_amount(text, currency, TOTAL_DIGITS) == amount
    assert len(text.partition(".")[2]) == currency_decimals(currency)


DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


def test_minor_units_are_those_of_iso_4217() -> None:
    """Stored amounts depend on these numbers. If ISO changes one, a migration is needed first.

    All others of ISO's list one, as published on 2026-01-01, have two decimals.
    """
    listed = {currency.code: currency.exponent for currency in Currency}
    unlisted = {
        code: currency_decimals(code) for code, decimals in listed.items() if decimals is not None
    }
    named = {code: decimals for decimals, codes in DECIMALS.items() for code in codes.split()}
    assert unlisted == dict.fromkeys(unlisted, 2) | named
    assert len(unlisted) >= 165


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        *(
            (currency, 2)
            for currency in [
                "AFN",
                "ALL",
                "IRR",
                "KPW",
                "LAK",
                "LBP",
                "MGA",
                "MMK",
                "RSD",
                "SOS",
                "SYP",
                "YER",
            ]
        ),
        ("IQD", 3),
        ("XAU", 2),  # has no minor unit in ISO
        ("XAD", 2),  # too new for CLDR
        ("ITL", 0),  # former
        ("DEM", 2),  # former
        ("CHW", 2),  # a fund
        ("UYI", 0),  # a fund
    ],
)
def test_currencies_with_other_decimals_elsewhere_follow_iso_4217(
    currency: str, decimals: int
) -> None:
    assert currency in known_currencies()
    assert currency_decimals(currency) == decimals


@given(amounts, percents, st.sampled_from(["RSD", "IQD", "JPY", "EUR"]))
def test_a_percent_of_an_amount_is_rounded_half_up(
    amount: int, percent: int, currency: str
) -> None:
    part = parse_amount(
        format_amount(percent_of(amount, percent), currency), currency, TOTAL_DIGITS
    )
    assert part == int(Fraction(amount * percent, FULL_PERCENT) + Fraction(1, 2))


def test_half_of_99_dinars_are_49_dinars_and_a_half() -> None:
    half = percent_of(parse_amount("99", "RSD"), FULL_PERCENT // 2)
    assert format_amount(half, "RSD") == "49.50"
    third = percent_of(parse_amount("150.52", "RSD"), FULL_PERCENT * 33 // 100)
    assert format_amount(third, "RSD") == "49.67"


@given(percents)
def test_a_written_percent_is_read_unchanged(percent: int) -> None:
    assert parse_percent(format_percent(percent)) == percent


@pytest.mark.parametrize("text", ["0", "100.000001", "1.0000001", "-5", "5%", "1e1", "", "5."])
def test_invalid_percents_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        parse_percent(text)


@given(amounts, percents)
def test_a_percent_of_an_amount_is_the_nearest_minor_unit(amount: int, percent: int) -> None:
    exact = Fraction(amount * percent, FULL_PERCENT)
    assert percent_of(amount, percent) == (exact + Fraction(1, 2)).__floor__()


def test_nine_tenths_of_a_percent_of_fifteen_euro_are_fourteen_cents() -> None:
    assert percent_of(1500, parse_percent("0.9")) == 14


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), st.fractions(0, 1))
def test_parts_add_up_and_none_exceeds_its_weight(weights: list[int], part: Fraction) -> None:
    amount = int(sum(weights) * part)
    shares = split_amount(amount, weights)
    assert sum(shares) == amount
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


def test_equal_remainders_go_to_the_earlier_part() -> None:
    assert split_amount(2, [1, 1, 1]) == [1, 1, 0]


def test_an_amount_cannot_be_split_over_zero_weights() -> None:
    assert split_amount(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="nothing"):
        split_amount(1, [0])
