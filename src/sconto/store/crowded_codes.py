"""Offers of codes that many promotions have, reduced to those that can matter.

A code on a thousand promotions gives a thousand offers, each with the percents of all products of
the cart. If the text has timelines (`code_timelines`), this reads the winners of
each product from them, and the few promotions whose codes are one-time. That is at most two spans
for each product of the cart and six others, and a promotion for each span, however many promotions
have the text.

Of other texts it reads what each promotion gives once, not once for each of its codes. It returns
only the offers that can be picked, or that decide the outcome of a code:

- Promotions that have the same usable codes of the cart compete for the same products. So of each
  such set, only the highest discount on a product can be picked, and of equal ones the latest
  created.
- Of the offers of one code that have the same status, only the latest created is reported. `covers`
  says that a promotion covers a product of the cart even if another of its set gives more.

If the promotions name products, what remains is one look-up for each promotion and product of the
cart. `candidates` uses this only for a code with more than FEW_CODES promotions, because it is
slower for few. A code with more than FEW_PROMOTIONS gets timelines: `undrawn` names those that have
none.
"""

from typing import Final

from sconto.domain.code_timeline import EXPIRED, INACTIVE, NOT_STARTED, USABLE
from sconto.domain.schedule import ALL_PRODUCTS_ID
from sconto.store.candidate_lookups import (
    CODES_OF_TEXT,
    CODES_WITH_HOLDS,
    PROMOTION_OF_CODE,
)
from sconto.store.code_timelines import FEW_PROMOTIONS

# The codes of the cart whose timelines are true.
_DRAWN: Final = """
            SELECT activated.key, crowded.one_time
            FROM unnest(cart.codes) AS activated (key)
            CROSS JOIN LATERAL (
                SELECT one_time, is_drawn
                FROM crowded_codes
                WHERE merchant_id = $1 AND code_key = activated.key
                LIMIT 1
            ) AS crowded
            WHERE (
                SELECT drawn_version = price_version FROM timeline_versions WHERE merchant_id = $1
            ) AND NOT EXISTS (
                SELECT FROM code_generations WHERE merchant_id = $1 AND made <> noticed
            )"""

_STATES: Final = f"{USABLE}, {EXPIRED}, {NOT_STARTED}, {INACTIVE}"

# Parts of the statements of `candidate_statements`. Product 0 stands for all products.
_OFFERS: Final = f"""
    ARRAY(
        WITH drawn AS MATERIALIZED ({_DRAWN} AND is_drawn
        ), shown AS MATERIALIZED (
            SELECT drawn.key, span.promotion_id,
                   bool_or(line.product_id >= {ALL_PRODUCTS_ID}) AS covers,
                   json_object_agg(line.product_id, span.percent)
                       FILTER (WHERE by_percent AND line.product_id > {ALL_PRODUCTS_ID})
                       AS percents
            FROM drawn
            CROSS JOIN (
                SELECT by_percent, product_id
                FROM unnest(ARRAY[true, false]) AS rule (by_percent)
                CROSS JOIN unnest({ALL_PRODUCTS_ID} || cart.products) AS covered (product_id)
                UNION ALL
                SELECT false, state FROM unnest(ARRAY[{_STATES}]::bigint[]) AS any_product (state)
            ) AS line
            CROSS JOIN LATERAL (
                SELECT promotion_id, percent, ends_at
                FROM code_picks
                WHERE merchant_id = $1 AND code_key = drawn.key
                    AND code_picks.by_percent = line.by_percent
                    AND code_picks.product_id = line.product_id AND starts_at <= cart.at
                ORDER BY starts_at DESC
                LIMIT 1
            ) AS span
            WHERE span.ends_at IS NULL OR span.ends_at > cart.at
            GROUP BY 1, 2
        ), promotion AS MATERIALIZED (
            SELECT code.keys, code.code_ids, code.used, <held>stored.*,
                   array(
                       SELECT code_key
                       FROM unnest(code.keys, code.used) AS spelled (code_key, used_at)
                       WHERE stored.applies
                         AND (stored.code_type IS DISTINCT FROM 'one-time' OR used_at IS NULL)
                   ) AS usable
            FROM (
                SELECT code.promotion_id, array_agg(code_key ORDER BY code_key) AS keys,
                       array_agg(code_id ORDER BY code_key) AS code_ids,
                       array_agg(<used_at> ORDER BY code_key) AS used<held_until>
                FROM (
                    SELECT code.*
                    FROM unnest(cart.codes) AS activated (key)
                    CROSS JOIN LATERAL (<codes>
                        OFFSET 0
                    ) AS code
                    WHERE activated.key NOT IN (SELECT key FROM drawn)
                    UNION ALL
                    SELECT code.*
                    FROM drawn AS activated
                    CROSS JOIN LATERAL unnest(one_time) AS named (id)
                    CROSS JOIN LATERAL (<codes> AND promotion_id = named.id
                        LIMIT 1
                    ) AS code
                ) AS code
                GROUP BY code.promotion_id
            ) AS code
            CROSS JOIN LATERAL ({PROMOTION_OF_CODE}
            ) AS stored
            WHERE stored.type = 'coupon' AND stored.deleted_at IS NULL
        ), covering AS MATERIALIZED (
            SELECT promotion_id, dense_rank() OVER (ORDER BY usable) AS set_number,
                   covered.products, covered.percents
            FROM promotion
            CROSS JOIN LATERAL (
                SELECT array_agg(product_id) AS products,
                       array_agg(coalesce(percent, promotion.percent)) AS percents
                FROM promotion_products
                WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id
                  AND product_id = ANY (cart.products) AND NOT promotion.covers_all
                UNION ALL
                SELECT ARRAY[0], ARRAY[promotion.percent] WHERE promotion.covers_all
            ) AS covered
            WHERE usable <> '{{}}' AND covered.products IS NOT NULL
        ), best AS (
            SELECT highest[2] AS promotion_id, json_object_agg(product_id, highest[1]) AS percents
            FROM (
                SELECT set_number, pair.product_id,
                       max(ARRAY[pair.percent, promotion_id]) AS highest
                FROM covering
                CROSS JOIN LATERAL unnest(products, percents) AS pair (product_id, percent)
                GROUP BY 1, 2
            ) AS winner
            GROUP BY 1
        ), offer AS (
            SELECT code.*, promotion.promotion_id, code_type, active, starts_at, ends_at,
                   covers_all, promotion.percent, best.percents,
                   covering.promotion_id IS NOT NULL AS covers,
                   row_number() OVER (
                       PARTITION BY code.code_key, CASE
                           WHEN NOT active THEN 'inactive'
                           WHEN starts_at > cart.at THEN 'not started'
                           WHEN NOT applies THEN 'expired'
                           WHEN code_type = 'one-time' AND code.used_at IS NOT NULL THEN 'used'
                           WHEN covering.promotion_id IS NULL THEN 'not applicable'
                           ELSE 'covers'
                       END
                       ORDER BY promotion.promotion_id DESC
                   ) AS place
            FROM promotion
            LEFT JOIN covering ON covering.promotion_id = promotion.promotion_id
            LEFT JOIN best ON best.promotion_id = promotion.promotion_id
            CROSS JOIN LATERAL unnest(keys, code_ids, used<of_code>)
                AS code (code_key, code_id, used_at<until>)
        )
        SELECT json_build_object(
            'key', code_key,
            'code_id', code_id,
            'promotion_id', promotion_id,
            'code_type', code_type,
            'active', active,
            'period', json_build_object('starts_at', starts_at,
                                        'ends_at', ends_at),
            'used_at', <use>,
            'percent', CASE WHEN covers_all AND percents IS NOT NULL THEN percent END,
            'percents', CASE WHEN covers_all THEN '{{}}' ELSE coalesce(percents, '{{}}') END,
            'covers', covers)
        FROM offer
        WHERE place = 1 OR percents IS NOT NULL
        UNION ALL
        SELECT json_build_object(
            'key', activated.key,
            'code_id', code_id,
            'promotion_id', code.promotion_id,
            'code_type', code_type,
            'active', active,
            'period', json_build_object('starts_at', starts_at,
                                        'ends_at', ends_at),
            'used_at', <use>,
            'percent', CASE WHEN covers_all THEN percent END,
            'percents', CASE WHEN covers_all THEN '{{}}' ELSE coalesce(percents, '{{}}') END,
            'covers', covers)
        FROM shown AS activated
        CROSS JOIN LATERAL (<codes> AND promotion_id = activated.promotion_id
            LIMIT 1
        ) AS code
        CROSS JOIN LATERAL ({PROMOTION_OF_CODE}
        ) AS stored
    ) AS offers,
    ARRAY(
        SELECT key
        FROM unnest(cart.codes) AS activated (key)
        WHERE key NOT IN (SELECT key FROM ({_DRAWN}) AS known)
          AND (
              SELECT count(*)
              FROM (
                  SELECT FROM codes
                  WHERE merchant_id = $1 AND code_key = activated.key AND removed_at IS NULL
                  LIMIT {FEW_PROMOTIONS} + 1
              ) AS counted
          ) > {FEW_PROMOTIONS}
    ) AS undrawn
"""  # noqa: S608  # of our own constants


def _with(**parts: str) -> str:
    statement = _OFFERS
    for name, part in parts.items():
        statement = statement.replace(f"<{name}>", part)
    return statement


CROWDED_OFFERS: Final = _with(
    codes=CODES_OF_TEXT, held="", used_at="used_at", held_until="", of_code="", until="",
    use="used_at",
)  # fmt: skip

CROWDED_OFFERS_WITH_HOLDS: Final = _with(
    codes=CODES_WITH_HOLDS,
    held="code.held, ",
    used_at="coalesce(held_until, used_at)",
    held_until=", array_agg(held_until ORDER BY code_key) AS held",
    of_code=", held",
    until=", held_until",
    use="CASE WHEN held_until IS NULL THEN used_at END, 'held_until', held_until",
)
"""A code that is held for another order counts as used."""
