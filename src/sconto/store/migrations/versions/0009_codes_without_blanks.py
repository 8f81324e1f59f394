"""Stored codes as they are compared now: in NFC, without blanks and invisible characters around.

If two codes become the same, one keeps it:

- Of a promotion's codes the one that an order used up, otherwise the one that was added first. The
  others are removed, as if the merchant had removed them: they stay on orders and in statistics.
- Of subscription promotions the one whose code had no blanks, otherwise the one that was created
  first. The others keep the code as it is stored. Nobody can apply it until they get another one;
  subscriptions that have it keep its effect by their application's id.

Applications stay as they are: this version and the previous one compare their codes when they read
them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from alembic import op
from sqlalchemy import text

# Not a copy: what is stored must be what the migrating program looks for.
from sconto.domain.blanks import trim
from sconto.domain.codes import code_key
from sconto.domain.subscription import subscription_code_key

revision = "0009"
down_revision = "0008"

# A code of ASCII is the same before and after, and there may be millions of them.
CODES = r"""
SELECT merchant_id, promotion_id, code_key, removed_at
FROM codes
WHERE octet_length(code_key) > char_length(code_key) OR code_key ~ '^\s|\s$'
"""

SAME_CODE = """
SELECT code_id FROM codes
WHERE merchant_id = :merchant_id AND promotion_id = :promotion_id
  AND code_key IN (:code_key, :right) AND removed_at IS NOT DISTINCT FROM :removed_at
ORDER BY used_at IS NULL, code_id
"""

# Codes that were removed with their promotion are restored with it: all that have the same time.
REMOVE_CODE = """
UPDATE codes
SET code_key = :right, removed_at = coalesce(removed_at - interval '1 microsecond', now())
WHERE merchant_id = :merchant_id AND code_id = :code_id
"""

CHANGE_CODE = """
UPDATE codes SET code_key = :right WHERE merchant_id = :merchant_id AND code_id = :code_id
"""

PROMOTIONS = """
SELECT merchant_id, promotion_id, code, code_key, archived_at IS NULL AS is_live
FROM subscription_promotions
ORDER BY merchant_id, promotion_id
"""

HOLDER = """
SELECT promotion_id FROM subscription_promotions
WHERE merchant_id = :merchant_id AND code_key = :right AND archived_at IS NULL
"""

CHANGE_PROMOTION = """
UPDATE subscription_promotions SET code = :trimmed, code_key = :right
WHERE merchant_id = :merchant_id AND promotion_id = :promotion_id
"""

VERSIONS = "SELECT merchant_id, promotion_id, version, code_key FROM subscription_versions"

CHANGE_VERSION = """
UPDATE subscription_versions SET code_key = :right
WHERE merchant_id = :merchant_id AND promotion_id = :promotion_id AND version = :version
"""


def upgrade() -> None:
    """Rewrite what is compared differently now; usually there is nothing."""
    if list(codes_to_change()):
        # Programs of the previous version may serve: none of their codes may come in between.
        op.execute("LOCK TABLE codes IN SHARE ROW EXCLUSIVE MODE")
        for row in list(codes_to_change()):
            change_code(row)
    if list(changed_keys(PROMOTIONS)) or list(changed_keys(VERSIONS)):
        op.execute("LOCK TABLE subscription_promotions IN SHARE ROW EXCLUSIVE MODE")
        left = [row["id"] for row in list(changed_keys(PROMOTIONS)) if not change_promotion(row)]
        for row in list(changed_keys(VERSIONS)):
            if row["id"] not in left:
                run(CHANGE_VERSION, row)


def codes_to_change() -> Iterator[dict[str, Any]]:
    """The codes that are compared by another text now, with that text as `right`."""
    for row in rows(CODES):
        right = code_key(row["code_key"])
        if right is not None and right != row["code_key"]:
            yield {**row, "right": right}


def change_code(row: Mapping[str, Any]) -> None:
    """Give the code its text; if several are now the same, one keeps it."""
    kept, *others = [found["code_id"] for found in rows(SAME_CODE, row)]
    for code_id in others:
        run(REMOVE_CODE, {**row, "code_id": code_id})
    run(CHANGE_CODE, {**row, "code_id": kept})


def changed_keys(statement: str) -> Iterator[dict[str, Any]]:
    """The rows whose codes are compared by another text now, with that text as `right`."""
    for row in rows(statement):
        right = subscription_code_key(row["code_key"])
        if right != row["code_key"]:
            yield {**row, "right": right, "id": (row["merchant_id"], row["promotion_id"])}


def change_promotion(row: Mapping[str, Any]) -> bool:
    """Give the promotion its code as it is compared now; False if another one has it."""
    if row["is_live"] and list(rows(HOLDER, row)):
        return False
    run(CHANGE_PROMOTION, {**row, "trimmed": trim(row["code"])})
    return True


def rows(statement: str, values: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a statement, read some at a time."""
    streamed = text(statement).execution_options(yield_per=1000)
    found = op.get_bind().execute(streamed, values)
    yield from map(dict, found.mappings())


def run(statement: str, values: Mapping[str, Any]) -> None:
    """Run a statement for one row."""
    op.get_bind().execute(text(statement), values)
