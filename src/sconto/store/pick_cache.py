"""The automatic picks that this process has read, remembered for as long as they are true.

The timeline of a merchant has a version: a number that every transaction which changes the timeline
replaces by a new one (`timeline.redraw`). So what was read at a version is true in each snapshot
that has the same version; and the statement that prices a cart answers the version with what it
reads (`candidates.READ`). Time is no danger either: a pick is remembered with the stretch of time
that it holds for. Nothing is ever remembered of what else a price depends on.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from lru import LRU

from sconto.domain.candidates import AutomaticPick

_PICKS: Final = 50_000
"""Of all merchants; of one merchant those are forgotten first that were not used for longest, and
of several merchants all those of the one that was not asked for longest. 400 bytes each."""

_MERCHANTS: Final = 10_000

Version = int | None
"""A timeline's version; None where nothing was ever drawn."""


class PickSpan(msgspec.Struct, frozen=True, gc=False):
    """What a product's timeline shows from one time on until before another; None without a pick.

    The first or the last stretch of a timeline has no start or no end.
    """

    product_id: int
    pick: AutomaticPick | None
    since: datetime | None
    until: datetime | None


class _Timeline:
    """What is remembered of a merchant's timeline at one version."""

    __slots__ = ("stretches", "version")

    def __init__(self, version: Version) -> None:
        self.version = version
        self.stretches: LRU[int, PickSpan] = LRU(_PICKS)


class PickCache:
    """What one process remembers of the timelines of all merchants; bounded."""

    def __init__(self) -> None:
        self._timelines: LRU[int, _Timeline] = LRU(_MERCHANTS, callback=self._count_off)
        self._size = 0

    def version(self, merchant_id: int) -> Version:
        """The version that was seen last."""
        timeline = self._timelines.get(merchant_id)
        return None if timeline is None else timeline.version

    def recall(
        self, merchant_id: int, product_ids: Iterable[int], at: datetime
    ) -> tuple[dict[int, AutomaticPick], list[int]]:
        """The picks of the products that have one at a time, at the version seen last.

        Answers with them the products of which it is not remembered whether they have one.
        """
        timeline = self._timelines.get(merchant_id)
        if timeline is None:
            return {}, list(product_ids)
        find = timeline.stretches.get
        picks: dict[int, AutomaticPick] = {}
        missing: list[int] = []
        for product_id in product_ids:
            known = find(product_id)
            if (
                known is None
                or ((since := known.since) is not None and at < since)
                or ((until := known.until) is not None and at >= until)
            ):
                missing.append(product_id)
            elif (pick := known.pick) is not None:
                picks[product_id] = pick
        return picks, missing

    def remember(self, merchant_id: int, version: Version, shown: Iterable[PickSpan]) -> None:
        """Keep what was read at a version; what was read at another is forgotten."""
        timeline = self._timelines.get(merchant_id)
        if timeline is None or timeline.version != version:
            if timeline is not None:
                self._count_off(merchant_id, timeline)
            timeline = self._timelines[merchant_id] = _Timeline(version)
        before = len(timeline.stretches)
        for stretch in shown:
            timeline.stretches[stretch.product_id] = stretch
        self._size += len(timeline.stretches) - before
        while self._size > _PICKS and len(self._timelines) > 1:
            # Not popitem(): it leaks what it returns (lru-dict 1.4.1, its issue 64).
            oldest = self._timelines.peek_last_item()
            assert oldest is not None, "two merchants are remembered"  # noqa: S101
            self._count_off(*oldest)
            del self._timelines[oldest[0]]

    def _count_off(self, _: int, timeline: _Timeline) -> None:
        self._size -= len(timeline.stretches)
