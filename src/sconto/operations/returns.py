"""Returns: what to pay back for returned goods of an order, stored once."""

from datetime import datetime

from sconto.domain.explanation import PromotionName
from sconto.domain.people import Caller
from sconto.domain.problems import OrderNotFound
from sconto.domain.refund import decide_return
from sconto.domain.return_problems import ReturnNotFound
from sconto.domain.returns import Goods, OrderReturn, Refund, Returned, Returns
from sconto.operations.order_turns import attempt_in_turn
from sconto.store.database import Database, retrying
from sconto.store.explanations import read_names
from sconto.store.returns import find_returns, insert_return


async def create_return(
    database: Database, caller: Caller, order_id: str, return_id: str, goods: Goods, now: datetime
) -> Returned:
    """Store the return, or find that the same one was stored before under its id.

    Raises OrderNotFound, ReturnConflict, OrderDeleted, UnknownLines and MoreThanLeft, and OrderBusy
    if something else uses the order for long. Then nothing is stored.
    """
    merchant_id = caller.merchant_id

    async def attempt() -> Returned:
        found = await _find(database, caller, order_id, return_id)
        decided = decide_return(found, goods)
        if isinstance(decided, OrderReturn):
            return Returned(decided, created=False)
        async with database.write(merchant_id, queue="orders", transaction=False) as connection:
            kept = await insert_return(connection, merchant_id, found, return_id, decided, now)
        return Returned(kept, created=True)

    return await attempt_in_turn(database, merchant_id, lambda _: retrying(attempt))


async def quote_return(
    database: Database, caller: Caller, order_id: str, return_id: str | None, goods: Goods
) -> OrderReturn | Refund:
    """What to pay back for the goods, or the return that was stored before under the id.

    Raises as `create_return`. Nothing is written.
    """
    found = await retrying(lambda: _find(database, caller, order_id, return_id))
    return decide_return(found, goods)


async def get_return(
    database: Database, caller: Caller, order_id: str, return_id: str
) -> OrderReturn:
    """The return as it was stored. Raises OrderNotFound and ReturnNotFound."""
    found = await retrying(lambda: _find(database, caller, order_id, return_id))
    if found.same is None:
        raise ReturnNotFound(return_id)
    return found.same


async def list_returns(
    database: Database, caller: Caller, order_id: str, after: int, limit: int
) -> Returns:
    """All returned goods of an order, and a page of its returns, the first one first.

    The page has returns with numbers above `after`. Raises OrderNotFound.
    """
    return await retrying(lambda: _find(database, caller, order_id, None, after, limit))


async def show_returns(
    database: Database,
    caller: Caller,
    order_id: str,
    return_id: str | None,
    after: int,
    limit: int,
) -> tuple[Returns, dict[int, PromotionName]]:
    """As `list_returns`, with the return of this id, and the current names of the promotions.

    Raises OrderNotFound.
    """

    async def look() -> tuple[Returns | None, dict[int, PromotionName]]:
        async with database.read(caller.merchant_id) as connection:
            found = await find_returns(
                connection, caller.merchant_id, order_id, return_id, after=after, limit=limit
            )
            if found is None:
                return None, {}
            outcome = found.order.outcome
            mentioned = {pick.promotion_id for line in outcome.lines for pick in line.picks}
            mentioned |= {one.promotion_id for one in outcome.cart_promotions}
            return found, await read_names(connection, caller.merchant_id, mentioned)

    found, names = await retrying(look)
    if found is None:
        raise OrderNotFound(order_id)
    return found, names


async def _find(
    database: Database,
    caller: Caller,
    order_id: str,
    return_id: str | None,
    after: int = 0,
    limit: int = 0,
) -> Returns:
    async with database.read(caller.merchant_id, pool="checkout") as connection:
        found = await find_returns(
            connection, caller.merchant_id, order_id, return_id, after=after, limit=limit
        )
    if found is None:
        raise OrderNotFound(order_id)
    return found
