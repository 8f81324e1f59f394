"""Reports: orders, discounts and revenue of the merchant's shop."""

from datetime import datetime

from sconto.domain.people import Caller
from sconto.domain.reports import DayRange, ShopReport
from sconto.store import reports as store
from sconto.store.database import Database, retried


@retried
async def shop_figures(
    database: Database, caller: Caller, days: DayRange, at: datetime
) -> ShopReport:
    """The merchant's figures of the days and of the days before, by currency.

    One statement, whatever the number of orders. `days` is for example
    `latest_days(30, visit.today)` of `domain.reports`; `at` is now, at which the active promotions
    are counted. `report.now[currency]` has `orders`, `discounted_orders`, `discount`,
    `discounted_revenue` and `full_price_revenue`, and `report.before[currency]` the same of the
    days before: both have the same currencies, the one with the most orders first, and none if
    there were no orders. Amounts are in minor units. `growth(now, before)` compares two figures.
    """
    async with database.read(caller.merchant_id) as connection:
        return await store.read_shop(connection, caller.merchant_id, days, at)
