"""Automatic picks that this process has cached.

A merchant's timeline has a version: a random number that every transaction which changes the
timeline replaces (`timeline.redraw`). So a pick that was read at a version is valid in every
snapshot with the same version. The statement that reads candidates returns the version too. After
an edit only the picks of the products that it changed are dropped (`pick_changes`). A pick is
cached with its span of time, so it does not depend on the time of the quote.

Besides picks, these are cached: automatic cart promotions (`cart_offers`), offers of reusable codes
(`code_offer_cache`), the versions that were read last, and which merchants have had holds.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from lru import LRU

from sconto.domain.candidates import AutomaticPick
from sconto.store.cart_offers import CartPromotionCache
from sconto.store.code_offer_cache import CodeOfferCache
from sconto.store.pick_changes import PickChanges
from sconto.store.price_boards import PriceBoards, ValidTime

_MAX_PICKS: Final = 25_000
"""Of all merchants together; each takes 400 bytes. Of one merchant, the picks that were not used
for longest go first. Of several, all picks go of the merchant that was not asked for longest."""

_MAX_MERCHANTS: Final = 10_000

_MAX_UNDRAWN: Final = 1_000

Version = int | None
"""A timeline's version; None if nothing was ever drawn."""


class Versions(NamedTuple):
    """The versions of a merchant's timeline, of its prices and of its cart promotions.

    The last is None for a merchant that never had a cart promotion. Also whether the merchant
    records events, and whether it ever made a hold.
    """

    timeline: int
    prices: int
    cart_promotions: int | None
    records_events: bool
    has_holds: bool


class PickSpan(msgspec.Struct, frozen=True, gc=False):
    """The pick of a product's timeline from `since` until before `until`; None without a pick.

    `since` is None at the start of the timeline, and `until` at its end.
    """

    product_id: int
    pick: AutomaticPick | None
    since: datetime | None
    until: datetime | None


class _Timeline:
    """The cached spans of a merchant's timeline, all of one version."""

    __slots__ = ("spans", "version")

    def __init__(self, version: Version) -> None:
        self.version = version
        self.spans: LRU[int, PickSpan] = LRU(_MAX_PICKS)


class UndrawnCodes:
    """Codes that carts had and that should have timelines (`code_timelines`)."""

    def __init__(self) -> None:
        self._found: set[tuple[int, str]] = set()
        self.any: Final = asyncio.Event()
        """Set when one was found."""

    def add(self, merchant_id: int, keys: Iterable[str]) -> None:
        """Take note of codes, unless many are waiting."""
        for key in keys:
            if len(self._found) < _MAX_UNDRAWN:
                self._found.add((merchant_id, key))
                self.any.set()

    def take(self) -> set[tuple[int, str]]:
        """The codes found since the last call, with their merchants."""
        taken, self._found = self._found, set()
        return taken


class PickCache:
    """Cached picks of all merchants, bounded."""

    def __init__(self) -> None:
        self._timelines: LRU[int, _Timeline] = LRU(_MAX_MERCHANTS, callback=self._count_off)
        self._size = 0
        self.cart_promotions: Final = CartPromotionCache()
        """Automatic cart promotions, which have their own version."""
        self.code_offers: Final = CodeOfferCache()
        """Offers of reusable codes, each with its price version."""
        self.versions: Final[LRU[int, Versions]] = LRU(_MAX_MERCHANTS)
        """The versions of merchants that were read last."""
        self.undrawn: Final = UndrawnCodes()
        """Codes of very many promotions, to be drawn in the background."""
        self.price_boards: Final = PriceBoards()
        """Listing prices that cached picks have decided."""
        self._with_holds: LRU[int, bool] = LRU(_MAX_MERCHANTS)

    def has_holds(self, merchant_id: int) -> bool:
        """Whether this process knows that the merchant has had holds."""
        return self._with_holds.get(merchant_id, False)

    def note_holds(self, merchant_id: int) -> None:
        """From now on, read the merchant's carts with their holds."""
        self._with_holds[merchant_id] = True

    def version(self, merchant_id: int) -> Version:
        """The version of the merchant's cached picks."""
        timeline = self._timelines.get(merchant_id)
        return None if timeline is None else timeline.version

    def find(
        self, merchant_id: int, product_ids: Iterable[int], at: datetime
    ) -> tuple[dict[int, AutomaticPick], list[int]]:
        """The cached picks of products at a time, and the products that are not cached.

        A product that is cached as having no pick is in neither.
        """
        timeline = self._timelines.get(merchant_id)
        if timeline is None:
            return {}, list(product_ids)
        find = timeline.spans.get
        picks: dict[int, AutomaticPick] = {}
        missing: list[int] = []
        for product_id in product_ids:
            span = find(product_id)
            if (
                span is not None
                and (span.since is None or span.since <= at)
                and (span.until is None or at < span.until)
            ):
                if span.pick is not None:
                    picks[product_id] = span.pick
            else:
                missing.append(product_id)
        return picks, missing

    def window(
        self, merchant_id: int, version: Version, product_ids: Iterable[int], at: datetime
    ) -> ValidTime | None:
        """When the picks of products are those at a time, if all are cached at this version."""
        timeline = self._timelines.get(merchant_id)
        if timeline is None or timeline.version != version:
            return None
        window = ValidTime()
        for product_id in product_ids:
            span = timeline.spans.get(product_id)
            if span is None:
                return None
            window = window.cut(span.since, span.until)
        return window if window.has(at) else None

    def follow(self, merchant_id: int, changes: PickChanges) -> None:
        """Drop the picks that the changes since the cached version concern, and keep the others.

        If these changes are not all known, nothing happens: `put` drops the picks.
        """
        timeline = self._timelines.get(merchant_id)
        if timeline is None:
            return
        products = changes.products_since(timeline.version)
        if products is None:
            return
        for product_id in products:
            if product_id in timeline.spans:
                del timeline.spans[product_id]
                self._size -= 1
        timeline.version = changes.version

    def put(self, merchant_id: int, version: Version, spans: Iterable[PickSpan]) -> None:
        """Cache what was read at a version, and drop what was read at another one."""
        timeline = self._timelines.get(merchant_id)
        if timeline is None or timeline.version != version:
            if timeline is not None:
                self._count_off(merchant_id, timeline)
            timeline = self._timelines[merchant_id] = _Timeline(version)
        before = len(timeline.spans)
        for span in spans:
            timeline.spans[span.product_id] = span
        self._size += len(timeline.spans) - before
        while self._size > _MAX_PICKS and len(self._timelines) > 1:
            # Not popitem(): it leaks its result (lru-dict 1.4.1, its issue 64).
            oldest = self._timelines.peek_last_item()
            assert oldest is not None, "two merchants are cached"  # noqa: S101
            self._count_off(*oldest)
            del self._timelines[oldest[0]]

    def _count_off(self, _: int, timeline: _Timeline) -> None:
        self._size -= len(timeline.spans)
