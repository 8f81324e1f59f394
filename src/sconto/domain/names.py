"""Names that people give: to merchants, to users."""

import unicodedata
from typing import Final

NAME_LENGTH: Final = 255
"""The longest name, in characters."""

_CONTROL_AND_SURROGATE: Final = frozenset(["Cc", "Cs"])


def is_name(text: str) -> bool:
    """Whether the text can be a name: 1 to 255 characters, not blank, none that cannot be shown.

    Control characters and halves of surrogate pairs cannot; nor could PostgreSQL store all of them.
    """
    return (
        0 < len(text) <= NAME_LENGTH
        and not text.isspace()
        and not any(unicodedata.category(letter) in _CONTROL_AND_SURROGATE for letter in text)
    )
