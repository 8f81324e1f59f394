"""Search for codes of a promotion by a part: codes that begin with the text, then others."""

from typing import Final

from sconto.domain.search import pairs
from sconto.store.code_lists import COLUMNS, SEARCH, CodeHolder, PlacedCode, placed_code
from sconto.store.database import Connection
from sconto.store.search_indexes import CODE_PARTS, code_slots

LOOKED_AT: Final = 20_000
"""Codes that are searched for others than those that begin with the text."""

# The planner assumes this number of merchants (`search`).
_MERCHANT: Final = ", ".join(["$1::bigint"] * 100)

# A common table expression is read row by row, as the limits need them.
_UNUSED: Final = f"""
    SELECT code_id FROM (
        SELECT found.*
        FROM {code_slots("$7", "$8")} AS wanted
        CROSS JOIN LATERAL (
            WITH matching AS MATERIALIZED (
                SELECT code_id, promotion_id, code_key FROM codes
                WHERE merchant_id = ANY (ARRAY[{_MERCHANT}])
                    AND removed_at IS NULL AND used_at IS NULL AND strpos(code_key, $6) > 0
                    AND ({CODE_PARTS} @> wanted.first OR {CODE_PARTS} @> wanted.second)
            )
            SELECT * FROM matching
        ) AS found
        LIMIT {LOOKED_AT}
    ) AS matching
    WHERE promotion_id = $2 AND NOT starts_with(code_key, $6)
    LIMIT $4
"""  # noqa: S608  # of our own constants

# Codes that are used up are not in the index of parts.
_USED: Final = f"""
    SELECT code_id FROM (
        SELECT code_id, code_key, used_at FROM codes
        WHERE merchant_id = $1 AND promotion_id = $2 AND removed_at IS NULL
        ORDER BY position DESC
        LIMIT {LOOKED_AT}
    ) AS added_last
    WHERE used_at IS NOT NULL AND strpos(code_key, $6) > 0 AND NOT starts_with(code_key, $6)
    LIMIT $4
"""  # noqa: S608  # of our own constants

_SEARCH: Final = f"""
WITH beginning AS MATERIALIZED ({SEARCH}),
others AS MATERIALIZED (
    {COLUMNS} AND code_id = ANY (ARRAY({_UNUSED}) || ARRAY({_USED}))
        AND (SELECT count(*) FROM beginning) < $4
)
SELECT *, false AS is_other FROM beginning
UNION ALL
SELECT *, true FROM others
ORDER BY is_other, code_key
"""  # noqa: S608  # of our own constants


async def search_parts(
    connection: Connection,
    merchant_id: int,
    holder: CodeHolder,
    *,
    limit: int,
    text: str,
    used: bool | None = None,
    behind: str = "",
) -> tuple[list[PlacedCode], list[PlacedCode]]:
    """Up to `limit` codes after a key that begin with the text, and others that contain it.

    The others are looked for only if the first are fewer than the limit. The text has three
    characters or more. The others are of LOOKED_AT unused codes of the merchant that contain it,
    and of the LOOKED_AT used codes that the promotion got last.
    """
    rows = await connection.fetch(
        _SEARCH,
        merchant_id,
        holder.promotion_id,
        used,
        limit,
        behind,
        text,
        *pairs(text),
    )
    beginning: list[PlacedCode] = []
    others: list[PlacedCode] = []
    for row in rows:
        place = others if row["is_other"] else beginning
        place.append(placed_code(row, holder.code_type))
    return beginning, others
