"""Listing prices that this process has cached, as they were written.

A listing names up to a thousand products, and shops list the same ones repeatedly. Looking up what
decides a price, the price, and its text would touch as many places in memory each. A board has the
written price of each product, so a product costs one look-up.

A board is for one merchant and currency. It is valid as cached picks are: for the version of the
timeline, and for the times at which none of its products has another pick. What all products share,
such as the pick on all products and the cart promotions that run, is compared each time.
"""

from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from lru import LRU

from sconto.domain.listing import ListedPrice

_MAX_PRICES: Final = 16_384
"""Of all boards together; each takes some 300 bytes. If there are more, all boards are dropped."""

_MAX_BOARDS: Final = 1_000

WritePrice = Callable[[int, ListedPrice, str], Any]
"""Makes what is cached of a product id, its price and the currency."""

BoardKey = tuple[int, str, WritePrice]
"""Of a board: the merchant, the currency and the function."""


class ValidTime(NamedTuple):
    """The times from `since` until before `until`."""

    since: datetime = datetime.min.replace(tzinfo=UTC)
    until: datetime = datetime.max.replace(tzinfo=UTC)

    def has(self, at: datetime) -> bool:
        """Whether a time is in it."""
        return self.since <= at < self.until

    def cut(self, since: datetime | None, until: datetime | None) -> "ValidTime":
        """The part of it in another one; None has no end."""
        return ValidTime(
            self.since if since is None else max(self.since, since),
            self.until if until is None else min(self.until, until),
        )


class PriceBoard:
    """The written prices of products that share a `state`, at times in the `window`."""

    __slots__ = ("prices", "state", "window")

    def __init__(self, state: Hashable = None) -> None:
        self.state = state
        self.window = ValidTime()
        self.prices: dict[int, tuple[int, Any]] = {}
        """By product id: the unit price, and what was written."""

    def find(self, products: Iterable[tuple[int, int]], at: datetime) -> list[Any]:
        """What was written of products, by id and unit price; None where it is not known."""
        if not self.window.has(at):
            return [None for _ in products]
        get = self.prices.get
        return [
            entry[1] if (entry := get(product_id)) is not None and entry[0] == unit_price else None
            for product_id, unit_price in products
        ]


class PriceBoards:
    """The boards of all merchants, bounded."""

    def __init__(self) -> None:
        self._boards: LRU[BoardKey, PriceBoard] = LRU(_MAX_BOARDS, callback=self._count_off)
        self._prices = 0

    def of(self, key: BoardKey) -> PriceBoard:
        """The board of what a function has written; an empty one if there is none."""
        return self._boards.get(key) or PriceBoard()

    def put(
        self,
        key: BoardKey,
        board: PriceBoard,
        window: ValidTime,
        written: Iterable[tuple[tuple[int, int], Any]],
    ) -> None:
        """Add what was written in the window to a board, by product id and unit price.

        This board is kept instead of another one with the key.
        """
        stored = self._boards.get(key)
        if stored is not board:
            if stored is not None:
                self._count_off(key, stored)
            self._boards[key] = board
            self._prices += len(board.prices)
        before = len(board.prices)
        for (product_id, unit_price), one in written:
            board.prices[product_id] = unit_price, one
        board.window = board.window.cut(*window)
        self._prices += len(board.prices) - before
        if self._prices > _MAX_PRICES:
            self._boards.clear()
            self._prices = 0

    def _count_off(self, _: BoardKey, board: PriceBoard) -> None:
        self._prices -= len(board.prices)
