"""Pages of the list of promotions: sorted, filtered and counted, at a bounded cost.

Without a search, a page walks the index of its order from its place on. The filters may match few,
so it reads LOOKED_AT promotions at most. A search finds its promotions first. If they are few, the
page and the count use those alone. If they are many, a walk meets some soon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from sconto.domain.numbers import MAX_INT64
from sconto.domain.overview import (
    DAYS_SHOWN,
    CartPromotionOverview,
    ListCount,
    ListOrder,
    ListPosition,
    ListState,
    OverviewQuery,
    PromotionOverview,
)
from sconto.domain.search import SearchText
from sconto.store.database import Connection
from sconto.store.period_sql import OVER_FROM, is_running
from sconto.store.promotion_lists import USED_UP, overview_of_kind, overviews_of
from sconto.store.search import find_promotion_ids, has_words, name_arguments
from sconto.store.search_indexes import spread

LOOKED_AT: Final = 10_000
"""Promotions that a page and a count look at for the filters."""

MAX_FOUND: Final = 5_000
"""Promotions that a search lists one by one; if it finds more, the list is walked for them."""

CODES_LOOKED_AT: Final = 200
"""Codes by which a search of the list finds promotions."""

_NO_END: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of promotions without one, in the order of ends and in its index."""

_NO_START: Final = datetime(1, 1, 1, tzinfo=UTC)

_HIGHEST_TEXT: Final = chr(0x10FFFF)


class _Key(NamedTuple):
    """What a list is sorted by: its SQL and type, a value below all others, and one above."""

    sql: str
    type: str
    lowest: datetime | str | int
    highest: datetime | str | int


_TIMES: Final = ("timestamptz", _NO_START, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))

_KEYS: Final = {
    ListOrder.EDITED: _Key("updated_at", *_TIMES),
    ListOrder.CREATED: _Key("promotion_id", "bigint", 0, MAX_INT64),
    ListOrder.NAME: _Key("name_folded", "text", "", _HIGHEST_TEXT),
    ListOrder.START: _Key("starts_at", *_TIMES),
    ListOrder.END: _Key(f"coalesce(ends_at, '{_NO_END}'::timestamptz)", *_TIMES),
}

_STATES: Final = {
    None: "true",
    ListState.RUNNING: is_running("$5"),
    ListState.NOT_STARTED: "active AND starts_at > $5",
    ListState.EXPIRED: f"{OVER_FROM} <= $5",
    ListState.ON: "active",
    ListState.OFF: "NOT active",
    ListState.USED_UP: USED_UP,
}

_FOUND: Final = "promotion_id = ANY ($7::bigint[])"
_ALL: Final = "($7::bigint[] IS NULL OR true)"

# The inner query scans the index of the order, up to a limit. The rows that match the filters have
# the same order, so the scan ends as soon as the page is full.
_WALK: Final = """
    SELECT *, {key} AS place FROM promotions
    WHERE merchant_id = $1 AND deleted_at IS NULL AND {found}
        AND ({key}, promotion_id) {after} ($2::{type}, $3::bigint)
    ORDER BY {key} {direction}, promotion_id {direction}
    LIMIT $4
"""

_FILTER: Final = f"""($6::text IS NULL OR type = $6)
        AND ($10::text[] IS NULL OR {has_words(spread("name_folded"), "$10")})
        AND $5::timestamptz IS NOT NULL AND {{state}}"""

_MATCHING: Final = f"""
    SELECT *
    FROM ({{walk}}) AS promotion
    WHERE {_FILTER}
    ORDER BY place {{direction}}, promotion_id {{direction}}
    LIMIT $8
"""  # noqa: S608  # of our own constants

# The last two have the parameters of a page, and use only some of them.
_LAST_WALKED: Final = """
SELECT place, promotion_id FROM ({walk}) AS walked
WHERE $5::text IS NULL AND $6::text IS NULL
ORDER BY place {direction}, promotion_id {direction}
OFFSET $4 - 1
"""

_COUNT: Final = f"""
SELECT count(*) AS walked, count(*) FILTER (WHERE {_FILTER}) AS number
FROM (
    SELECT * FROM promotions
    WHERE merchant_id = $1 AND deleted_at IS NULL AND {{found}}
    ORDER BY promotion_id DESC
    LIMIT $4
) AS promotion
WHERE $2::text IS NULL AND $3::text IS NULL AND $8::text IS NULL AND $9::text IS NULL
"""  # noqa: S608  # of our own constants


@dataclass(frozen=True, slots=True)
class Selection:
    """The promotions that a query is about.

    `ids` are those that a search found, if they are few. If they are many, each has the `words`.
    Without both it is all promotions.
    """

    ids: Sequence[int] | None = None
    words: Sequence[str] | None = None


ALL: Final = Selection()


class Walked(NamedTuple):
    """Promotions in the order of the list, and the place of each."""

    overviews: list[PromotionOverview | CartPromotionOverview]
    places: list[ListPosition]


async def find_selection(
    connection: Connection, merchant_id: int, search: SearchText, by_index: bool
) -> Selection:
    """The promotions that a search is about; without the index, those with the words in names."""
    words = Selection(words=name_arguments(search)[0])
    if not by_index and search.words:
        return words
    ids = await find_promotion_ids(connection, merchant_id, search, MAX_FOUND + 1, CODES_LOOKED_AT)
    return Selection(ids) if len(ids) <= MAX_FOUND else words


async def walk_page(
    connection: Connection,
    merchant_id: int,
    query: OverviewQuery,
    selection: Selection,
    now: datetime,
    today: date,
) -> Walked:
    """The promotions after the query's place, or before it, up to its limit."""
    walk, direction = _walk(query, selection)
    matching = _MATCHING.format(walk=walk, state=_STATES[query.state], direction=direction)
    rows = await connection.fetch(
        overviews_of(matching, since="$9::date")
        + f"ORDER BY promotion.place {direction}, promotion.promotion_id {direction}",
        merchant_id,
        *_start(query),
        LOOKED_AT,
        now,
        query.kind,
        selection.ids,
        query.limit,
        today - timedelta(days=DAYS_SHOWN),
        selection.words,
    )
    if query.before is not None:
        rows = rows[::-1]
    return Walked(
        [overview_of_kind(row, today) for row in rows],
        [ListPosition(row["place"], row["promotion_id"]) for row in rows],
    )


async def find_last_walked(
    connection: Connection, merchant_id: int, query: OverviewQuery, selection: Selection
) -> ListPosition | None:
    """The place where the walk of one page ends; None if it reaches the end of the list."""
    walk, direction = _walk(query, selection)
    statement = _LAST_WALKED.format(walk=walk, direction=direction)
    arguments = (merchant_id, *_start(query), LOOKED_AT)
    row = await connection.fetchrow(statement, *arguments, None, None, selection.ids)
    return None if row is None else ListPosition(row["place"], row["promotion_id"])


async def count_matching(
    connection: Connection,
    merchant_id: int,
    query: OverviewQuery,
    selection: Selection,
    now: datetime,
) -> ListCount:
    """How many of the newest LOOKED_AT promotions match."""
    found = _ALL if selection.ids is None else _FOUND
    statement = _COUNT.format(state=_STATES[query.state], found=found)
    row = await connection.fetchrow(
        statement,
        merchant_id,
        None,
        None,
        LOOKED_AT + 1,
        now,
        query.kind,
        selection.ids,
        None,
        None,
        selection.words,
    )
    assert row is not None  # noqa: S101  # an aggregate is always one row
    return ListCount(min(row["number"], LOOKED_AT), row["walked"] <= LOOKED_AT)


def _walk(query: OverviewQuery, selection: Selection) -> tuple[str, str]:
    """The statement that walks from the query's place, and its direction."""
    key = _KEYS[query.order]
    direction, after = ("DESC", "<") if _falls(query) else ("ASC", ">")
    found = _ALL if selection.ids is None else _FOUND
    walk = _WALK.format(key=key.sql, type=key.type, direction=direction, after=after, found=found)
    return walk, direction


def _falls(query: OverviewQuery) -> bool:
    """Whether the walk goes down; it goes up for the promotions before a place."""
    return query.falls is (query.before is None)


def _start(query: OverviewQuery) -> tuple[datetime | str | int, int]:
    place = query.before or query.after
    if place is not None:
        return place.key, place.promotion_id
    key = _KEYS[query.order]
    return (key.highest, MAX_INT64) if _falls(query) else (key.lowest, 0)
