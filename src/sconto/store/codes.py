"""The codes of promotions: kept by key, removed without being forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sconto.domain.codes import code_key
from sconto.domain.history import ListChange, Sample
from sconto.domain.ordering import arrange
from sconto.store.database import Connection
from sconto.store.row_batches import ROWS_PER_STATEMENT, consumed_batches
from sconto.store.threads import in_thread

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
UPDATE codes SET removed_at = $3
FROM unnest($2::bigint[]) AS gone (code_id)
WHERE codes.merchant_id = $1 AND codes.code_id = gone.code_id
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
    stored = await _find_stored(connection, merchant_id, promotion_id)
    is_long = len(codes) + len(stored.ids) > ROWS_PER_STATEMENT
    plan = await in_thread(_plan, codes, stored) if is_long else _plan(codes, stored)
    for new in consumed_batches(*plan.new):
        await connection.execute(_INSERT, merchant_id, promotion_id, *new)
    # Orders wait for the codes that this transaction writes: they come last.
    for changed in consumed_batches(*plan.changed):
        await connection.execute(_UPDATE, merchant_id, *changed)
    for (ids,) in consumed_batches(plan.gone):
        await connection.execute(_REMOVE, merchant_id, ids, now)
    return plan.change


@dataclass(frozen=True, slots=True)
class _Stored:
    """The codes that a promotion has, column by column."""

    ids: list[int]
    codes: list[str]
    keys: list[str]
    positions: list[int]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written, column by column, and how it is told."""

    new: tuple[list[str], list[str], list[int]]
    changed: tuple[list[int], list[str], list[int]]
    gone: list[int]
    change: ListChange


async def _find_stored(connection: Connection, merchant_id: int, promotion_id: int) -> _Stored:
    """All of them, some at a time: rows are larger than what they say."""
    stored = _Stored([], [], [], [])
    cursor = await connection.cursor(_STORED, merchant_id, promotion_id)
    while rows := await cursor.fetch(ROWS_PER_STATEMENT):
        for code_id, code, key, position in rows:
            stored.ids.append(code_id)
            stored.codes.append(code)
            stored.keys.append(key)
            stored.positions.append(position)
    return stored


def _plan(codes: Sequence[str], stored: _Stored) -> _Plan:
    wanted = {code_key(code) or code: code for code in codes}
    places = {key: place for place, key in enumerate(stored.keys)}
    positions = arrange(
        [None if (place := places.get(key)) is None else stored.positions[place] for key in wanted]
    )
    new: tuple[list[str], list[str], list[int]] = ([], [], [])
    changed: tuple[list[int], list[str], list[int]] = ([], [], [])
    old_spelling, new_spelling = [], []
    for (key, code), position in zip(wanted.items(), positions, strict=True):
        place = places.get(key)
        if place is None:
            _append(new, code, key, position)
        elif (stored.codes[place], stored.positions[place]) != (code, position):
            _append(changed, stored.ids[place], code, position)
            if stored.codes[place] != code:
                old_spelling.append(stored.codes[place])
                new_spelling.append(code)
    gone = [place for place, key in enumerate(stored.keys) if key not in wanted]
    change = ListChange(
        len(stored.ids),
        len(wanted),
        removed=Sample.of([stored.codes[place] for place in gone]),
        added=Sample.of(new[0]),
        replaced_before=Sample.of(old_spelling),
        replaced_after=Sample.of(new_spelling),
    )
    return _Plan(new, changed, [stored.ids[place] for place in gone], change)


def _append(columns: tuple[list[Any], ...], *values: object) -> None:
    for column, value in zip(columns, values, strict=True):
        column.append(value)
