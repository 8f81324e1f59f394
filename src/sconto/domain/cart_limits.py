"""Limits on the size of a cart, of a list of prices and of a cart promotion."""

from typing import Final

MAX_LINES_OF_CART: Final = 500
MAX_UNITS_OF_LINE: Final = 1_000_000
MAX_CODES_OF_CART: Final = 20
MAX_CODES_OF_SUBSCRIPTION: Final = 20
MAX_PRICES: Final = 1_000
MAX_SEGMENTS: Final = 50

LONGEST_CODE_OF_CART: Final = 255
"""Characters of a code as a shopper may type it. Longer codes than any promotion's are answered."""

MAX_SELECTED_PRODUCTS: Final = 10_000
MAX_SELECTED_TAGS: Final = 100
MAX_TIERS: Final = 20

HIGHEST_QUANTITY: Final = MAX_LINES_OF_CART * MAX_UNITS_OF_LINE
"""Units that a cart can have."""

HIGHEST_COUNT: Final = 1_000_000_000
"""Orders that a limit can allow, and units that a condition can ask for."""

HIGHEST_PRIORITY: Final = 1000
"""The lowest priority is as far below zero."""
