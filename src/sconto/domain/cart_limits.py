"""How much a cart and a list of prices may hold."""

from typing import Final

MOST_LINES: Final = 500
MOST_CODES_OF_CART: Final = 20
MOST_CODES_OF_SUBSCRIPTION: Final = 20
MOST_PRICES: Final = 1_000
MOST_UNITS: Final = 1_000_000
CODE_LENGTH: Final = 255
"""Characters of a code as a shopper may type it."""
