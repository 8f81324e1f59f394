"""Blanks and invisible characters at the ends of a text, which people copy along with it."""

from typing import Final


def _characters(*ranges: tuple[int, int]) -> str:
    return "".join(chr(point) for first, last in ranges for point in range(first, last + 1))


WHITE_SPACE: Final = _characters(
    (0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A),
    (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000),
)  # fmt: skip
"""Unicode's White_Space."""

INVISIBLE: Final = _characters(
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180E, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
)  # fmt: skip
"""Characters without width: joiners, direction marks, byte order marks, fillers.

Unicode's Default_Ignorable_Code_Point and annotation marks. Variation selectors and tags are left
out: they belong to the character before them, as in an emoji at the end of a code.
"""

_TRIMMED: Final = WHITE_SPACE + INVISIBLE
_TRIMMED_OF_ASCII: Final = "".join(filter(str.isascii, WHITE_SPACE))


def trim(text: str) -> str:
    """The text without blanks and invisible characters at its ends."""
    # Most texts are ASCII, and a search for six characters is faster than one for seventy.
    return text.strip(_TRIMMED_OF_ASCII if text.isascii() else _TRIMMED)
