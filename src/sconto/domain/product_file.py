"""Files of products: which column has which field, and the product of each row."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sconto.domain.blanks import trim
from sconto.domain.csv_rows import RowFault, is_unreadable
from sconto.domain.headings import (
    CURRENCY_WORDS,
    NAME_WORDS,
    PRICE_WORDS,
    PRODUCT_WORDS,
    TAG_WORDS,
    filled,
    find_column,
    heading_word,
    legible,
)
from sconto.domain.layout import AUTOMATIC, DecimalSign, Delimiter, Layout
from sconto.domain.money import currency_decimals, known_currencies
from sconto.domain.numbers import parse_id
from sconto.domain.product import (
    PRODUCT_FIELDS,
    TAGS,
    FieldRule,
    ProductFault,
    ProductLine,
    RefusedProductLine,
    WrongValueCount,
    read_product,
)
from sconto.domain.written_numbers import decimal_sign_of, read_number

_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")

COLUMNS: Final = (*PRODUCT_FIELDS, TAGS)
"""The fields of a product, in the order of a file without a heading."""

_WORDS: Final = {
    "product_id": PRODUCT_WORDS,
    "name": NAME_WORDS,
    "price": PRICE_WORDS,
    "currency": CURRENCY_WORDS,
    TAGS: TAG_WORDS,
}
_KNOWN: Final = frozenset[str]().union(*(words for sets in _WORDS.values() for words in sets))


@dataclass(frozen=True, slots=True)
class ProductColumns:
    """The column of each field, from 0. `headings` are the first row, unless it is a product.

    `ignored` are the headings of other columns, and `width` is the number of columns.
    """

    of: Mapping[str, int]
    width: int
    headings: tuple[str, ...] | None
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadingRefused:
    """Fields without a column, unknown headings, and fields with several columns."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    twice: tuple[str, ...]


def find_columns(row: Sequence[str], layout: Layout = AUTOMATIC) -> ProductColumns | HeadingRefused:
    """The columns that the first row names, or that the layout says.

    Without a heading the columns are in the order of `COLUMNS`. The first row is a product if its
    first value is a product id and it has the number of values of a product.
    """
    cells = [trim(value) for value in filled(legible([*row], _KNOWN))]
    is_heading = layout.heading
    if is_heading is None:
        is_heading = bool(layout.columns) or not _is_product(cells, layout)
    if not is_heading:
        fields = [name for name in COLUMNS if name != "currency" or layout.currency is None]
        if len(cells) > len(fields):
            fields = [*COLUMNS]
        of = {**dict(zip(fields, range(len(cells)), strict=False)), **layout.columns}
        headings = None
    else:
        of, headings = _named(cells, layout), tuple(cells)
    twice = [name for name in COLUMNS if [*map(_exact_field, cells)].count(name) > 1]
    missing = tuple(
        name
        for name in PRODUCT_FIELDS
        if name not in of and not (name == "currency" and layout.currency)
    )
    unknown = tuple(cell for column, cell in enumerate(cells) if column not in of.values() and cell)
    if missing or twice:
        named = tuple(cell for cell in unknown if _exact_field(cell) not in twice)
        return HeadingRefused(missing, named, tuple(twice))
    width = max(len(cells), *(column + 1 for column in of.values()))
    return ProductColumns(of, width, headings, unknown if headings else ())


def _is_product(cells: Sequence[str], layout: Layout) -> bool:
    least = len(PRODUCT_FIELDS) - (layout.currency is not None)
    return (
        least <= len(cells) <= len(COLUMNS)
        and parse_id(cells[0]) is not None
        and not any(heading_word(cell) in _KNOWN for cell in cells)
    )


def _named(cells: Sequence[str], layout: Layout) -> dict[str, int]:
    of = dict(layout.columns)
    for name, column in ((_exact_field(cell), column) for column, cell in enumerate(cells)):
        if name is not None and column not in of.values():
            of.setdefault(name, column)
    for name, words in _WORDS.items():
        free = ["" if column in of.values() else cell for column, cell in enumerate(cells)]
        if name not in of and (found := find_column(free, words)) is not None:
            of[name] = found
    return of


_FIELDS: Final = {heading_word(name): name for name in COLUMNS}


def _exact_field(cell: str) -> str | None:
    return _FIELDS.get(heading_word(cell))


def read_product_row(
    line: int,
    columns: ProductColumns,
    row: list[str] | RowFault,
    delimiter: str | None,
    layout: Layout = AUTOMATIC,
) -> ProductLine | RefusedProductLine:
    """The product of a row. A line break in a name becomes a space."""
    if isinstance(row, RowFault):
        return RefusedProductLine(line, row)
    written = tuple(cell[:80] for cell in row)

    def refuse(fault: RowFault | WrongValueCount | tuple[ProductFault, ...]) -> RefusedProductLine:
        return RefusedProductLine(line, fault, columns.of, written)

    # Spreadsheets write empty values after the last column, sometimes only in some rows.
    needed = max(columns.of.values()) + 1 if columns.ignored else columns.width
    if len(row) < needed or any(map(str.strip, row[columns.width :])):
        return refuse(WrongValueCount(len(row), columns.width))
    cells = {name: row[column] for name, column in columns.of.items()}
    if any(map(is_unreadable, cells.values())):
        return refuse(RowFault.UNREADABLE)
    fields, faults = _fields_of(cells, delimiter, layout)
    product = read_product(fields)
    if isinstance(product, tuple):
        return refuse(product + faults)
    return refuse(faults) if faults else ProductLine(line, product)


def _fields_of(
    cells: Mapping[str, str], delimiter: str | None, layout: Layout
) -> tuple[dict[str, object], tuple[ProductFault, ...]]:
    """The values of the fields, and faults of numbers as people write them."""
    price = read_number(cells["price"], layout.decimal)
    currency = cells.get("currency") or layout.currency or price.currency or ""
    number, faults = price.number, []
    has_comma = decimal_sign_of(cells["price"]) is DecimalSign.COMMA
    if delimiter == Delimiter.COMMA and layout.decimal is None and has_comma:
        # If commas separate values, prices have points.
        number = cells["price"]
    may_be_thousands = delimiter != Delimiter.COMMA or "," in cells["price"]
    if price.is_unclear and may_be_thousands and _decimals(currency) < 3:
        faults.append(ProductFault("price", FieldRule.NO_THOUSANDS))
        number = "0"
    if price.currency not in (None, currency) and currency in known_currencies():
        faults.append(ProductFault("price", FieldRule.OTHER_CURRENCY))
    fields: dict[str, object] = {
        "product_id": parse_id(trim(cells["product_id"])),
        "name": _LINE_BREAK.sub(" ", cells["name"]),
        "price": number,
        "currency": currency,
    }
    if TAGS in cells:
        fields[TAGS] = [tag for part in cells[TAGS].split("|") if (tag := part.strip())]
    return fields, tuple(faults)


def _decimals(currency: str) -> int:
    return currency_decimals(currency) if currency in known_currencies() else 0
