"""What reports share: the days, the figures with those before, and the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sconto.domain.order_counts import Subject
from sconto.domain.reports import (
    LOOKED_AT,
    Figures,
    Report,
    ReportQuery,
    TopProduct,
    growth,
    query_for,
    share,
)
from sconto.portal.cursors import read_order_cursor
from sconto.portal.report_days import PRESETS, ChosenDays
from sconto.portal.report_tables import Cell, Column, Link, Table, Value
from sconto.portal.visit import Visit

FILE_ROWS: Final = 1_000
"""Rows of a ranking in a file; of orders it has LOOKED_AT."""

_NOTHING: Final = "\N{EN DASH}"

_TENTH: Final = 100_000
"""A thousandth of a whole is a tenth of a percent."""


@dataclass(frozen=True, slots=True)
class Card:
    """A figure of the days, that of the days before, and its growth."""

    label: str
    figure: str
    before: str
    growth: str


def query_of(visit: Visit, chosen: ChosenDays, *, is_file: bool = False) -> ReportQuery:
    """The query of a page, or of a file."""
    query = replace(
        query_for(chosen.days, visit.server_zone),
        currency=visit.query("currency") or None,
        before=read_order_cursor(visit.query("before")) if visit.query("before") else None,
    )
    return replace(query, before=None, orders=LOOKED_AT, top=FILE_ROWS) if is_file else query


def shown_days(visit: Visit, chosen: ChosenDays, here: str) -> dict[str, Any]:
    """What the template needs for the choice of days."""
    return {
        "here": here,
        "chosen": chosen,
        "presets": PRESETS,
        "currency_query": {"currency": visit.query("currency")},
        "looked_at_most": LOOKED_AT,
    }


class Cards:
    """Writes figures in the user's language."""

    def __init__(self, visit: Visit, currency: str) -> None:
        self._language = visit.language
        self._currency = currency

    def number(self, label: str, now: int, before: int) -> Card:
        """A number of orders."""
        say = self._language.number
        return Card(label, say(now), say(before), self._growth(now, before))

    def money(self, label: str, now: int | None, before: int | None) -> Card:
        """An amount."""
        return Card(
            label,
            self._money(now),
            self._money(before),
            "" if now is None or before is None else self._growth(now, before),
        )

    def share(self, label: str, now: tuple[int, int], before: tuple[int, int]) -> Card:
        """A part of a whole; without its growth."""
        return Card(label, self._share(*now), self._share(*before), "")

    def _money(self, amount: int | None) -> str:
        return _NOTHING if amount is None else self._language.money(amount, self._currency)

    def _share(self, part: int, whole: int) -> str:
        thousandths = share(part, whole)
        return _NOTHING if thousandths is None else self._language.percent(thousandths * _TENTH)

    def _growth(self, now: int, before: int) -> str:
        thousandths = growth(now, before)
        if thousandths is None:
            return ""
        return "+" * (thousandths > 0) + self._language.percent(thousandths * _TENTH)


def days_table(
    visit: Visit, report: Report, currency: str, parts: Mapping[str, Sequence[Subject]]
) -> Table:
    """The figures by day, the latest first; one column of orders and revenue for each part."""
    _ = visit.gettext
    found = [report.by_day(report.days, currency, *subjects) for subjects in parts.values()]
    columns = [Column("day", _("Day"), Cell.DAY)]
    for name in parts:
        ending = f"_{name}" if name else ""
        words = {"": "", "discounted": _("with a discount"), "full_price": _("without a discount")}
        for key, label, cell in (
            ("orders", _("Orders"), Cell.NUMBER),
            ("revenue", _("Revenue"), Cell.MONEY),
        ):
            said = f"{label}, {words[name]}" if name else label
            columns.append(Column(f"{key}{ending}", said, cell))
    columns.append(Column("discount", _("Discount"), Cell.MONEY))
    is_promotion = "" in parts
    if is_promotion:
        columns.append(Column("beaten", _("Beaten"), Cell.NUMBER))
    rows: list[list[Value]] = []
    for day in reversed(report.days.days):
        figures = [one.get(day, Figures()) for one in found]
        every = sum(figures, Figures())
        if every == Figures():
            continue
        numbers = [number for one in figures for number in (one.orders, one.revenue)]
        rows.append([day, *numbers, every.discount, *[every.beaten] * is_promotion])
    return Table("days", _("The numbers by day"), columns, rows, currency)


def products_table(
    visit: Visit, products: Sequence[TopProduct], currency: str, looked_at: int
) -> Table:
    """Products by the number of orders."""
    _ = visit.gettext
    return Table(
        "products",
        _("Top products"),
        [
            Column("product_id", _("Product"), Cell.LINK),
            Column("orders", _("Orders"), Cell.NUMBER),
            Column("discount", _("Discount"), Cell.MONEY),
            Column("revenue", _("Revenue"), Cell.MONEY),
        ],
        [
            [
                Link(one.name or str(one.product_id), one.product_id),
                one.orders,
                one.discount,
                one.revenue,
            ]
            for one in products
        ],
        currency,
        newest_note(visit, looked_at),
    )


def newest_note(visit: Visit, looked_at: int) -> str:
    """A note on how many orders a ranking is based, if there may be more."""
    if looked_at < LOOKED_AT:
        return ""
    text = visit.gettext("Of the newest %(orders)s orders of the period.")
    return text % {"orders": visit.language.number(LOOKED_AT)}
