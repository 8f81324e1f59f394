"""Amounts and percents as integers. Fractions are rounded here and nowhere else.

An amount is an integer in the currency's minor unit (euro cents, whole yen). A percent is an
integer in millionths of one percent: 12.5 % is 12_500_000. Both are exact, so sums add up.

Minor units are those of ISO 4217. The package `iso4217` has ISO's table, with its date as the
version. CLDR, in babel, says how people write amounts, for example RSD in whole dinars.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Final

from babel.numbers import get_currency_precision, list_currencies
from iso4217 import Currency

PERCENT: Final = 1_000_000
"""One percent."""

FULL_PERCENT: Final = 100 * PERCENT
"""A hundred percent."""

PRICE_DIGITS: Final = 12
"""The most digits of a price before the dot."""

TOTAL_DIGITS: Final = 24
"""The most digits of a total before the dot: 500 lines of a million units at the highest price."""

CURRENCY_OF_MOST_DECIMALS: Final = "CLF"
"""Replaces an invalid currency, so that amounts in it are still checked."""

_PERCENT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?", re.ASCII)


@cache
def known_currencies() -> frozenset[str]:
    """The currency codes of ISO 4217, current and former."""
    return frozenset(list_currencies()) | _decimals_in_iso().keys()


@cache
def currency_decimals(currency: str) -> int:
    """The decimals of the currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD.

    ISO has none for metals, other special codes and former currencies; for these they are CLDR's.
    """
    decimals = _decimals_in_iso().get(currency)
    return get_currency_precision(currency) if decimals is None else decimals


@cache
def _decimals_in_iso() -> Mapping[str, int | None]:
    return {currency.code: currency.exponent for currency in Currency}


# The same catalogue prices come with many carts and pages.
@lru_cache(16_384)
def parse_amount(text: str, currency: str, digits: int = PRICE_DIGITS) -> int:
    """Read "19.99" as 1999 minor units.

    Raises ValueError unless there are at most `digits` digits before the dot and at most the
    currency's decimals after it.
    """
    match = _amount_pattern(currency, digits).fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount of {currency}: {text!r}")
    whole, fraction = match.groups("")
    return int(whole + fraction.ljust(currency_decimals(currency), "0"))


def parse_price(text: str, currency: str) -> int:
    """Read a catalogue price: an amount that may have extra zeros, as shops export "45.0000".

    Raises ValueError.
    """
    whole, dot, fraction = text.partition(".")
    decimals = currency_decimals(currency)
    if dot and len(fraction) > decimals and not fraction[decimals:].strip("0"):
        text = f"{whole}.{fraction[:decimals]}" if decimals else whole
    return parse_amount(text, currency)


@cache
def _amount_pattern(currency: str, digits: int) -> re.Pattern[str]:
    decimals = currency_decimals(currency)
    whole = f"(0|[1-9][0-9]{{0,{digits - 1}}})"
    fraction = f"(?:[.]([0-9]{{1,{decimals}}}))?" if decimals else "()"
    return re.compile(whole + fraction, re.ASCII)


def format_amount(amount: int, currency: str) -> str:
    """Write 1999 minor units as "19.99", with all the currency's decimals."""
    return amount_writer(currency)(amount)


@cache
def amount_writer(currency: str) -> Callable[[int], str]:
    """The function that writes amounts of one currency, as `format_amount` does.

    A priced cart has some twenty.
    """
    decimals = currency_decimals(currency)
    unit = 10**decimals
    fractions = [f".{part:0{decimals}d}" for part in range(unit)] if decimals else [""]

    def write(amount: int) -> str:
        return f"{amount // unit}{fractions[amount % unit]}"

    return write


def parse_percent(text: str) -> int:
    """Read "12.5" as 12_500_000.

    Raises ValueError unless 0 < percent <= 100, written in digits with up to six decimals and a
    dot (`discount_percent` of the merchant API).
    """
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a percent: {text!r}")
    percent = int(match[1]) * PERCENT + int((match[2] or "").ljust(6, "0"))
    if not 0 < percent <= FULL_PERCENT:
        raise ValueError(f"not above 0 and at most 100: {text!r}")
    return percent


# A shop uses few percents, but every pick of every line has one.
@lru_cache(4096)
def format_percent(percent: int) -> str:
    """Write 12_500_000 as "12.5": no trailing zeros."""
    whole, millionths = divmod(percent, PERCENT)
    return f"{whole}.{millionths:06d}".rstrip("0").rstrip(".")


def percent_of(amount: int, percent: int) -> int:
    """The part of an amount, rounded half up to the minor unit."""
    return (2 * amount * percent + FULL_PERCENT) // (2 * FULL_PERCENT)


def split_amount(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to the weights, by largest remainder.

    The parts add up to the amount. No part exceeds its weight if the amount is at most the sum of
    the weights. On equal remainders the earlier part gets more. If all weights are zero, the amount
    must be zero.
    """
    total = sum(weights)
    if total == 0:
        if amount:
            raise ValueError("nothing to split an amount over")
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    missing = amount - sum(parts)
    if missing:
        remainders = [amount * weight % total for weight in weights]
        largest = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)
        for i in largest[:missing]:
            parts[i] += 1
    return parts
