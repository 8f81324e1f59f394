"""How amounts are stored; in thirteen currencies, as versions before schema 0013 stored them.

Those versions used CLDR's decimals instead of ISO 4217's. So in these currencies they knew whole
units only: 150 dinars are 150 to them and 15000 to us. What they stored is left unchanged, because
they may run at the same time as this version during an upgrade, and both must read the same
amounts:

- Redemptions and counters are whole units, with a fraction if necessary. Both versions add to the
  same sums.
- A product's price is in whole units, rounded down. If it has a fraction, `exact_price` has it in
  minor units. `exact_price` counts only while both agree, because older versions change `price`
  alone.
- An order's outcome is in minor units and says so (`outcomes`). One that does not say so is from an
  older version, which priced and rounded in whole units.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from sconto.domain.money import currency_decimals

WHOLE_UNITS: Final = (
    "AFN", "ALL", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER",
)  # fmt: skip
"""The currencies whose stored amounts are whole units."""


def minor_units_in_one_stored(currency: str) -> int:
    """The factor from a stored amount to minor units."""
    return int(10 ** currency_decimals(currency)) if currency in WHOLE_UNITS else 1


def stored_discount(discount: int, currency: str) -> str:
    """A discount in minor units, as redemptions and counters store it: a number as text."""
    if currency not in WHOLE_UNITS:
        return str(discount)
    return format(Decimal(discount).scaleb(-currency_decimals(currency)), "f")


def stored_discounts(discounts: Sequence[int], currency: str) -> str:
    """Discounts in minor units, as redemptions and counters store them: an array as text.

    asyncpg takes ten times as long to write numeric values, and PostgreSQL longer to read a text
    for each of them.
    """
    if currency not in WHOLE_UNITS:
        return array_text(discounts)
    return f"{{{','.join([stored_discount(one, currency) for one in discounts])}}}"


def array_text(numbers: Iterable[int]) -> str:
    """An array of integers as text.

    asyncpg asks of each element whether it is an array, which takes longer than all else of it.
    """
    return f"{{{','.join(map(str, numbers))}}}"


def discount_from(stored: Decimal, currency: str) -> int:
    """A stored discount of redemptions or counters, in minor units."""
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
"""The price in minor units of a row of `products`."""

OUTCOME_UNIT: Final = f"""
    CASE WHEN outcome -> 'decimals' IS NULL
        THEN (CASE outcome ->> 'currency' {_FACTORS} ELSE 1 END) ELSE 1 END"""
"""The minor units in one stored unit of the amounts in `orders.outcome`."""
