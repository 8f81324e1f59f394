"""How amounts are stored: of thirteen currencies, as versions before this one stored them.

Those versions took CLDR's decimals for ISO 4217's, so in these currencies they knew whole units
only: 150 dinars are 150 to them and 15000 to us. What they stored stays as it is, for they may
serve beside this version during an upgrade, and neither may misread what the other counted:

- Redemptions and counters are whole units, with a fraction where we need one: both versions add to
  the same sums.
- A product's price is whole units too, rounded down; `exact_price` has it in minor units where
  there is a fraction. It counts while both agree, for a version before changes `price` alone.
- An order's outcome is in minor units and says so (`outcomes`). One that does not is of a version
  before: it was priced and rounded in whole units.
"""

from decimal import Decimal
from typing import Final

from sconto.domain.money import currency_decimals

WHOLE_UNITS: Final = (
    "AFN", "ALL", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER",
)  # fmt: skip
"""The currencies whose stored amounts are whole units."""


def minor_units_in_one_stored(currency: str) -> int:
    """By what a stored amount is multiplied to be one of minor units."""
    return int(10 ** currency_decimals(currency)) if currency in WHOLE_UNITS else 1


def stored_discount(discount: int, currency: str) -> str:
    """A discount in minor units as redemptions and counters have it: the text of a number."""
    if currency not in WHOLE_UNITS:
        return str(discount)
    return format(Decimal(discount).scaleb(-currency_decimals(currency)), "f")


def discount_from(stored: Decimal, currency: str) -> int:
    """A discount of redemptions or counters in minor units."""
    return int(stored * minor_units_in_one_stored(currency))


def stored_price(price: int, currency: str) -> tuple[int, int | None]:
    """The columns `price` and `exact_price` of a product's price in minor units."""
    units, rest = divmod(price, minor_units_in_one_stored(currency))
    return units, price if rest else None


_FACTORS: Final = " ".join(
    f"WHEN '{currency}' THEN {minor_units_in_one_stored(currency)}" for currency in WHOLE_UNITS
)

PRICE: Final = f"""
    CASE
        WHEN exact_price / (CASE currency {_FACTORS} ELSE 1 END) = price THEN exact_price
        ELSE price * (CASE currency {_FACTORS} ELSE 1 END)
    END"""
"""A product's price in minor units, of the row of `products`."""
