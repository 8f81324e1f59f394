"""The counters of an order that is placed: of redemptions, and of orders.

An order adds to rows of its slot (`orders`). Those of `redemption_counts` add up its redemptions.
Those of `open_order_counts` count it once for the merchant, and once for each promotion that
applied or was beaten. When their day is over they are moved to `order_counts`, which has no slots
(`counters`). Amounts are as in redemptions (`stored_amounts`).
"""

from collections.abc import Iterable
from typing import Final

from sconto.domain.bill import PricedCart
from sconto.domain.order_counts import counts_of
from sconto.domain.redemption import Redemption
from sconto.store.code_ids import NO_CODE_TYPE
from sconto.store.stored_amounts import stored_discount

TALLY: Final = """tally AS (
    SELECT *
    FROM unnest(${0}::text[], ${1}::bigint[], ${2}::bigint[], ${3}::text[], ${4}::boolean[],
                ${5}::integer[], ${6}::integer[], ${7}::text[]::numeric[])
        AS one (subject, promotion_id, code_id, code_type, applied, uses, orders, discount)
), """
"""What the order counts for; to be formatted with the numbers of nine parameters."""

COUNTED: Final = """counted AS (
    INSERT INTO redemption_counts AS counts (merchant_id, promotion_id, code_id, code_type, applied,
                                             currency, day, slot, uses, discount)
    SELECT $1, promotion_id, code_id, code_type, applied, $13, $14, slot.number, uses, discount
    FROM slot
    CROSS JOIN tally
    WHERE uses > 0
    ON CONFLICT (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot)
    DO UPDATE SET uses = counts.uses + excluded.uses, discount = counts.discount + excluded.discount
), order_counted AS (
    INSERT INTO open_order_counts AS counts (merchant_id, subject, promotion_id, code_id, currency,
                                             day, slot, orders, beaten, discount, revenue)
    SELECT $1, subject, promotion_id, code_id, $13, $14, slot.number,
           CASE WHEN applied THEN orders ELSE 0 END, CASE WHEN applied THEN 0 ELSE orders END,
           discount, CASE WHEN applied THEN orders * ${8}::text::numeric ELSE 0 END
    FROM slot
    CROSS JOIN tally
    WHERE applied OR orders > 0
    ON CONFLICT (merchant_id, subject, promotion_id, code_id, currency, day, slot)
    DO UPDATE SET orders = counts.orders + excluded.orders,
                  beaten = counts.beaten + excluded.beaten,
                  discount = counts.discount + excluded.discount,
                  revenue = counts.revenue + excluded.revenue
)"""
"""The parts that add it up, in the order of the rows of `tally`."""


def tally_arguments(outcome: PricedCart, redemptions: Iterable[Redemption]) -> tuple[object, ...]:
    """The nine arguments; amounts as texts, as in `orders`."""
    currency = outcome.currency
    subjects, promotion_ids, code_ids, code_types, applied, uses, orders, discounts = zip(
        *counts_of(outcome, redemptions), strict=True
    )
    return (
        subjects,
        promotion_ids,
        code_ids,
        [code_type or NO_CODE_TYPE for code_type in code_types],
        applied,
        uses,
        orders,
        [stored_discount(discount, currency) for discount in discounts],
        stored_discount(outcome.total, currency),
    )
