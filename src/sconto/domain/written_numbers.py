"""Numbers as people write them: with a comma or a point, thousands, blanks and currency signs."""

import re
from dataclasses import dataclass
from typing import Final

from sconto.domain.blanks import trim
from sconto.domain.layout import DecimalSign
from sconto.domain.money import known_currencies

# Between thousands: blanks of all kinds, and apostrophes as in Switzerland.
_BETWEEN_THOUSANDS: Final = re.compile("(?<=[0-9])[ \u00a0\u2007\u2009\u202f'\u2019](?=[0-9]{3})")
_GROUPED: Final = {sign: re.compile(f"[0-9]{{1,3}}(?:[{sign}][0-9]{{3}})+") for sign in (".", ",")}
_UNCLEAR: Final = re.compile("[1-9][0-9]{0,2}[.,][0-9]{3}")

_SIGNS: Final = {
    "€": "EUR", "£": "GBP", "zł": "PLN", "Kč": "CZK", "₽": "RUB",
    "\u0440\u0443\u0431.": "RUB", "\u0440\u0443\u0431": "RUB",  # roubles
    "₴": "UAH", "грн": "UAH", "грн.": "UAH", "₺": "TRY", "TL": "TRY", "Ft": "HUF", "лв": "BGN",
    "лв.": "BGN", "Fr.": "CHF", "SFr.": "CHF", "₹": "INR", "₪": "ILS", "₩": "KRW", "R$": "BRL",
}  # fmt: skip
"""Signs of one currency."""

_SHARED_SIGNS: Final = ("$", "¥", "kr", "kr.")
"""Signs of several currencies: they say nothing."""

_AFFIXES: Final = sorted((*_SIGNS, *_SHARED_SIGNS), key=len, reverse=True)
_CODE: Final = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number with a point and without thousands, as `1234.5`, and the currency written with it.

    `is_unclear` says that the sign may separate thousands or decimals: `1,234`. Then it is taken
    for the decimal sign.
    """

    number: str
    currency: str | None = None
    is_unclear: bool = False


def read_number(text: str, decimal: DecimalSign | None = None) -> WrittenNumber:
    """The number that a person wrote; a text that is not a number is returned unchanged.

    `decimal` says which sign is decimal. Without it the text decides: of two signs the last is
    decimal. A single sign is decimal unless it separates three digits, or occurs again.
    """
    rest, currency = _split_currency(trim(text))
    rest = _BETWEEN_THOUSANDS.sub("", rest)
    last = max(rest.rfind("."), rest.rfind(","))
    if last < 0:
        return WrittenNumber(rest, currency)
    sign = rest[last]
    other = "," if sign == "." else "."
    if decimal is not None:
        is_decimal = sign == decimal
        is_unclear = False
    else:
        is_unclear = _UNCLEAR.fullmatch(rest) is not None
        is_decimal = rest.count(sign) == 1
    whole, fraction = (rest[:last], rest[last + 1 :]) if is_decimal else (rest, "")
    thousands = other if is_decimal else sign
    if thousands in whole:
        if not _GROUPED[thousands].fullmatch(whole):
            return WrittenNumber(rest, currency)
        whole = whole.replace(thousands, "")
    return WrittenNumber(f"{whole}.{fraction}" if is_decimal else whole, currency, is_unclear)


def decimal_sign_of(text: str) -> DecimalSign | None:
    """The decimal sign that a number shows; None if it may be either, or there is none."""
    rest = _BETWEEN_THOUSANDS.sub("", _split_currency(trim(text))[0])
    if _UNCLEAR.fullmatch(rest) or not rest.strip(".,").replace(".", "").replace(",", "").isdigit():
        return None
    signs = [sign for sign in rest if sign in ".,"]
    if not signs:
        return None
    last = DecimalSign(signs[-1])
    if len(set(signs)) == 1 and len(signs) > 1:
        return DecimalSign.COMMA if last is DecimalSign.POINT else DecimalSign.POINT
    return last


def _split_currency(text: str) -> tuple[str, str | None]:
    """The text without a currency before or after it, and that currency if it is one alone."""
    for affix in _AFFIXES:
        for rest in (text.removeprefix(affix), text.removesuffix(affix)):
            if rest != text and rest:
                return trim(rest), _SIGNS.get(affix)
    for code, rest in ((text[:3], text[3:]), (text[-3:], text[:-3])):
        if _CODE.fullmatch(code) and code in known_currencies() and rest:
            return trim(rest), code
    return text, None
