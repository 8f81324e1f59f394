"""Counters of orders: the part of the statement that places an order.

An order adds to rows of its slot (`orders`). They are one for the merchant, one for each promotion
that applied or was beaten, and one for each reusable code. Amounts are in minor units.
"""

from collections.abc import Iterable
from typing import Final

from sconto.domain.bill import PricedCart
from sconto.domain.order_counts import counts_of
from sconto.domain.redemption import Redemption

_TALLIED: Final = """tallied AS (
    INSERT INTO order_counts AS counts (merchant_id, subject, promotion_id, code_id, currency, day,
                                        slot, orders, beaten, discount, revenue)
    SELECT $1, subject, promotion_id, code_id, $13, $14, slot.number, applied::integer,
           1 - applied::integer, discount, CASE WHEN applied THEN ${total}::text::numeric ELSE 0 END
    FROM slot
    CROSS JOIN unnest(${subjects}::text[], ${promotions}::bigint[], ${codes}::bigint[],
                      ${applied}::boolean[], ${discounts}::text[]::numeric[])
        AS one (subject, promotion_id, code_id, applied, discount)
    ON CONFLICT (merchant_id, subject, promotion_id, day, code_id, currency, slot)
    DO UPDATE SET orders = counts.orders + excluded.orders,
                  beaten = counts.beaten + excluded.beaten,
                  discount = counts.discount + excluded.discount,
                  revenue = counts.revenue + excluded.revenue
)"""


def tallied(first: int) -> str:
    """The part that counts an order; its parameters have the numbers from `first` on."""
    return _TALLIED.format(
        subjects=first,
        promotions=first + 1,
        codes=first + 2,
        applied=first + 3,
        discounts=first + 4,
        total=first + 5,
    )


def tally_arguments(outcome: PricedCart, redemptions: Iterable[Redemption]) -> tuple[object, ...]:
    """The arguments of that part; amounts as texts, as in `orders`."""
    counts = counts_of(outcome, redemptions)
    return (
        [one.subject for one in counts],
        [one.promotion_id for one in counts],
        [one.code_id for one in counts],
        [one.applied for one in counts],
        [str(one.discount) for one in counts],
        str(outcome.total),
    )
