"""Exported rows as a file, CSV or Parquet, in pieces that are ready to be sent."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import UnionType
from typing import Any, Final, Protocol, get_args, get_type_hints

from sconto.domain.exports import ROWS, ExportKind, FileFormat, Row
from sconto.domain.problems import ParquetUnavailable
from sconto.domain.spreadsheet import BYTE_ORDER_MARK, shown_as_text
from sconto.operations.turns import Turns, in_short_turns

MEDIA_TYPES: Final = {
    FileFormat.CSV: "text/csv",
    FileFormat.PARQUET: "application/vnd.apache.parquet",
}


class ExportFile(Protocol):
    """Writes rows; each method returns the next bytes of the file."""

    def begin(self) -> bytes:
        """The beginning of the file."""

    def write(self, rows: Sequence[Row]) -> bytes:
        """Some rows."""

    def end(self) -> bytes:
        """The end of the file."""


def open_file(kind: ExportKind, file_format: FileFormat, *, for_people: bool) -> ExportFile:
    """A file without rows. Raises ParquetUnavailable.

    A CSV file for people begins with a byte order mark, and no text in it can be taken for a
    formula.
    """
    if file_format is FileFormat.CSV:
        return CsvFile(kind, for_people=for_people)
    try:
        return ParquetFile(kind)
    except ImportError:
        raise ParquetUnavailable from None


async def write_file(
    file: ExportFile, batches: AsyncIterator[Sequence[Row]], turns: Turns, merchant_id: int
) -> AsyncIterator[bytes]:
    """The pieces of a file. Each batch is read and written in a turn of the merchant.

    The first batch is read before this returns, so that an unavailable database is an error and not
    a broken file.
    """
    written = in_short_turns(turns, merchant_id, batches, file.write)
    beginning = file.begin() + await anext(written, b"")
    return _pieces(beginning, written, file)


async def _pieces(
    beginning: bytes, written: AsyncIterator[bytes], file: ExportFile
) -> AsyncIterator[bytes]:
    yield beginning
    async for piece in written:
        if piece:
            yield piece
    yield file.end()


class CsvFile:
    """A CSV file as in RFC 4180. Times are in UTC, and null is an empty cell."""

    def __init__(self, kind: ExportKind, *, for_people: bool) -> None:
        self._columns = ROWS[kind]._fields
        self._for_people = for_people

    def begin(self) -> bytes:
        """The line with the names of the columns."""
        mark = BYTE_ORDER_MARK if self._for_people else ""
        return f"{mark}{','.join(self._columns)}\r\n".encode()

    def write(self, rows: Sequence[Row]) -> bytes:
        """One line per row."""
        lines = io.StringIO()
        write = self._write_for_people if self._for_people else _write_cell
        csv.writer(lines).writerows([[write(value) for value in row] for row in rows])
        return lines.getvalue().encode()

    def end(self) -> bytes:
        """Nothing follows the lines."""
        return b""

    @staticmethod
    def _write_for_people(value: object) -> object:
        return shown_as_text(value) if isinstance(value, str) else _write_cell(value)


def _write_cell(value: object) -> object:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Decimal():
            return format(value, "f")
        case _:
            return value


class ParquetFile:
    """A Parquet file; each batch of rows is a row group."""

    def __init__(self, kind: ExportKind) -> None:
        # This import takes 0.1 s and 50 MB; few users ask for such a file.
        import pyarrow  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415

        types: dict[type, Callable[[], Any]] = {
            str: pyarrow.string,
            bool: pyarrow.bool_,
            int: pyarrow.int64,
            Decimal: lambda: pyarrow.decimal128(38, 4),
            datetime: lambda: pyarrow.timestamp("us", tz="UTC"),
        }
        self._arrow = pyarrow
        self._schema = pyarrow.schema(
            [
                pyarrow.field(name, types[of](), nullable=nullable)
                for name, (of, nullable) in _column_types(ROWS[kind]).items()
            ]
        )
        self._sink = _Sink()
        self._writer = pyarrow.parquet.ParquetWriter(
            pyarrow.PythonFile(self._sink, mode="w"), self._schema
        )

    def begin(self) -> bytes:
        """What marks the file as Parquet."""
        return self._sink.taken()

    def write(self, rows: Sequence[Row]) -> bytes:
        """A row group."""
        if rows:
            columns = [
                self._arrow.array(column, field.type)
                for column, field in zip(zip(*rows, strict=True), self._schema, strict=True)
            ]
            self._writer.write_table(self._arrow.table(columns, schema=self._schema))
        return self._sink.taken()

    def end(self) -> bytes:
        """The description of the row groups."""
        self._writer.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """A file that keeps what was written since the last `taken`."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, some: Any) -> int:
        self._parts.append(bytes(some))
        self._length += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._length

    def taken(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _column_types(row: type[Row]) -> dict[str, tuple[type, bool]]:
    """The type of each column, and whether it may be null."""
    columns = {}
    for name, of in get_type_hints(row).items():
        types = get_args(of) if isinstance(of, UnionType) else (of,)
        columns[name] = next(one for one in types if one is not type(None)), len(types) > 1
    return columns
