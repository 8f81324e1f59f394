"""The parts of the statement that places an order of a merchant with holds.

There are two forms. `WITH_HOLDS` places an order at the present prices, if the limits have room
besides what is held for others. `PROMISED` places what was held: it compares neither versions
nor limits, only that the hold is the one that was read, has not ended and is whole. Both delete the
hold of the order id.
"""

from typing import Final

from sconto.store import held_parts

_TAKEN: Final = """taken AS (
    UPDATE codes
    SET used_by = CASE WHEN is_wanted THEN $2 ELSE used_by END,
        used_at = CASE WHEN is_wanted THEN $3 ELSE used_at END,
        held_for = NULL, held_until = NULL,
        applied_uses = applied_uses + tally.applied, outdone_uses = outdone_uses + tally.outdone
    FROM placed
    CROSS JOIN seen
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE applied) AS applied,
               count(*) FILTER (WHERE NOT applied) AS outdone
        FROM picked
        WHERE picked.code_id = seen.code_id AND is_wanted
    ) AS tally
    WHERE codes.merchant_id = $1 AND codes.code_id = seen.code_id
      AND codes.code_id = ANY (ARRAY(SELECT code_id FROM seen))
), """

_CLEAR: Final = f"""clear AS MATERIALIZED (
    SELECT true AS is_clear
    FROM alone
    WHERE id_is_free
      AND {held_parts.is_as_read("$25")}
      AND {held_parts.CODES_ARE_SEEN}
      AND (SELECT is_steady FROM steady)
      AND {held_parts.LIMITS_ARE_SEEN}
      AND {held_parts.NO_ORDER}
      AND {{promise}}
), """  # noqa: S608  # of our own constants

_AT_PRESENT: Final = f"""$15::bigint[] = coalesce((
          SELECT ARRAY[version, price_version] FROM timeline_versions WHERE merchant_id = $1
      ), '{{}}')
      AND {held_parts.first_order("$17", "$18")}"""  # noqa: S608  # of our own constants

_AS_PROMISED: Final = f"$15::bigint[] IS NOT NULL AND {held_parts.IS_WHOLE}"


def _shape(can_be_taken: str, promise: str) -> dict[str, str]:
    return {
        "free": held_parts.MINE + held_parts.CODES.format(can_be_taken=can_be_taken),
        "held": held_parts.limited(19) + held_parts.LIMITS,
        "began": _CLEAR.format(promise=promise) + held_parts.began(held_parts.BY_ORDER),
        "where_clear": f"clear WHERE {held_parts.ALL_BEGAN}",
        "taken": _TAKEN,
        "took": held_parts.took(held_parts.BY_ORDER) + held_parts.ENDED,
    }


WITH_HOLDS: Final = _shape(held_parts.FREE_FOR_ORDER, _AT_PRESENT)
PROMISED: Final = _shape(held_parts.FREE_FOR_PROMISED, _AS_PROMISED)
