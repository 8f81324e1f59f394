"""Customers who have a purged order. Only a digest of each customer's id is stored."""

from typing import Final

DIGEST: Final = "sha256(convert_to($1::bigint || ' ' || {customer}, 'UTF8'))"
"""The digest of a customer's id. The merchant $1 is part of it, so no two merchants share one."""

HAS_PAST_ORDER: Final = f"""EXISTS (
    SELECT FROM past_customers WHERE merchant_id = $1 AND digest = {DIGEST}
)"""  # of our own constants
"""Whether a customer of the merchant $1 has a purged order."""
