"""Ends of periods in SQL, as `schedule.first_after` has them."""

from typing import Final

from sconto.domain.far_times import LAST_SECOND

OVER_FROM: Final = f"""(
        CASE WHEN ends_at >= timestamptz '{LAST_SECOND.isoformat()}' THEN NULL
            WHEN ends_at = date_trunc('second', ends_at) THEN ends_at + interval '1 second'
            ELSE ends_at + interval '1 microsecond' END)"""
"""The first instant after the period of the row of `promotions`; null where it is never over."""
