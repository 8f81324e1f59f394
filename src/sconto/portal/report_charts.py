"""The chart of a report: its measures, and the changes of the promotion."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeAlias

from sconto.domain.history import Verb
from sconto.domain.money import currency_decimals
from sconto.domain.order_counts import Subject
from sconto.domain.reports import WHOLE_SHOP, DayRange, Figures, Mark, Report
from sconto.portal.sentences import VERBS
from sconto.portal.visit import Visit

_Number: TypeAlias = Callable[[Figures], int | None]

MAX_BARS: Final = 100
"""Days that are drawn as bars; more are a line."""


class ChartMaker:
    """Makes the data that `charts.js` draws, of one currency.

    The chart may round its amounts: the tables have the exact ones.
    """

    def __init__(self, visit: Visit, report: Report, currency: str) -> None:
        self._visit = visit
        self._report = report
        self._currency = currency
        self._unit = 10 ** currency_decimals(currency)

    def of_promotion(self, subject: Subject, marks: Sequence[Mark]) -> str:
        """The chart of a promotion."""
        _ = self._visit.gettext
        only: dict[str, Sequence[Subject]] = {"": (subject,)}
        return self._chart(
            [
                self._measure("orders", _("Orders"), only, lambda one: one.orders),
                self._measure("discount", _("Discount"), only, lambda one: one.discount, True),
                self._measure("revenue", _("Revenue"), only, lambda one: one.revenue, True),
                self._measure(
                    "average", _("Average order"), only, lambda one: one.average_order, True
                ),
                self._measure("beaten", _("Beaten"), only, lambda one: one.beaten),
            ],
            marks,
        )

    def of_shop(self) -> str:
        """The chart of all orders, with and without a discount."""
        _ = self._visit.gettext
        both: dict[str, Sequence[Subject]] = {
            _("With a discount"): (Subject.DISCOUNTED,),
            _("Without a discount"): (Subject.FULL_PRICE,),
        }
        every: dict[str, Sequence[Subject]] = {"": WHOLE_SHOP}
        return self._chart(
            [
                self._measure("orders", _("Orders"), both, lambda one: one.orders),
                self._measure("revenue", _("Revenue"), both, lambda one: one.revenue, True),
                self._measure("discount", _("Discount"), every, lambda one: one.discount, True),
                self._measure(
                    "average", _("Average order"), every, lambda one: one.average_order, True
                ),
            ],
            (),
        )

    def _chart(self, measures: Sequence[Mapping[str, Any]], marks: Sequence[Mark]) -> str:
        days = self._report.days.days
        return json.dumps(
            {
                "days": [day.isoformat() for day in days],
                "currency": self._currency,
                "measures": measures,
                "marks": [self._mark(mark) for mark in marks],
            }
        )

    def _measure(
        self,
        key: str,
        label: str,
        parts: Mapping[str, Sequence[Subject]],
        number: _Number,
        money: bool = False,
    ) -> dict[str, Any]:
        report, everything = self._report, [one for part in parts.values() for one in part]
        before = report.days.before
        is_average = number(Figures()) is None
        bars = not is_average and report.days.length <= MAX_BARS
        return {
            "key": key,
            "label": label,
            "money": money,
            "kind": "bars" if bars else "line",
            "series": [
                {"label": name or label, "values": self._values(report.days, part, number, money)}
                for name, part in parts.items()
            ],
            "before": {
                "label": self._visit.gettext("Period before"),
                "days": [day.isoformat() for day in before.days][: report.days.length],
                "values": self._padded(self._values(before, everything, number, money)),
            },
        }

    def _values(
        self, days: DayRange, subjects: Sequence[Subject], number: _Number, money: bool
    ) -> list[float | int | None]:
        found = self._report.by_day(days, self._currency, *subjects)
        return [self._value(found.get(day), number, money) for day in days.days]

    def _value(self, figures: Figures | None, number: _Number, money: bool) -> float | int | None:
        value = number(figures or Figures())
        return value if value is None or not money else value / self._unit

    def _padded(self, values: list[float | int | None]) -> list[float | int | None]:
        """As many values as days are shown: the month before may have fewer days, or more."""
        length = self._report.days.length
        return [*values, *[None] * (length - len(values))][:length]

    def _mark(self, mark: Mark) -> dict[str, str]:
        day: date = mark.changed_at.astimezone(self._visit.server_zone).date()
        verb = self._visit.gettext(VERBS[Verb(mark.verb)])
        return {
            "day": day.isoformat(),
            "text": f"{verb}: {mark.username}" if mark.username else verb,
        }
