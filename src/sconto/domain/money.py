"""Amounts and percents as integers: the one place where a fraction is rounded.

An amount is an integer of the currency's minor unit (cents of a euro, whole yen). A percent is an
integer of millionths of one percent: 12.5 % is 12_500_000. Both are exact, so that sums add up.

Minor units are those of ISO 4217. The package `iso4217` has ISO's own table and names its date in
its version. CLDR, which babel has, tells how people write amounts: whole dinars of RSD, for one.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Final

from babel.numbers import get_currency_precision, list_currencies
from iso4217 import Currency

PERCENT: Final = 1_000_000
"""One percent."""

FULL_PERCENT: Final = 100 * PERCENT
"""A hundred percent: the whole amount."""

PRICE_DIGITS: Final = 12
"""A price on the wire has at most this many digits before the dot."""

TOTAL_DIGITS: Final = 24
"""So has a total: the largest cart has 500 lines of a million units of the highest price."""

CURRENCY_OF_MOST_DECIMALS: Final = "CLF"
"""Stands in for a currency that is not valid itself, so that its amounts are still judged."""

_PERCENT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?", re.ASCII)


@cache
def known_currencies() -> frozenset[str]:
    """The codes that an amount can be in: those of ISO 4217, of today and of former days."""
    return frozenset(list_currencies()) | _decimals_in_iso().keys()


@cache
def currency_decimals(currency: str) -> int:
    """How many decimals the currency's minor unit has: 2 for EUR, 0 for JPY, 3 for KWD.

    ISO gives none for metals and other special codes, and none for former currencies; theirs are
    CLDR's.
    """
    decimals = _decimals_in_iso().get(currency)
    return get_currency_precision(currency) if decimals is None else decimals


@cache
def _decimals_in_iso() -> Mapping[str, int | None]:
    return {currency.code: currency.exponent for currency in Currency}


# The prices of a catalogue come again with each cart and each page.
@lru_cache(16_384)
def parse_amount(text: str, currency: str, digits: int = PRICE_DIGITS) -> int:
    """Read "19.99" as 1999 minor units.

    Raises ValueError for anything but at most so many digits before the dot, and at most the
    currency's decimals after it.
    """
    match = _amount_pattern(currency, digits).fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount of {currency}: {text!r}")
    whole, fraction = match.groups("")
    return int(whole + fraction.ljust(currency_decimals(currency), "0"))


def parse_price(text: str, currency: str) -> int:
    """Read a price of a catalogue: an amount, perhaps with zeros beyond the currency's decimals.

    Other shops export "45.0000". Raises ValueError.
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
    unit, fractions = _minor_units(currency)
    return str(amount // unit) + fractions[amount % unit]


@cache
def _minor_units(currency: str) -> tuple[int, tuple[str, ...]]:
    """How many minor units make one of the currency, and how each fraction of it is written."""
    decimals = currency_decimals(currency)
    unit = 10**decimals
    return unit, tuple(f".{part:0{decimals}d}" for part in range(unit)) if decimals else ("",)


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


# A shop uses few percents, and writes one for every pick of every line.
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

    The parts add up to the amount, and none exceeds its own weight while the amount is at most the
    sum of the weights. Equal remainders go to the earlier part. With all weights zero, the amount
    must be zero too.
    """
    total = sum(weights)
    if total == 0:
        if amount:
            raise ValueError("nothing to split an amount over")
        return [0] * len(weights)
    shares = [divmod(amount * weight, total) for weight in weights]
    parts = [whole for whole, _ in shares]
    missing = amount - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: -shares[i][1])
    for i in by_remainder[:missing]:
        parts[i] += 1
    return parts
