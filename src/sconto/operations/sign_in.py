"""Signing in: which user a name and a password mean, and how fast strangers may guess."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NoReturn

from sconto.domain.people import Caller
from sconto.domain.problems import BadCredentials, TooManyAttempts
from sconto.domain.sign_in import (
    EXEMPT_CHECK_INTERVAL,
    FailureLimit,
    known_address_hash,
    limits_of_attempt,
    name_key,
    pair_key,
    password_checks_for,
    read_name,
    seconds_until,
)
from sconto.operations.pace import Pace
from sconto.operations.passwords import PASSWORDS, Passwords
from sconto.store import known_places
from sconto.store import sign_in as failures
from sconto.store.database import Database
from sconto.store.people import PossibleUser, find_possible_users

_CHECK_SLOTS: Final = asyncio.Semaphore(2)
"""How many passwords a process checks together: more would only take memory."""

_PAUSE: Final = timedelta(milliseconds=50)
_PAUSES: Final = 200

_TURN_TIMEOUT: Final = 2.5
"""Seconds that an attempt beyond the limit waits for its turn at most."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What checks passwords, and the pace of the checks beyond the limit."""

    passwords: Passwords
    pace: Pace


GUARD: Final = Guard(PASSWORDS, Pace(EXEMPT_CHECK_INTERVAL.total_seconds(), _TURN_TIMEOUT))
"""The guard of this process."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody sent who wants to sign in.

    `holder` is the user whose valid token came with it, if one did.
    """

    username: str
    password: str
    address: str
    holder: Caller | None = None


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The users that a name may mean: those who are trusted there, and the others."""

    trusted: Sequence[PossibleUser]
    others: Sequence[PossibleUser]
    holder: int | None

    @property
    def is_known(self) -> bool:
        """Whether one of them signed in from there lately."""
        return any(candidate.known_here for candidate in self.trusted)


async def find_user(
    database: Database, asked: SignIn, now: datetime, guard: Guard = GUARD
) -> PossibleUser:
    """The one user with that name and password. Raises BadCredentials, TooManyAttempts.

    The attempt is counted as a failure before the password is looked at and taken back if it was
    right: however many arrive at once, in whatever process, no more are looked at than may fail.
    Where only attempts under way stand against it, it waits for them, so that a shop whose clients
    all sign in at the same moment is not taken for a thief.
    """
    for pause in range(_PAUSES):
        async with _CHECK_SLOTS:
            # Anew each time: one that was under way may have made the address known.
            candidates = await _find_candidates(database, asked, now)
            async with database.write() as connection:
                answer = await failures.reserve_attempt(
                    connection, _subjects_of(asked, candidates), now + pause * _PAUSE
                )
            if isinstance(answer, failures.Attempt):
                return await _check(database, guard.passwords, asked, candidates, answer, now)
        if answer.free_at is not None:
            return await _check_in_turn(database, guard, asked, candidates, answer.free_at, now)
        await asyncio.sleep(_PAUSE.total_seconds())
    raise TooManyAttempts(1)


async def _find_candidates(database: Database, asked: SignIn, now: datetime) -> _Candidates:
    name = read_name(asked.username)
    if name is None:
        return _Candidates((), (), None)
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
    return _Candidates(trusted, others, holder)


def _subjects_of(asked: SignIn, candidates: _Candidates) -> tuple[FailureLimit, ...]:
    return limits_of_attempt(
        asked.username, asked.address, is_exempt=candidates.is_known, holder=candidates.holder
    )


async def _check(
    database: Database,
    passwords: Passwords,
    asked: SignIn,
    candidates: _Candidates,
    attempt: failures.Attempt,
    now: datetime,
) -> PossibleUser:
    """The user, once the attempt is counted.

    Where one trusted user has the password, the others are not even compared: they would be guessed
    at by somebody who sets the password of a user of the same name as often as they like.
    """
    found = await _find_right(passwords, asked, candidates.trusted, len(candidates.trusted))
    if not found:
        others = () if attempt.strangers_free_at else candidates.others
        checks = password_checks_for(len(candidates.trusted) + len(others)) - len(
            candidates.trusted
        )
        found = await _find_right(passwords, asked, others, checks)
    if len(found) != 1:
        async with database.write() as connection:
            await failures.confirm_failure(connection, attempt)
        if attempt.strangers_free_at is not None:
            _refuse(attempt.strangers_free_at, now)
        raise BadCredentials
    (user,) = found
    async with database.write() as connection:
        is_new = await known_places.remember_place(
            connection, user.state.caller, known_address_hash(asked.username, asked.address), now
        )
        # See FAILURES_OF_A_NAME.
        counts = is_new and candidates.holder is None
        but = name_key(asked.username) if counts else None
        await failures.take_back(connection, attempt, but=but)
    return user


async def _check_in_turn(
    database: Database,
    guard: Guard,
    asked: SignIn,
    candidates: _Candidates,
    free_at: datetime,
    now: datetime,
) -> PossibleUser:
    """The user who is trusted there although too many attempts failed: one check a second.

    Everybody else waits as long, and whoever is refused is answered alike: so nobody learns by
    failing which users exist.
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
    async with database.write() as connection:
        await known_places.remember_place(
            connection, user.state.caller, known_address_hash(asked.username, asked.address), now
        )
    return user


async def _find_right(
    passwords: Passwords, asked: SignIn, candidates: Sequence[PossibleUser], checks: int
) -> list[PossibleUser]:
    """The candidates who have the password and may sign in."""
    hashes = [candidate.password_hash for candidate in candidates]
    right = await passwords.verify(asked.password, hashes, checks) if checks else []
    return [
        candidate
        for candidate, is_right in zip(candidates, right, strict=True)
        if is_right and not candidate.state.disabled
    ]


def _turn_of(asked: SignIn, candidates: _Candidates) -> str:
    """What shares its turns: whatever the address for a user who was changed lately."""
    if candidates.holder is not None:
        return f"holder {candidates.holder}"
    if candidates.trusted and not candidates.is_known:
        return f"user {candidates.trusted[0].user_id}"
    return pair_key(asked.username, asked.address)


def _refuse(free_at: datetime, now: datetime) -> NoReturn:
    raise TooManyAttempts(seconds_until(free_at, now))
