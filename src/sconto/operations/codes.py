"""The codes of a promotion: list, count, add, remove and export them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from sconto.domain.code_list import (
    CodeCounts,
    CodePage,
    CodeQuery,
    CodeState,
    ListedCode,
    RemovedCodes,
)
from sconto.domain.codes import CodeType, code_key, is_code, typed_code_key
from sconto.domain.history import ListChange, Sample, Verb, codes_changed
from sconto.domain.numbers import MAX_INT64
from sconto.domain.overview import PromotionHeading
from sconto.domain.people import Caller
from sconto.domain.problems import (
    CodesTaken,
    CursorRefused,
    NoCodesAllowed,
    PromotionNotFound,
)
from sconto.domain.promotion import PromotionType
from sconto.domain.search import PART_LENGTH
from sconto.operations.exports import record_export
from sconto.operations.search import is_prepared
from sconto.store import code_lists, history
from sconto.store.code_parts import search_parts
from sconto.store.database import Connection, Database, retried, retrying
from sconto.store.price_versions import Renewal
from sconto.store.threads import in_thread

T = TypeVar("T")

_FEW: Final = 5_000
"""Codes that the event loop can look at in one step; more go to a thread."""

_EXPORT_BATCH: Final = 500
"""Codes that are written in one step: other requests wait for one step at most."""

_REMOVAL_BATCH: Final = 5_000
"""Codes that one transaction removes: an order that uses one of them waits for its end."""


@retried
async def require_holder(database: Database, caller: Caller, promotion_id: int) -> None:
    """Raise PromotionNotFound unless a product or cart promotion has this id."""
    async with database.read(caller.merchant_id) as connection:
        await find_holder(connection, caller, promotion_id)


@retried
async def list_codes(
    database: Database, caller: Caller, promotion_id: int, query: CodeQuery
) -> CodePage:
    """The codes that match the query; raises PromotionNotFound and CursorRefused.

    A code that is added in the meantime comes last. A code that an edit of the promotion moves may
    be listed twice, or not at all.
    """
    async with database.read(caller.merchant_id) as connection:
        holder = await find_holder(connection, caller, promotion_id)
        return await _page(connection, caller, holder, query)


@retried
async def list_found_codes(
    database: Database, caller: Caller, heading: PromotionHeading, query: CodeQuery
) -> CodePage:
    """As `list_codes`, for a promotion that was already found. Raises CursorRefused."""
    holder = code_lists.CodeHolder(
        heading.summary.id, heading.summary.type is PromotionType.COUPON, heading.code_type
    )
    async with database.read(caller.merchant_id) as connection:
        if query.anywhere and not await is_prepared(database, connection):
            query = replace(query, anywhere=False)
        return await _page(connection, caller, holder, query)


@retried
async def count_codes(
    database: Database, caller: Caller, promotion_id: int, most: int | None = None
) -> CodeCounts:
    """As the store's function of this name; 0 for an unknown promotion."""
    async with database.read(caller.merchant_id) as connection:
        return await code_lists.count_codes(connection, caller.merchant_id, promotion_id, most)


async def add_codes(
    database: Database, caller: Caller, promotion_id: int, codes: Sequence[str], now: datetime
) -> int:
    """Add codes after the promotion's others, all or none; returns their number.

    Raises PromotionNotFound, NoCodesAllowed, and CodesTaken with the codes that the promotion
    already has, or that are sent twice, in any spelling.
    """
    keys = await _briefly(codes, _keys_of, codes)
    if len(keys) < len(codes):
        raise ValueError("the caller must refuse what is not a code")

    async def add() -> int:
        async with database.write(caller.merchant_id) as connection:
            await lock_holder(connection, caller, promotion_id)
            merchant_id = caller.merchant_id
            taken = await code_lists.find_taken_codes(connection, merchant_id, promotion_id, keys)
            if repeated := await _briefly(codes, _repeated, codes, keys, taken):
                raise CodesTaken(repeated)
            await code_lists.insert_codes(connection, merchant_id, promotion_id, codes, keys)
            added = Sample.of(codes)
            await record(connection, caller, promotion_id, Verb.CODES_ADDED, now, added=added)
        return len(codes)

    return await retrying(add)


async def remove_codes(
    database: Database, caller: Caller, promotion_id: int, codes: Sequence[str], now: datetime
) -> RemovedCodes:
    """Remove codes; they stay on the orders that used them, and in the statistics.

    The result names the codes that the promotion does not have. Many codes are removed in several
    transactions: if one fails, those removed earlier stay removed. Raises PromotionNotFound.
    """
    wanted, keys = await _briefly(codes, _wanted_of, codes)
    removed: set[str] = set()
    for start in range(0, max(len(keys), 1), _REMOVAL_BATCH):
        some = keys[start : start + _REMOVAL_BATCH]
        removed |= await _remove_some(database, caller, promotion_id, some, now)
    return RemovedCodes(len(removed), await _briefly(codes, _missing, wanted, removed))


async def _remove_some(
    database: Database, caller: Caller, promotion_id: int, keys: Sequence[str], now: datetime
) -> set[str]:
    """Remove a batch; returns the keys of the codes that existed."""

    async def remove() -> set[str]:
        async with database.write(caller.merchant_id) as connection:
            merchant_id = caller.merchant_id
            if await code_lists.lock_codes(connection, merchant_id, promotion_id) is None:
                raise PromotionNotFound(promotion_id)
            gone = await code_lists.remove_listed(connection, merchant_id, promotion_id, keys, now)
            if gone:
                removed = Sample.of(gone.values())
                verb = Verb.CODES_REMOVED
                await record(connection, caller, promotion_id, verb, now, removed=removed)
        return set(gone)

    return await retrying(remove)


@retried
async def export_codes(
    database: Database, caller: Caller, promotion_id: int
) -> AsyncIterator[Sequence[ListedCode]]:
    """All codes of the promotion in the order in which they were added, in batches.

    No connection is held between two batches, so a slow reader blocks nobody. Raises
    PromotionNotFound before the first batch.
    """
    async with database.read(caller.merchant_id) as connection:
        holder = await find_holder(connection, caller, promotion_id)
    await record_export(database, caller, "codes", {"promotion": promotion_id})
    return _export(database, caller, holder)


async def _export(
    database: Database, caller: Caller, holder: code_lists.CodeHolder
) -> AsyncIterator[Sequence[ListedCode]]:
    @retried
    async def read_part(behind: int) -> Sequence[code_lists.PlacedCode]:
        async with database.read(caller.merchant_id) as connection:
            return await code_lists.list_codes(
                connection,
                caller.merchant_id,
                holder,
                limit=_EXPORT_BATCH,
                behind=behind,
            )

    behind = -MAX_INT64
    while True:
        found = await read_part(behind)
        if found:
            yield [one.listed for one in found]
        if len(found) < _EXPORT_BATCH:
            return
        behind = found[-1].position


async def find_holder(
    connection: Connection, caller: Caller, promotion_id: int
) -> code_lists.CodeHolder:
    """The promotion's codes. Raises PromotionNotFound."""
    found = await code_lists.find_code_holder(connection, caller.merchant_id, promotion_id)
    if found is None:
        raise PromotionNotFound(promotion_id)
    return found


async def lock_holder(connection: Connection, caller: Caller, promotion_id: int) -> None:
    """Lock the promotion's codes. Raises PromotionNotFound, NoCodesAllowed."""
    found = await code_lists.lock_codes(connection, caller.merchant_id, promotion_id)
    if found is None:
        raise PromotionNotFound(promotion_id)
    if not found.takes_codes:
        raise NoCodesAllowed


async def _page(
    connection: Connection, caller: Caller, holder: code_lists.CodeHolder, query: CodeQuery
) -> CodePage:
    used = None if query.state is None else query.state is CodeState.USED
    if used is not None and holder.code_type is not CodeType.ONE_TIME:
        if used:
            return CodePage((), None)
        used = None
    found = await _list(connection, caller, holder, query, used)
    placed = found[: query.limit]
    cursor = None
    if len(found) > query.limit:
        cursor = str(placed[-1].position) if query.search is None else placed[-1].key
    return CodePage(tuple(one.listed for one in placed), cursor)


async def _list(
    connection: Connection,
    caller: Caller,
    holder: code_lists.CodeHolder,
    query: CodeQuery,
    used: bool | None,
) -> list[code_lists.PlacedCode]:
    """The codes, and one more if there are more."""
    merchant_id, limit = caller.merchant_id, query.limit + 1
    if query.search is None:
        return await code_lists.list_codes(
            connection,
            merchant_id,
            holder,
            limit=limit,
            used=used,
            behind=_position(query.cursor),
        )
    beginning = code_key(query.search)
    if beginning is None:
        return []
    if query.anywhere and len(beginning) >= PART_LENGTH:
        found, others = await search_parts(
            connection,
            merchant_id,
            holder,
            limit=limit,
            text=beginning,
            used=used,
            behind=_key(query.cursor),
        )
        return found if len(found) == limit else found + others[: limit - 1 - len(found)]
    return await code_lists.search_codes(
        connection,
        merchant_id,
        holder,
        limit=limit,
        beginning=beginning,
        used=used,
        behind=_key(query.cursor),
    )


def _position(cursor: str | None) -> int:
    if cursor is None:
        return -MAX_INT64
    digits = cursor.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise CursorRefused
    return max(-MAX_INT64, min(int(cursor), MAX_INT64))


def _key(cursor: str | None) -> str:
    if cursor is not None and not is_code(cursor):
        raise CursorRefused
    return cursor or ""


async def _briefly(codes: Sequence[str], function: Callable[..., T], *arguments: object) -> T:
    """Call the function; in a thread if there are many codes."""
    return function(*arguments) if len(codes) <= _FEW else await in_thread(function, *arguments)


def _keys_of(codes: Sequence[str]) -> list[str]:
    return [key for code in codes if is_code(code) and (key := code_key(code)) is not None]


def _wanted_of(codes: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The codes by their keys, and the keys that can be those of a code."""
    wanted = {typed_code_key(code): code for code in codes}
    return wanted, [key for key in wanted if is_code(key)]


def _missing(wanted: Mapping[str, str], gone: set[str]) -> tuple[str, ...]:
    return tuple(code for key, code in wanted.items() if key not in gone)


def _repeated(codes: Sequence[str], keys: Sequence[str], taken: set[str]) -> tuple[str, ...]:
    """The codes that the promotion already has, or that an earlier one in the list repeats."""
    known = set(taken)
    repeated = []
    for code, key in zip(codes, keys, strict=True):
        if key in known:
            repeated.append(code)
        known.add(key)
    return tuple(repeated)


async def record(
    connection: Connection,
    caller: Caller,
    promotion_id: int,
    verb: Verb,
    now: datetime,
    *,
    added: Sample = Sample(),  # noqa: B008  # frozen
    removed: Sample = Sample(),  # noqa: B008
) -> None:
    """Record the change in the history, and mark the promotion as changed."""
    await code_lists.touch_promotion(
        connection, caller.merchant_id, promotion_id, now, has_codes=added.count > 0
    )
    change = codes_changed(promotion_id, verb, ListChange(added=added, removed=removed))
    await history.record(connection, caller, change, now, Renewal(codes_of=promotion_id))
