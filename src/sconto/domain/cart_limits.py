"""What a cart may hold, whoever sends it."""

from typing import Final

MOST_LINES_OF_CART: Final = 500
MOST_CODES_OF_CART: Final = 20
MOST_UNITS_OF_LINE: Final = 1_000_000
LONGEST_CODE_OF_CART: Final = 255
"""Characters of a code as it was typed; longer ones than any promotion's are still answered."""
