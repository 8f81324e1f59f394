"""Codes as the lines of a CSV file, for the API and the command line."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from sconto.domain.code_list import ListedCode
from sconto.domain.spreadsheet import shown_as_text

CSV_HEADING: Final = "coupon_code,coupon_id,state,coupon_uses,used_by,used_at\r\n"


def write_csv(codes: Sequence[ListedCode], *, for_people: bool = False) -> str:
    """The lines of a CSV file; times are in UTC.

    A spreadsheet takes no order id for a formula, and no code in a file that is for people.
    """
    lines = io.StringIO()
    csv.writer(lines).writerows(
        (
            shown_as_text(code.code) if for_people else code.code,
            code.id,
            code.state.value,
            code.uses,
            shown_as_text(code.used_by or ""),
            "" if code.used_at is None else code.used_at.isoformat(timespec="seconds"),
        )
        for code in codes
    )
    return lines.getvalue()
