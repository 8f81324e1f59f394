"""Offers of reusable codes that this process has cached.

What a reusable code gives on a product changes only with the merchant's price version
(`price_versions`). So what was read at a version is valid in every snapshot with the same version.
One-time codes are not cached, because orders use them up. It is not cached either that
a text is not a code: shoppers type very many.

Offers are cached while they are running: of others, the statements do not read the percents.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from lru import LRU
from msgspec import structs

from sconto.domain.codes import CodeType
from sconto.domain.offers import Offer

_MAX_PARTS: Final = 40_000
"""Of all codes together. A product takes at most some 100 bytes, and is a part."""

_PARTS_OF_CODE: Final = 8
"""A code with its offers."""

_MAX_CODES: Final = _MAX_PARTS // _PARTS_OF_CODE

_NO_PERCENTS: Final[Mapping[int, int]] = {}

_MAX_PARTS_OF_CODE: Final = _MAX_PARTS // 4
"""A code that has more is cached again from the start."""

# Enum lookups are slow in Python 3.11.
_ONE_TIME: Final = CodeType.ONE_TIME


class _CachedCode:
    """The offers of a code, and their percents on the products that were looked up.

    `_percents` has for each offer the percents by product, None where it gives nothing; and None
    for an offer that covers all products. `_looked_up` is the first of them that has products.
    There are as few containers as can be, because each code of each merchant has its own.
    """

    __slots__ = ("_looked_up", "_offers", "_percents", "version")

    def __init__(self, version: int, offers: Sequence[Offer]) -> None:
        self.version: Final = version
        self._offers = tuple([structs.replace(one, percents=_NO_PERCENTS) for one in offers])
        self._percents: tuple[dict[int, int | None] | None, ...] = tuple(
            [{} if one.percent is None else None for one in offers]
        )
        self._looked_up = next((one for one in self._percents if one is not None), None)

    @property
    def covers_all(self) -> bool:
        """Whether each offer covers all products."""
        return self._looked_up is None

    @property
    def parts(self) -> int:
        """How much memory it takes, in parts."""
        return _PARTS_OF_CODE * len(self._offers) + len(self._looked_up or ())

    def knows(self, product_ids: Iterable[int]) -> bool:
        """Whether the percents on these products are known."""
        looked_up = self._looked_up
        return looked_up is None or all(one in looked_up for one in product_ids)

    def add(self, product_ids: Iterable[int], offers: Iterable[Offer]) -> None:
        """Add what the offers give on these products."""
        given = {one.promotion_id: one.percents for one in offers}
        for offer, percents in zip(self._offers, self._percents, strict=True):
            if percents is not None:
                found = given[offer.promotion_id]
                percents.update({one: found.get(one) for one in product_ids})

    def offers_on(self, product_ids: Sequence[int]) -> list[Offer]:
        """The offers for a cart with these products, which are known."""
        if self.covers_all:
            return list(self._offers)
        offers = []
        for offer, percents in zip(self._offers, self._percents, strict=True):
            of_cart = {
                one: percent
                for one in product_ids
                if percents is not None and (percent := percents.get(one)) is not None
            }
            offers.append(structs.replace(offer, percents=of_cart))
        return offers


class CodeOfferCache:
    """Cached codes of all merchants, bounded; those that were not used for longest go first."""

    def __init__(self) -> None:
        self._codes: LRU[tuple[int, str], _CachedCode] = LRU(_MAX_CODES, callback=self._count_off)
        self._parts = 0

    def find(
        self, merchant_id: int, version: int, keys: Iterable[str], product_ids: Sequence[int]
    ) -> list[Offer] | None:
        """The offers of codes for a cart with these products; None unless all are cached."""
        offers: list[Offer] = []
        for key in keys:
            code = self._codes.get((merchant_id, key))
            if code is None or code.version != version or not code.knows(product_ids):
                return None
            offers += code.offers_on(product_ids)
        return offers

    def put(
        self,
        merchant_id: int,
        version: int,
        at: datetime,
        product_ids: Sequence[int],
        offers: Sequence[Offer | None],
    ) -> None:
        """Cache what was read for a cart at a price version: all offers of each of its codes.

        None stands for a code of a promotion that the cart cannot get.
        """
        by_key: dict[str, list[Offer]] = {}
        for offer in offers:
            if offer is None or offer.key is None:
                return
            by_key.setdefault(offer.key, []).append(offer)
        for key, of_key in by_key.items():
            code = self._codes.get((merchant_id, key))
            if code is not None and code.version == version and code.knows(product_ids):
                continue
            if all(_is_lasting(one, at) for one in of_key):
                self._put(merchant_id, key, code, version, product_ids, of_key)

    def _put(
        self,
        merchant_id: int,
        key: str,
        code: _CachedCode | None,
        version: int,
        product_ids: Sequence[int],
        offers: Sequence[Offer],
    ) -> None:
        if code is not None:
            self._parts -= code.parts
        if code is None or code.version != version or code.parts > _MAX_PARTS_OF_CODE:
            code = self._codes[merchant_id, key] = _CachedCode(version, offers)
        if not code.covers_all:
            code.add(product_ids, offers)
        self._parts += code.parts
        while self._parts > _MAX_PARTS and len(self._codes) > 1:
            # Not popitem(): it leaks its result (lru-dict 1.4.1, its issue 64).
            oldest = self._codes.peek_last_item()
            assert oldest is not None, "two codes are cached"  # noqa: S101
            self._count_off(*oldest)
            del self._codes[oldest[0]]

    def _count_off(self, _: tuple[int, str], code: _CachedCode) -> None:
        self._parts -= code.parts


def _is_lasting(offer: Offer, at: datetime) -> bool:
    """Whether an offer that was read for a time is the same until the next price version."""
    return (
        offer.code_type is not _ONE_TIME
        and offer.used_at is None
        and offer.held_until is None
        and offer.obstacle(at) is None
    )
