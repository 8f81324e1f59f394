"""The table of products in a form: plain inputs, a row for each product."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sconto.domain.numbers import parse_id
from sconto.domain.price_changes import UnitPrice
from sconto.domain.product import Product
from sconto.portal.visit import Visit

MAX_ROWS: Final = 200
"""With more products the form has them as text."""


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A row as it was typed: the id, and its own percent, if each product has one."""

    product_id: str
    percent: str = ""

    @property
    def line(self) -> str:
        """The row as a line of text."""
        return f"{self.product_id} {self.percent}".strip()


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row with facts from the catalogue; `price` is what it would cost."""

    row: ProductRow
    product: Product | None
    price: UnitPrice | None


def sent_rows(visit: Visit) -> tuple[ProductRow, ...]:
    """The rows of the form, without the one whose button "Remove" was pressed."""
    removed = visit.field("remove")
    rows = {
        one: ProductRow(one, percent)
        for one, percent in visit.rows("row", "row_percent")
        if one != removed and parse_id(one) is not None
    }
    for added in visit.form.getlist("add"):
        if isinstance(added, str) and parse_id(added) is not None:
            rows.setdefault(added, ProductRow(added))
    return tuple(rows.values())


def rows_of(lines: Iterable[tuple[int, str]]) -> tuple[ProductRow, ...] | None:
    """The rows of products with their percents; None if there are too many for a table."""
    rows = [ProductRow(str(product_id), percent) for product_id, percent in lines]
    return tuple(rows) if len(rows) <= MAX_ROWS else None


def shown_rows(
    rows: Sequence[ProductRow],
    found: Mapping[int, Product],
    prices: Mapping[int, UnitPrice],
) -> list[ShownRow]:
    """The rows as the template shows them."""
    return [
        ShownRow(row, found.get(int(row.product_id)), prices.get(int(row.product_id)))
        for row in rows
    ]
