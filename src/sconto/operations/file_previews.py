"""Previews of uploaded files: what would be taken, without taking it."""

import asyncio
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass

from sconto.domain.code_file import CodeFile, CodeLine, CodeLineFault, RefusedCodeLine
from sconto.domain.coverage_file import CoverageFault, CoverageLine, CoverageTable
from sconto.domain.file_preview import Preview, ShownRow, shown_values
from sconto.domain.layout import Layout
from sconto.domain.money import format_percent

_STEP = 8 * 1024


@dataclass(frozen=True, slots=True)
class CodePreview:
    """A page of the codes of a file, and what its reader found."""

    page: Preview[CodeLineFault]
    file: CodeFile


async def preview_codes(
    parts: AsyncIterable[bytes],
    layout: Layout,
    page: Preview[CodeLineFault],
    *,
    typed: bool = False,
) -> CodePreview:
    """Read the codes of a file in short steps; other requests run between them."""
    file = CodeFile(typed=typed, layout=layout)
    async for part in parts:
        for start in range(0, len(part), _STEP):
            for line in file.feed(part[start : start + _STEP]):
                page.add(_code_row(line))
            if page.is_full:
                page.end()
                return CodePreview(page, file)
            await asyncio.sleep(0)
    for line in file.end():
        page.add(_code_row(line))
    return CodePreview(page, file)


def _code_row(line: CodeLine | RefusedCodeLine) -> ShownRow[CodeLineFault]:
    if isinstance(line, CodeLine):
        return ShownRow(line.line, (line.code,))
    values = shown_values((line.written,))
    return ShownRow(line.line, values, line.fault, 0 if line.written else None, line.column)


def preview_coverage(
    table: CoverageTable, page: Preview[CoverageFault], known: Mapping[int, CoverageFault]
) -> None:
    """Show the lines of a file; `known` are faults that were found earlier, by product id."""
    for line in table.lines:
        if isinstance(line, CoverageLine):
            fault = known.get(line.product_id)
            bad = None if fault is None else 0
            page.add(ShownRow(line.line, _coverage_values(line), fault, bad))
        else:
            bad = None if line.column is None else int(line.column == table.columns.percent)
            page.add(ShownRow(line.line, shown_values(line.written), line.fault, bad, line.column))


def _coverage_values(line: CoverageLine) -> tuple[str, ...]:
    if line.percent is None:
        return (str(line.product_id),)
    return (str(line.product_id), format_percent(line.percent))
