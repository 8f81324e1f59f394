"""Promotion codes: how they are written, and when two of them are the same code."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from unicodedata import normalize

from sconto.domain.blanks import trim

# U+0482 to U+0489 are the signs of the Cyrillic block that are no letters.
_CODE = re.compile(r"[A-Za-z0-9\u0400-\u0481\u048A-\u04FF_.-]{1,30}")

# No code is spelled with more characters. To put many marks in order takes the square of their
# number, and some texts are bounded by the size of a body alone.
_LONGEST_SPELLING: Final = 255

_PARTS: Final = 64


class CodeType(StrEnum):
    """Whether a code serves the products of one order, or of any number of orders."""

    ONE_TIME = "one-time"
    REUSABLE = "reusable"


def is_code(text: str) -> bool:
    """Whether the text can be a promotion code.

    1 to 30 Latin and Cyrillic letters (A-Z, a-z, U+0400 to U+04FF), digits, dashes, underscores and
    dots (`coupons.coupon_code` of the merchant API). The signs of that block that are not letters,
    such as U+0482, are refused. A letter and its mark may be one character or two: judged in NFC.
    """
    return _CODE.fullmatch(text) is not None or _CODE.fullmatch(_compose(text)) is not None


def code_key(text: str) -> str | None:
    """What all spellings of a code have in common; None for what can be no code.

    Codes are compared in NFC, whatever their case, without blanks and invisible characters at
    their ends. The one normaliser: for writing, look-up and input.
    """
    # What matches has no character that trimming or NFC would change.
    if _CODE.fullmatch(text) is None:
        text = _compose(trim(text))
        if _CODE.fullmatch(text) is None:
            return None
    return text.casefold()


def is_typed_code(text: str) -> bool:
    """Whether the text is a code but for blanks and invisible characters at its ends."""
    return code_key(text) is not None


def typed_code_key(text: str) -> str:
    """What a text that was typed as a code is compared by; what can be no code keeps its case."""
    return code_key(text) or _compose(trim(text))


def count_different(codes: Iterable[str]) -> int:
    """How many codes there are, each counted once however it is spelled.

    Counted in parts, each forgotten by itself: to forget a million texts at once is one long step.
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
    """The codes of a cart by what they are compared by, as typed, in the order of activation.

    A repeated code counts where it stands last.
    """
    activated: dict[str, str] = {}
    for text in texts:
        key = typed_code_key(text)
        activated.pop(key, None)
        activated[key] = text
    return activated


def _compose(text: str) -> str:
    return normalize("NFC", text) if len(text) <= _LONGEST_SPELLING else text
