"""Processes that raise a promotion's percent, and processes that look for old prices."""

import asyncio
import ctypes
import multiprocessing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from typing import Any, Final

from sconto.domain.bill import PricedCart
from sconto.domain.coverage import ListedProducts
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionChange, PromotionType, Terms
from sconto.operations.checkout import get_order, place_order, quote
from sconto.operations.promotions import change_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line

PRODUCTS: Final = tuple(range(1, 41))
CART: Final = a_cart(*(a_line(number, line_id=str(number)) for number in (1, 2, 40)))

Ask = Callable[[Database, Caller, str], Awaitable[PricedCart]]

_FORKS: Final = multiprocessing.get_context("forkserver")
"""Its processes are forks of one that has imported this module."""

_FORKS.set_forkserver_preload([__name__])


class Numbers(ctypes.Structure):
    """Shared memory of a sale's processes. It has no lock, because a killed process would keep it.

    `percent` is the highest that was acknowledged to an editor, in millionths; `turn` says which of
    the editors edits next.
    """

    _fields_ = (("percent", ctypes.c_int64), ("turn", ctypes.c_int64), ("over", ctypes.c_bool))
    percent: int
    turn: int
    over: bool


class Seen(ctypes.Structure):
    """What a watcher saw: answers in all, old ones (`behind`) and inconsistent ones (`torn`)."""

    _fields_ = tuple((name, ctypes.c_int64) for name in ("asked", "behind", "torn", "last"))
    asked: int
    behind: int
    torn: int
    last: int


@dataclass(frozen=True)
class Sale:
    """A promotion on PRODUCTS whose percent only rises, by a millionth with each edit."""

    url: str
    caller: Caller
    promotion_id: int
    numbers: Numbers

    @classmethod
    def opened(cls, url: str, caller: Caller, promotion_id: int) -> "Sale":
        return cls(url, caller, promotion_id, _share(Numbers))

    def start_editor(self, turn: int) -> ForkServerProcess:
        """A process that edits without a pause when it is its turn."""
        return _start(_raise_percent, self, turn)

    def start_watcher(self, ask: Ask) -> tuple[ForkServerProcess, Seen]:
        """A process that keeps asking until the sale is over, and once more."""
        seen = _share(Seen)
        return _start(_watch, self, ask, seen), seen


async def ask_for_a_quote(database: Database, caller: Caller, _order_id: str) -> PricedCart:
    """A quote of the cart."""
    return await quote(database, caller, CART, NOON)


async def ask_for_an_order(database: Database, caller: Caller, order_id: str) -> PricedCart:
    """The stored outcome of an order of the cart."""
    await place_order(database, caller, NewOrder(order_id, CART), NOON, NOON.date())
    return (await get_order(database, caller, order_id)).outcome


def change_to(percent: int) -> PromotionChange:
    """The promotion with another percent."""
    terms = Terms(ListedProducts(percent, PRODUCTS), None, ())
    return PromotionChange(PromotionType.DISCOUNT, terms=terms)


def _raise_percent(sale: Sale, turn: int) -> None:
    async def edit() -> None:
        database = await Database.open(sale.url, connections=1)
        while not sale.numbers.over:
            if sale.numbers.turn != turn:
                await asyncio.sleep(0.01)
                continue
            # Already stored if the previous editor was killed between commit and answer.
            percent = sale.numbers.percent + 1
            await change_promotion(
                database, sale.caller, sale.promotion_id, change_to(percent), NOON
            )
            sale.numbers.percent = percent
        await database.close()

    asyncio.run(edit())


def _watch(sale: Sale, ask: Ask, seen: Seen) -> None:
    async def watch() -> None:
        database = await Database.open(sale.url, connections=1)
        over = False
        while not over:
            over = sale.numbers.over
            acknowledged = sale.numbers.percent
            priced = await ask(database, sale.caller, f"{ask.__name__}-{seen.asked}")
            percents = {pick.percent for line in priced.lines for pick in line.picks}
            seen.last = max(percents)
            seen.behind += seen.last < acknowledged
            seen.torn += len(percents) > 1
            seen.asked += 1
            await asyncio.sleep(0.002)
        await database.close()

    asyncio.run(watch())


def _share(kind: type[Any]) -> Any:
    return _FORKS.RawValue(kind)


def _start(target: Callable[..., None], *arguments: object) -> ForkServerProcess:
    started = _FORKS.Process(target=target, args=arguments, daemon=True)
    started.start()
    return started
