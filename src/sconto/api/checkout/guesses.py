"""Limits how many unknown codes an address may send; off unless a setting turns it on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request

from sconto.api.context import context_of
from sconto.api.quotas import Quotas
from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.people import Caller
from sconto.domain.problems import CodesUsedUp, TooManyUnknownCodes, TotalDiffers


@dataclass(slots=True)
class Guesses:
    """The cart that was priced for a request, whose unknown codes count; None if none was."""

    priced: PricedCart | None = None


@asynccontextmanager
async def limit_guesses(request: Request, caller: Caller, cart: Cart) -> AsyncIterator[Guesses]:
    """Count the unknown codes of the cart that the block prices, against the caller's address.

    Raises TooManyUnknownCodes before the block; never for a cart without codes.
    Concurrent requests may all pass before any of them is counted.
    """
    guesses = Guesses()
    quotas = context_of(request).quotas
    if not quotas.limit_unknown_codes or not cart.codes:
        yield guesses
        return
    address = "" if request.client is None else request.client.host
    if seconds := await quotas.seconds_without_codes(caller, address):
        raise TooManyUnknownCodes(seconds)
    try:
        yield guesses
    except (TotalDiffers, CodesUsedUp) as problem:
        # A refused order tells as much about its codes as a quote does.
        guesses.priced = problem.quote
        raise
    finally:
        await _count(quotas, caller, address, guesses.priced)


async def _count(quotas: Quotas, caller: Caller, address: str, priced: PricedCart | None) -> None:
    codes = () if priced is None else priced.codes
    unknown = sum(code.status is CodeStatus.UNKNOWN for code in codes)
    if unknown:
        await quotas.count_unknown_codes(caller, address, unknown)
