"""Limits how many unknown codes an address may send; off unless a setting turns it on."""

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

from starlette.requests import Request

from sconto.api.context import context_of
from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.people import Caller
from sconto.domain.problems import CodesUsedUp, TooManyUnknownCodes, TotalDiffers


class Guesses(AbstractAsyncContextManager["Guesses"]):
    """Counts the unknown codes of the cart that a block prices, against the caller's address.

    The block sets `priced`. Entering it raises TooManyUnknownCodes, but never for a cart without
    codes. Concurrent requests may all pass before any of them is counted. It is a class, because a
    generator takes 2 µs longer, and every quote needs one.
    """

    __slots__ = ("_caller", "_limits", "_request", "priced")

    def __init__(self, request: Request, caller: Caller, cart: Cart) -> None:
        self._request = request
        self._caller = caller
        self._limits = bool(cart.codes) and context_of(request).quotas.limit_unknown_codes
        self.priced: PricedCart | None = None

    async def __aenter__(self) -> Self:
        if self._limits:
            quotas = context_of(self._request).quotas
            if seconds := await quotas.seconds_without_codes(self._caller, self._address):
                raise TooManyUnknownCodes(seconds)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._limits:
            return
        if isinstance(error, TotalDiffers | CodesUsedUp):
            # A refused order reveals as much about its codes as a quote does.
            self.priced = error.quote
        codes = () if self.priced is None else self.priced.codes
        unknown = sum(code.status is CodeStatus.UNKNOWN for code in codes)
        if unknown:
            quotas = context_of(self._request).quotas
            await quotas.count_unknown_codes(self._caller, self._address, unknown)

    @property
    def _address(self) -> str:
        return "" if self._request.client is None else self._request.client.host
