"""Opens the file of a table: CSV, or a spreadsheet file as the CSV of a sheet."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sconto.cli.refusals import CommandRefused
from sconto.operations.sheet_files import MAGIC, SheetRefused, read_sheet


def open_table(path: Path) -> IO[bytes]:
    """The file, to be read once. Raises CommandRefused for a spreadsheet that cannot be read."""
    file = path.open("rb")
    try:
        if not file.seekable() or file.read(len(MAGIC)) != MAGIC:
            if file.seekable():
                file.seek(0)
            return file
        file.seek(0)
        content = read_sheet(file)
    except SheetRefused as refused:
        file.close()
        why = "is too large" if refused.is_large else "cannot be read"
        raise CommandRefused(f"{path} {why} as a spreadsheet: save it as CSV") from None
    except BaseException:
        file.close()
        raise
    file.close()
    copy = TemporaryFile()  # noqa: SIM115  # the caller closes it
    copy.write(content)
    copy.seek(0)
    return copy
