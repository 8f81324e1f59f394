"""The rows of allowances that other rows name, as parts of statements."""


def locked_allowances(of: str) -> str:
    """The places of the allowances that `of` names, locked; those that are locked are left out.

    `of` has `promotion_id`, `scope` and `key`. LIMIT makes it one look-up by key for each row.
    """
    return f"""SELECT allowance.place
    FROM {of}
    CROSS JOIN LATERAL (
        SELECT ctid AS place
        FROM allowances
        WHERE merchant_id = $1 AND promotion_id = {of}.promotion_id AND scope = {of}.scope
          AND key = {of}.key
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS allowance"""  # noqa: S608  # of our own constants


def allowance_of(of: str, *columns: str) -> str:
    """A join with the allowance that each row of `of` names, if there is one, without a lock."""
    return f"""LEFT JOIN LATERAL (
        SELECT {", ".join(("ctid AS place", *columns))}
        FROM allowances
        WHERE merchant_id = $1 AND promotion_id = {of}.promotion_id AND scope = {of}.scope
          AND key = {of}.key
        LIMIT 1
    ) AS allowance ON true"""  # noqa: S608  # of our own constants
