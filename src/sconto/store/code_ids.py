"""Values for code ids and types in redemptions and counters that are not of a single code."""

from typing import Final

NO_CODE: Final = 0
"""The code id of redemptions without a code."""

NO_CODE_TYPE: Final = "none"
"""The code type of redemptions without a code."""

ALL_ONE_TIME_CODES: Final = 0
"""The code id under which a promotion counts the uses of all its one-time codes."""

HAS_CODE: Final = f"code_id <> {NO_CODE}"
"""Whether a row of redemptions or counters is of a single code."""

COUNTED_CODE: Final = f"CASE code_type WHEN 'one-time' THEN {ALL_ONE_TIME_CODES} ELSE code_id END"
"""The code id under which a redemption is counted for its promotion."""
