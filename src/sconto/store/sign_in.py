"""Failed sign-ins, counted before the password is checked, so that no failure is missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from sconto.domain.sign_in import ATTEMPT_LOST_AFTER, LONGEST_FAILURE_WINDOW, FailureLimit
from sconto.store.database import Connection

# A statement sees what was committed when it began. So the lock is a statement of its own.
_LOCK: Final = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"

# $1, $2: subjects and how many failures each may have; $3: now; $4: where the longest window
# begins; $5: when an attempt that still runs must have begun; $6: where each subject's
# window begins; $7: which subjects bind.
_RESERVE: Final = """
WITH old AS (
    SELECT subject, failure_id FROM sign_in_failures
    WHERE failed_at <= $4 ORDER BY failed_at LIMIT 20
    FOR UPDATE SKIP LOCKED
), swept AS (
    DELETE FROM sign_in_failures USING old
    WHERE sign_in_failures.subject = old.subject
        AND sign_in_failures.failure_id = old.failure_id
), counted AS (
    SELECT
        subject,
        binding,
        (SELECT count(*) FROM sign_in_failures AS attempt
         WHERE attempt.subject = asked.subject AND failed_at > since) >= allowed AS full,
        -- If so many have failed that no attempt is allowed: when the next one is.
        (SELECT failed_at + ($3 - since) FROM sign_in_failures AS failure
         WHERE failure.subject = asked.subject AND failed_at > since
             AND NOT (under_way AND failed_at > $5)
         ORDER BY failed_at DESC OFFSET allowed - 1 LIMIT 1) AS free_at
    FROM unnest($1::text[], $2::int[], $6::timestamptz[], $7::bool[])
        AS asked (subject, allowed, since, binding)
), reserved AS (
    INSERT INTO sign_in_failures (subject, failed_at, under_way)
    SELECT subject, $3, true FROM counted
    WHERE NOT EXISTS (SELECT FROM counted WHERE "full" AND binding)
    RETURNING failure_id
)
SELECT
    (SELECT array_agg(failure_id) FROM reserved) AS failure_ids,
    (SELECT max(free_at) FROM counted) AS free_at
"""

_CONFIRM: Final = """
UPDATE sign_in_failures SET under_way = false
WHERE subject = ANY($1::text[]) AND failure_id = ANY($2::bigint[])
"""

_TAKE_BACK: Final = """
DELETE FROM sign_in_failures
WHERE subject = ANY($1::text[]) AND failure_id = ANY($2::bigint[])
"""


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A running sign-in. It counts as failed unless it is taken back."""

    subjects: tuple[str, ...]
    failure_ids: tuple[int, ...]
    unknown_addresses_free_at: datetime | None = None
    """Until when an attempt would be refused if no limit were left out; None if it would not be."""


@dataclass(frozen=True, slots=True)
class AttemptRefused:
    """No attempt is allowed until `free_at`. If that is None, until a running one has ended."""

    free_at: datetime | None


async def reserve_attempt(
    connection: Connection, subjects: Sequence[FailureLimit], now: datetime
) -> SignInAttempt | AttemptRefused:
    """Count an attempt against every subject, or against none if a binding one allows no more.

    Needs a transaction. Attempts for one subject wait for its lock until it commits, in every
    process, so each sees all that were reserved before it. Refused attempts are not counted;
    otherwise a client that keeps trying would never get in again.
    """
    keys = tuple(subject.key for subject in subjects)
    # The same order everywhere, so that no two attempts deadlock.
    await connection.execute(_LOCK, sorted(map(_lock_key, keys)))
    row = await connection.fetchrow(
        _RESERVE,
        keys,
        [subject.allowed for subject in subjects],
        now,
        now - LONGEST_FAILURE_WINDOW,
        now - ATTEMPT_LOST_AFTER,
        [now - subject.window for subject in subjects],
        [subject.binding for subject in subjects],
    )
    assert row is not None  # noqa: S101 - a query without FROM has one row
    if row["failure_ids"] is not None:
        return SignInAttempt(keys, tuple(row["failure_ids"]), row["free_at"])
    return AttemptRefused(row["free_at"])


async def confirm_failure(connection: Connection, attempt: SignInAttempt) -> None:
    """Keep the attempt counted, because it has failed."""
    await connection.execute(_CONFIRM, attempt.subjects, attempt.failure_ids)


async def take_back(
    connection: Connection, attempt: SignInAttempt, *, but: str | None = None
) -> None:
    """Remove the attempt from the failures; earlier failures stay counted.

    It stays counted against the subject `but`.
    """
    subjects = [subject for subject in attempt.subjects if subject != but]
    await connection.execute(_TAKE_BACK, subjects, attempt.failure_ids)
    if but is not None:
        await confirm_failure(connection, attempt)


def _lock_key(subject: str) -> int:
    return int.from_bytes(sha256(subject.encode()).digest()[:8], signed=True)
