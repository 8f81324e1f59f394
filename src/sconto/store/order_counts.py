"""The counters that a placed order adds to: of redemptions, and of orders.

An order adds to rows of its slot (`orders`). Those of `redemption_counts` add up its redemptions.
Those of `open_order_counts` count it once for the merchant, and once for each promotion that
applied or was beaten. When their day is over they are moved to `order_counts`, which has no slots
(`counters`). Amounts are as in redemptions (`stored_amounts`).
"""

from collections.abc import Iterable
from typing import Final

from sconto.domain.bill import PricedCart
from sconto.domain.codes import CodeType
from sconto.domain.order_counts import CountSubject, counts_of
from sconto.domain.redemption import Redemption
from sconto.store.stored_amounts import array_text, stored_discounts

# Enum lookups are slow in Python 3.11.
_SUBSCRIPTION, _ONE_TIME = CountSubject.SUBSCRIPTION, CodeType.ONE_TIME

# Each array costs an order two microseconds, so few arrays carry much: a promotion for
# subscriptions has a negative id, and all orders have 0; all one-time codes are code -1; the weight
# is negative if the promotion did not apply, and 2 or -2 in the row that counts the order.
TALLY: Final = """tally AS (
    SELECT slot, abs(id) AS promotion_id, greatest(code, 0) AS code_id,
           CASE WHEN id > 0 THEN 'promotion' WHEN id < 0 THEN 'subscription'
                WHEN discount > 0 THEN 'discounted' ELSE 'full price' END AS subject,
           CASE code WHEN 0 THEN 'none' WHEN -1 THEN 'one-time' ELSE 'reusable' END AS code_type,
           weight > 0 AS applied, uses, abs(weight) / 2 AS orders, discount
    FROM (
        SELECT number AS slot, unnest(${0}::text::bigint[]) AS id,
               unnest(${1}::text::bigint[]) AS code, unnest(${2}::text::integer[]) AS uses,
               unnest(${3}::text::integer[]) AS weight,
               unnest(${4}::text::numeric[]) AS discount
        FROM slot
    ) AS one
), """
"""What the order counts for, in its slot; to be formatted with the numbers of five parameters."""

COUNTED: Final = """counted AS (
    INSERT INTO redemption_counts AS counts (merchant_id, promotion_id, code_id, code_type, applied,
                                             currency, day, slot, uses, discount)
    SELECT $1, promotion_id, code_id, code_type, applied, $13, $14, slot, uses, discount
    FROM tally
    WHERE uses > 0
    ON CONFLICT (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot)
    DO UPDATE SET uses = counts.uses + excluded.uses, discount = counts.discount + excluded.discount
    {returning}
), order_counted AS (
    INSERT INTO open_order_counts AS counts (merchant_id, subject, promotion_id, code_id, currency,
                                             day, slot, orders, beaten, discount, revenue)
    SELECT $1, subject, promotion_id, code_id, $13, $14, slot,
           CASE WHEN applied THEN orders ELSE 0 END, CASE WHEN applied THEN 0 ELSE orders END,
           discount, CASE WHEN applied THEN orders * $12::text::numeric ELSE 0 END
    FROM tally
    WHERE applied OR orders > 0
    ON CONFLICT (merchant_id, subject, promotion_id, code_id, currency, day, slot)
    DO UPDATE SET orders = counts.orders + excluded.orders,
                  beaten = counts.beaten + excluded.beaten,
                  discount = counts.discount + excluded.discount,
                  revenue = counts.revenue + excluded.revenue
    {returning}
)"""
"""The parts that add it up, in the order of the rows of `tally`; to be formatted with what they
return, if anything."""


def tally_arguments(outcome: PricedCart, redemptions: Iterable[Redemption]) -> tuple[str, ...]:
    """The five arguments of `TALLY`: arrays as texts."""
    counts = counts_of(outcome, redemptions)
    return (
        array_text(
            [
                -one.promotion_id if one.subject is _SUBSCRIPTION else one.promotion_id
                for one in counts
            ]
        ),
        array_text([-1 if one.code_type is _ONE_TIME else one.code_id for one in counts]),
        array_text([one.uses for one in counts]),
        array_text([(1 + one.orders) if one.applied else -1 - one.orders for one in counts]),
        stored_discounts([one.discount for one in counts], outcome.currency),
    )
