"""Codes on subscriptions: validating a contract, its schedule, and applying a code."""

import asyncio
import random
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sconto.domain.people import Caller
from sconto.domain.problems import (
    ApplicationNotFound,
    CodeRefused,
    IdempotencyKeyBusy,
    SubscriptionCodeNotFound,
)
from sconto.domain.subscription import Contract
from sconto.domain.subscription_pricing import SubscriptionRules
from sconto.domain.subscription_promotion import (
    Application,
    Eligibility,
    SubscriptionPromotion,
    find_ineligible_reason,
)
from sconto.domain.subscription_schedule import Schedule, SchedulePlan, schedule_orders
from sconto.operations.idempotency import (
    BUSY_PAUSE,
    BUSY_RETRY_AFTER,
    BUSY_TIMEOUT,
    KEY_LIFETIME,
    KeyedRequest,
    answer_again,
)
from sconto.store import subscription_applications as applications
from sconto.store.database import Database, DatabaseUnavailable, retried, retrying
from sconto.store.idempotency import AnswerAroundUsage, AnswerToKeep, KeyBusy


def validate_contract(
    promotion: SubscriptionPromotion, contract: Contract, now: datetime
) -> Eligibility:
    """Whether the contract may have the promotion's code now; nothing is counted."""
    return Eligibility(promotion, find_ineligible_reason(promotion, contract, now))


async def schedule_promotion(
    database: Database,
    caller: Caller,
    promotion: SubscriptionPromotion,
    plan: SchedulePlan,
    now: datetime,
) -> tuple[Eligibility, Schedule]:
    """What the promotion gives on the contract's next orders, and whether the code may be applied.

    Raises ApplicationNotFound for an application that does not exist, or is of another promotion.
    """
    eligibility = validate_contract(promotion, plan.contract, now)
    rules = promotion.terms.rules
    if plan.application_id is not None:
        applied = await _find_rules_of_application(database, caller, plan.application_id)
        if applied is None or applied.promotion_id != promotion.id:
            raise ApplicationNotFound(plan.application_id)
        rules = applied.rules
    return eligibility, schedule_orders(rules, plan)


@retried
async def _find_rules_of_application(
    database: Database, caller: Caller, application_id: str
) -> SubscriptionRules | None:
    async with database.read(caller.merchant_id, calls=True) as connection:
        return await applications.find_rules_of_application(
            connection, caller.merchant_id, application_id
        )


async def apply_code(
    database: Database,
    caller: Caller,
    code: str,
    contract: Contract,
    now: datetime,
    request: KeyedRequest[Application, AnswerAroundUsage] | None = None,
) -> Application:
    """Count one use of the code's promotion for the contract, and store its version.

    `promotion.usage` of the result includes this use. Raises SubscriptionCodeNotFound, CodeRefused,
    AlreadyAnswered, IdempotencyKeyReused, and IdempotencyKeyBusy if the key's first request takes
    long. Then nothing is written.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + BUSY_TIMEOUT
    late: Exception
    while True:
        try:
            return await retrying(
                lambda: _look_and_apply(database, caller, code, contract, now, request)
            )
        except applications.ApplicationRaceLost:
            late = DatabaseUnavailable("too many changes of a promotion whose code is applied")
        except KeyBusy:
            late = IdempotencyKeyBusy(BUSY_RETRY_AFTER)
            await asyncio.sleep(BUSY_PAUSE * random.uniform(0.5, 1))  # noqa: S311
        if clock() > deadline:
            raise late


async def _look_and_apply(
    database: Database,
    caller: Caller,
    code: str,
    contract: Contract,
    now: datetime,
    request: KeyedRequest[Application, AnswerAroundUsage] | None,
) -> Application:
    """Apply the code as it was read. Refusals are found before waiting for any lock.

    Raises ApplicationRaceLost or KeyBusy if another request was first, and what `apply_code`
    raises.
    """
    expired_at = now - KEY_LIFETIME
    key = None if request is None else request.key
    async with database.read(caller.merchant_id, calls=True) as connection:
        promotion, kept = await applications.find_promotion_and_answer(
            connection, caller.merchant_id, code, key, expired_at
        )
    if request is not None and kept is not None:
        answer_again(request, kept)
    if promotion is None:
        raise SubscriptionCodeNotFound(code)
    if (reason := find_ineligible_reason(promotion, contract, now)) is not None:
        raise CodeRefused(promotion, reason)
    application = Application(str(uuid4()), promotion)
    to_keep = None
    if request is not None:
        to_keep = AnswerToKeep(
            request.key,
            request.fingerprint,
            request.encode(application),
            expired_at,
        )
    async with database.write(
        caller.merchant_id, queue="applications", transaction=False
    ) as connection:
        usage = await applications.insert_application(
            connection, caller, application, contract, to_keep, now
        )
    return replace(application, promotion=replace(promotion, usage=usage))
