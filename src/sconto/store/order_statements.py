"""The statement that places an order, in the form that each order needs.

`orders` says why it counts exactly. An order prepares nothing that it does not need: no codes, no
limits, no holds and no events, if it has none.
"""

from typing import Final

from sconto.store import held_orders, order_counts, order_limits, order_redemptions

# generate_series in a select list yields one number at a time (in FROM it would yield all first).
# So with LIMIT 1 the locks are tried from the lowest slot to the first free one. The first number
# of an advisory lock says what it is for: 23559 is this module's. A lock with one number of 64 bits
# never collides with one of two numbers. If two ids hash to the same number, one of them tries
# again.
_PLACE_BY: Final = """
WITH {picked}{free}{held}alone AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(hashtextextended('order ' || $2::text, $1::bigint))
               AS id_is_free,
           set_config('lock_timeout', '1s', true)
), {began}placed AS (
    INSERT INTO orders (merchant_id, order_id, status, replaces, created_at, outcome, request,
                        customer_id, is_first, is_counted)
    SELECT $1, $2, 'not paid', $4, $3, $5::json, $16::json, $17, $18::boolean, true
    FROM {where_clear}
    ON CONFLICT DO NOTHING
    RETURNING order_id
), {taken}{took}{queued}{recorded}slot AS MATERIALIZED (
    SELECT number
    FROM (SELECT generate_series(0, 32767) AS number FROM placed) AS slots
    WHERE pg_try_advisory_xact_lock(23559, number)
    LIMIT 1
), {tally}{counted}{last}
SELECT {is_placed}
"""

_CLEAR: Final = """alone
    WHERE id_is_free AND {all_free}
      AND $15::bigint[] = coalesce((
          SELECT ARRAY[version, price_version] FROM timeline_versions WHERE merchant_id = $1
      ), '{{}}')"""

# Codes are locked in the order of their ids. Each is one look-up by the primary key, whatever the
# planner knows of the table: coalesce keeps it from the indexes of codes that are not removed. If a
# code is held, the merchant's first hold came after the snapshot.
_FREE: Final = """free AS MATERIALIZED (
    SELECT code.code_id
    FROM unnest($6::bigint[]) AS wanted (code_id)
    CROSS JOIN LATERAL (
        SELECT code_id
        FROM codes
        WHERE merchant_id = $1 AND code_id = wanted.code_id
          AND coalesce(used_at, removed_at, held_until) IS NULL
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS code
), """

# An array is looked up in the index of the primary key, however many codes the merchant has.
_TAKEN: Final = """taken AS (
    UPDATE codes
    SET used_by = $2, used_at = $3,
        applied_uses = applied_uses + (
            SELECT count(*) FROM picked WHERE picked.code_id = codes.code_id AND applied
        ),
        outdone_uses = outdone_uses + (
            SELECT count(*) FROM picked WHERE picked.code_id = codes.code_id AND NOT applied
        )
    WHERE merchant_id = $1
      AND code_id = ANY (ARRAY(SELECT free.code_id FROM placed CROSS JOIN free))
), """

# The event of the replaced order comes first, because it happens first.
_QUEUED: Final = """queued AS (
    INSERT INTO event_outbox (merchant_id, type, object, occurred_at)
    SELECT $1, event.type, 'order ' || event.order_id, $3
    FROM placed
    CROSS JOIN (VALUES ('order.replaced', $4), ('order.placed', $2)) AS event (type, order_id)
    WHERE event.order_id IS NOT NULL
), """

_CLEAR_WITH_CODES: Final = _CLEAR.format(
    all_free="(SELECT count(*) FROM free) = cardinality($6::bigint[])"
)
_TAKING: Final = {"free": _FREE, "taken": _TAKEN}
_WITHOUT_LIMITS: Final = {
    "held": "",
    "began": "",
    "took": "",
    "last": "",
    "returning": "",
    "is_placed": "EXISTS (SELECT FROM placed)",
}
_WITH_LIMITS: Final = {
    "held": order_limits.HELD,
    "began": order_limits.BEGAN.format(clear=_CLEAR_WITH_CODES),
    "took": order_limits.TOOK,
    "last": "",
    "returning": "",
    "is_placed": order_limits.IS_PLACED,
    "where_clear": order_limits.ALL_BEGAN,
}
_TAKING_FROM_AMPLE: Final = {
    **_WITHOUT_LIMITS,
    "held": order_limits.STEADY,
    "last": order_limits.TOOK_LAST.format(*range(20, 25)),
    "returning": order_limits.RETURNING,
    "is_placed": order_limits.IS_PLACED_IF_TOOK.format(20),
}
_TAKING_FROM_BOTH: Final = {
    **_TAKING,
    **_WITH_LIMITS,
    "last": order_limits.TOOK_LAST.format(*range(25, 30)),
    "returning": order_limits.RETURNING,
    "is_placed": order_limits.IS_PLACED_AND_TOOK.format(25),
}

# Most orders use up no code. Preparing for it would take a tenth of the statement's time.
_TAKING_NONE: Final = {
    "free": "",
    "taken": "",
    "where_clear": _CLEAR.format(all_free="$6::bigint[] = '{}'"),
}

# It takes nothing that may be held. Its id must still hold nothing.
_CLEAR_WITH_HOLDS: Final = f"""{_TAKING_NONE["where_clear"]}
      AND NOT EXISTS (SELECT FROM holds WHERE merchant_id = $1 AND order_id = $2)"""
_WITH_HOLDS: Final = {**_WITHOUT_LIMITS, "is_placed": order_limits.IS_PLACED}

# The last parameter: the products of an order that was priced from the cache.
_IN_CATALOGUE: Final = """
      AND cardinality(${0}::bigint[]) = (
          SELECT count(*)
          FROM (SELECT unnest(${0}::bigint[]) AS product_id) AS sold
          CROSS JOIN LATERAL (
              SELECT deleted_at
              FROM products
              WHERE merchant_id = $1 AND product_id = sold.product_id
              LIMIT 1
          ) AS product
          WHERE product.deleted_at IS NULL
      )"""
_CACHED: Final = {
    **_TAKING_NONE,
    **_WITHOUT_LIMITS,
    "where_clear": _TAKING_NONE["where_clear"] + _IN_CATALOGUE.format(24),
}
_CACHED_WITH_LIMITS: Final = {
    **_WITH_LIMITS,
    "began": order_limits.BEGAN.format(clear=_CLEAR_WITH_CODES + _IN_CATALOGUE.format(30)),
}

# Each form, with the number of its first counting parameter.
STATEMENTS: Final = {
    (parts, has_events): _PLACE_BY.format(
        **shape,
        picked=order_redemptions.PICKED,
        recorded=order_redemptions.RECORDED.format(**shape),
        tally=order_counts.TALLY.format(*range(first, first + 5)),
        counted=order_counts.COUNTED.format(**shape),
        queued=_QUEUED if has_events else "",
    )
    for parts, first, shape in (
        ("codes", 19, {**_TAKING, **_WITHOUT_LIMITS, "where_clear": _CLEAR_WITH_CODES}),
        ("limits", 25, {**_TAKING, **_WITH_LIMITS}),
        ("none", 19, {**_TAKING_NONE, **_WITHOUT_LIMITS}),
        ("cached", 19, _CACHED),
        ("cached with limits", 25, {**_TAKING, **_CACHED_WITH_LIMITS}),
        (
            "none with holds",
            19,
            {**_TAKING_NONE, **_WITHOUT_LIMITS, "where_clear": _CLEAR_WITH_HOLDS},
        ),
        (
            "ample limits",
            25,
            {
                **_TAKING_FROM_AMPLE,
                **_TAKING_NONE,
                "where_clear": _TAKING_NONE["where_clear"] + order_limits.ALL_STEADY,
            },
        ),
        (
            "ample limits with codes",
            25,
            {
                **_TAKING_FROM_AMPLE,
                **_TAKING,
                "where_clear": _CLEAR_WITH_CODES + order_limits.ALL_STEADY,
            },
        ),
        ("both limits", 30, _TAKING_FROM_BOTH),
        ("with holds", 26, {**_WITH_HOLDS, **held_orders.WITH_HOLDS}),
        ("promised", 26, {**_WITH_HOLDS, **held_orders.PROMISED}),
    )
    for has_events in (False, True)
}
