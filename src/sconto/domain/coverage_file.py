"""Files of the products that a promotion covers, with or without percents."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from sconto.domain.blanks import trim
from sconto.domain.csv_rows import CsvRows, Row, RowFault, is_shortened, is_unreadable
from sconto.domain.headings import PERCENT_WORDS, PRODUCT_WORDS, filled, find_column, legible
from sconto.domain.layout import AUTOMATIC, Layout
from sconto.domain.money import format_percent, parse_percent
from sconto.domain.numbers import parse_id

PRODUCT_FIELD: Final = "product_id"
PERCENT_FIELD: Final = "percent"
"""The fields of a layout's columns."""

_WORDS: Final = (*PRODUCT_WORDS, *PERCENT_WORDS)
_KNOWN: Final = frozenset[str]().union(*_WORDS)
_NUMBER: Final = re.compile(r"[0-9.,]+\s*%?")
_DIGIT: Final = re.compile("[0-9]")


class CoverageFault(Enum):
    """Why a line cannot be taken."""

    NO_PRODUCT = auto()
    NOT_A_PRODUCT = auto()
    SHORTENED = auto()
    NOT_A_PERCENT = auto()
    SEVERAL_VALUES = auto()
    NO_PERCENTS = auto()
    MORE_VALUES = auto()
    REPEATED = auto()
    UNKNOWN = auto()
    NOT_CSV = auto()
    TOO_LONG = auto()
    UNREADABLE = auto()
    MISREAD = auto()


_ROW_FAULTS: Final = {
    RowFault.OPEN_QUOTE: CoverageFault.NOT_CSV,
    RowFault.BARE_QUOTE: CoverageFault.NOT_CSV,
    RowFault.LONG_VALUE: CoverageFault.TOO_LONG,
    RowFault.LONG_ROW: CoverageFault.TOO_LONG,
    RowFault.UNREADABLE: CoverageFault.UNREADABLE,
    RowFault.MISREAD: CoverageFault.MISREAD,
}


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """A line of a file, counted from 1; it has a percent only if percents were requested."""

    line: int
    product_id: int
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedCoverageLine:
    """A line of a file, counted from 1, that cannot be taken, and why.

    `column`, from 0, is that of the bad value, and `written` are the line's product and percent.
    """

    line: int
    fault: CoverageFault
    column: int | None = field(default=None, compare=False)
    written: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class CoverageColumns:
    """The columns of product and percent; `width` is None if other columns do not matter."""

    product: int = 0
    percent: int | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class CoverageTable:
    """A file of products as it was read; the heading is the first row or None."""

    columns: CoverageColumns
    headings: tuple[str, ...] | None
    lines: tuple[CoverageLine | RefusedCoverageLine, ...]
    first_row: tuple[str, ...]


def read_coverage(
    content: bytes, *, percents: bool, layout: Layout = AUTOMATIC
) -> tuple[CoverageLine | RefusedCoverageLine, ...]:
    """The product of each line; with `percents`, each line needs another product and a percent.

    The heading names the columns. Without one the product is first and the percent second. A
    percent may have a decimal comma and a percent sign.
    """
    return read_table(content, percents=percents, layout=layout).lines


def read_table(content: bytes, *, percents: bool, layout: Layout = AUTOMATIC) -> CoverageTable:
    """As `read_coverage`, with the columns."""
    file = CsvRows(layout.encoding, layout.delimiter, lenient=True)
    found = [*file.feed(content), *file.end()]
    columns, headings, rows = _read_heading(found, layout, percents=percents)
    lines: list[CoverageLine | RefusedCoverageLine]
    first: tuple[str, ...] = ()
    if found and not isinstance(found[0][1], RowFault):
        first = tuple(legible(found[0][1], _KNOWN))
    if isinstance(columns, RefusedCoverageLine):
        return CoverageTable(CoverageColumns(), headings, (columns,), first)
    lines = [_read_row(line, values, columns) for line, values in rows]
    if len(rows) == 1 and columns == CoverageColumns() and not layout.columns:
        # Several ids on one line: it would be wrong to take only the first.
        line, values = rows[0]
        if not isinstance(values, RowFault) and len(filled(values)) > 1:
            lines = [RefusedCoverageLine(line, CoverageFault.SEVERAL_VALUES, 1, _shown(values))]
    return CoverageTable(
        columns, headings, tuple(_refuse_repeats(lines, columns) if percents else lines), first
    )


def _read_heading(
    rows: Sequence[Row], layout: Layout, *, percents: bool
) -> tuple[CoverageColumns | RefusedCoverageLine, tuple[str, ...] | None, Sequence[Row]]:
    """The columns, the heading if there is one, and the rows after it."""
    unnamed = CoverageColumns(percent=1, width=2) if percents else CoverageColumns()
    if layout.columns:
        unnamed = _chosen_columns((), layout, percents=percents)
    if not rows:
        return unnamed, None, rows
    line, values = rows[0]
    if isinstance(values, RowFault):
        return unnamed, None, rows
    values = legible(values, _KNOWN)
    is_heading = _is_heading(values) if layout.heading is None else layout.heading
    if not is_heading:
        return unnamed, None, rows
    headings = tuple(values)
    if layout.columns:
        return _chosen_columns(values, layout, percents=percents), headings, rows[1:]
    known = find_column(values, PRODUCT_WORDS)
    width = len(filled(values))
    if not percents:
        return CoverageColumns(known or 0, None, width), headings, rows[1:]
    percent = find_column(values, PERCENT_WORDS)
    if percent is None:
        refused = RefusedCoverageLine(line, CoverageFault.NO_PERCENTS, None, _shown(values))
        return refused, headings, rows
    if known is None:
        known = 0 if percent else 1
    return CoverageColumns(known, percent, width), headings, rows[1:]


def _chosen_columns(headings: Sequence[str], layout: Layout, *, percents: bool) -> CoverageColumns:
    """The columns that the layout says; one that it does not say is found by its heading."""
    product = layout.columns.get(PRODUCT_FIELD)
    if product is None:
        product = find_column(headings, PRODUCT_WORDS)
    if not percents:
        return CoverageColumns(product or 0)
    percent = layout.columns.get(PERCENT_FIELD)
    if percent is None:
        percent = find_column(headings, PERCENT_WORDS)
    if product is None:
        product = 0 if percent != 0 else 1
    if percent is None:
        percent = 0 if product else 1
    return CoverageColumns(product, percent)


def _is_heading(values: Sequence[str]) -> bool:
    """Whether the row has only words: a known heading, or none with a digit."""
    named = [value.strip() for value in values if value.strip()]
    if any(_NUMBER.fullmatch(value) for value in named):
        return False
    return find_column(named, _WORDS) is not None or not any(map(_DIGIT.search, named))


def _shown(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(value[:80] for value in values[:2])


def _read_row(
    line: int, values: list[str] | RowFault, columns: CoverageColumns
) -> CoverageLine | RefusedCoverageLine:
    if isinstance(values, RowFault):
        return RefusedCoverageLine(line, _ROW_FAULTS[values])
    if columns.percent is not None and len(values) == 1:
        # People may type both, separated by a blank.
        values = values[0].split(maxsplit=1)
    cells = [trim(value) for value in values]
    written = cells[columns.product] if columns.product < len(cells) else ""
    number = ""
    if columns.percent is not None and columns.percent < len(cells):
        number = cells[columns.percent]

    def refuse(fault: CoverageFault, column: int | None) -> RefusedCoverageLine:
        return RefusedCoverageLine(line, fault, column, _shown((written, number)))

    if columns.width is not None and any(map(trim, values[columns.width :])):
        return refuse(CoverageFault.MORE_VALUES, columns.width)
    product_id = parse_id(written)
    if product_id is None:
        return refuse(_fault_of_id(written), columns.product)
    if columns.percent is None:
        return CoverageLine(line, product_id)
    try:
        return CoverageLine(line, product_id, read_percent(number))
    except ValueError:
        return refuse(CoverageFault.NOT_A_PERCENT, columns.percent)


def _fault_of_id(written: str) -> CoverageFault:
    if not written:
        return CoverageFault.NO_PRODUCT
    if is_unreadable(written):
        return CoverageFault.UNREADABLE
    return CoverageFault.SHORTENED if is_shortened(written) else CoverageFault.NOT_A_PRODUCT


def read_percent(text: str) -> int:
    """A percent as people write it: `12.5`, `12,5`, `12,5 %` or `%12,5`. Raises ValueError."""
    text = trim(text)
    number = text.removesuffix("%")
    if number == text:
        number = text.removeprefix("%")
    return parse_percent(trim(number).replace(",", "."))


def _refuse_repeats(
    lines: Sequence[CoverageLine | RefusedCoverageLine], columns: CoverageColumns
) -> Iterator[CoverageLine | RefusedCoverageLine]:
    seen: set[int] = set()
    for line in lines:
        if isinstance(line, CoverageLine):
            if line.product_id in seen:
                written = (str(line.product_id), format_percent(line.percent or 0))
                yield RefusedCoverageLine(
                    line.line, CoverageFault.REPEATED, columns.product, written
                )
                continue
            seen.add(line.product_id)
        yield line
