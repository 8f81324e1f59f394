"""Writes back-tests, in the documentation's order of fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from sconto.api.cursors import write_cursor
from sconto.api.rfc3339 import write_instant, write_optional_instant
from sconto.domain.backtest.figures import BeforeAfter, ChangedOrder
from sconto.domain.backtest.job import Backtest, ChangedPromotion, Result
from sconto.domain.money import format_amount

JsonObject = dict[str, Any]


def write_backtest(backtest: Backtest) -> JsonObject:
    """A back-test with its result, null until it is finished."""
    result = backtest.result
    return {
        **_write_job(backtest),
        "result": None if result is None else _write_result(result),
    }


def write_page(backtests: Sequence[Backtest], *, more: bool) -> JsonObject:
    """A page of back-tests without their results, and the cursor of the next one."""
    return {
        "backtests": [_write_job(one) for one in backtests],
        "next_cursor": write_cursor(backtests[-1].id) if more else None,
    }


def _write_job(backtest: Backtest) -> JsonObject:
    finished_at = backtest.finished_at
    return {
        "id": backtest.id,
        "status": backtest.state.value,
        "kind": backtest.kind.value,
        "promotion_id": backtest.promotion_id,
        "name": backtest.name,
        "from": write_instant(backtest.since),
        "until": write_instant(backtest.until),
        "as_if_running": backtest.as_if_running,
        "created_at": write_instant(backtest.created_at),
        "finished_at": write_optional_instant(finished_at),
        "progress": {"orders": backtest.orders, "done": backtest.done},
    }


def _write_result(result: Result) -> JsonObject:
    return {
        "orders": result.orders,
        "changed": result.changed,
        "cheaper": result.cheaper,
        "dearer": result.dearer,
        "left_aside": {"deleted": result.deleted, "without_request": result.without_request},
        "customers": {
            "reached": result.customers,
            "orders_without_customer": result.unnamed,
        },
        "currencies": {
            currency: {
                "orders": one.orders,
                "subtotal": format_amount(one.subtotal, currency),
                "discount": _write_amounts(one.discount, currency),
            }
            for currency, one in result.currencies.items()
        },
        "promotions": [_write_promotion(one) for one in result.promotions],
        "days": [
            {"day": day, "discount": _write_discounts(of_day)}
            for day, of_day in result.days.items()
        ],
        "largest": [
            _write_order(order, currency)
            for currency, orders in result.largest.items()
            for order in orders
        ],
        "promotions_edited": result.edited,
    }


def _write_promotion(one: ChangedPromotion) -> JsonObject:
    sums = one.sums
    return {
        "kind": one.kind.value,
        "promotion_id": one.promotion_id,
        "name": one.name,
        "draft": one.is_draft,
        "orders": {"before": sums.orders.before, "after": sums.orders.after},
        "gained": sums.gained,
        "lost": sums.lost,
        "discount": _write_discounts(sums.discounts),
    }


def _write_order(order: ChangedOrder, currency: str) -> JsonObject:
    difference = order.after - order.before
    amount = format_amount(abs(difference), currency)
    return {
        "order_id": order.order_id,
        "placed_at": write_instant(order.placed_at),
        "currency": currency,
        "total": _write_amounts(BeforeAfter(order.before, order.after), currency),
        "difference": f"-{amount}" if difference < 0 else amount,
    }


def _write_discounts(discounts: Mapping[str, BeforeAfter]) -> dict[str, JsonObject]:
    return {currency: _write_amounts(one, currency) for currency, one in discounts.items()}


def _write_amounts(amounts: BeforeAfter, currency: str) -> JsonObject:
    return {
        "before": format_amount(amounts.before, currency),
        "after": format_amount(amounts.after, currency),
    }
