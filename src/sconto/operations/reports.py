"""Reports: orders, discounts and revenue of the merchant's shop, and of each promotion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sconto.domain.people import Caller
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.reports import (
    Details,
    Newest,
    Report,
    ReportQuery,
    TopProduct,
    TopPromotion,
    subject_of,
)
from sconto.store import report_details, report_orders
from sconto.store import reports as store
from sconto.store.database import Database, retried


@dataclass(frozen=True, slots=True)
class PromotionReport:
    """The report of a promotion in one currency; None if there were no orders in any."""

    report: Report
    currency: str | None
    details: Details
    newest: Newest


@dataclass(frozen=True, slots=True)
class WholeShopReport:
    """The report of all orders in one currency; None if there were none.

    Without `has_all` the promotions are those with the most orders recently.
    """

    report: Report
    currency: str | None
    promotions: Sequence[TopPromotion]
    has_all: bool
    looked_at: int
    products: Sequence[TopProduct]


@retried
async def report_promotion(
    database: Database, caller: Caller, kind: PromotionKind, promotion_id: int, query: ReportQuery
) -> PromotionReport:
    """The report of a promotion: three statements, whatever the number of orders."""
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        counts = await store.count_days(
            connection, merchant_id, query.days, subject_of(kind), promotion_id
        )
        report = Report(query.days, counts)
        shown = _choose(report, query)
        details = await report_details.read_details(
            connection, merchant_id, kind, promotion_id, shown
        )
        newest = await report_orders.read_newest(connection, merchant_id, kind, promotion_id, shown)
    return PromotionReport(report, shown.currency, details, newest)


@retried
async def report_shop(database: Database, caller: Caller, query: ReportQuery) -> WholeShopReport:
    """The report of all orders: three statements.

    Promotions are ranked by their newest counters, products by the newest orders.
    """
    merchant_id = caller.merchant_id
    async with database.read(merchant_id) as connection:
        report = Report(query.days, await store.count_days(connection, merchant_id, query.days))
        shown = _choose(report, query)
        promotions, has_all = await store.rank_promotions(connection, merchant_id, shown)
        looked_at, products = await report_orders.read_newest_of_shop(
            connection, merchant_id, shown
        )
    return WholeShopReport(report, shown.currency, promotions, has_all, looked_at, products)


def _choose(report: Report, query: ReportQuery) -> ReportQuery:
    found = report.currencies
    currency = query.currency if query.currency in found else next(iter(found), None)
    return replace(query, currency=currency)
