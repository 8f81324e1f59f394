"""What promotions claim on the timelines of a code that very many of them have (`code_timelines`).

An active promotion claims its period on the timelines of its products and of usable codes, and the
time before and after it on those of codes that are not started and expired. An inactive one claims
all time on that of inactive codes. One-time codes claim nothing.
"""

from typing import Final

from sconto.domain.code_timeline import EXPIRED, INACTIVE, NOT_STARTED, USABLE
from sconto.domain.codes import CodeType
from sconto.domain.schedule import ALL_PRODUCTS_ID
from sconto.store.period_sql import OVER_FROM

NEWEST: Final = 64
"""Of the promotions of a code, those that an edit looks at first."""

# Promotions that have a code.
_OF_KEY: Final = """(
    SELECT promotion_id FROM codes
    WHERE merchant_id = $1 AND code_key = $2 AND removed_at IS NULL
)"""

# A claim is left out if a higher one without an end starts no later, or one without a start ends no
# earlier. That leaves few of very many. The columns of `claim` are named in its first part, because
# Citus loses names that follow the name of a UNION.
_CLAIMS: Final = f"""
WITH promotion AS MATERIALIZED (
    SELECT stored.*
    FROM <ids> AS named (id)
    CROSS JOIN LATERAL (
        SELECT promotion_id, type, deleted_at, code_type, active, starts_at, covers_all, percent,
            {OVER_FROM} AS over_from
        FROM promotions
        WHERE merchant_id = $1 AND promotion_id = named.id
        LIMIT 1
    ) AS stored
    WHERE stored.type = 'coupon' AND stored.deleted_at IS NULL
        AND stored.code_type IS DISTINCT FROM '{CodeType.ONE_TIME}'
), covered AS (
    SELECT product.product_id, starts_at, over_from, promotion_id,
        coalesce(product.percent, promotion.percent) AS percent
    FROM promotion
    CROSS JOIN LATERAL (
        SELECT product_id, percent FROM promotion_products
        WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id<products>
        OFFSET 0
    ) AS product
    WHERE active AND NOT covers_all
    UNION ALL
    SELECT {ALL_PRODUCTS_ID}, starts_at, over_from, promotion_id, percent
    FROM promotion
    WHERE active AND covers_all
), claim AS (
    SELECT true AS by_percent, product_id, starts_at, over_from AS ends_at, promotion_id, percent
    FROM covered
    UNION ALL
    SELECT false, * FROM covered
    UNION ALL
    SELECT false, state, since, until, promotion_id, 0
    FROM promotion
    CROSS JOIN LATERAL (VALUES
        (true, {NOT_STARTED}, '-infinity', starts_at),
        (true, {USABLE}, starts_at, over_from),
        (true, {EXPIRED}, over_from, NULL),
        (false, {INACTIVE}, '-infinity', NULL)
    ) AS part (of_active, state, since, until)
    WHERE active = of_active AND since IS NOT NULL
), ranked AS (
    SELECT *, min(starts_at) FILTER (WHERE ends_at IS NULL) OVER higher AS hidden_from,
        max(ends_at) FILTER (WHERE starts_at = '-infinity') OVER higher AS hidden_until
    FROM claim<lines>
    WINDOW higher AS (
        PARTITION BY by_percent, product_id
        ORDER BY CASE WHEN by_percent THEN percent END DESC, promotion_id DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT by_percent, product_id, starts_at, ends_at, promotion_id, percent
FROM ranked
WHERE coalesce(starts_at < hidden_from, true)
    AND coalesce(ends_at > hidden_until, ends_at IS NULL OR hidden_until IS NULL)
"""  # noqa: S608  # of our own constants


def _claims(ids: str, products: str = "", lines: str = "") -> str:
    named = _CLAIMS.replace("<ids>", ids)
    return named.replace("<products>", products).replace("<lines>", lines)


CLAIMS_OF_PROMOTION: Final = _claims("(SELECT $2::bigint)")
CLAIMS_OF_KEY: Final = _claims(_OF_KEY)
_ON_LINES: Final = (
    " AND product_id = ANY ($4::bigint[])",
    """
    WHERE (by_percent, product_id) IN (
        SELECT * FROM unnest($3::boolean[], $4::bigint[])
    )""",
)
CLAIMS_ON_LINES: Final = _claims(_OF_KEY, *_ON_LINES)
CLAIMS_OF_NEWEST: Final = _claims(
    f"""(
    SELECT * FROM {_OF_KEY} AS one ORDER BY promotion_id DESC LIMIT {NEWEST}
)""",  # noqa: S608  # of our own constants
    *_ON_LINES,
)

_ONE_TIME: Final = f"""
SELECT promotion_id
FROM <ids> AS named (id)
CROSS JOIN LATERAL (
    SELECT promotion_id, type, deleted_at, code_type FROM promotions
    WHERE merchant_id = $1 AND promotion_id = named.id
    LIMIT 1
) AS stored
WHERE type = 'coupon' AND deleted_at IS NULL AND code_type = '{CodeType.ONE_TIME}'
LIMIT $3
"""  # noqa: S608  # of our own constants

ONE_TIME_OF_PROMOTION: Final = _ONE_TIME.replace("<ids>", "(SELECT $2::bigint)")
ONE_TIME_OF_KEY: Final = _ONE_TIME.replace("<ids>", _OF_KEY)

COUNT_PRODUCTS: Final = f"""
SELECT count(*)
FROM (
    SELECT
    FROM {_OF_KEY} AS named (id)
    CROSS JOIN LATERAL (
        SELECT FROM promotion_products WHERE merchant_id = $1 AND promotion_id = named.id
        OFFSET 0
    ) AS product
    LIMIT $3
) AS counted
"""  # noqa: S608  # of our own constants

COUNT_PROMOTIONS: Final = f"""
SELECT count(*) FROM (SELECT FROM {_OF_KEY} AS one LIMIT $3) AS counted
"""  # noqa: S608  # of our own constants
