"""Names of merchants and users, and the shop's ids of orders and lines."""

import unicodedata
from typing import Final

NAME_LENGTH: Final = 255
"""The longest name, in characters."""

REFERENCE_LENGTH: Final = 64
"""The longest id that a shop gives an order or a line, in characters."""

_CONTROL_AND_SURROGATE: Final = frozenset(["Cc", "Cs"])
_BETWEEN_WORDS: Final = "\n\r\t"


def is_name(text: str) -> bool:
    """Whether the text can be a name: 1 to 255 characters, not blank, all of them printable.

    Control characters and halves of surrogate pairs are refused; PostgreSQL cannot store all of
    them.
    """
    return 0 < len(text) <= NAME_LENGTH and not text.isspace() and _is_printable(text)


def is_username(text: str) -> bool:
    """Whether a new user can have the name. A slash separates it from the merchant's name."""
    return is_name(text) and "/" not in text


def is_text(text: str) -> bool:
    """Whether the text is printable and not blank; it may have several lines."""
    return not text.isspace() and _is_printable(
        "".join(letter for letter in text if letter not in _BETWEEN_WORDS)
    )


def is_reference(text: str) -> bool:
    """Whether the text can be the shop's own id of an order or a line: 1 to 64 characters."""
    return 0 < len(text) <= REFERENCE_LENGTH and (text.isprintable() or _is_printable(text))


def _is_printable(text: str) -> bool:
    return text.isprintable() or not any(
        unicodedata.category(letter) in _CONTROL_AND_SURROGATE for letter in text
    )
