"""Texts of forms as values: amounts with their currencies, whole numbers, and lists.

Each reader notes a fault for the field, and then returns a neutral value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from sconto.domain.blanks import trim
from sconto.domain.codes import code_key
from sconto.domain.coverage_file import read_percent
from sconto.domain.money import format_amount, known_currencies, parse_amount
from sconto.domain.names import NAME_LENGTH, REFERENCE_LENGTH, is_name, is_reference
from sconto.domain.numbers import parse_id
from sconto.portal.faults import PERCENT_FAULT, Faults, name_some
from sconto.portal.language import Language

_Choice = TypeVar("_Choice", bound=StrEnum)

_WORD: Final = re.compile(r"[^\s,;]+")
_BETWEEN_AMOUNTS: Final = re.compile(r"[;/\n]|,(?!\d)")
_AMOUNT: Final = re.compile(r"([A-Za-z]{3})?\s*([0-9]+(?:[.,][0-9]+)?)\s*([A-Za-z]{3})?")
_COUNT: Final = re.compile("-?[0-9]{1,12}")


def choice_of(choices: type[_Choice], text: str) -> _Choice | None:
    """The choice of this name; None for other texts."""
    return choices(text) if text in choices._value2member_map_ else None


def words_of(text: str) -> Iterator[str]:
    """The words between blanks, commas and semicolons; lazily, as there may be a million."""
    return (found[0] for found in _WORD.finditer(text))


def check_name(text: str, language: Language, faults: Faults) -> None:
    """Note what is wrong with the name of a promotion."""
    if not is_name(text):
        sentence = language.gettext("Write a name of 1 to %(most)s characters.")
        faults.note("name", sentence % {"most": NAME_LENGTH})


def read_amounts(
    name: str, text: str, language: Language, faults: Faults, *, least: int = 1
) -> dict[str, int]:
    """Amounts such as `10 EUR; 12.50 CHF` in minor units, by currency; empty for no text."""
    amounts: dict[str, int] = {}
    for part in filter(None, map(trim, _BETWEEN_AMOUNTS.split(text))):
        match = _AMOUNT.fullmatch(part)
        before, number, after = match.groups() if match else (None, "", None)
        currency = (before or after or "").upper()
        is_named_once = bool(before) != bool(after) and currency in known_currencies()
        try:
            amount = parse_amount(number.replace(",", "."), currency) if is_named_once else -1
        except ValueError:
            amount = -1
        if amount < least or currency in amounts:
            sentence = language.gettext(
                "Write amounts with their currencies, such as 10.00 EUR; 12.50 CHF. Wrong: %(text)s"
            )
            faults.note(name, sentence % {"text": name_some([part])})
            return {}
        amounts[currency] = amount
    return amounts


def read_required_amounts(
    name: str, text: str, language: Language, faults: Faults, *, least: int = 1
) -> dict[str, int]:
    """Like `read_amounts`, but an empty text is a fault."""
    amounts = read_amounts(name, text, language, faults, least=least)
    if not amounts:
        faults.note(name, language.gettext("Write an amount with its currency, such as 10.00 EUR."))
    return amounts


def write_amounts(amounts: Mapping[str, int] | None) -> str:
    """The text of a field for amounts."""
    written = (amounts or {}).items()
    return "; ".join(
        f"{format_amount(amount, currency)} {currency}" for currency, amount in written
    )


def read_count(
    name: str, text: str, most: int, language: Language, faults: Faults, least: int = 1
) -> int | None:
    """A whole number; None for no text."""
    if not text:
        return None
    count = int(text) if _COUNT.fullmatch(text) else least - 1
    if least <= count <= most:
        return count
    sentence = language.gettext("Write a whole number from %(least)s to %(most)s.")
    named = {"least": language.number(least), "most": language.number(most)}
    faults.note(name, sentence % named)
    return None


def read_required_count(name: str, text: str, most: int, language: Language, faults: Faults) -> int:
    """Like `read_count`, but an empty text is a fault."""
    return read_count(name, text or "-", most, language, faults) or 1


def write_count(count: int | None) -> str:
    """The text of a field for a number."""
    return "" if count is None else str(count)


def read_a_percent(name: str, text: str, language: Language, faults: Faults) -> int:
    """A percent in millionths."""
    try:
        return read_percent(text)
    except ValueError:
        faults.note(name, language.gettext(PERCENT_FAULT))
        return 1


def read_codes(name: str, text: str, language: Language, faults: Faults) -> tuple[str, ...]:
    """The codes, without other spellings of the same code."""
    codes: dict[str, str] = {}
    bad = []
    for code in filter(None, map(trim, words_of(text))):
        key = code_key(code)
        if key is None:
            bad.append(code)
        else:
            codes.setdefault(key, code)
    if bad:
        sentence = language.gettext(
            "A code has 1 to 30 letters, digits, dashes, underscores and dots; wrong: %(texts)s."
        )
        faults.note(name, sentence % {"texts": name_some(bad)})
    return tuple(codes.values())


def read_product_ids(
    name: str, text: str, most: int, language: Language, faults: Faults
) -> frozenset[int]:
    """The ids of products, up to `most`."""
    read = {word: parse_id(word) for word in words_of(text)}
    if bad := [word for word, product_id in read.items() if product_id is None]:
        sentence = language.gettext("These are not product ids: %(texts)s.")
        faults.note(name, sentence % {"texts": name_some(bad)})
    _note_too_many(name, len(read), most, language, faults)
    return frozenset(product_id for product_id in read.values() if product_id is not None)


def write_product_ids(ids: Iterable[int]) -> str:
    """The text of a field for ids of products."""
    return " ".join(map(str, sorted(ids)))


def read_references(
    name: str, text: str, most: int, language: Language, faults: Faults
) -> frozenset[str]:
    """Tags or segments with commas or lines between them, up to `most`."""
    texts = frozenset(filter(None, map(trim, re.split("[,;\n]", text))))
    if bad := sorted(one for one in texts if not is_reference(one)):
        sentence = language.gettext("Each has 1 to %(most)s characters; wrong: %(texts)s.")
        faults.note(name, sentence % {"most": REFERENCE_LENGTH, "texts": name_some(bad)})
    _note_too_many(name, len(texts), most, language, faults)
    return texts


def write_references(references: Iterable[str]) -> str:
    """The text of a field for tags or segments."""
    return ", ".join(sorted(references))


def _note_too_many(name: str, count: int, most: int, language: Language, faults: Faults) -> None:
    if count > most:
        sentence = language.gettext("At most %(number)s can be named.")
        faults.note(name, sentence % {"number": language.number(most)})
