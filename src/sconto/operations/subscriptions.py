"""What a subscription platform asks: may a subscription have a code, and what its orders get."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sconto.domain.people import Caller
from sconto.domain.problems import (
    ApplicationNotFound,
    CodeRefused,
    SubscriptionCodeNotFound,
)
from sconto.domain.subscription import Contract
from sconto.domain.subscription_promotion import (
    Application,
    Refusal,
    SubscriptionPromotion,
    Verdict,
    find_refusal,
)
from sconto.domain.subscription_schedule import Schedule, SchedulePlan, schedule_orders
from sconto.operations.idempotency import Answer, Repeatable, run_once
from sconto.operations.subscription_promotions import get_promotion
from sconto.store import subscription_applications as applications
from sconto.store import subscription_promotions as promotions
from sconto.store.database import Connection, Database


async def validate_contract(
    database: Database, caller: Caller, promotion_id: int, contract: Contract, now: datetime
) -> Verdict:
    """Whether the contract may have the promotion's code now; nothing is counted.

    Raises SubscriptionPromotionNotFound.
    """
    promotion = await get_promotion(database, caller, promotion_id)
    return Verdict(promotion, find_refusal(promotion, contract, now))


async def schedule_promotion(
    database: Database, caller: Caller, promotion_id: int, plan: SchedulePlan, now: datetime
) -> tuple[Verdict, Schedule]:
    """What the promotion gives on the contract's next orders, and whether it may have it now.

    Raises SubscriptionPromotionNotFound, and ApplicationNotFound for the id of an application that
    was not this promotion's.
    """
    verdict = await validate_contract(database, caller, promotion_id, plan.contract, now)
    rules = verdict.promotion.terms.rules
    if plan.application_id is not None:
        async with database.read() as connection:
            applied = await applications.find_applied_rules(
                connection, caller.merchant_id, plan.application_id
            )
        if applied is None or applied.promotion_id != promotion_id:
            raise ApplicationNotFound(plan.application_id)
        rules = applied.rules
    return verdict, schedule_orders(rules, plan)


async def apply_code(
    database: Database,
    caller: Caller,
    code: str,
    contract: Contract,
    request: Repeatable[Application],
    now: datetime,
) -> Answer:
    """Count one use of the code's promotion for the contract, and keep which version it got.

    Raises SubscriptionCodeNotFound, CodeRefused, and what `run_once` raises.
    """

    async def apply(connection: Connection) -> Application:
        promotion = await _hold(connection, caller, code, contract, now)
        limited = promotion.terms.constraint.max_usage is not None
        counted = await applications.count_use(
            connection, caller.merchant_id, promotion.id, limited=limited
        )
        if not counted:
            raise CodeRefused(promotion, Refusal.USED_UP)
        application = Application(str(uuid4()), replace(promotion, usage=promotion.usage + 1))
        await applications.insert_application(connection, caller, application, contract, now)
        return application

    while True:
        try:
            return await run_once(database, caller, request, apply, now)
        except _Overtaken:
            continue


class _Overtaken(Exception):
    """The promotion was changed just before it was held."""


async def _hold(
    connection: Connection, caller: Caller, code: str, contract: Contract, now: datetime
) -> SubscriptionPromotion:
    """The code's promotion, held so that it stays as it is, for a contract that may have it.

    What is refused is refused before anybody is made to wait. Raises _Overtaken, after which the
    transaction must be rolled back: PostgreSQL may have locked a row that it did not answer.
    """
    seen = await promotions.find_promotion_by_code(connection, caller.merchant_id, code)
    if seen is None:
        raise SubscriptionCodeNotFound(code)
    _refuse(seen, contract, now)
    limited = seen.terms.constraint.max_usage is not None
    key = (connection, caller.merchant_id, seen.id)
    if not await applications.hold_promotion(*key, limited=limited):
        raise _Overtaken
    held = await promotions.find_promotion_by_code(connection, caller.merchant_id, code)
    if held is None or held.id != seen.id:
        raise _Overtaken
    _refuse(held, contract, now)
    return held


def _refuse(promotion: SubscriptionPromotion, contract: Contract, now: datetime) -> None:
    refusal = find_refusal(promotion, contract, now)
    if refusal is not None:
        raise CodeRefused(promotion, refusal)
