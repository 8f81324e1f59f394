"""The API keys that a process knows: checking one needs no database."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

from sconto.domain.api_keys import is_key, key_hash
from sconto.domain.people import Caller
from sconto.domain.problems import TokenExpired, TokenInvalid
from sconto.operations.background import keep_running, try_to_run
from sconto.store import api_keys as store
from sconto.store.api_keys import KeyState, KeysVersion, read_mark
from sconto.store.database import Connection, Database, DatabaseUnavailable

REFRESH_PAUSE: Final = 3.0
"""Seconds between two refreshes."""

REFRESH_TIMEOUT: Final = 5.0
"""Seconds after which a refresh is given up."""

LOOK_PAUSE: Final = 0.25
"""Seconds between two refreshes for keys that the process does not know."""

READ_ALL_AFTER: Final = timedelta(minutes=10)
"""How long only changes are read. A failover may lose rows that were read before."""

USES_PAUSE: Final = 30.0
"""Seconds between two writes of when keys were last used, at most."""

_PAGE: Final = 1000

_FAILURE: Final = "changes of API keys are not known"


class KnownKeys:
    """All keys that are not revoked, by their hashes, and when they were last used here.

    A process reads all keys once and then every few seconds what changed. A key that it does not
    know may be new, so its request waits for the next refresh. All unknown keys share that refresh,
    at most four a second: strangers who invent keys cost the database no more than a single one.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, KeyState] = {}
        self._mark: KeysVersion | None = None
        self._all_read_at: datetime | None = None
        self._notes = 0
        self._refreshing = asyncio.Lock()
        self._look: asyncio.Task[None] | None = None
        self._looked_at = -LOOK_PAUSE
        self._uses: dict[bytes, tuple[Caller, datetime]] = {}

    def caller(self, key: str, now: datetime) -> Caller:
        """The caller who sent a key. Raises TokenInvalid, TokenExpired.

        Raises DatabaseUnavailable until the keys are known.
        """
        if self._mark is None:
            raise DatabaseUnavailable("the API keys are not known yet")
        hashed = key_hash(key)
        state = self._known.get(hashed)
        if state is None:
            raise TokenInvalid
        if state.expires_at is not None and now >= state.expires_at:
            raise TokenExpired
        self._uses[hashed] = (state.caller, now)
        return state.caller

    def may_be_new(self, key: str) -> bool:
        """Whether the text has the form of a key and is unknown here, or no keys are known yet."""
        return (self._mark is None or key_hash(key) not in self._known) and is_key(key)

    def note_created(self, state: KeyState) -> None:
        """Accept a new key in this process immediately."""
        self._notes += 1
        self._known[state.key_hash] = state

    def note_revoked(self, hashed: bytes) -> None:
        """Refuse a key in this process immediately; other processes learn it later."""
        self._notes += 1
        self._known.pop(hashed, None)

    async def look_for_new(self, database: Database) -> None:
        """Refresh once for all waiting requests. Raises DatabaseUnavailable.

        The refresh begins after the call, so it knows every key that was created before.
        """
        if self._look is None:
            self._look = asyncio.create_task(self._look_soon(database))
            # If every caller is cancelled, nobody else receives the error.
            self._look.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._look)

    async def keep_refreshing(self, database: Database, pause: float = REFRESH_PAUSE) -> None:
        """Read every few seconds which keys were created or revoked; ends when cancelled.

        While the database is unavailable, the last known state counts.
        """
        await keep_running(partial(self.refresh, database), _FAILURE, pause=pause, first_pause=0)

    async def try_to_refresh(self, database: Database) -> None:
        """As `refresh`, but only logs a failure."""
        await try_to_run(partial(self.refresh, database), _FAILURE)

    async def refresh(self, database: Database) -> None:
        """Read now which keys were created or revoked. Raises DatabaseUnavailable."""
        await self._refresh(database)

    async def write_uses(self, database: Database) -> None:
        """Store when keys were last used in this process, since the last call.

        Raises DatabaseUnavailable; then the next call stores them.
        """
        uses, self._uses = self._uses, {}
        rows = sorted((caller.merchant_id, -caller.user_id, at) for caller, at in uses.values())
        try:
            for first in range(0, len(rows), _PAGE):
                async with database.write() as connection:
                    await store.write_uses(connection, rows[first : first + _PAGE])
        except (DatabaseUnavailable, asyncio.CancelledError):
            self._uses = uses | self._uses
            raise

    async def _look_soon(self, database: Database) -> None:
        await asyncio.sleep(max(0.0, self._looked_at + LOOK_PAUSE - monotonic()))
        await self._refresh(database, is_look=True)

    async def _refresh(self, database: Database, *, is_look: bool = False) -> None:
        """Refreshes run one after the other: an older state never replaces a newer one."""
        try:
            async with asyncio.timeout(REFRESH_TIMEOUT), self._refreshing:
                if is_look:
                    self._looked_at = monotonic()
                    # A later caller may need a key that this refresh misses.
                    self._look = None
                notes = -1
                # A change noted during the read may be missing in its result.
                while notes != self._notes:
                    notes = self._notes
                    async with database.read() as connection:
                        mark = await read_mark(connection)
                        reads_all = self._must_read_all(mark)
                        states = await self._read(connection, reads_all=reads_all)
                self._apply(mark, states, reads_all=reads_all)
        except TimeoutError:
            raise DatabaseUnavailable("the API keys were not read in time") from None
        finally:
            if is_look and self._look is asyncio.current_task():
                self._look = None

    async def _read(self, connection: Connection, *, reads_all: bool) -> list[KeyState]:
        if reads_all or self._mark is None:
            return await _read_all(connection)
        return await store.list_changed(connection, self._mark.at)

    def _apply(self, mark: KeysVersion, states: list[KeyState], *, reads_all: bool) -> None:
        if reads_all:
            self._known = {}
            self._all_read_at = mark.at
        for state in states:
            if state.revoked:
                self._known.pop(state.key_hash, None)
            else:
                self._known[state.key_hash] = state
        self._mark = mark

    def _must_read_all(self, mark: KeysVersion) -> bool:
        """Whether to read all keys: at the start, after a restore, and at intervals."""
        return (
            self._mark is None
            or self._all_read_at is None
            or mark.epoch != self._mark.epoch
            or mark.at < self._mark.at
            or mark.at - self._all_read_at > READ_ALL_AFTER
        )


async def _read_all(connection: Connection) -> list[KeyState]:
    states: list[KeyState] = []
    after = (0, 0)
    while page := await store.list_all(connection, after, _PAGE):
        states += page
        last = page[-1].caller
        after = (last.merchant_id, -last.user_id)
    return states
