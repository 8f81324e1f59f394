"""Generating codes: a request starts it, and batches of codes are made in the background."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sconto.domain.code_pattern import CodePattern, Ending, Generation, check_pattern
from sconto.domain.codes import code_key
from sconto.domain.history import Change, ListChange, Sample, Subject, Verb, codes_changed
from sconto.domain.people import Caller, Role
from sconto.domain.problems import GenerationNotFound, NoCodesAllowed, PromotionNotFound
from sconto.operations.background import keep_running
from sconto.store import code_generations, code_lists, history
from sconto.store.code_timelines import claim_generated
from sconto.store.database import (
    Busy,
    Connection,
    Database,
    DatabaseUnavailable,
    retried,
    retrying,
)
from sconto.store.price_versions import PRICES, Renewal, renew_prices

CODES_PER_TRANSACTION: Final = 10_000
"""Codes of one transaction. An edit of the promotion waits for one transaction at most."""

_MAX_DRAWS: Final = 10
"""Draws in a row that may give only existing codes; then the pattern counts as used up."""

_MAX_LISTED: Final = 20
_PAUSE: Final = 2.0

_REST: Final = 15.0
"""Seconds until the next look for open generations after one that found none.

A look asks all nodes of a distributed database. The process in which a generation is started looks
immediately. The others look for generations that a process left open when it ended.
"""

_MAX_OPEN: Final = 100

_log = logging.getLogger(__name__)


async def start_generation(
    database: Database,
    caller: Caller,
    promotion_id: int,
    pattern: CodePattern,
    wanted: int,
    now: datetime,
) -> Generation:
    """Start a generation; its codes are made in the background.

    Raises PatternRefused, PromotionNotFound, NoCodesAllowed.
    """
    check_pattern(pattern, wanted)

    async def start() -> Generation:
        async with database.write(caller.merchant_id) as connection:
            holder = await code_lists.lock_codes(connection, caller.merchant_id, promotion_id)
            if holder is None:
                raise PromotionNotFound(promotion_id)
            if not holder.takes_codes:
                raise NoCodesAllowed
            generation = await code_generations.insert_generation(
                connection, caller, promotion_id, pattern, wanted, now
            )
            facts = {"generation": generation.id, "count": wanted, "example": example_code(pattern)}
            change = Change(Subject.PROMOTION, promotion_id, Verb.GENERATION_STARTED, None, facts)
            await history.record(connection, caller, change, now)
        return generation

    generation = await retrying(start)
    database.generation_started.set()
    return generation


@retried
async def get_generation(database: Database, caller: Caller, generation_id: int) -> Generation:
    """A generation, with how many codes it has made. Raises GenerationNotFound."""
    async with database.read(caller.merchant_id) as connection:
        found = await code_generations.find_generation(
            connection, caller.merchant_id, generation_id
        )
    if found is None:
        raise GenerationNotFound(generation_id)
    return found


@retried
async def list_generations(
    database: Database, caller: Caller, promotion_id: int
) -> list[Generation]:
    """The latest generations of a promotion, finished or not."""
    async with database.read(caller.merchant_id) as connection:
        return await code_generations.list_generations(
            connection, caller.merchant_id, promotion_id, _MAX_LISTED
        )


async def generate_some(
    database: Database, merchant_id: int, generation_id: int, now: datetime
) -> Generation | None:
    """Make the next codes of a generation, and return the generation after that.

    None if it is finished, or another worker has it.
    """

    async def make() -> Generation | None:
        async with database.write(merchant_id) as connection:
            generation = await code_generations.claim_generation(
                connection, merchant_id, generation_id
            )
            if generation is None:
                return None
            made, ending = await _make_some(connection, merchant_id, generation)
            advanced = replace(generation, made=generation.made + made, ending=ending)
            if ending is not None:
                advanced = replace(advanced, finished_at=now)
                await _record_end(connection, merchant_id, advanced, now)
            await code_generations.advance_generation(
                connection, merchant_id, generation_id, made, advanced.finished_at, ending
            )
            return advanced

    return await retrying(make)


async def generate_all(database: Database, clock: Callable[[], datetime]) -> bool:
    """Make codes for all open generations, one after the other, until this worker has none left.

    Returns whether any was open.
    """
    async with database.read() as connection:
        waiting = await code_generations.list_open_generations(connection, _MAX_OPEN)
    found = bool(waiting)
    while waiting:
        still_open = []
        for merchant_id, generation_id in waiting:
            try:
                generation = await generate_some(database, merchant_id, generation_id, clock())
            except Busy:
                # The next round tries it again.
                continue
            except DatabaseUnavailable:
                raise
            except Exception:
                # If one generation fails, those of other merchants must still go on.
                _log.exception("codes of generation %s are not generated", generation_id)
                continue
            if generation is not None and generation.ending is None:
                still_open.append((merchant_id, generation_id))
        waiting = still_open
    return found


async def keep_generating(
    database: Database, clock: Callable[[], datetime], *, pause: float = _PAUSE
) -> None:
    """Generate the codes of all running generations; ends when cancelled."""
    await keep_running(
        lambda: generate_all(database, clock),
        "codes are not generated",
        pause=pause,
        rest=max(pause, _REST),
        wake=database.generation_started,
    )


def example_code(pattern: CodePattern) -> str:
    """An example of the codes that the pattern makes."""
    return draw_codes(pattern, 1)[0]


def draw_codes(pattern: CodePattern, count: int) -> list[str]:
    """Codes from the system's cryptographic source; every letter is equally likely."""
    return list(pattern.spell(_draw_letters(pattern.alphabet, count * pattern.letters)))


def _draw_letters(alphabet: str, count: int) -> str:
    # A byte modulo the size of the alphabet gives a letter. Bytes beyond the last full multiple
    # are dropped, or the first letters would be more likely.
    size = len(alphabet)
    fair = 256 - 256 % size
    letters = bytes(ord(alphabet[byte % size]) for byte in range(256))
    beyond = bytes(range(fair, 256))
    drawn = ""
    while len(drawn) < count:
        drawn += secrets.token_bytes(count + 64).translate(letters, beyond).decode()
    return drawn[:count]


async def _make_some(
    connection: Connection, merchant_id: int, generation: Generation
) -> tuple[int, Ending | None]:
    """Add codes to the promotion; returns their number, and the ending if the job has ended."""
    holder = await code_lists.lock_codes(connection, merchant_id, generation.promotion_id)
    if holder is None or not holder.takes_codes:
        return 0, Ending.PROMOTION_GONE
    missing = generation.wanted - generation.made
    for _ in range(_MAX_DRAWS):
        codes = draw_codes(generation.pattern, min(missing, CODES_PER_TRANSACTION))
        keys = [code_key(code) or code for code in codes]
        made = await code_lists.insert_codes(
            connection, merchant_id, generation.promotion_id, codes, keys
        )
        if made:
            # Another promotion may have some of them, and its offers may be cached.
            is_drawn = await claim_generated(connection, merchant_id, keys)
            renewal = Renewal(codes_of=generation.promotion_id) if is_drawn else PRICES
            await renew_prices(connection, merchant_id, renewal)
            return made, Ending.COMPLETE if made == missing else None
    return 0, Ending.PATTERN_USED_UP


async def _record_end(
    connection: Connection, merchant_id: int, generation: Generation, now: datetime
) -> None:
    """Record the generated codes for the user who started the generation."""
    caller = Caller(merchant_id, generation.user_id, Role.MANAGER)
    if generation.made:
        await code_lists.touch_promotion(
            connection, merchant_id, generation.promotion_id, now, has_codes=True
        )
    made = ListChange(added=Sample(generation.made))
    change = codes_changed(generation.promotion_id, Verb.CODES_GENERATED, made)
    # A program before this one did not renew the version for each of its transactions.
    await history.record(connection, caller, change, now, PRICES)
