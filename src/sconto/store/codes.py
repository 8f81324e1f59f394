"""The codes of promotions: found by key, and kept after they are removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

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

FIRST_CODES: Final = """
SELECT code FROM codes
WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
ORDER BY position
LIMIT $3
"""
"""The first codes that a promotion has, in their order."""

# Ids ascend in this order: each row gets its id after the rows are sorted.
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


@dataclass(frozen=True, slots=True)
class _StoredCodes:
    """The present codes of a promotion, by column."""

    ids: list[int]
    codes: list[str]
    keys: list[str]
    positions: list[int]


async def write_codes(
    connection: Connection, merchant_id: int, promotion_id: int, codes: Sequence[str], now: datetime
) -> ListChange:
    """Set the promotion's codes; unchanged rows are not written.

    A code that the promotion has keeps its id and gets its new spelling. New codes get ids that
    ascend in the order given, even if they were removed earlier. Codes that are left out are
    removed, but stay on the orders that used them. (`coupons` of the merchant API's modify.)

    Returns what was changed. Another order of the same codes is not a change.
    """
    stored = await _find_stored(connection, merchant_id, promotion_id)
    return await _write_plan(connection, merchant_id, promotion_id, codes, stored, now)


async def write_first_codes(
    connection: Connection, merchant_id: int, promotion_id: int, codes: Sequence[str], now: datetime
) -> None:
    """Give a new promotion its codes."""
    nothing = _StoredCodes([], [], [], [])
    await _write_plan(connection, merchant_id, promotion_id, codes, nothing, now)


async def _write_plan(
    connection: Connection,
    merchant_id: int,
    promotion_id: int,
    codes: Sequence[str],
    stored: _StoredCodes,
    now: datetime,
) -> ListChange:
    is_long = len(codes) + len(stored.ids) > ROWS_PER_STATEMENT
    plan = await in_thread(_plan, codes, stored) if is_long else _plan(codes, stored)
    for new in consumed_batches(*plan.new):
        await connection.execute(_INSERT, merchant_id, promotion_id, *new)
    # Orders wait for codes that this transaction has written, so these come last.
    for changed in consumed_batches(*plan.changed):
        await connection.execute(_UPDATE, merchant_id, *changed)
    for (ids,) in consumed_batches(plan.gone):
        await connection.execute(_REMOVE, merchant_id, ids, now)
    return plan.change


@dataclass(frozen=True, slots=True)
class _WritePlan:
    """What to write, by column, and the entry in the history."""

    new: tuple[list[str], list[str], list[int]]
    changed: tuple[list[int], list[str], list[int]]
    gone: list[int]
    change: ListChange


async def _find_stored(connection: Connection, merchant_id: int, promotion_id: int) -> _StoredCodes:
    """All present codes. Rows are read in parts, because they take more memory than columns."""
    stored = _StoredCodes([], [], [], [])
    cursor = await connection.cursor(_STORED, merchant_id, promotion_id)
    is_last = False
    while not is_last:
        rows = await cursor.fetch(ROWS_PER_STATEMENT)
        is_last = len(rows) < ROWS_PER_STATEMENT
        for code_id, code, key, position in rows:
            stored.ids.append(code_id)
            stored.codes.append(code)
            stored.keys.append(key)
            stored.positions.append(position)
    return stored


def _plan(codes: Sequence[str], stored: _StoredCodes) -> _WritePlan:
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
    return _WritePlan(new, changed, [stored.ids[place] for place in gone], change)


def _append(columns: tuple[list[Any], ...], *values: object) -> None:
    for column, value in zip(columns, values, strict=True):
        column.append(value)
