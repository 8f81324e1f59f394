"""Promotion codes: how they are written, and when two of them are the same code."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

# U+0482 to U+0489 are the signs of the Cyrillic block that are no letters.
_CODE = re.compile(r"[A-Za-z0-9\u0400-\u0481\u048A-\u04FF_.-]{1,30}")

_PARTS: Final = 64


class CodeType(StrEnum):
    """Whether a code serves the products of one order, or of any number of orders."""

    ONE_TIME = "one-time"
    REUSABLE = "reusable"


def is_code(text: str) -> bool:
    """Whether the text can be a promotion code.

    1 to 30 Latin and Cyrillic letters (A-Z, a-z, U+0400 to U+04FF), digits, dashes, underscores and
    dots (`coupons.coupon_code` of the merchant API). The signs of that block that are not letters,
    such as U+0482, are refused.
    """
    return _CODE.fullmatch(text) is not None


def code_key(text: str) -> str | None:
    """What all spellings of a code have in common; None for what can be no code.

    Codes are compared whatever their case. The one normaliser: for writing, look-up and input.
    """
    return text.casefold() if is_code(text) else None


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

    A repeated code counts where it stands last. What can be no code is compared as it is typed.
    """
    activated: dict[str, str] = {}
    for text in texts:
        key = code_key(text) or text
        activated.pop(key, None)
        activated[key] = text
    return activated
