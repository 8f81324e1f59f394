"""Files of the products that a promotion covers, with or without percents."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from sconto.domain.blanks import trim
from sconto.domain.csv_rows import CsvRows, Row, RowFault
from sconto.domain.headings import PERCENT_WORDS, PRODUCT_WORDS, filled, find_column
from sconto.domain.money import parse_percent
from sconto.domain.product import parse_product_id

_NUMBER: Final = re.compile(r"[0-9.,]+\s*%?")
_DIGIT: Final = re.compile("[0-9]")


class CoverageFault(Enum):
    """Why a line cannot be taken."""

    NO_PRODUCT = auto()
    NOT_A_PRODUCT = auto()
    NOT_A_PERCENT = auto()
    SEVERAL_VALUES = auto()
    NO_PERCENTS = auto()
    MORE_VALUES = auto()
    REPEATED = auto()
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
    """A line of a file, counted from 1; it has a percent only if percents were asked for."""

    line: int
    product_id: int
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedCoverageLine:
    """A line of a file, counted from 1, that cannot be taken, and why."""

    line: int
    fault: CoverageFault


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of product and percent; `width` is None if other columns do not matter."""

    product: int = 0
    percent: int | None = None
    width: int | None = None


def read_coverage(
    content: bytes, *, percents: bool
) -> tuple[CoverageLine | RefusedCoverageLine, ...]:
    """The product of each line; with `percents`, each line needs another product and a percent.

    The heading names the columns. Without one the product is first and the percent second. A
    percent may have a decimal comma and a percent sign.
    """
    file = CsvRows()
    columns, rows = _read_heading([*file.feed(content), *file.end()], percents=percents)
    if isinstance(columns, RefusedCoverageLine):
        return (columns,)
    lines = [_read_row(line, values, columns) for line, values in rows]
    if len(rows) == 1 and columns == _Columns():
        # Several ids in one line: the first alone is not what was meant.
        line, values = rows[0]
        if not isinstance(values, RowFault) and len(filled(values)) > 1:
            return (RefusedCoverageLine(line, CoverageFault.SEVERAL_VALUES),)
    return tuple(_refuse_repeats(lines) if percents else lines)


def _read_heading(
    rows: Sequence[Row], *, percents: bool
) -> tuple[_Columns | RefusedCoverageLine, Sequence[Row]]:
    """The columns, and the rows after the heading if there is one."""
    unnamed = _Columns(percent=1, width=2) if percents else _Columns()
    if not rows:
        return unnamed, rows
    line, values = rows[0]
    if isinstance(values, RowFault) or not _is_heading(values):
        return unnamed, rows
    product = find_column(values, PRODUCT_WORDS)
    width = len(filled(values))
    if not percents:
        return _Columns(product or 0, None, width), rows[1:]
    percent = find_column(values, PERCENT_WORDS)
    if percent is None:
        return RefusedCoverageLine(line, CoverageFault.NO_PERCENTS), rows
    if product is None:
        product = 0 if percent else 1
    return _Columns(product, percent, width), rows[1:]


def _is_heading(values: Sequence[str]) -> bool:
    """Whether the row has only words: a known heading, or none with a digit."""
    named = [value.strip() for value in values if value.strip()]
    if any(_NUMBER.fullmatch(value) for value in named):
        return False
    words = (*PRODUCT_WORDS, *PERCENT_WORDS)
    return find_column(named, words) is not None or not any(map(_DIGIT.search, named))


def _read_row(
    line: int, values: list[str] | RowFault, columns: _Columns
) -> CoverageLine | RefusedCoverageLine:
    if isinstance(values, RowFault):
        return RefusedCoverageLine(line, _ROW_FAULTS[values])
    if columns.percent is not None and len(values) == 1:
        # People may type both with a blank between.
        values = values[0].split(maxsplit=1)
    if columns.width is not None and any(map(trim, values[columns.width :])):
        return RefusedCoverageLine(line, CoverageFault.MORE_VALUES)
    cells = [value.strip() for value in values]
    written = cells[columns.product] if columns.product < len(cells) else ""
    product_id = parse_product_id(written)
    if product_id is None:
        fault = CoverageFault.NOT_A_PRODUCT if written else CoverageFault.NO_PRODUCT
        return RefusedCoverageLine(line, fault)
    if columns.percent is None:
        return CoverageLine(line, product_id)
    try:
        percent = read_percent(cells[columns.percent] if columns.percent < len(cells) else "")
    except ValueError:
        return RefusedCoverageLine(line, CoverageFault.NOT_A_PERCENT)
    return CoverageLine(line, product_id, percent)


def read_percent(text: str) -> int:
    """A percent as people write it: `12.5`, `12,5` or `12,5 %`. Raises ValueError."""
    return parse_percent(text.strip().removesuffix("%").strip().replace(",", "."))


def _refuse_repeats(
    lines: Sequence[CoverageLine | RefusedCoverageLine],
) -> Iterator[CoverageLine | RefusedCoverageLine]:
    seen: set[int] = set()
    for line in lines:
        if isinstance(line, CoverageLine):
            if line.product_id in seen:
                yield RefusedCoverageLine(line.line, CoverageFault.REPEATED)
                continue
            seen.add(line.product_id)
        yield line
