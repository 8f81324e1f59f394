"""The report of one promotion: product, cart or subscription."""

from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from sconto.domain.order_counts import CountSubject
from sconto.domain.people import Action
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.reports import MAX_CODES, WHOLE_SHOP, CodeTotals, subject_of
from sconto.operations import reports
from sconto.operations.reports import PromotionReport
from sconto.portal import cart_promotions, promotion, subscription
from sconto.portal.cursors import write_order_cursor
from sconto.portal.pages import read
from sconto.portal.places import promotion_page
from sconto.portal.report_charts import ChartMaker
from sconto.portal.report_days import read_days
from sconto.portal.report_pages import (
    Card,
    Cards,
    days_table,
    newest_note,
    products_table,
    query_of,
    shown_days,
)
from sconto.portal.report_tables import Cell, Column, Link, ReportTable, csv_file
from sconto.portal.visit import Visit


async def show_of_product_promotion(visit: Visit) -> Response:
    """The figures of a product promotion, with those of the days before."""
    heading = await promotion.find_heading(visit)
    values = await _shown(visit, PromotionKind.PRODUCT, heading.summary.id)
    return promotion.show_page(visit, "promotions/statistics.html", heading, **values)


async def show_of_cart_promotion(visit: Visit) -> Response:
    """The figures of a cart promotion."""
    found = await cart_promotions.find_promotion(visit)
    values = await _shown(visit, PromotionKind.CART, found.id)
    return cart_promotions.show_page(visit, "cart_promotions/statistics.html", found, **values)


async def show_of_subscription_promotion(visit: Visit) -> Response:
    """The figures of a subscription promotion."""
    found = await subscription.find_promotion(visit)
    values = await _shown(visit, PromotionKind.SUBSCRIPTION, found.id)
    return subscription.show_page(visit, "subscriptions/statistics.html", found, **values)


async def download_of_product_promotion(visit: Visit) -> Response:
    """A table of the report as a CSV file."""
    return await _download(
        visit, PromotionKind.PRODUCT, (await promotion.find_heading(visit)).summary.id
    )


async def download_of_cart_promotion(visit: Visit) -> Response:
    """A table of the report as a CSV file."""
    return await _download(
        visit, PromotionKind.CART, (await cart_promotions.find_promotion(visit)).id
    )


async def download_of_subscription_promotion(visit: Visit) -> Response:
    """A table of the report as a CSV file."""
    return await _download(
        visit, PromotionKind.SUBSCRIPTION, (await subscription.find_promotion(visit)).id
    )


async def _shown(visit: Visit, kind: PromotionKind, promotion_id: int) -> dict[str, Any]:
    """What the template of a report needs."""
    chosen = read_days(visit)
    found = await reports.report_promotion(
        visit.context.database, visit.caller, kind, promotion_id, query_of(visit, chosen)
    )
    shown = {
        **shown_days(visit, chosen, f"{promotion_page(kind, promotion_id)}/statistics"),
        "redemptions": None if kind is PromotionKind.SUBSCRIPTION else found.details.redemptions,
    }
    if (currency := found.currency) is None:
        return {"report": None, **shown}
    return {
        "report": found.report,
        "currency": currency,
        "cards": _cards(visit, found, subject_of(kind), currency),
        "chart": ChartMaker(visit, found.report, currency).of_promotion(
            subject_of(kind), found.details.marks
        ),
        "tables": _tables(visit, found, kind, currency),
        "older": write_order_cursor(found.newest.next),
        **shown,
    }


async def _download(visit: Visit, kind: PromotionKind, promotion_id: int) -> Response:
    query = query_of(visit, read_days(visit), is_file=True)
    found = await reports.report_promotion(
        visit.context.database, visit.caller, kind, promotion_id, query
    )
    for table in _tables(visit, found, kind, found.currency or ""):
        if table.key == visit.request.path_params["table"]:
            return csv_file(table, f"promotion-{promotion_id}")
    raise HTTPException(404)


def _cards(
    visit: Visit, found: PromotionReport, subject: CountSubject, currency: str
) -> list[Card]:
    _, report, cards = visit.gettext, found.report, Cards(visit, currency)
    days = report.days
    now, before = (report.total(one, currency, subject) for one in (days, days.before))
    all_now, all_before = (report.total(one, currency, *WHOLE_SHOP) for one in (days, days.before))
    return [
        cards.number(_("Orders"), now.orders, before.orders),
        cards.share(
            _("Share of orders"), (now.orders, all_now.orders), (before.orders, all_before.orders)
        ),
        cards.money(_("Discount given"), now.discount, before.discount),
        cards.money(_("Revenue"), now.revenue, before.revenue),
        cards.money(_("Average order"), now.average_order, before.average_order),
        cards.number(_("Eligible but beaten"), now.beaten, before.beaten),
    ]


def _tables(
    visit: Visit, found: PromotionReport, kind: PromotionKind, currency: str
) -> list[ReportTable]:
    newest = found.newest
    tables = [
        days_table(visit, found.report, currency, {"": (subject_of(kind),)}),
        _codes(visit, found, currency),
        products_table(visit, newest.products, currency, newest.looked_at),
        _winners(visit, found, currency),
        _orders(visit, found, currency),
    ]
    return [
        table
        for table in tables
        if table.rows or table.key in ("days", "orders") or (table.key == "codes" and table.note)
    ]


def _codes(visit: Visit, found: PromotionReport, currency: str) -> ReportTable:
    _ = visit.gettext
    return ReportTable(
        "codes",
        _("Top codes"),
        [
            Column("code", _("Code"), Cell.CODE),
            Column("orders", _("Orders"), Cell.NUMBER),
            Column("discount", _("Discount"), Cell.MONEY),
        ],
        [list(one) for one in found.details.codes],
        currency,
        _codes_note(visit, found.details.code_totals),
    )


def _codes_note(visit: Visit, totals: CodeTotals) -> str:
    """How many codes there are, and how many of them are used up."""
    say, ngettext = visit.language.number, visit.language.ngettext
    codes = f"{say(totals.codes)}{'+' * (totals.codes == MAX_CODES)}"
    if totals.used_up:
        text = ngettext(
            "%(used)s of %(codes)s code is used up.",
            "%(used)s of %(codes)s codes are used up.",
            totals.codes,
        )
        return text % {"used": say(totals.used_up), "codes": codes}
    text = ngettext("%(codes)s code in all.", "%(codes)s codes in all.", totals.codes)
    return text % {"codes": codes} if totals.codes else ""


def _winners(visit: Visit, found: PromotionReport, currency: str) -> ReportTable:
    _ = visit.gettext
    return ReportTable(
        "beaten-by",
        _("Beaten by"),
        [
            Column("promotion_id", _("Promotion"), Cell.LINK),
            Column("orders", _("Orders"), Cell.NUMBER),
        ],
        [
            [
                Link(
                    one.name,
                    one.promotion_id,
                    visit.path(promotion_page(one.kind, one.promotion_id)),
                ),
                one.orders,
            ]
            for one in found.newest.winners
        ],
        currency,
        newest_note(visit, found.newest.looked_at),
    )


def _orders(visit: Visit, found: PromotionReport, currency: str) -> ReportTable:
    _ = visit.gettext
    return ReportTable(
        "orders",
        _("Orders"),
        [
            Column("created_at", _("Time"), Cell.TIME),
            Column("order_id", _("Order"), Cell.LINK),
            Column("code", _("Code"), Cell.TEXT),
            Column("discount", _("Discount"), Cell.MONEY),
            Column("total", _("Total"), Cell.MONEY),
        ],
        [
            [
                one.placed_at,
                Link(one.order_id, one.order_id, visit.path("/orders", id=one.order_id)),
                one.code,
                one.discount,
                one.total,
            ]
            for one in found.newest.orders
        ],
        currency,
    )


_PROMOTION: Final = "/promotions/{promotion_id}/statistics"
_CART_PROMOTION: Final = "/cart-promotions/{promotion_id}/statistics"
_SUBSCRIPTION: Final = "/subscriptions/{promotion_id}/statistics"

PAGES: Final = (
    read(_PROMOTION, show_of_product_promotion, Action.READ_PROMOTIONS),
    read(_PROMOTION + "/{table}.csv", download_of_product_promotion, Action.READ_PROMOTIONS),
    read(_CART_PROMOTION, show_of_cart_promotion, Action.READ_PROMOTIONS),
    read(_CART_PROMOTION + "/{table}.csv", download_of_cart_promotion, Action.READ_PROMOTIONS),
    read(_SUBSCRIPTION, show_of_subscription_promotion, Action.READ_PROMOTIONS),
    read(
        _SUBSCRIPTION + "/{table}.csv", download_of_subscription_promotion, Action.READ_PROMOTIONS
    ),
)
