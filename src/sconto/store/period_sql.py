"""Instants, and periods of promotions, in SQL."""

from typing import Final

from sconto.domain.far_times import LAST_SECOND

OVER_FROM: Final = f"""(
        CASE WHEN ends_at >= timestamptz '{LAST_SECOND.isoformat()}' THEN NULL
            WHEN ends_at = date_trunc('second', ends_at) THEN ends_at + interval '1 second'
            ELSE ends_at + interval '1 microsecond' END)"""
"""The first instant after the period of a row of `promotions`; null if it never ends."""


def instant_sql(column: str) -> str:
    """An instant as a JSON value: in UTC, whatever the time zone of the session.

    None of our programs sets the zone of the sessions of a distributed database's nodes.
    """
    return f"""(rtrim(to_json({column} AT TIME ZONE 'UTC')::text, '"') || '+00:00"')::json"""


# `+ interval` on an instant depends on the session's zone; Citus refuses it in an UPDATE.
LATER: Final = "(updated_at AT TIME ZONE 'UTC' + interval '1 microsecond') AT TIME ZONE 'UTC'"
"""The first instant after `updated_at`."""


def is_running(at: str) -> str:
    """Whether the promotion of a row is active and in its period at a time."""
    return f"active AND starts_at <= {at} AND {ends_after(at)}"


def ends_after(at: str) -> str:
    """Whether the period of a row ends after a time, or never."""
    return f"coalesce({OVER_FROM} > {at}, true)"
