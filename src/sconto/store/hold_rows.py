"""The row of a hold, as statements return it: a JSON object."""

from datetime import datetime
from typing import Final

import msgspec

from sconto.domain.holds import Hold
from sconto.domain.stored_outcome import StoredOutcome, priced_cart_of
from sconto.domain.stored_request import StoredRequest, cart_of
from sconto.store.period_sql import instant_sql

HOLD_COLUMNS: Final = f"""order_id, {instant_sql("created_at")} AS created_at,
                   {instant_sql("expires_at")} AS expires_at, replaces, outcome, request, is_first,
                   version,
                   allowances = (
                       SELECT count(*) FROM held_allowances
                       WHERE held_allowances.merchant_id = $1
                         AND held_allowances.order_id = holds.order_id
                   ) AND NOT EXISTS (
                       SELECT FROM unnest(code_ids) AS held (code_id)
                       WHERE NOT EXISTS (
                           SELECT FROM codes
                           WHERE codes.merchant_id = $1 AND codes.code_id = held.code_id
                             AND held_for = holds.order_id
                             AND (used_by IS NULL OR used_by = holds.replaces)
                       )
                   ) AS is_whole"""  # noqa: S608  # of our own constants
"""The columns of `holds` of which a hold is made, for the merchant $1."""


class HoldRow(msgspec.Struct, frozen=True):
    """The columns."""

    order_id: str
    created_at: datetime
    expires_at: datetime
    outcome: StoredOutcome
    request: StoredRequest
    is_first: bool
    version: int = 0
    replaces: str | None = None
    is_whole: bool = True


_ROW: Final = msgspec.json.Decoder(HoldRow)


def decode_hold(text: str) -> Hold:
    """The hold of a row that is a JSON object."""
    return hold_from(_ROW.decode(text))


def hold_from(row: HoldRow) -> Hold:
    """The hold of a row. Its outcome is in minor units, as every outcome since schema 0013."""
    return Hold(
        row.order_id,
        row.created_at,
        row.expires_at,
        priced_cart_of(row.outcome),
        cart_of(row.request),
        row.replaces,
        row.is_first,
        row.is_whole,
        row.version,
    )
