"""How much one request to the checkout API may bring."""

from typing import Final

MOST_LINES: Final = 500
MOST_CODES: Final = 20
MOST_PRICES: Final = 1_000
MOST_UNITS: Final = 1_000_000
CODE_LENGTH: Final = 255
