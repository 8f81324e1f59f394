"""How many requests users and merchants may send, and how many they have sent."""

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

_REDIS_TIMEOUT: Final = 0.5
"""Seconds to wait for Redis before a request is served uncounted."""

_WARN_INTERVAL: Final = 60.0
"""Seconds between two warnings in the log that Redis is unavailable."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QuotaPolicies:
    """Limits such as `500/second` or `10/second;1000/hour`; an empty text is not a limit.

    The checkout has its own: a shop that cannot check out loses money. `unknown_codes` limits codes
    that do not exist, not requests.
    """

    user: str = ""
    merchant: str = ""
    checkout_user: str = ""
    checkout_merchant: str = ""
    unknown_codes: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit, by user or by merchant; `name` is its name in header fields."""

    name: str
    by_merchant: bool
    item: RateLimitItem


@dataclass(frozen=True, slots=True)
class QuotaState:
    """The state of a caller's quota after a request: what is left, for how many seconds."""

    quota: Quota
    kept: bool
    left: int
    seconds: int


class Quotas:
    """The quotas of a service, counted in time windows that begin with a caller's first request."""

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
        self._no_warning_until = 0.0

    @classmethod
    def open(cls, policies: QuotaPolicies, redis_url: str | None) -> Self:
        """Count in Redis, for all processes that use it, or in the memory of this process."""
        if redis_url is None:
            return cls(policies, MemoryStorage())
        storage = RedisStorage(
            redis_url,
            wrap_exceptions=True,
            connect_timeout=_REDIS_TIMEOUT,
            stream_timeout=_REDIS_TIMEOUT,
        )
        return cls(policies, storage)

    def of(self, *, checkout: bool) -> tuple[Quota, ...]:
        """The quotas that apply to a request."""
        return self._checkout if checkout else self._others

    async def count(self, caller: Caller, quotas: Iterable[Quota]) -> list[QuotaState]:
        """Count one request; returns the state of each of the caller's quotas.

        While Redis is unavailable nothing is counted and nobody is refused.
        """

        async def hit_all() -> list[QuotaState]:
            return [await self._hit(caller, quota) for quota in quotas]

        return await self._ask_storage(hit_all, [])

    @property
    def limit_unknown_codes(self) -> bool:
        """Whether unknown codes are counted."""
        return bool(self._unknown_codes)

    async def seconds_without_codes(self, caller: Caller, address: str) -> int:
        """For how many seconds the address may send no cart with codes; 0 if it may."""
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
        """Count codes that do not exist."""
        key = _guesser(caller, address)

        async def hit_all() -> None:
            for item in self._unknown_codes:
                await self._limiter.hit(item, *key, cost=number)

        await self._ask_storage(hit_all, None)

    async def _ask_storage(self, request: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """The result, or `otherwise` while Redis is unavailable, with an occasional warning."""
        try:
            async with asyncio.timeout(_REDIS_TIMEOUT):
                return await request()
        except (StorageError, TimeoutError, OSError) as error:
            if monotonic() >= self._no_warning_until:
                self._no_warning_until = monotonic() + _WARN_INTERVAL
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
