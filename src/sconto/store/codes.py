"""The codes of promotions: kept by key, removed without being forgotten."""

from collections.abc import Sequence
from datetime import datetime

from sconto.domain.codes import code_key
from sconto.domain.history import ListChange, Sample
from sconto.domain.ordering import arrange
from sconto.store.database import Connection
from sconto.store.row_writing import write_rows

_STORED = """
SELECT code_id, code, code_key, position
FROM codes
WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
"""

# The order gives the ids: each row's is drawn after the rows are sorted.
_INSERT = """
INSERT INTO codes (merchant_id, promotion_id, code, code_key, position)
SELECT $1, $2, new.code, new.code_key, new.position
FROM unnest($3::text[], $4::text[], $5::bigint[]) AS new (code, code_key, position)
ORDER BY new.position
"""

_UPDATE = """
UPDATE codes
SET code = wanted.code, position = wanted.position
FROM unnest($2::bigint[], $3::text[], $4::bigint[]) AS wanted (code_id, code, position)
WHERE codes.merchant_id = $1 AND codes.code_id = wanted.code_id
"""

_REMOVE = """
UPDATE codes SET removed_at = $3 WHERE merchant_id = $1 AND code_id = ANY ($2::bigint[])
"""


async def write_codes(
    connection: Connection, merchant_id: int, promotion_id: int, codes: Sequence[str], now: datetime
) -> ListChange:
    """Make these the promotion's codes; rows that stay the same are not written.

    A code that the promotion has stays that code, in its new spelling. New ones get ids that ascend
    in the order given, one that was removed earlier too. Those left out are removed: they stay on
    the orders that used them. (`coupons` of the merchant API's modify.)

    Answers what was changed; an order alone that differs is no change.
    """
    wanted = {code_key(code): code for code in codes}
    rows = await connection.fetch(_STORED, merchant_id, promotion_id)
    stored = {row["code_key"]: row for row in rows}
    positions = arrange([stored[key]["position"] if key in stored else None for key in wanted])
    new, changed, respelled = [], [], []
    for (key, code), position in zip(wanted.items(), positions, strict=True):
        row = stored.get(key)
        if row is None:
            new.append((code, key, position))
        elif (row["code"], row["position"]) != (code, position):
            changed.append((row["code_id"], code, position))
            if row["code"] != code:
                respelled.append((row["code"], code))
    if new:
        await write_rows(connection, _INSERT, merchant_id, promotion_id, *zip(*new, strict=True))
    # Orders wait for the codes that this transaction writes: they come last.
    if changed:
        await connection.execute(_UPDATE, merchant_id, *zip(*changed, strict=True))
    gone = [row for key, row in stored.items() if key not in wanted]
    if gone:
        await connection.execute(_REMOVE, merchant_id, [row["code_id"] for row in gone], now)
    return ListChange(
        len(stored),
        len(wanted),
        removed=Sample.of([row["code"] for row in gone]),
        added=Sample.of([code for code, _, _ in new]),
        replaced_before=Sample.of([old for old, _ in respelled]),
        replaced_after=Sample.of([code for _, code in respelled]),
    )
