"""Codes applied to subscriptions: counted exactly, and without waiting if there is no limit.

Applying a code is one statement, which is a transaction by itself. The caller has read before,
without a lock, a promotion whose code the contract may have, and found no answer under the
request's key. The statement stores the application, adds one to the uses, and stores the answer if
there is a key, provided that the promotion is still the one that was read:

- `lock_timeout` limits how long the statement waits for the promotion's row.
- `alone` takes an advisory lock on the key, if it is free (`idempotency`). So no statement waits
  for a request with the same key.
- `held` with a limit locks the promotion's own row. Another application of the promotion waits here
  until the previous one has committed. Then PostgreSQL checks the row again, and leaves it out if
  it is at the limit, changed or archived (either gives it a later `updated_at`). So the limit is
  never a read before the write, and the row is locked only for the rest of this statement and its
  commit.
- `held` without a limit takes a shared lock on the row, which keeps the promotion from being
  changed meanwhile. A change takes an exclusive lock; `turn` lets it get ahead of later
  applications.
- `kept` is the answer; only if `held` has a row. It contains the number of uses, which is unknown
  before, so the number is put between the answer's two parts here. If another request has used the
  key, `kept` writes nothing and has no row.
- `decided` is the row of `held` if there is no key, or the answer was stored. All that follows
  depends on it. So either everything is written or nothing, and a lost race is not an error of the
  server.
- `counted` with a limit adds to the promotion's row, which is locked. Without a limit there are
  rows by slot, and it adds to one that no open transaction uses, so that nobody waits.
- `inserted` inserts the application.

If nothing was decided, `ApplicationRaceLost` is raised and the caller reads again. If the
connection drops before the server got there, nothing was done. If it drops afterwards, everything
was done, and the request sent again with its key gets its answer.
"""

from datetime import datetime
from typing import Final

import asyncpg

from sconto.domain.people import Caller
from sconto.domain.subscription import Contract, subscription_code_key
from sconto.domain.subscription_pricing import SubscriptionRules
from sconto.domain.subscription_promotion import Application, SubscriptionPromotion
from sconto.store.availability import Busy, BusyReason
from sconto.store.database import Connection
from sconto.store.idempotency import KEY_IS_FREE, AnswerToKeep, KeptAnswer, KeyBusy, decode_answer
from sconto.store.node_calls import NodeFunction
from sconto.store.promotion_events import SUBSCRIPTION_PROMOTIONS, subject_sql
from sconto.store.subscription_promotions import READ_BY_CODE, decode_promotion, decode_rules


class ApplicationRaceLost(Exception):
    """The promotion changed, or its key was used, since it was read; nothing was written."""


# One snapshot: if there is no answer under the key, the promotion is as it was before that request.
# It reads the first key from $3 on, because only the primary key has that order. For `key = $3`, a
# plan made while the table is empty would read all of the merchant's keys by the index on their
# age.
_LOOK: Final = f"""
SELECT promotion.*, kept.fingerprint, kept.status, kept.answer
FROM (VALUES (true)) AS asked
LEFT JOIN ({READ_BY_CODE}) AS promotion ON true
LEFT JOIN LATERAL (
    SELECT key, fingerprint, status, answer, created_at
    FROM idempotency_keys
    WHERE merchant_id = $1 AND key >= $3
    ORDER BY key
    LIMIT 1
) AS kept ON kept.key = $3 AND kept.created_at > $4
"""  # noqa: S608  # of our own constants

_ALONE: Final = f"""
WITH lock_timeout AS MATERIALIZED (
    SELECT set_config('lock_timeout', '5s', true)
), alone AS MATERIALIZED (
    SELECT $11::text IS NULL OR {KEY_IS_FREE.format(key="$11")} AS key_is_free FROM lock_timeout
), """  # noqa: S608  # of our own constants

_HELD_LIMITED: Final = """held AS MATERIALIZED (
    SELECT promotion_id, usage + 1 AS usage
    FROM subscription_promotions
    WHERE merchant_id = $1 AND promotion_id = $3 AND (SELECT key_is_free FROM alone)
      AND updated_at = $10 AND usage < max_usage
    FOR NO KEY UPDATE
), """

# The first number of an advisory lock says what it is for: 23560 is this module's, 23561 is a
# promotion's turn in `subscription_promotions`.
_HELD_UNLIMITED: Final = """turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(23561, ($3::bigint % 2147483648)::int) IS NULL AS held
    FROM alone WHERE key_is_free
), held AS MATERIALIZED (
    SELECT promotion_id, $17::bigint + 1 AS usage
    FROM subscription_promotions
    WHERE merchant_id = $1 AND promotion_id = $3 AND EXISTS (SELECT FROM turn)
      AND updated_at = $10 AND max_usage IS NULL
    FOR SHARE
), """

# An expired key counts as unused, swept or not. The timeout is for a program older than the
# advisory lock, which may hold the key during an upgrade, while other requests wait for this one.
_DECIDED: Final = """key_timeout AS MATERIALIZED (
    SELECT usage, set_config('lock_timeout', '50ms', true) FROM held WHERE $11::text IS NOT NULL
), kept AS (
    INSERT INTO idempotency_keys AS kept (merchant_id, key, fingerprint, created_at, status, answer)
    SELECT $1, $11, $12, $9, $13, $14::bytea || convert_to(usage::text, 'UTF8') || $15::bytea
    FROM key_timeout
    ON CONFLICT (merchant_id, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, created_at = excluded.created_at,
        status = excluded.status, answer = excluded.answer
    WHERE kept.created_at <= $16
    RETURNING true
), decided AS MATERIALIZED (
    SELECT usage FROM held WHERE $11::text IS NULL OR EXISTS (SELECT FROM kept)
), """

# `held` has locked this row, so nobody has changed it since.
_COUNTED_LIMITED: Final = """counted AS (
    UPDATE subscription_promotions AS promotion SET usage = promotion.usage + 1
    FROM decided
    WHERE promotion.merchant_id = $1 AND promotion.promotion_id = $3
    RETURNING promotion.usage
), """

# The last use that the limit allows is an event, if the merchant records events.
_QUEUED: Final = f"""used_up AS MATERIALIZED (
    SELECT promotion_id, max_usage, {subject_sql(SUBSCRIPTION_PROMOTIONS)} AS subject
    FROM counted
    JOIN subscription_promotions ON merchant_id = $1 AND promotion_id = $3
    WHERE counted.usage = max_usage
      AND EXISTS (SELECT true FROM timeline_versions WHERE merchant_id = $1 AND records_events)
), reached AS (
    INSERT INTO event_outbox (merchant_id, type, object, occurred_at, subject, data)
    SELECT $1, 'promotion.limit_reached', '{SUBSCRIPTION_PROMOTIONS.object} ' || promotion_id, $9,
           subject, json_build_object('limit', max_usage, 'taken', max_usage)
    FROM used_up
), """  # noqa: S608  # of our own constants

# generate_series in a select list yields one number at a time, so the locks are tried from the
# lowest slot to the first free one.
_COUNTED_UNLIMITED: Final = """slot AS MATERIALIZED (
    SELECT number, usage
    FROM (SELECT generate_series(0, 32767) AS number, usage FROM decided) AS slots
    WHERE pg_try_advisory_xact_lock(23560, number)
    LIMIT 1
), counted AS (
    INSERT INTO subscription_usage AS counts (merchant_id, promotion_id, slot, uses)
    SELECT $1, $3, number, 1 FROM slot
    ON CONFLICT (merchant_id, promotion_id, slot) DO UPDATE SET uses = counts.uses + 1
    RETURNING true
), """

_INSERTED: Final = """inserted AS (
    INSERT INTO subscription_applications (
        merchant_id, application_id, promotion_id, version, code_key, subscription_type_id,
        subscription_created_at, applied_by, applied_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM decided
)
SELECT (SELECT usage FROM decided) AS usage, (SELECT key_is_free FROM alone) AS key_is_free
"""

_APPLY_LIMITED: Final = _ALONE + _HELD_LIMITED + _DECIDED + _COUNTED_LIMITED + _QUEUED + _INSERTED

_APPLY_UNLIMITED: Final = _ALONE + _HELD_UNLIMITED + _DECIDED + _COUNTED_UNLIMITED + _INSERTED

_LOOK_ON_NODE: Final = NodeFunction(_LOOK)
_LIMITED_ON_NODE: Final = NodeFunction(_APPLY_LIMITED, writes=True)
_UNLIMITED_ON_NODE: Final = NodeFunction(_APPLY_UNLIMITED, writes=True)

_FIND_RULES: Final = """
SELECT promotion_id, rules
FROM subscription_applications JOIN subscription_versions USING (merchant_id, promotion_id, version)
WHERE merchant_id = $1 AND application_id = $2
"""

_RULES_ON_NODE: Final = NodeFunction(_FIND_RULES)

ON_NODES: Final = (_LOOK_ON_NODE, _LIMITED_ON_NODE, _UNLIMITED_ON_NODE, _RULES_ON_NODE)
"""The functions of these statements on the nodes of a distributed database."""


async def find_promotion_and_answer(
    connection: Connection, merchant_id: int, code: str, key: str | None, expired_at: datetime
) -> tuple[SubscriptionPromotion | None, KeptAnswer | None]:
    """The promotion that is not archived and has the code, in any spelling.

    With it the answer that was stored under the key after `expired_at`.
    """
    code_key = subscription_code_key(code)
    row = await _LOOK_ON_NODE.fetchrow(connection, merchant_id, code_key, key, expired_at)
    if row is None:  # a node's row of nulls
        return None, None
    promotion = None if row["promotion_id"] is None else decode_promotion(row)
    return promotion, None if row["status"] is None else decode_answer(row)


async def insert_application(
    connection: Connection,
    caller: Caller,
    application: Application,
    contract: Contract,
    to_keep: AnswerToKeep | None,
    now: datetime,
) -> int:
    """Store what was applied, by whom, and in which version, and count it; returns the uses.

    Without a limit, the uses are those that were read before, plus this one. Raises
    ApplicationRaceLost if the promotion changed, is used up, or the key was used; KeyBusy if
    another request has the key; and Busy if another transaction has the promotion. Then nothing was
    written.
    """
    promotion = application.promotion
    arguments = [
        caller.merchant_id,
        application.id,
        promotion.id,
        promotion.version,
        subscription_code_key(promotion.terms.code),
        contract.type_id,
        contract.created_at,
        caller.user_id,
        now,
        promotion.updated_at,
        *_key_columns(to_keep),
    ]
    function = _LIMITED_ON_NODE
    if promotion.terms.constraint.max_usage is None:
        function = _UNLIMITED_ON_NODE
        arguments.append(promotion.usage)
    try:
        row = await function.fetchrow(connection, *arguments)
    except asyncpg.LockNotAvailableError as error:
        # PostgreSQL names the table whose row it waited for.
        if "idempotency_keys" in (error.context or ""):
            raise KeyBusy from None
        raise Busy(BusyReason.APPLICATIONS) from error
    assert row is not None  # noqa: S101 - a row is asked for
    if not row["key_is_free"]:
        raise KeyBusy
    if row["usage"] is None:
        raise ApplicationRaceLost
    usage: int = row["usage"]
    return usage


def _key_columns(kept: AnswerToKeep | None) -> tuple[object, ...]:
    if kept is None:
        return (None,) * 6
    answer = kept.answer
    return (
        kept.key,
        kept.fingerprint,
        answer.status,
        answer.before,
        answer.after,
        kept.expired_at,
    )


async def find_rules_of_application(
    connection: Connection, merchant_id: int, application_id: str
) -> SubscriptionRules | None:
    """The rules when the code was applied; None for an unknown application."""
    row = await _RULES_ON_NODE.fetchrow(connection, merchant_id, application_id)
    return (
        None if row is None else SubscriptionRules(row["promotion_id"], decode_rules(row["rules"]))
    )
