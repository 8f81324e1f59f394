"""`sconto check` finds every row that makes the timelines of a code wrong."""

from collections import defaultdict
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.cli.check import show_checked
from sconto.domain.code_timeline import BEGINNING, EXPIRED, CodeTimeline, draw_timeline
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.promise import (
    CheckedPromise,
    TimelineMistake,
    TimelineViolation,
    first_timeline_mistake,
)
from sconto.domain.schedule import Span
from sconto.operations import check
from sconto.operations.promotions import create_promotion
from sconto.store import code_timelines
from sconto.store.check_timelines import TIMELINE_CHECKS, TIMELINES
from sconto.store.code_timelines import draw_code
from sconto.store.database import Database
from tests.builders import NOON, a_period, a_promotion
from tests.conftest import create_caller, own_database
from tests.operations.stock import stock

# These tests may damage it.
database = own_database

DAY: Final = timedelta(days=1)

WINNERS: Final = TIMELINES[1][0]
ONE_TIME: Final = TIMELINE_CHECKS[0][0]

RENEW: Final = "UPDATE timeline_versions SET price_version = 7 WHERE {mine}"
OFF: Final = "UPDATE promotions SET active = false WHERE {mine} AND percent = 9000000"

# What is done to a merchant's rows, and the promise that they break then.
SPOILED: Final[list[tuple[list[str], str | None]]] = [
    ([], None),
    *(
        ([f"DELETE FROM code_picks WHERE {{mine}} AND product_id = {product}"], WINNERS)
        for product in (0, 1, -1, -2, -3, -4)
    ),
    (["DELETE FROM code_picks WHERE {mine} AND by_percent"], WINNERS),
    (["DELETE FROM code_picks WHERE {mine}"], WINNERS),
    (["UPDATE code_picks SET percent = percent + 1 WHERE {mine} AND product_id = 1"], WINNERS),
    (["UPDATE code_picks SET promotion_id = promotion_id + 1 WHERE {mine}"], WINNERS),
    (
        [
            "UPDATE code_picks SET ends_at = ends_at - interval '1 microsecond'"
            " WHERE {mine} AND ends_at IS NOT NULL"
        ],
        WINNERS,
    ),
    (
        [
            "INSERT INTO code_picks SELECT merchant_id, code_key, by_percent, product_id,"
            " starts_at + interval '1 hour', NULL, promotion_id, percent"
            " FROM code_picks WHERE {mine} AND by_percent AND product_id = 0"
        ],
        WINNERS,
    ),
    (
        [
            "INSERT INTO code_picks SELECT merchant_id, code_key, by_percent, 5, starts_at, NULL,"
            " promotion_id, percent FROM code_picks WHERE {mine} AND by_percent AND product_id = 0"
        ],
        WINNERS,
    ),
    ([OFF], WINNERS),
    (["UPDATE promotion_products SET percent = percent * 2 WHERE {mine}"], WINNERS),
    (["UPDATE codes SET removed_at = now() WHERE {mine}"], WINNERS),
    ([OFF, RENEW], None),
    (
        [OFF, RENEW, "UPDATE timeline_versions SET drawn_version = price_version WHERE {mine}"],
        WINNERS,
    ),
    (
        [
            OFF,
            "INSERT INTO code_generations (merchant_id, promotion_id, prefix, group_count,"
            " group_length, alphabet, wanted, made, user_id, started_at) SELECT merchant_id,"
            " max(promotion_id), '', 1, 9, 'ABC', 1, 1, 1, now() FROM promotions WHERE {mine}"
            " GROUP BY 1",
        ],
        None,
    ),
    (["UPDATE crowded_codes SET one_time = '{{}}' WHERE {mine}"], ONE_TIME),
    (["UPDATE crowded_codes SET one_time = one_time || one_time WHERE {mine}"], ONE_TIME),
    (["UPDATE crowded_codes SET one_time = one_time || 7::bigint WHERE {mine}"], ONE_TIME),
    (["UPDATE promotions SET code_type = 'one-time' WHERE {mine} AND NOT active"], ONE_TIME),
    (["UPDATE crowded_codes SET is_drawn = false WHERE {mine}"], ONE_TIME),
    (["DELETE FROM crowded_codes WHERE {mine}"], ONE_TIME),
]


@pytest.fixture(autouse=True)
def small_crowds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A code that two promotions have may get timelines."""
    monkeypatch.setattr(code_timelines, "FEW_PROMOTIONS", 1)


async def open_shop(database: Database) -> Caller:
    """A merchant with a code that is drawn, of promotions in each state."""
    caller = await create_caller(database)
    await stock(database, caller, [1, 2])
    everything = AllProducts(9 * PERCENT)
    for new in (
        a_promotion(coverage=everything, codes=("a",)),
        a_promotion(coverage=AllProducts(PERCENT), codes=("a",), period=a_period(NOON + DAY)),
        a_promotion(coverage=OwnPercents({1: PERCENT, 2: 20 * PERCENT}), codes=("a",)),
        a_promotion(coverage=everything, codes=("a",), period=a_period(NOON - 2 * DAY, NOON - DAY)),
        a_promotion(coverage=everything, codes=("a",), active=False),
        a_promotion(coverage=everything, codes=("a",), code_type=CodeType.ONE_TIME),
    ):
        await create_promotion(database, caller, new, NOON)
    async with database.write() as connection:
        await draw_code(connection, caller.merchant_id, "a")
    return caller


@pytest.mark.plain_postgresql("Citus refuses the statements that make the rows wrong")
async def test_rows_that_make_a_timeline_of_a_code_wrong_are_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {}
    for statements, promise in SPOILED:
        shop = await open_shop(database)
        mine = f"merchant_id = {shop.merchant_id}"
        async with database.write() as connection:
            for statement in statements:
                done = await connection.execute(statement.format(mine=mine))
                assert done.rpartition(" ")[2] != "0", statement
        expected[shop.merchant_id] = (statements, promise)
    monkeypatch.setattr(check, "_MOST", 1_000)
    found = defaultdict(set)
    async for checked in check.check(database):
        for violation in checked.violations:
            if checked.promise in (WINNERS, ONE_TIME):
                found[violation.merchant_id].add(checked.promise)
    for merchant_id, (statements, promise) in expected.items():
        assert (promise in found[merchant_id]) if promise else not found[merchant_id], statements


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (CodeTimeline(True, 1), "code 'a', product 1, the highest percent,"),
        (CodeTimeline(False, 0), "code 'a', all products, the latest created,"),
        (CodeTimeline(False, EXPIRED), "code 'a', expired,"),
    ],
)
def test_the_command_says_which_timeline_of_a_code_is_wrong(
    line: CodeTimeline, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mistake = TimelineMistake(NOON, 2, (1, 3))
    violation = TimelineViolation(7, line.product_id, mistake, "a", line.by_percent)
    show_checked(CheckedPromise(WINNERS, [violation]))
    assert capsys.readouterr().out.splitlines()[1].strip() == (
        f"merchant 7: the timeline of {name} shows promotion 1, 3 at 2026-06-01T12:00:00+00:00,"
        " and should show 2"
    )


hours = st.integers(0, 5)
spans = st.builds(
    lambda start, length, promotion, percent: Span(
        BEGINNING if start is None else NOON + start * DAY,
        None if length is None else NOON + ((start or 0) + length) * DAY,
        promotion,
        percent,
    ),
    st.none() | hours,
    st.none() | st.integers(1, 3),
    st.integers(1, 9),
    st.integers(1, 3),
)


@given(st.lists(spans, max_size=7, unique_by=lambda span: span.promotion_id), st.booleans())
def test_the_check_of_a_timeline_agrees_with_what_is_drawn(
    claims: list[Span], by_percent: bool
) -> None:
    shown = draw_timeline(CodeTimeline(by_percent, 0), claims)
    assert first_timeline_mistake(claims, shown, by_percent=by_percent) is None
    for index in range(len(shown)):
        rest = shown[:index] + shown[index + 1 :]
        mistake = first_timeline_mistake(claims, rest, by_percent=by_percent)
        assert mistake is not None
        assert (mistake.at, mistake.shown) == (shown[index].starts_at, ())
