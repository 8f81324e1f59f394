"""How much a cart and a list of prices may hold."""

from typing import Final

MOST_LINES_OF_CART: Final = 500
MOST_UNITS_OF_LINE: Final = 1_000_000
MOST_CODES_OF_CART: Final = 20
MOST_CODES_OF_SUBSCRIPTION: Final = 20
MOST_PRICES: Final = 1_000
MOST_SEGMENTS: Final = 50

LONGEST_CODE_OF_CART: Final = 255
"""Characters of a code as a shopper may type it. Longer codes than any promotion's are answered."""
