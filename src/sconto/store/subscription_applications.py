"""Codes applied to subscriptions: counted exactly, without waiting where there is no limit.

Applying a code and changing its promotion exclude each other: the first holds the promotion's row,
the second takes it for itself. A promotion with a limit counts in its own row, one use after the
other, and never beyond the limit. One without has rows by slot; whoever applies it shares the
promotion's row and adds to a slot that no open transaction uses, so that nobody waits.
"""

from datetime import datetime
from typing import Final

from sconto.domain.people import Caller
from sconto.domain.subscription import Contract, subscription_code_key
from sconto.domain.subscription_pricing import AppliedRules
from sconto.domain.subscription_promotion import Application
from sconto.store.database import Connection
from sconto.store.subscription_promotions import decode_rules, wait_for_turn

SLOT_LOCKS: Final = 0x5C08
"""The first of the two numbers of a slot's advisory lock; the second is the slot."""

_HOLD_LIMITED: Final = """
SELECT true FROM subscription_promotions
WHERE merchant_id = $1 AND promotion_id = $2 AND archived_at IS NULL AND max_usage IS NOT NULL
FOR NO KEY UPDATE
"""

_HOLD_UNLIMITED: Final = """
SELECT true FROM subscription_promotions
WHERE merchant_id = $1 AND promotion_id = $2 AND archived_at IS NULL AND max_usage IS NULL
FOR SHARE
"""

_COUNT_LIMITED: Final = """
UPDATE subscription_promotions SET usage = usage + 1
WHERE merchant_id = $1 AND promotion_id = $2 AND usage < max_usage
RETURNING true
"""

# generate_series in a select list is asked for one number at a time, so the locks are tried from
# the lowest slot to the first that is free, and no further.
_COUNT_UNLIMITED: Final = """
WITH slot AS MATERIALIZED (
    SELECT number
    FROM (SELECT generate_series(0, 32767) AS number) AS slots
    WHERE pg_try_advisory_xact_lock($3, number)
    LIMIT 1
)
INSERT INTO subscription_usage AS counted (merchant_id, promotion_id, slot, uses)
SELECT $1, $2, number, 1 FROM slot
ON CONFLICT (merchant_id, promotion_id, slot) DO UPDATE SET uses = counted.uses + 1
RETURNING true
"""

_INSERT: Final = """
INSERT INTO subscription_applications (
    merchant_id, application_id, promotion_id, version, code_key, subscription_type_id,
    subscription_created_at, applied_by, applied_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_FIND_RULES: Final = """
SELECT promotion_id, rules
FROM subscription_applications JOIN subscription_versions USING (merchant_id, promotion_id, version)
WHERE merchant_id = $1 AND application_id = $2
"""


async def hold_promotion(
    connection: Connection, merchant_id: int, promotion_id: int, *, limited: bool
) -> bool:
    """Keep the promotion from being changed until the transaction ends.

    With a limit others who apply it wait too. False where by now it is archived, or has a limit
    where it had none or the other way round.
    """
    if not limited:
        await wait_for_turn(connection, promotion_id, alone=False)
    hold = _HOLD_LIMITED if limited else _HOLD_UNLIMITED
    return bool(await connection.fetchval(hold, merchant_id, promotion_id))


async def count_use(
    connection: Connection, merchant_id: int, promotion_id: int, *, limited: bool
) -> bool:
    """Count one use of a promotion that is held; False, and nothing counted, at its limit."""
    key = (merchant_id, promotion_id)
    if limited:
        return bool(await connection.fetchval(_COUNT_LIMITED, *key))
    return bool(await connection.fetchval(_COUNT_UNLIMITED, *key, SLOT_LOCKS))


async def insert_application(
    connection: Connection,
    caller: Caller,
    application: Application,
    contract: Contract,
    now: datetime,
) -> None:
    """Keep what was applied, by whom, and which version it was."""
    promotion = application.promotion
    await connection.execute(
        _INSERT,
        caller.merchant_id,
        application.id,
        promotion.id,
        promotion.version,
        subscription_code_key(promotion.terms.code),
        contract.type_id,
        contract.created_at,
        caller.user_id,
        now,
    )


async def find_applied_rules(
    connection: Connection, merchant_id: int, application_id: str
) -> AppliedRules | None:
    """The rules as they were when the code was applied; None for an application that is unknown."""
    row = await connection.fetchrow(_FIND_RULES, merchant_id, application_id)
    return None if row is None else AppliedRules(row["promotion_id"], decode_rules(row["rules"]))
