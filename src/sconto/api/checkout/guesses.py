"""Refuses carts with codes from where too many unknown ones came; off unless it is set."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request

from sconto.api.context import context_of
from sconto.api.quotas import Quotas
from sconto.domain.cart import Cart
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.people import Caller
from sconto.domain.pricing import PricedCart
from sconto.domain.problems import CodesUsedUp, TooManyUnknownCodes, TotalDiffers

T = TypeVar("T")


async def limit_guesses(
    request: Request,
    caller: Caller,
    cart: Cart,
    ask: Callable[[], Awaitable[T]],
    priced_in: Callable[[T], PricedCart | None],
) -> T:
    """What `ask` answers; the unknown codes of the cart that was priced for it are counted.

    Raises TooManyUnknownCodes, and what `ask` raises. Requests under way at once are all looked at
    before any is counted. A cart without codes, which shows nobody any, is never refused.
    """
    quotas = context_of(request).quotas
    if not quotas.limit_unknown_codes or not cart.codes:
        return await ask()
    address = "" if request.client is None else request.client.host
    if seconds := await quotas.seconds_without_codes(caller, address):
        raise TooManyUnknownCodes(seconds)
    try:
        answer = await ask()
    except (TotalDiffers, CodesUsedUp) as problem:
        # A refused order tells of its codes as a quote does.
        await _count(quotas, caller, address, problem.quote)
        raise
    await _count(quotas, caller, address, priced_in(answer))
    return answer


async def _count(quotas: Quotas, caller: Caller, address: str, priced: PricedCart | None) -> None:
    codes = () if priced is None else priced.codes
    unknown = sum(code.status is CodeStatus.UNKNOWN for code in codes)
    if unknown:
        await quotas.count_unknown_codes(caller, address, unknown)
