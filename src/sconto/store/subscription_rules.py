"""The rules of the codes on a cart's subscription, read with the cart's candidates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sconto.domain.subscription import Subscription, subscription_code_key
from sconto.domain.subscription_pricing import SubscriptionRules
from sconto.domain.subscription_promotion import Rule

# For each code on the subscription of a cart: what its application names, if it has one; if not,
# the promotion that has the code now; if there is none, because it was archived or got another
# code, the latest promotion that ever had the code. Each gives one version of rules, found by
# look-ups. `in_order` checks that an application was of this code: programs before schema 0009
# stored blanks around a code, and they may still run.
READ_RULES: Final = """
SELECT json_build_object(
           'position', carried.position, 'promotion_id', kept.promotion_id, 'rules', kept.rules,
           'code_key', meant.code_key
       )
FROM unnest(cart.carried, cart.applications) WITH ORDINALITY
    AS carried (code_key, application_id, position)
CROSS JOIN LATERAL (
    SELECT promotion_id, version, code_key
    FROM (
        (
            SELECT 1 AS choice, promotion_id, version, code_key
            FROM subscription_applications
            WHERE merchant_id = $1 AND application_id = carried.application_id
            LIMIT 1
        )
        UNION ALL
        (
            SELECT 2, promotion_id, version, code_key
            FROM subscription_promotions
            WHERE merchant_id = $1 AND code_key = carried.code_key AND archived_at IS NULL
              AND carried.application_id IS NULL
            LIMIT 1
        )
        UNION ALL
        (
            SELECT 3, promotion.promotion_id, promotion.version, last.code_key
            FROM (
                SELECT promotion_id, code_key
                FROM subscription_versions
                WHERE merchant_id = $1 AND code_key = carried.code_key
                  AND carried.application_id IS NULL
                ORDER BY promotion_id DESC
                LIMIT 1
            ) AS last
            CROSS JOIN LATERAL (
                SELECT promotion_id, version
                FROM subscription_promotions
                WHERE merchant_id = $1 AND promotion_id = last.promotion_id
                LIMIT 1
            ) AS promotion
        )
    ) AS found
    WHERE choice = 1 OR code_key = carried.code_key
    ORDER BY choice
    LIMIT 1
) AS meant
CROSS JOIN LATERAL (
    SELECT promotion_id, rules
    FROM subscription_versions
    WHERE merchant_id = $1 AND promotion_id = meant.promotion_id AND version = meant.version
    LIMIT 1
) AS kept
"""


@dataclass(frozen=True, slots=True)
class CarriedRules:
    """The rules of the code at a position, counted from 1, with the stored `code_key`."""

    position: int
    promotion_id: int
    rules: tuple[Rule, ...]
    code_key: str


def carried_codes(subscription: Subscription) -> tuple[list[str], list[str | None]]:
    """What the statement needs from a cart's subscription: code keys, and their applications."""
    codes = subscription.codes
    return (
        [subscription_code_key(code.code) for code in codes],
        [code.application_id for code in codes],
    )


def in_order(
    subscription: Subscription, found: Iterable[CarriedRules]
) -> Sequence[SubscriptionRules | None]:
    """The rules of each code, in the subscription's order; None if none were found for it."""
    codes = subscription.codes
    by_position = {
        rules.position: SubscriptionRules(rules.promotion_id, rules.rules)
        for rules in found
        if subscription_code_key(rules.code_key)
        == subscription_code_key(codes[rules.position - 1].code)
    }
    return tuple(by_position.get(position) for position in range(1, len(codes) + 1))
