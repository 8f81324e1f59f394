"""Promotion codes: what a code may look like, and when two texts are the same code."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from unicodedata import normalize

from sconto.domain.blanks import trim

# U+0482 to U+0489 are signs in the Cyrillic block that are not letters.
_CODE = re.compile(r"[A-Za-z0-9\u0400-\u0481\u048A-\u04FF_.-]{1,30}")

# No spelling of a code is longer. NFC takes quadratic time in the number of combining marks, and
# some texts are limited only by the size of the body.
_LONGEST_SPELLING: Final = 255

_PARTS: Final = 64


class CodeType(StrEnum):
    """Whether a code serves one order or any number of orders."""

    ONE_TIME = "one-time"
    REUSABLE = "reusable"


def is_code(text: str) -> bool:
    """Whether the text can be a promotion code.

    1 to 30 Latin and Cyrillic letters (A-Z, a-z, U+0400 to U+04FF), digits, dashes, underscores and
    dots (`coupons.coupon_code` of the merchant API). Characters of that block that are not letters,
    such as U+0482, are refused. A letter with a mark may be one character or two: NFC decides.
    """
    return _CODE.fullmatch(text) is not None or _CODE.fullmatch(_compose(text)) is not None


def code_key(text: str) -> str | None:
    """The key that all spellings of a code share; None if the text cannot be a code.

    Codes are compared in NFC, ignoring case and blanks and invisible characters at their ends.
    Writing, look-up and input all use this function.
    """
    # A text that matches has no character that trimming or NFC would change.
    if _CODE.fullmatch(text) is None:
        text = _compose(trim(text))
        if _CODE.fullmatch(text) is None:
            return None
    return text.casefold()


def is_typed_code(text: str) -> bool:
    """Whether the text is a code, apart from blanks and invisible characters at its ends."""
    return code_key(text) is not None


def typed_code_key(text: str) -> str:
    """The key of a text that was typed as a code; if it cannot be a code it keeps its case."""
    return code_key(text) or _compose(trim(text))


def count_different(codes: Iterable[str]) -> int:
    """How many different codes there are, whatever their spelling.

    Counted in parts, because freeing a million texts in one step blocks the process for long.
    """
    parts: list[set[str]] = [set() for _ in range(_PARTS)]
    for code in codes:
        key = code_key(code) or code
        parts[hash(key) % _PARTS].add(key)
    different = 0
    while parts:
        different += len(parts.pop())
    return different


def activated_codes(texts: Iterable[str]) -> dict[str, str]:
    """The codes of a cart as typed, by their keys, in the order of activation.

    A repeated code counts at its last place.
    """
    activated: dict[str, str] = {}
    for text in texts:
        key = typed_code_key(text)
        activated.pop(key, None)
        activated[key] = text
    return activated


def _compose(text: str) -> str:
    return normalize("NFC", text) if len(text) <= _LONGEST_SPELLING else text
