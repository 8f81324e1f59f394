"""SQL and the domain agree on when a period is over."""

import json
from datetime import UTC, datetime

import pytest

from sconto.domain.far_times import LAST_SECOND
from sconto.domain.schedule import INSTANT, SECOND, Period, first_after
from sconto.store.database import Database
from sconto.store.period_sql import OVER_FROM, instant_sql

pytestmark = pytest.mark.oldest

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "end",
    [
        NEW_YEAR,
        NEW_YEAR - SECOND,
        NEW_YEAR - INSTANT,
        NEW_YEAR + INSTANT,
        NEW_YEAR + SECOND / 2,
        datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        LAST_SECOND - SECOND,
        LAST_SECOND - INSTANT,
        LAST_SECOND,
        LAST_SECOND + 50_400 * INSTANT,
    ],
)
async def test_sql_and_the_domain_agree_when_a_period_is_over(
    database: Database, end: datetime
) -> None:
    async with database.read() as connection:
        row = await connection.fetchval(
            f"SELECT {OVER_FROM} FROM (SELECT $1::timestamptz AS ends_at) AS promotion",
            end,
        )
    assert row == first_after(end) == Period(end, end).over_from


async def test_a_period_without_an_end_is_never_over(database: Database) -> None:
    async with database.read() as connection:
        over = await connection.fetchval(
            f"SELECT {OVER_FROM} FROM (SELECT NULL::timestamptz AS ends_at) AS promotion"
        )
    assert over is None


@pytest.mark.parametrize("zone", ["UTC", "Africa/Monrovia", "Asia/Kolkata"])
async def test_an_instant_is_the_same_in_sessions_of_every_zone(
    database: Database, zone: str
) -> None:
    """Old offsets of Monrovia have seconds, which RFC 3339 cannot express."""
    at = datetime(1960, 1, 1, 12, 0, 0, 5, tzinfo=UTC)
    async with database.write() as connection:
        await connection.execute("SELECT set_config('timezone', $1, true)", zone)
        written = await connection.fetchval(
            f"SELECT json_build_object('at', {instant_sql('$1::timestamptz')}, 'none',"
            f" {instant_sql('NULL::timestamptz')})",
            at,
        )
    assert json.loads(written) == {"at": "1960-01-01T12:00:00.000005+00:00", "none": None}
