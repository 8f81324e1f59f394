"""E-mail addresses of users."""

import re
from typing import Final

from sconto.domain.names import is_name

_LENGTH: Final = 254
"""The longest address that mail servers take (RFC 5321)."""

# Without characters that separate or quote addresses in the fields of a mail.
_LETTERS: Final = r'[^@\s<>()\[\],;:"\\]+'
_EMAIL: Final = re.compile(rf"{_LETTERS}@{_LETTERS}")


def read_email(text: str) -> str | None:
    """The address as it is stored, in small letters; None if it is not valid.

    By the standard the part before the @ may be case-sensitive; no provider makes it so.
    """
    folded = text.strip().casefold()
    is_email = len(folded) <= _LENGTH and is_name(folded) and _EMAIL.fullmatch(folded)
    return folded if is_email else None
