"""How many requests a user and a merchant may send, and how many they have sent."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from time import monotonic, time
from typing import Final, Self, TypeVar

from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from sconto.domain.people import Caller

_PATIENCE: Final = 0.5
"""Seconds to wait for Redis before a request goes on uncounted."""

_SILENCE: Final = 60.0
"""Seconds between two lines in the log about a Redis that is lost."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QuotaPolicies:
    """What is allowed, as in `500/second` or `10/second;1000/hour`; an empty text allows all.

    The checkout has policies of its own: a shop that cannot check out loses money. `unknown_codes`
    allows so many codes that nobody made, and not so many requests.
    """

    user: str = ""
    merchant: str = ""
    checkout_user: str = ""
    checkout_merchant: str = ""
    unknown_codes: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit, by user or by merchant; `name` is what it is called in header fields."""

    name: str
    by_merchant: bool
    item: RateLimitItem


@dataclass(frozen=True, slots=True)
class QuotaState:
    """How a caller stands with a quota after a request: what is left, for how many seconds."""

    quota: Quota
    kept: bool
    left: int
    seconds: int


class Quotas:
    """The quotas of a service, counted in windows of time that begin with a caller's request."""

    def __init__(self, policies: QuotaPolicies, storage: Storage) -> None:
        self._limiter = FixedWindowRateLimiter(storage)
        self._checkout = (
            *_read("user", policies.checkout_user, by_merchant=False),
            *_read("merchant", policies.checkout_merchant, by_merchant=True),
        )
        self._others = (
            *_read("user", policies.user, by_merchant=False),
            *_read("merchant", policies.merchant, by_merchant=True),
        )
        self._unknown_codes = parse_many(policies.unknown_codes) if policies.unknown_codes else []
        self._silent_until = 0.0

    @classmethod
    def open(cls, policies: QuotaPolicies, redis_url: str | None) -> Self:
        """Count in Redis, for all processes that use it, or in this process's memory."""
        if redis_url is None:
            return cls(policies, MemoryStorage())
        storage = RedisStorage(
            redis_url, wrap_exceptions=True, connect_timeout=_PATIENCE, stream_timeout=_PATIENCE
        )
        return cls(policies, storage)

    def of(self, *, checkout: bool) -> tuple[Quota, ...]:
        """The quotas that a request falls under."""
        return self._checkout if checkout else self._others

    async def count(self, caller: Caller, quotas: Iterable[Quota]) -> list[QuotaState]:
        """Count one request, and say how the caller stands with each of the quotas.

        Where Redis cannot be reached nothing is counted and nobody is refused.
        """

        async def hit_all() -> list[QuotaState]:
            return [await self._hit(caller, quota) for quota in quotas]

        return await self._ask_storage(hit_all, [])

    @property
    def limit_unknown_codes(self) -> bool:
        """Whether unknown codes are counted."""
        return bool(self._unknown_codes)

    async def seconds_without_codes(self, caller: Caller, address: str) -> int:
        """For how long no cart with codes is taken from the address; 0 where they are taken."""
        key = _guesser(caller, address)

        async def look() -> int:
            seconds = 0
            for item in self._unknown_codes:
                window = await self._limiter.get_window_stats(item, *key)
                if window.remaining == 0:
                    seconds = max(seconds, 1, math.ceil(window.reset_time - time()))
            return seconds

        return await self._ask_storage(look, 0)

    async def count_unknown_codes(self, caller: Caller, address: str, number: int) -> None:
        """Count so many codes that nobody made."""
        key = _guesser(caller, address)

        async def hit_all() -> None:
            for item in self._unknown_codes:
                await self._limiter.hit(item, *key, cost=number)

        await self._ask_storage(hit_all, None)

    async def _ask_storage(self, question: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """The answer, or another where Redis cannot be reached; the log says so now and then."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await question()
        except (StorageError, TimeoutError, OSError) as error:
            if monotonic() >= self._silent_until:
                self._silent_until = monotonic() + _SILENCE
                _log.warning("requests are not counted: %s", type(error).__name__)
            return otherwise

    async def _hit(self, caller: Caller, quota: Quota) -> QuotaState:
        who = caller.merchant_id if quota.by_merchant else caller.user_id
        key = (quota.name, str(who))
        kept = await self._limiter.hit(quota.item, *key)
        window = await self._limiter.get_window_stats(quota.item, *key)
        seconds = max(1, math.ceil(window.reset_time - time()))
        return QuotaState(quota, kept, max(0, window.remaining), seconds)


def _guesser(caller: Caller, address: str) -> tuple[str, str, str]:
    return ("unknown-codes", str(caller.merchant_id), address)


def _read(name: str, policy: str, *, by_merchant: bool) -> list[Quota]:
    items = parse_many(policy) if policy else []
    return [
        Quota(name if i == 0 else f"{name}-{i + 1}", by_merchant, item)
        for i, item in enumerate(items)
    ]
