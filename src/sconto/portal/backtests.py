"""Back-tests: started from a promotion, watched while they run, and their results."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from starlette.responses import Response

from sconto.domain.backtest.draft import Draft
from sconto.domain.backtest.figures import BeforeAfter, ChangedOrder
from sconto.domain.backtest.job import (
    MAX_WAITING,
    Backtest,
    BacktestState,
    NewBacktest,
    Result,
)
from sconto.domain.backtest.problems import DraftTooLarge, TooManyBacktests
from sconto.domain.money import currency_decimals
from sconto.domain.people import Action
from sconto.domain.promotion import NewPromotion
from sconto.operations.backtesting import jobs
from sconto.portal.notices import Notice
from sconto.portal.pages import read, write
from sconto.portal.visit import Visit
from sconto.portal.words import marked

DAYS: Final = (7, 30, 90)
"""The periods that a form offers: so many days until now."""

_LISTED: Final = 50

STATES: Final[Mapping[BacktestState, str]] = {
    BacktestState.WAITING: marked("waiting"),
    BacktestState.RUNNING: marked("in progress"),
    BacktestState.FINISHED: marked("finished"),
    BacktestState.FAILED: marked("failed"),
    BacktestState.CANCELLED: marked("cancelled"),
}


async def show_list(visit: Visit) -> Response:
    """The latest back-tests."""
    found, _ = await jobs.list_backtests(visit.context.database, visit.caller, _LISTED)
    return visit.render("backtests/list.html", backtests=found, states=STATES, may_write=False)


async def show_one(visit: Visit) -> Response:
    """The progress of a back-test, or its result."""
    found = await jobs.get_backtest(
        visit.context.database, visit.caller, visit.id_in_path("backtest_id")
    )
    result = found.result
    return visit.render(
        "backtests/one.html",
        backtest=found,
        states=STATES,
        is_open=found.state in (BacktestState.WAITING, BacktestState.RUNNING),
        result=result,
        charts={} if result is None else _charts(visit, found, result),
        days=[] if result is None else _days_with_orders(result),
        largest=[] if result is None else _largest(result),
        may_write=visit.caller.may(Action.WRITE_PROMOTIONS),
    )


async def cancel(visit: Visit) -> Response:
    """Cancel a back-test."""
    backtest_id = visit.id_in_path("backtest_id")
    await jobs.cancel_backtest(visit.context.database, visit.caller, backtest_id, visit.now)
    return visit.redirect(f"/promotions/backtests/{backtest_id}")


async def delete(visit: Visit) -> Response:
    """Delete a back-test."""
    backtest_id = visit.id_in_path("backtest_id")
    await jobs.delete_backtest(visit.context.database, visit.caller, backtest_id)
    return visit.redirect(
        "/promotions/backtests", Notice(visit.gettext("The back-test is deleted."))
    )


async def start_product_backtest(
    visit: Visit, new: NewPromotion, promotion_id: int | None, *, keep_codes: bool
) -> Response:
    """Start a back-test of what the form of a product promotion describes."""
    try:
        draft = jobs.draft_product_promotion(new, promotion_id, keep_codes=keep_codes)
    except DraftTooLarge as problem:
        text = visit.gettext("A back-test takes at most %(most)s products and codes.")
        return visit.redirect(
            "/promotions/backtests", Notice(text % {"most": visit.language.number(problem.most)})
        )
    return await start_backtest(visit, draft, as_if_running=promotion_id is None)


async def start_backtest(visit: Visit, draft: Draft, *, as_if_running: bool) -> Response:
    """Start a back-test of the last days, and go to its page."""
    days = visit.field("backtest_days")
    chosen = int(days) if days in map(str, DAYS) else DAYS[1]
    now = visit.now
    new = NewBacktest(
        draft, now - timedelta(days=chosen), now, as_if_running, visit.context.zone.key
    )
    try:
        started = await jobs.start_backtest(visit.context.database, visit.caller, new, now)
    except TooManyBacktests:
        text = visit.gettext(
            "%(most)s back-tests are already waiting. Cancel one, or start this one later."
        )
        return visit.redirect("/promotions/backtests", Notice(text % {"most": MAX_WAITING}))
    return visit.redirect(f"/promotions/backtests/{started.id}")


def _charts(visit: Visit, backtest: Backtest, result: Result) -> dict[str, str]:
    """What `charts.js` draws for each currency: the discount by day, without and with the draft.

    The chart may round: the table has the exact amounts.
    """
    days = _days_of(visit, backtest)
    _ = visit.gettext
    return {
        currency: json.dumps(
            {
                "label": _("Day"),
                "days": days,
                "series": [
                    {"label": label, "values": values}
                    for label, values in zip(
                        (_("as things stand"), _("with the draft")),
                        _values(result, currency, days),
                        strict=True,
                    )
                ],
            }
        )
        for currency in sorted(result.currencies)
    }


def _values(result: Result, currency: str, days: Sequence[str]) -> list[list[float]]:
    unit = 10 ** currency_decimals(currency)
    found = [result.days.get(day, {}).get(currency) for day in days]
    return [
        [0 if one is None else one.before / unit for one in found],
        [0 if one is None else one.after / unit for one in found],
    ]


def _days_of(visit: Visit, backtest: Backtest) -> list[str]:
    """All days of the period, as ISO dates."""
    zone = visit.context.zone
    first = backtest.since.astimezone(zone).date()
    last = (backtest.until - timedelta(microseconds=1)).astimezone(zone).date()
    return [
        date.fromordinal(number).isoformat()
        for number in range(first.toordinal(), last.toordinal() + 1)
    ]


def _days_with_orders(result: Result) -> list[tuple[date, dict[str, BeforeAfter]]]:
    """The days with their discounts by currency, the latest first."""
    return [
        (date.fromisoformat(day), of_day)
        for day, of_day in sorted(result.days.items(), reverse=True)
    ]


def _largest(result: Result) -> list[tuple[str, ChangedOrder]]:
    """The orders with the largest difference, each with its currency."""
    return [(currency, order) for currency, orders in result.largest.items() for order in orders]


PAGES: Final = (
    read("/promotions/backtests", show_list, Action.READ_PROMOTIONS),
    read("/promotions/backtests/{backtest_id}", show_one, Action.READ_PROMOTIONS),
    write("/promotions/backtests/{backtest_id}/cancel", cancel, Action.WRITE_PROMOTIONS),
    write("/promotions/backtests/{backtest_id}/delete", delete, Action.WRITE_PROMOTIONS),
)
