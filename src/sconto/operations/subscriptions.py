"""What a subscription platform asks: may a subscription have a code, and what its orders get."""

import asyncio
import random
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from sconto.domain.people import Caller
from sconto.domain.problems import (
    ApplicationNotFound,
    CodeRefused,
    IdempotencyKeyBusy,
    SubscriptionCodeNotFound,
)
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import (
    Application,
    Eligibility,
    find_ineligible_reason,
)
from sconto.domain.subscription_schedule import Schedule, SchedulePlan, schedule_orders
from sconto.operations.idempotency import (
    BUSY_PAUSE,
    BUSY_RETRY_AFTER,
    BUSY_TIMEOUT,
    KEY_LIFETIME,
    EncodedAnswer,
    Repeatable,
    answer_again,
)
from sconto.operations.subscription_promotions import get_promotion
from sconto.store import subscription_applications as applications
from sconto.store.database import Database, DatabaseUnavailable, retried, retrying
from sconto.store.idempotency import AnswerToKeep, KeyBusy

USAGE_MARK: Final = b"\0"
"""Where an answer says how often the code was applied, which is known last; no JSON has it."""


async def validate_contract(
    database: Database, caller: Caller, promotion_id: int, contract: Contract, now: datetime
) -> Eligibility:
    """Whether the contract may have the promotion's code now; nothing is counted.

    Raises SubscriptionPromotionNotFound.
    """
    promotion = await get_promotion(database, caller, promotion_id)
    return Eligibility(promotion, find_ineligible_reason(promotion, contract, now))


@retried
async def schedule_promotion(
    database: Database, caller: Caller, promotion_id: int, plan: SchedulePlan, now: datetime
) -> tuple[Eligibility, Schedule]:
    """What the promotion gives on the contract's next orders, and whether it may have it now.

    Raises SubscriptionPromotionNotFound, and ApplicationNotFound for the id of an application that
    was not this promotion's.
    """
    eligibility = await validate_contract(database, caller, promotion_id, plan.contract, now)
    rules = eligibility.promotion.terms.rules
    if plan.application_id is not None:
        async with database.read(caller.merchant_id) as connection:
            applied = await applications.find_applied_rules(
                connection, caller.merchant_id, plan.application_id
            )
        if applied is None or applied.promotion_id != promotion_id:
            raise ApplicationNotFound(plan.application_id)
        rules = applied.rules
    return eligibility, schedule_orders(rules, plan)


async def apply_code(
    database: Database,
    caller: Caller,
    code: str,
    contract: Contract,
    request: Repeatable[Application],
    now: datetime,
) -> EncodedAnswer:
    """Count one use of the code's promotion for the contract, and keep which version it got.

    The body that the request renders has USAGE_MARK once. Raises SubscriptionCodeNotFound,
    CodeRefused, IdempotencyKeyReused, and IdempotencyKeyBusy where the key's first request takes
    long; then nothing was written.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + BUSY_TIMEOUT
    late: Exception
    while True:
        try:
            return await retrying(
                lambda: _look_and_apply(database, caller, code, contract, request, now)
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
    request: Repeatable[Application],
    now: datetime,
) -> EncodedAnswer:
    """Apply the code as it is found; what is refused is refused before anybody has to wait.

    Raises ApplicationRaceLost or KeyBusy if another request was first, and what `apply_code`
    raises.
    """
    async with database.read(caller.merchant_id) as connection:
        promotion, kept = await applications.find_promotion_and_answer(
            connection, caller.merchant_id, code, request.key, now - KEY_LIFETIME
        )
    if kept is not None:
        return answer_again(request, kept)
    if promotion is None:
        raise SubscriptionCodeNotFound(code)
    if (reason := find_ineligible_reason(promotion, contract, now)) is not None:
        raise CodeRefused(promotion, reason)
    application = Application(str(uuid4()), promotion)
    answer = request.render(application)
    before, after = answer.body.split(USAGE_MARK)
    to_keep = None
    if request.key is not None:
        to_keep = AnswerToKeep(
            request.key, request.fingerprint, answer.status, before, after, now - KEY_LIFETIME
        )
    async with database.write_at_once(caller.merchant_id) as connection:
        usage = await applications.insert_application(
            connection, caller, application, contract, to_keep, now
        )
    return replace(answer, body=b"%b%d%b" % (before, usage, after))
