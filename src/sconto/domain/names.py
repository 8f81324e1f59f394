"""Names that people give: to merchants, to users, to their orders."""

import unicodedata
from typing import Final

NAME_LENGTH: Final = 255
"""The longest name, in characters."""

REFERENCE_LENGTH: Final = 64
"""The longest id that a shop gives an order or a line, in characters."""

_CONTROL_AND_SURROGATE: Final = frozenset(["Cc", "Cs"])
_BETWEEN_WORDS: Final = "\n\r\t"


def is_name(text: str) -> bool:
    """Whether the text can be a name: 1 to 255 characters, not blank, none that cannot be shown.

    Control characters and halves of surrogate pairs cannot; nor could PostgreSQL store all of them.
    """
    return 0 < len(text) <= NAME_LENGTH and not text.isspace() and _can_be_shown(text)


def is_username(text: str) -> bool:
    """Whether a new user can have the name: a slash would end the name of a merchant before it."""
    return is_name(text) and "/" not in text


def is_text(text: str) -> bool:
    """Whether the text, of several lines perhaps, is not blank and can be shown."""
    return not text.isspace() and _can_be_shown(
        "".join(letter for letter in text if letter not in _BETWEEN_WORDS)
    )


def is_reference(text: str) -> bool:
    """Whether the text can be the shop's own id of an order or a line: 1 to 64 characters."""
    return 0 < len(text) <= REFERENCE_LENGTH and _can_be_shown(text)


def _can_be_shown(text: str) -> bool:
    return text.isprintable() or not any(
        unicodedata.category(letter) in _CONTROL_AND_SURROGATE for letter in text
    )
