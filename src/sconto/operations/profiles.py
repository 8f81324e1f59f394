"""Profiles: what pages need to know about a signed-in user, cached so that few pages read it."""

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import Final

from sconto.domain.merchant_settings import Profile
from sconto.domain.people import Caller
from sconto.store import merchant_settings as store
from sconto.store.database import Database, retried

FRESH_FOR: Final = 8.0
"""Seconds for which a profile is not asked for again."""

_MAX_CACHED: Final = 10_000

_UNKNOWN: Final = Profile("")


@dataclass(frozen=True, slots=True)
class _Cached:
    profile: Profile
    read_at: float


class Profiles:
    """The profiles of the most recent users of this process."""

    def __init__(self, fresh_for: float = FRESH_FOR) -> None:
        self._fresh_for = fresh_for
        self._cached: OrderedDict[Caller, _Cached] = OrderedDict()
        self._notes = 0

    async def load(self, database: Database, caller: Caller) -> Profile:
        """The caller's profile, unless cached. Raises DatabaseUnavailable."""
        known = self._cached.get(caller)
        if known is not None and monotonic() - known.read_at < self._fresh_for:
            return known.profile
        notes, read_at = self._notes, monotonic()
        profile = await _find(database, caller)
        if notes == self._notes:
            self._cached[caller] = _Cached(profile, read_at)
            if len(self._cached) > _MAX_CACHED:
                self._cached.popitem(last=False)
        return profile

    def of(self, caller: Caller) -> Profile:
        """The profile that was loaded last, for pages that must not read the database."""
        known = self._cached.get(caller)
        return _UNKNOWN if known is None else known.profile

    def invalidate(self) -> None:
        """Read all profiles again, because one was changed in this process."""
        self._notes += 1
        self._cached.clear()


async def set_language(database: Database, caller: Caller, language: str | None) -> None:
    """Store the language that the caller chose; None means the browser's."""
    async with database.write(caller.merchant_id) as connection:
        await store.set_language(connection, caller.merchant_id, caller.user_id, language)


@retried
async def _find(database: Database, caller: Caller) -> Profile:
    async with database.read(caller.merchant_id) as connection:
        found = await store.find_profile(connection, caller.merchant_id, caller.user_id)
    return _UNKNOWN if found is None else found
