"""The automatic picks that this process has read, remembered for as long as they are true.

The timeline of a merchant has a version: a number that every transaction which changes the timeline
replaces by a new one (`timeline.redraw`). So what was read at a version is true in each snapshot
that has the same version; and the statement that prices a cart answers the version with what it
reads (`candidates.READ`). Time is no danger either: a pick is remembered with the stretch of time
that it holds for. Nothing is ever remembered of what else a price depends on.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec
from lru import LRU

from sconto.domain.choice import AutomaticPick

_PICKS: Final = 50_000
"""Of all merchants, the least recently used are forgotten first; 460 bytes each."""

_MERCHANTS: Final = 10_000

_EVER_SINCE: Final = datetime.min.replace(tzinfo=UTC)
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)

Version = int | None
"""A timeline's version; None where nothing was ever drawn."""


class Shown(msgspec.Struct, frozen=True, gc=False):
    """What a product's timeline shows from one time on until before another; None without a pick.

    The first or the last stretch of a timeline has no start or no end.
    """

    product_id: int
    pick: AutomaticPick | None
    since: datetime | None
    until: datetime | None


class _Remembered(msgspec.Struct, frozen=True, gc=False):
    version: Version
    pick: AutomaticPick | None
    since: datetime
    until: datetime


class PickMemory:
    """What one process remembers of the timelines of all merchants; bounded."""

    def __init__(self) -> None:
        self._versions: LRU[int, Version] = LRU(_MERCHANTS)
        self._picks: LRU[tuple[int, int], _Remembered] = LRU(_PICKS)

    def version(self, merchant_id: int) -> Version:
        """The version that was seen last."""
        return self._versions.get(merchant_id)

    def recall(
        self, merchant_id: int, product_ids: Iterable[int], at: datetime
    ) -> tuple[dict[int, AutomaticPick], list[int]]:
        """The picks of the products that have one at a time, at the version seen last.

        Answers with them the products of which it is not remembered whether they have one.
        """
        version = self._versions.get(merchant_id)
        find = self._picks.get
        picks: dict[int, AutomaticPick] = {}
        missing: list[int] = []
        for product_id in product_ids:
            known = find((merchant_id, product_id))
            if known is None or known.version != version or not known.since <= at < known.until:
                missing.append(product_id)
            elif known.pick is not None:
                picks[product_id] = known.pick
        return picks, missing

    def remember(self, merchant_id: int, version: Version, shown: Iterable[Shown]) -> None:
        """Keep what was read at a version."""
        self._versions[merchant_id] = version
        for stretch in shown:
            self._picks[merchant_id, stretch.product_id] = _Remembered(
                version,
                stretch.pick,
                stretch.since or _EVER_SINCE,
                stretch.until or _FOR_EVER,
            )
