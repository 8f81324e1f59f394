"""The parts of the order statement that record the redemptions.

The worker encodes each redemption's kind in one number, the sum of the constants below. To find it
out by sorting would cost PostgreSQL more than the rest of this part. A list is an array in the
select list: in FROM, each array would be stored before it is read.
"""

from collections.abc import Sequence
from typing import Final

from sconto.domain.codes import CodeType
from sconto.domain.redemption import Redemption
from sconto.store.code_ids import NO_CODE, NO_CODE_TYPE
from sconto.store.stored_amounts import array_text, stored_discounts

_APPLIED: Final = 1
_IS_LISTED: Final = 2
"""The one redemption of each promotion and code that has the order's time."""
_BY_ONE_TIME_CODE: Final = 4

PICKED: Final = f"""picked AS (
    SELECT product_id, promotion_id, code_id, discount, kind & {_APPLIED} > 0 AS applied,
           kind & {_IS_LISTED} > 0 AS is_listed,
           CASE WHEN code_id = {NO_CODE} THEN '{NO_CODE_TYPE}'
                WHEN kind & {_BY_ONE_TIME_CODE} > 0 THEN 'one-time'
                ELSE 'reusable' END AS code_type
    FROM (
        SELECT unnest($7::text::bigint[]) AS product_id,
               unnest($8::text::bigint[]) AS promotion_id,
               unnest($9::text::bigint[]) AS code_id,
               unnest($10::text::integer[]) AS kind,
               unnest($11::text::numeric[]) AS discount
    ) AS redemption
), """  # noqa: S608  # of our own constants

RECORDED: Final = """recorded AS (
    INSERT INTO redemptions (merchant_id, order_id, product_id, promotion_id, code_id, code_type,
                             applied, discount, placed_at)
    SELECT $1, placed.order_id, product_id, promotion_id, code_id, code_type, applied, discount,
           CASE WHEN is_listed THEN $3 END
    FROM placed
    CROSS JOIN picked
    {returning}
), """
"""To be formatted with what it returns, if anything."""

# Enum lookups are slow in Python 3.11.
_ONE_TIME: Final = CodeType.ONE_TIME


def redemption_arguments(redemptions: Sequence[Redemption], currency: str) -> tuple[str, ...]:
    """The five arguments of the statement, from $7 on: arrays as texts."""
    kinds, listed = [], set[tuple[int, int | None]]()
    for one in redemptions:
        kind = _APPLIED if one.applied else 0
        if one.code_type is _ONE_TIME:
            kind += _BY_ONE_TIME_CODE
        key = (one.promotion_id, one.code_id)
        if key not in listed:
            listed.add(key)
            kind += _IS_LISTED
        kinds.append(kind)
    return (
        array_text([one.product_id for one in redemptions]),
        array_text([one.promotion_id for one in redemptions]),
        array_text([one.code_id or NO_CODE for one in redemptions]),
        array_text(kinds),
        stored_discounts([one.discount for one in redemptions], currency),
    )
