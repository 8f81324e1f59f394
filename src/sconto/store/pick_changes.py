"""The last changes of a merchant's timeline, so that an edit ends only the picks that it changes.

Each transaction that changes the timeline gives it a new version. It appends the version to the
list `pick_changes` of the merchant's row of `timeline_versions`, with the products whose timelines
it changed. So a process that cached picks at a version in the list keeps those of all products that
the changes after it do not have.

Why that is exact. The row is locked from the change of its version to the end of the transaction,
so the versions of a merchant follow one another as the transactions do. A change is appended only
if the previous version is the last one in the list; otherwise a new list begins. So the list is
a run of versions without a gap. A program that knows no list renews the version alone. Then the
last version in the list is not the row's, and the list says nothing until the next change.
"""

from collections.abc import Collection, Sequence
from itertools import dropwhile
from typing import Final

import msgspec

_MOST_CHANGES: Final = 16
"""A process that saw none of so many changes reads all picks again."""

_MOST_PRODUCTS: Final = 500
"""Products of a change in the list. One of more products ends all cached picks."""

APPENDED: Final = f"""CASE
            WHEN excluded.pick_changes IS NULL THEN kept.pick_changes
            WHEN (kept.pick_changes -> -1 -> 'version')::bigint = kept.version
                THEN jsonb_path_query_array(
                    kept.pick_changes, '$[last - {_MOST_CHANGES - 2} to last]')
                    || excluded.pick_changes
            ELSE excluded.pick_changes
        END"""
"""The list of the row `kept` with the change of `excluded`. Citus accepts only immutable functions
here."""

READ_CHANGES: Final = """
SELECT json_build_object('version', version, 'changes', coalesce(pick_changes, '[]'))
FROM timeline_versions
WHERE merchant_id = $1
"""


class PickChange(msgspec.Struct, frozen=True):
    """A change of the timeline to a version. `products` is None for too many."""

    version: int
    products: Sequence[int] | None


class PickChanges(msgspec.Struct, frozen=True):
    """The present version of a timeline, and its last changes, the latest last."""

    version: int
    changes: Sequence[PickChange]

    def products_since(self, version: int | None) -> set[int] | None:
        """The products whose timelines may differ from those at an earlier version.

        None if that is not known.
        """
        if not self.changes or self.changes[-1].version != self.version:
            return None
        known = list(dropwhile(lambda change: change.version != version, self.changes))
        products: set[int] = set()
        for change in known[1:]:
            if change.products is None:
                return None
            products.update(change.products)
        return products if known else None


def change_to_append(version: int, products: Collection[int]) -> str | None:
    """The parameter for APPENDED; None if the timeline does not change."""
    if not products:
        return None
    listed = list(products) if len(products) <= _MOST_PRODUCTS else None
    return msgspec.json.encode([PickChange(version, listed)]).decode()


def read_changes(found: str) -> PickChanges:
    """The result of READ_CHANGES."""
    return _CHANGES.decode(found)


_CHANGES: Final = msgspec.json.Decoder(PickChanges)
