"""Writes the cart promotions API's answers, in the documentation's order of fields."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from sconto.api.cart.benefits import write_amounts, write_benefit, write_selection
from sconto.api.cursors import write_cursor
from sconto.api.rfc3339 import write_instant, write_optional_instant
from sconto.domain.cart_promotion import (
    Benefit,
    CartPromotion,
    CartTerms,
    Conditions,
    Limits,
    ProductSelection,
)
from sconto.domain.cart_statistics import CartStatistics
from sconto.domain.forecast import Forecast, LimitForecast
from sconto.domain.history import Facts, HistoryPage
from sconto.domain.hours import EVERY_DAY, Hours
from sconto.domain.money import format_amount

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

JsonObject = dict[str, Any]


def write_promotion(promotion: CartPromotion, codes: Sequence[str] | None) -> JsonObject:
    """A promotion with its codes; None if it is automatic."""
    period, terms = promotion.period, promotion.terms
    return {
        "id": promotion.id,
        "name": promotion.name,
        "active": promotion.active,
        "starts_at": write_instant(period.starts_at),
        "ends_at": write_optional_instant(period.ends_at),
        "hours": None if terms.hours is None else _write_hours(terms.hours),
        "codes": None if codes is None else {**_code_type(promotion), "codes": codes},
        **write_terms(terms),
        "created_at": write_instant(promotion.created_at),
        "updated_at": write_instant(promotion.updated_at),
    }


def _code_type(promotion: CartPromotion) -> JsonObject:
    return {} if promotion.code_type is None else {"code_type": promotion.code_type.value}


def write_page(promotions: Sequence[CartPromotion], *, more: bool) -> JsonObject:
    """A page of promotions without their codes, and the cursor of the next one."""
    return {
        "promotions": [_write_listed(promotion) for promotion in promotions],
        "next_cursor": write_cursor(promotions[-1].id) if more else None,
    }


def _write_listed(promotion: CartPromotion) -> JsonObject:
    written = write_promotion(promotion, None)
    if promotion.code_type is not None:
        written["codes"] = _code_type(promotion)
    return written


def write_statistics(statistics: CartStatistics, forecast: Forecast | None) -> JsonObject:
    """What a promotion gave, what is left of its limits, and when they will be used up."""
    limits = statistics.promotion.terms.limits
    left: JsonObject = {}
    if limits.total is not None:
        taken = statistics.taken_total
        left["total"] = {
            "limit": limits.total,
            "taken": taken,
            "left": max(0, limits.total - taken),
        }
    if limits.budget is not None:
        left["budget"] = {
            currency: _write_budget(limit, statistics.taken_budget.get(currency, 0), currency)
            for currency, limit in limits.budget.items()
        }
    return {
        "promotion_id": statistics.promotion.id,
        "orders": statistics.orders,
        "discount": write_amounts(statistics.discounts),
        "codes": [{"code": one.code, "orders": one.orders} for one in statistics.codes],
        "days": [
            {
                "day": one.day.isoformat(),
                "orders": one.orders,
                "discount": write_amounts(one.discounts),
            }
            for one in statistics.days
        ],
        "limits": left,
        **({} if forecast is None else {"forecast": _write_forecast(forecast)}),
    }


def _write_forecast(forecast: Forecast) -> JsonObject:
    written: JsonObject = {}
    if forecast.total is not None:
        written["total"] = _write_limit_forecast(forecast.total, lambda orders: orders)
    if forecast.budget:
        written["budget"] = {
            currency: _write_limit_forecast(one, partial(format_amount, currency=currency))
            for currency, one in forecast.budget.items()
        }
    return written


def _write_limit_forecast(found: LimitForecast, write: Callable[[int], int | str]) -> JsonObject:
    return {
        name: {
            "per_day": write(pace.per_day),
            "used_up_at": write_optional_instant(pace.used_up_at),
        }
        for name, pace in (("last_day", found.last_day), ("last_week", found.last_week))
    }


def _write_budget(limit: int, taken: int, currency: str) -> dict[str, str]:
    return {
        "limit": format_amount(limit, currency),
        "taken": format_amount(taken, currency),
        "left": format_amount(max(0, limit - taken), currency),
    }


def write_history(page: HistoryPage) -> JsonObject:
    """Who changed what, the latest first; amounts and percents as in the terms."""
    return {
        "entries": [
            {
                "id": entry.id,
                "recorded_at": write_instant(entry.recorded_at),
                "username": entry.username,
                "verb": entry.change.verb.value,
                "before": _write_facts(entry.change.before),
                "after": _write_facts(entry.change.after),
            }
            for entry in page.entries
        ],
        "next_cursor": write_cursor(page.entries[-1].id) if page.more else None,
    }


def _write_facts(facts: Facts | None) -> JsonObject | None:
    """What was recorded of the terms, as in an answer about the promotion."""
    if facts is None:
        return None
    return {name: _FACTS[name](value) if name in _FACTS else value for name, value in facts.items()}


def write_terms(terms: CartTerms) -> JsonObject:
    """What the promotion gives, and to whom."""
    return {
        "target": terms.target.value,
        "products": write_selection(terms.products),
        "on_discounted": terms.on_discounted,
        "benefit": write_benefit(terms.benefit),
        "conditions": _write_conditions(terms.conditions),
        "limits": _write_limits(terms.limits),
        "priority": terms.priority,
        "exclusive": terms.exclusive,
    }


def _write_hours(hours: Hours) -> JsonObject:
    days = {} if hours.weekdays == EVERY_DAY else {"weekdays": _write_days(hours.weekdays)}
    return {
        **days,
        "from": hours.starts.isoformat("minutes"),
        "until": hours.ends.isoformat("minutes"),
        "time_zone": hours.time_zone,
    }


def _write_days(weekdays: frozenset[int]) -> list[str]:
    return [_WEEKDAYS[day] for day in sorted(weekdays)]


def _write_conditions(conditions: Conditions) -> JsonObject:
    written: JsonObject = {
        "minimum_subtotal": _write_optional(conditions.minimum_subtotal),
        "minimum_quantity": conditions.minimum_quantity,
        "segments": sorted(conditions.segments) or None,
        "first_order": conditions.first_order or None,
    }
    return {name: value for name, value in written.items() if value is not None}


def _write_limits(limits: Limits) -> JsonObject:
    written: JsonObject = {
        "total": limits.total,
        "per_customer": limits.per_customer,
        "budget": _write_optional(limits.budget),
    }
    return {name: value for name, value in written.items() if value is not None}


def _write_optional(amounts: Mapping[str, int] | None) -> dict[str, str] | None:
    return None if amounts is None else write_amounts(amounts)


def _write_recorded(kind: Any, write: Callable[[Any], object], absent: object) -> Any:
    """Write a fact that was recorded as JSON of this kind; None if it says nothing."""
    return lambda fact: absent if fact is None else write(msgspec.convert(fact, kind))


_FACTS: Final[Mapping[str, Callable[[Any], object]]] = {
    "starts_at": lambda fact: write_instant(datetime.fromisoformat(fact)),
    "ends_at": lambda fact: fact and write_instant(datetime.fromisoformat(fact)),
    "hours": _write_recorded(Hours, _write_hours, None),
    "products": _write_recorded(ProductSelection, write_selection, None),
    "on_discounted": lambda fact: fact is not False,
    "benefit": _write_recorded(Benefit, write_benefit, None),
    "conditions": _write_recorded(Conditions, _write_conditions, {}),
    "limits": _write_recorded(Limits, _write_limits, {}),
    "priority": lambda fact: fact or 0,
    "exclusive": bool,
}
