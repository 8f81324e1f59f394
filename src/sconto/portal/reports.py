"""The report of the whole shop, over all promotions."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from sconto.domain.order_counts import CountSubject
from sconto.domain.people import Action
from sconto.domain.reports import WHOLE_SHOP
from sconto.operations import reports
from sconto.operations.reports import WholeShopReport
from sconto.portal.pages import read
from sconto.portal.places import promotion_page
from sconto.portal.report_charts import ChartMaker
from sconto.portal.report_days import read_days
from sconto.portal.report_pages import (
    Card,
    Cards,
    days_table,
    products_table,
    query_of,
    shown_days,
)
from sconto.portal.report_tables import Cell, Column, Link, ReportTable, csv_file
from sconto.portal.visit import Visit

_PARTS: Final = {"discounted": (CountSubject.DISCOUNTED,), "full_price": (CountSubject.FULL_PRICE,)}


async def show(visit: Visit) -> Response:
    """The figures of the shop, with those of the days before."""
    chosen = read_days(visit)
    found = await reports.report_shop(visit.context.database, visit.caller, query_of(visit, chosen))
    shown = shown_days(visit, chosen, "/reports")
    if (currency := found.currency) is None:
        return visit.render("reports/shop.html", report=None, **shown)
    return visit.render(
        "reports/shop.html",
        report=found.report,
        currency=currency,
        cards=_cards(visit, found, currency),
        chart=ChartMaker(visit, found.report, currency).of_shop(),
        tables=_tables(visit, found, currency),
        **shown,
    )


async def download(visit: Visit) -> Response:
    """A table of the report as a CSV file."""
    query = query_of(visit, read_days(visit), is_file=True)
    found = await reports.report_shop(visit.context.database, visit.caller, query)
    tables = _tables(visit, found, found.currency or "")
    for table in tables:
        if table.key == visit.request.path_params["table"]:
            return csv_file(table, "report")
    raise HTTPException(404)


def _cards(visit: Visit, found: WholeShopReport, currency: str) -> list[Card]:
    _, report, cards = visit.gettext, found.report, Cards(visit, currency)
    now = report.total(report.days, currency, *WHOLE_SHOP)
    before = report.total(report.days.before, currency, *WHOLE_SHOP)
    with_now = report.total(report.days, currency, CountSubject.DISCOUNTED)
    with_before = report.total(report.days.before, currency, CountSubject.DISCOUNTED)
    return [
        cards.number(_("Orders"), now.orders, before.orders),
        cards.number(_("Orders with a discount"), with_now.orders, with_before.orders),
        cards.share(
            _("Share of orders"),
            (with_now.orders, now.orders),
            (with_before.orders, before.orders),
        ),
        cards.money(_("Discount given"), now.discount, before.discount),
        cards.money(_("Revenue"), now.revenue, before.revenue),
        cards.money(_("Revenue with a discount"), with_now.revenue, with_before.revenue),
        cards.money(
            _("Revenue without a discount"),
            now.revenue - with_now.revenue,
            before.revenue - with_before.revenue,
        ),
        cards.money(_("Average order"), now.average_order, before.average_order),
    ]


def _tables(visit: Visit, found: WholeShopReport, currency: str) -> list[ReportTable]:
    _ = visit.gettext
    promotions = ReportTable(
        "promotions",
        _("Promotions by orders"),
        [
            Column("promotion_id", _("Promotion"), Cell.LINK),
            Column("orders", _("Orders"), Cell.NUMBER),
            Column("discount", _("Discount"), Cell.MONEY),
            Column("revenue", _("Revenue"), Cell.MONEY),
            Column("beaten", _("Beaten"), Cell.NUMBER),
        ],
        [
            [
                Link(
                    one.name,
                    one.promotion_id,
                    visit.path(f"{promotion_page(one.kind, one.promotion_id)}/statistics"),
                ),
                one.figures.orders,
                one.figures.discount,
                one.figures.revenue,
                one.figures.beaten,
            ]
            for one in found.promotions
        ],
        currency,
        "" if found.has_all else _("Those with the most orders on the last days of the period."),
    )
    return [
        days_table(visit, found.report, currency, _PARTS),
        promotions,
        products_table(visit, found.products, currency, found.looked_at),
    ]


PAGES: Final = (
    read("/reports", show, Action.READ_PROMOTIONS),
    read("/reports/{table}.csv", download, Action.READ_PROMOTIONS),
)
