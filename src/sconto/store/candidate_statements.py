"""The statements that read candidates.

Carts of one merchant ($1) are a list of JSON objects ($2), and the result for each is a JSON
object, in their order. The names in both are the fields of `candidates.CandidateRequest` and
`candidates.Row`.

Each list comes from index look-ups, one for each element that the cart gives. LIMIT and OFFSET 0
keep the planner from turning a look-up into a join that would read a whole table. So neither the
plan nor the number of pages that it reads depends on a table's size.
"""

from typing import Final

from sconto.store.candidate_lookups import (
    CODES_OF_TEXT,
    CODES_WITH_HOLDS,
    PROMOTION_OF_CODE,
)
from sconto.store.cart_offers import (
    AUTOMATIC_OFFERS,
    CART_PROMOTIONS,
    CART_PROMOTIONS_WITH_HOLDS,
    TAGGED,
)
from sconto.store.crowded_codes import CROWDED_OFFERS, CROWDED_OFFERS_WITH_HOLDS
from sconto.store.hold_rows import HOLD_COLUMNS
from sconto.store.node_calls import NodeFunction
from sconto.store.outcomes import ORDER_COLUMNS
from sconto.store.pick_changes import READ_CHANGES
from sconto.store.subscription_rules import READ_RULES

_PICKS: Final = """
    ARRAY(
        SELECT json_build_object(
            'product_id', wanted.product_id,
            'pick', CASE WHEN running THEN json_build_object(
                'promotion_id', span.promotion_id, 'percent', span.percent) END,
            'since', (CASE WHEN running THEN span.starts_at ELSE span.ends_at END),
            'until', (CASE WHEN running THEN span.ends_at ELSE next.starts_at END))
        FROM unnest(cart.picks_of) AS wanted (product_id)
        LEFT JOIN LATERAL (
            SELECT promotion_id, percent, starts_at, ends_at,
                   ends_at IS NULL OR ends_at > cart.at AS running
            FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at <= cart.at
            ORDER BY starts_at DESC
            LIMIT 1
        ) AS span ON true
        LEFT JOIN LATERAL (
            SELECT starts_at
            FROM automatic_picks
            WHERE merchant_id = $1 AND product_id = wanted.product_id AND starts_at > cart.at
            ORDER BY starts_at
            LIMIT 1
        ) AS next ON true
    ) AS picks
"""

_KNOWN: Final = """
    ARRAY(
        SELECT product.product_id
        FROM unnest(cart.products) AS wanted (product_id)
        CROSS JOIN LATERAL (
            SELECT product_id, deleted_at
            FROM products
            WHERE merchant_id = $1 AND product_id = wanted.product_id
            LIMIT 1
        ) AS product
        WHERE product.deleted_at IS NULL
    ) AS known
"""

FEW_CODES: Final = 8
"""Codes that are read for one text. One more is read, which shows whether the text has more."""


# The percents are read only if the promotion applies: of the others the rules need only the reason.
# A deleted promotion is a null, which still counts as a code that was read.
def _offers(codes: str, held_until: str) -> str:
    return f"""
    ARRAY(
        SELECT CASE WHEN promotion.type = 'coupon' AND promotion.deleted_at IS NULL
        THEN json_build_object(
            'key', code.code_key,
            'code_id', code.code_id,
            'promotion_id', promotion.promotion_id,
            'code_type', promotion.code_type,
            'active', promotion.active,
            'period', json_build_object(
                'starts_at', promotion.starts_at,
                'ends_at', promotion.ends_at),
            'used_at', code.used_at,{held_until}
            'percent', CASE WHEN promotion.covers_all THEN promotion.percent END,
            'percents', coalesce(coverage.percents, '{{}}'))
        END
        FROM unnest(cart.codes) AS activated (key)
        CROSS JOIN LATERAL ({codes}
            LIMIT {FEW_CODES} + 1
        ) AS code
        CROSS JOIN LATERAL ({PROMOTION_OF_CODE}
        ) AS promotion
        LEFT JOIN LATERAL (
            SELECT json_object_agg(product.product_id, product.percent) AS percents
            FROM unnest(cart.products) AS wanted (product_id)
            CROSS JOIN LATERAL (
                SELECT product_id, coalesce(percent, promotion.percent) AS percent
                FROM promotion_products
                WHERE merchant_id = $1 AND promotion_id = promotion.promotion_id
                  AND product_id = wanted.product_id
                LIMIT 1
            ) AS product
            WHERE promotion.applies AND NOT promotion.covers_all
        ) AS coverage ON true
    ) AS offers
"""  # noqa: S608  # of our own constants


_OFFERS: Final = _offers(CODES_OF_TEXT, "")
_OFFERS_WITH_HOLDS: Final = _offers(CODES_WITH_HOLDS, " 'held_until', code.held_until,")

_ORDERS: Final = f"""
    ARRAY(
        SELECT row_to_json(stored)
        FROM unnest(cart.order_ids) AS named (order_id)
        CROSS JOIN LATERAL (
            SELECT {ORDER_COLUMNS}
            FROM orders
            WHERE merchant_id = $1 AND order_id = named.order_id
            LIMIT 1
        ) AS stored
    ) AS orders
"""  # noqa: S608

# The hold of the cart's first order id, even if it has ended: its order deletes it.
_HOLD: Final = f"""
    (
        SELECT row_to_json(hold)
        FROM (
            SELECT {HOLD_COLUMNS}
            FROM holds
            WHERE merchant_id = $1 AND order_id = cart.order_ids[1]
            LIMIT 1
        ) AS hold
    ) AS hold
"""  # noqa: S608  # of our own constants

_RULES: Final = f"ARRAY({READ_RULES}) AS rules"


def _statement(*parts: str) -> str:
    return f"""
SELECT json_build_object(
    'versions', (
        SELECT json_build_array(version, price_version, cart_version, records_events,
            has_holds)
        FROM timeline_versions
        WHERE merchant_id = $1
    ),
    'carts', json_agg(found))
FROM json_to_recordset($2::json) AS cart (
    at timestamptz, picks_of bigint[], products bigint[], codes text[], order_ids text[],
    carried text[], applications text[], currency text, customer text, limited bigint[],
    lists_automatic boolean, now timestamptz)
CROSS JOIN LATERAL (SELECT {",".join(parts)}) AS found
"""  # noqa: S608  # of our own constants


# The statements without picks are for carts whose picks are all cached: PostgreSQL does not look
# for any. Only the carts of subscriptions pay for the subscription rules.
READ: Final = _statement(_PICKS, _KNOWN, _OFFERS, _ORDERS)
READ_WITHOUT_PICKS: Final = _statement(_KNOWN, _OFFERS, _ORDERS)
READ_FOR_QUOTES: Final = _statement(_KNOWN, _OFFERS)
"""The same for carts that name no order: PostgreSQL need not prepare to look for any."""

READ_WITH_SUBSCRIPTION: Final = _statement(_PICKS, _KNOWN, _OFFERS, _ORDERS, _RULES)
READ_CROWDED: Final = _statement(_PICKS, _KNOWN, CROWDED_OFFERS, _ORDERS, _RULES)
"""For carts with a text that has more than FEW_CODES codes; reads all that any other reads."""

READ_WITH_CART_PROMOTIONS: Final = _statement(_PICKS, _KNOWN, _OFFERS, _ORDERS, CART_PROMOTIONS)
"""For the carts of a merchant that has had cart promotions."""

READ_WITH_CART_PROMOTIONS_WITHOUT_PICKS: Final = _statement(
    _KNOWN, _OFFERS, _ORDERS, CART_PROMOTIONS
)
READ_WITH_CART_PROMOTIONS_FOR_QUOTES: Final = _statement(_KNOWN, _OFFERS, CART_PROMOTIONS)
READ_WITH_BOTH: Final = _statement(_PICKS, _KNOWN, _OFFERS, _ORDERS, _RULES, CART_PROMOTIONS)
"""For carts of subscriptions of such a merchant."""

READ_CROWDED_WITH_CART_PROMOTIONS: Final = _statement(
    _PICKS, _KNOWN, CROWDED_OFFERS, _ORDERS, _RULES, CART_PROMOTIONS
)

READ_WITH_HOLDS: Final = _statement(_PICKS, _KNOWN, _OFFERS_WITH_HOLDS, _ORDERS, _HOLD)
"""For the carts of a merchant that has had holds."""

READ_WITH_HOLDS_WITHOUT_PICKS: Final = _statement(_KNOWN, _OFFERS_WITH_HOLDS, _ORDERS, _HOLD)

_WITH_HOLDS: Final = (_ORDERS, _RULES, CART_PROMOTIONS_WITH_HOLDS, _HOLD)
READ_ALL_WITH_HOLDS: Final = _statement(_PICKS, _KNOWN, _OFFERS_WITH_HOLDS, *_WITH_HOLDS)
"""For its carts of subscriptions, and all its carts if it has had cart promotions."""

READ_CROWDED_WITH_HOLDS: Final = _statement(_PICKS, _KNOWN, CROWDED_OFFERS_WITH_HOLDS, *_WITH_HOLDS)

READ_PICKS: Final = _statement(_PICKS)
READ_VERSIONS: Final = _statement()

READ_LISTED: Final = _statement(_PICKS, TAGGED, AUTOMATIC_OFFERS)
"""For listing prices of a merchant that has had cart promotions."""

READ_PICKS_AND_TAGS: Final = _statement(_PICKS, TAGGED)
READ_TAGS: Final = _statement(TAGGED)
"""For listing prices with cached cart promotions that choose products by tags."""

ON_NODES: Final = {
    statement: NodeFunction(statement)
    for statement in (
        READ,
        READ_WITHOUT_PICKS,
        READ_FOR_QUOTES,
        READ_WITH_SUBSCRIPTION,
        READ_CROWDED,
        READ_WITH_CART_PROMOTIONS,
        READ_WITH_CART_PROMOTIONS_WITHOUT_PICKS,
        READ_WITH_CART_PROMOTIONS_FOR_QUOTES,
        READ_WITH_BOTH,
        READ_CROWDED_WITH_CART_PROMOTIONS,
        READ_WITH_HOLDS,
        READ_WITH_HOLDS_WITHOUT_PICKS,
        READ_ALL_WITH_HOLDS,
        READ_CROWDED_WITH_HOLDS,
        READ_PICKS,
        READ_VERSIONS,
        READ_LISTED,
        READ_PICKS_AND_TAGS,
        READ_TAGS,
        READ_CHANGES,
    )
}
"""The functions of these statements on the nodes of a distributed database."""
