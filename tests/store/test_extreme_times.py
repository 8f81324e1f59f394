"""Picks at the ends of time, and of the highest ids, are cached exactly."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import psycopg
from psycopg import sql

from sconto.domain.coverage import OwnPercents
from sconto.domain.schedule import INSTANT, Period
from sconto.operations.checkout import quote
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_promotion
from tests.conftest import create_caller
from tests.operations.stock import stock


async def test_extreme_times_and_ids_are_cached_exactly_in_any_time_zone(
    create_database: Callable[[], str],
) -> None:
    url = create_database()
    with psycopg.connect(url, autocommit=True) as server:
        name = sql.Identifier(server.info.dbname)
        server.execute(sql.SQL("ALTER DATABASE {} SET timezone = 'Europe/Berlin'").format(name))
    database = await Database.open(url, connections=1)
    caller = await create_caller(database)
    highest = 2**63 - 1
    await stock(database, caller, [highest, highest - 1])
    first, last = datetime(1, 1, 1, 16, tzinfo=UTC), datetime(9999, 12, 31, 9, 59, 59, tzinfo=UTC)
    # Berlin's clocks were 53 minutes and 28 seconds ahead until 1893.
    edges = [first, datetime(1880, 1, 1, 0, 0, 0, 123_457, tzinfo=UTC), NOON, last]
    for start, end in pairwise(edges):
        coverage = OwnPercents({highest: 99_999_999, highest - 1: 1})
        new = a_promotion(coverage=coverage, period=Period(start, end - INSTANT))
        await create_promotion(database, caller, new, NOON)
    cart = a_cart(a_line(highest), a_line(highest - 1, line_id="2"))
    seen: set[int] = set()
    for start, end in pairwise(edges):
        for at in (start, start, end - INSTANT):
            priced = await quote(database, caller, cart, at)
            [ids] = {tuple(pick.promotion_id for pick in line.picks) for line in priced.lines}
            assert [line.picks[0].percent for line in priced.lines] == [99_999_999, 1]
            seen.update(ids)
        assert len(seen) == 1 + edges.index(start)
    ends = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for at in (*ends, first - INSTANT, last, *ends):
        assert [line.picks for line in (await quote(database, caller, cart, at)).lines] == [(), ()]
    await database.close()
