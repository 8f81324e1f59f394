"""The part of a statement that keeps the limits of cart promotions from changing until it commits.

A transaction that adds or removes limits takes the promotion's lock exclusively, counts what orders
took, and releases the lock with its commit (`allowances`). A statement that takes from limits, or
gives back, takes the lock shared, if it is free. That alone is not enough: if the other transaction
commits after the statement's snapshot and before the statement asks for the lock, the lock is free,
and the snapshot still shows the old limits. The count would miss what the statement writes. So the
statement also reads the price version again after it has the lock. Each change of limits renews it.
If it is not the one in the snapshot, the statement writes nothing and is tried again.
"""


def steady(promotions: str) -> str:
    """The part `steady`, whose `is_steady` says that the limits stay as the snapshot shows them.

    `promotions` is what has the promotions' ids, as `promotion_id`.
    """
    return f"""steady AS MATERIALIZED (
    SELECT CASE
        WHEN promotions = 0 THEN true
        WHEN are_locked THEN newest_price_version($1) IS NOT DISTINCT FROM (
            SELECT price_version FROM timeline_versions WHERE merchant_id = $1)
        ELSE false
    END AS is_steady
    FROM (
        SELECT count(*) AS promotions,
               bool_and(pg_try_advisory_xact_lock_shared(
                   hashtextextended('cart promotion ' || promotion_id, $1::bigint))) AS are_locked
        FROM {promotions}
    ) AS lock
), """  # noqa: S608  # of our own constants
