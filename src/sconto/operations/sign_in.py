"""Signing in: finding the user of a name and a password, and limiting guesses."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NoReturn

from sconto.domain.audit import failure_facts
from sconto.domain.people import Caller
from sconto.domain.problems import BadCredentials, TooManyAttempts
from sconto.domain.sessions import Origin
from sconto.domain.sign_in import (
    EXEMPT_CHECK_INTERVAL,
    FailureLimit,
    known_address_hash,
    limit_of_holder,
    limits_of_attempt,
    name_key,
    pair_key,
    password_checks_for,
    read_name,
    seconds_until,
)
from sconto.operations.pace import KeyPace
from sconto.operations.passwords import PASSWORDS, Passwords
from sconto.store import known_places
from sconto.store import sign_in as failures
from sconto.store.database import Connection, Database
from sconto.store.history import record_failed_sign_in
from sconto.store.people import PossibleUser, find_password_hash, find_possible_users

_log = logging.getLogger(__name__)

_CHECK_SLOTS: Final = asyncio.Semaphore(2)
"""How many passwords a process checks together: more would only take memory."""

_PAUSE: Final = timedelta(milliseconds=50)
_MAX_PAUSES: Final = 200

_TURN_TIMEOUT: Final = 2.5
"""Seconds that an attempt beyond the limit waits for its turn at most."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Checks passwords, and limits the pace of the checks beyond the limit."""

    passwords: Passwords
    pace: KeyPace


GUARD: Final = Guard(PASSWORDS, KeyPace(EXEMPT_CHECK_INTERVAL.total_seconds(), _TURN_TIMEOUT))
"""The guard of this process."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A request to sign in; `holder` is the user whose valid token came with it, if any.

    `asks_for_code` says that the caller can ask for a second factor too. Otherwise a user who has
    one is refused as with a wrong password.
    """

    username: str
    password: str
    address: str
    holder: Caller | None = None
    user_agent: str = ""
    asks_for_code: bool = False


@dataclass(frozen=True, slots=True)
class _PossibleUsers:
    """The users that a name may mean: those who are trusted at the address, and the others."""

    trusted: Sequence[PossibleUser]
    others: Sequence[PossibleUser]
    holder: int | None

    @property
    def is_known(self) -> bool:
        """Whether one of them signed in from the address recently."""
        return any(candidate.known_here for candidate in self.trusted)


async def find_user(
    database: Database, asked: SignIn, now: datetime, guard: Guard = GUARD
) -> PossibleUser:
    """The one user with that name and password. Raises BadCredentials, TooManyAttempts.

    A password alone does not make an address known for a user with a second factor.

    The attempt counts as a failure before the password is checked, and is removed if it is right.
    So of any number of concurrent attempts, in all processes, no more are checked than may fail. If
    only attempts that are being checked use up the limit, it waits for them: all clients of a shop
    may sign in together.
    """
    for pause in range(_MAX_PAUSES):
        async with _CHECK_SLOTS:
            # Read each time: an attempt that has ended may have made the address known.
            candidates = await _find_candidates(database, asked, now)
            async with database.write() as connection:
                answer = await failures.reserve_attempt(
                    connection, _limits_of(asked, candidates), now + pause * _PAUSE
                )
            if isinstance(answer, failures.SignInAttempt):
                return await _check(database, guard.passwords, asked, candidates, answer, now)
        if answer.free_at is not None:
            return await _check_in_turn(database, guard, asked, candidates, answer.free_at, now)
        await asyncio.sleep(_PAUSE.total_seconds())
    raise TooManyAttempts(1)


async def _find_candidates(database: Database, asked: SignIn, now: datetime) -> _PossibleUsers:
    name = read_name(asked.username)
    if name is None:
        return _PossibleUsers((), (), None)
    async with database.read() as connection:
        found = await find_possible_users(
            connection, name, known_address_hash(asked.username, asked.address), now
        )
    asks_again = None if asked.holder is None else asked.holder.user_id
    trusted: list[PossibleUser] = []
    others: list[PossibleUser] = []
    for one in found:
        is_trusted = one.known_here or one.changed_lately or one.user_id == asks_again
        (trusted if is_trusted else others).append(one)
    holder = asks_again if any(one.user_id == asks_again for one in found) else None
    return _PossibleUsers(trusted, others, holder)


def _limits_of(asked: SignIn, candidates: _PossibleUsers) -> tuple[FailureLimit, ...]:
    return limits_of_attempt(
        asked.username, asked.address, is_exempt=candidates.is_known, holder=candidates.holder
    )


async def _check(
    database: Database,
    passwords: Passwords,
    asked: SignIn,
    candidates: _PossibleUsers,
    attempt: failures.SignInAttempt,
    now: datetime,
) -> PossibleUser:
    """The user, after the attempt was counted.

    If a trusted user has the password, the others are not checked. Otherwise somebody who may set
    the password of one user could guess those of others with the same name.
    """
    found = await _find_right(passwords, asked, candidates.trusted, len(candidates.trusted))
    if not found:
        others = () if attempt.unknown_addresses_free_at else candidates.others
        checks = password_checks_for(len(candidates.trusted) + len(others)) - len(
            candidates.trusted
        )
        found = await _find_right(passwords, asked, others, checks)
    if len(found) != 1:
        facts = failure_facts(
            Origin(asked.address, asked.user_agent), is_api=not asked.asks_for_code
        )
        meant = [*candidates.trusted, *candidates.others]
        # Users of several merchants may have the name. A node that is away must not refuse the
        # others what a wrong password is answered.
        reached = [one for one in meant if database.answers_for(one.state.caller.merchant_id)]
        if len(reached) < len(meant):
            _log.warning("a failed sign-in is not in the history of a merchant whose node is away")
        async with database.write() as connection:
            await failures.confirm_failure(connection, attempt)
            await record_failed_sign_in(connection, reached, facts, now)
        if attempt.unknown_addresses_free_at is not None:
            _refuse(attempt.unknown_addresses_free_at, now)
        raise BadCredentials
    (user,) = found
    async with database.write() as connection:
        is_new = not user.known_here
        if not user.two_factor:
            is_new = await store_place(connection, asked, user.state.caller, now)
        # See FAILURES_OF_A_NAME.
        counts = is_new and candidates.holder is None
        but = name_key(asked.username) if counts else None
        await failures.take_back(connection, attempt, but=but)
    return user


async def _check_in_turn(
    database: Database,
    guard: Guard,
    asked: SignIn,
    candidates: _PossibleUsers,
    free_at: datetime,
    now: datetime,
) -> PossibleUser:
    """The user who is trusted at the address although too many attempts failed: a check a second.

    All others wait as long, and all refusals are alike, so nobody learns which users exist.
    """
    if not await guard.pace.wait(_turn_of(asked, candidates)):
        _refuse(free_at, now)
    checks = password_checks_for(len(candidates.trusted))
    if not candidates.trusted:
        await guard.passwords.pretend(checks)
        _refuse(free_at, now)
    async with _CHECK_SLOTS:
        found = await _find_right(guard.passwords, asked, candidates.trusted, checks)
    if len(found) != 1:
        _refuse(free_at, now)
    (user,) = found
    if not user.two_factor:
        async with database.write() as connection:
            await store_place(connection, asked, user.state.caller, now)
    return user


async def store_place(connection: Connection, asked: SignIn, caller: Caller, now: datetime) -> bool:
    """Store that the user signed in from there; returns whether that is new."""
    return await known_places.store_place(
        connection, caller, known_address_hash(asked.username, asked.address), now
    )


async def check_own_password(
    database: Database, caller: Caller, password: str, now: datetime, guard: Guard = GUARD
) -> None:
    """Raise BadCredentials or TooManyAttempts unless the password is the caller's.

    Somebody with a session may fail as often as with a valid token.
    """
    limits = (limit_of_holder(caller.user_id),)
    attempt = await reserve(database, limits, now)
    async with database.read() as connection:
        password_hash = await find_password_hash(connection, caller.merchant_id, caller.user_id)
    async with _CHECK_SLOTS:
        known = [] if password_hash is None else [password_hash]
        right = await guard.passwords.verify(password, known, 1)
    async with database.write() as connection:
        if right == [True]:
            await failures.take_back(connection, attempt)
            return
        await failures.confirm_failure(connection, attempt)
    raise BadCredentials


async def reserve(
    database: Database, limits: Sequence[FailureLimit], now: datetime
) -> failures.SignInAttempt:
    """Count an attempt, after those that are being checked have ended. Raises TooManyAttempts."""
    for pause in range(_MAX_PAUSES):
        async with database.write() as connection:
            answer = await failures.reserve_attempt(connection, limits, now + pause * _PAUSE)
        if isinstance(answer, failures.SignInAttempt):
            return answer
        if answer.free_at is not None:
            _refuse(answer.free_at, now)
        await asyncio.sleep(_PAUSE.total_seconds())
    raise TooManyAttempts(1)


async def _find_right(
    passwords: Passwords, asked: SignIn, candidates: Sequence[PossibleUser], checks: int
) -> list[PossibleUser]:
    """The candidates who have the password and may sign in."""
    hashes = [candidate.password_hash for candidate in candidates]
    right = await passwords.verify(asked.password, hashes, checks) if checks else []
    return [
        candidate
        for candidate, is_right in zip(candidates, right, strict=True)
        if is_right
        and not candidate.state.disabled
        and (asked.asks_for_code or not candidate.two_factor)
    ]


def _turn_of(asked: SignIn, candidates: _PossibleUsers) -> str:
    """The key of the turns; without the address for a user who was changed recently."""
    if candidates.holder is not None:
        return f"holder {candidates.holder}"
    if candidates.trusted and not candidates.is_known:
        return f"user {candidates.trusted[0].user_id}"
    return pair_key(asked.username, asked.address)


def _refuse(free_at: datetime, now: datetime) -> NoReturn:
    raise TooManyAttempts(seconds_until(free_at, now))
