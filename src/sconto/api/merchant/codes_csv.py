"""Codes as the lines of a CSV file, for the API and the command line."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from sconto.domain.code_list import CODE_COLUMNS, ListedCode, code_cells

CSV_HEADING: Final = ",".join(CODE_COLUMNS) + "\r\n"


def write_csv(codes: Sequence[ListedCode], *, for_people: bool = False) -> str:
    """The lines of a CSV file; with `for_people` a file for spreadsheets."""
    lines = io.StringIO()
    csv.writer(lines).writerows(code_cells(code, for_people=for_people) for code in codes)
    return lines.getvalue()
