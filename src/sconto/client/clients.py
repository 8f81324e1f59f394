"""`Client` and `AsyncClient`: the two ways to take the steps of an exchange."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, Final, Generic, Self, TypeVar

import httpx

from sconto import __version__
from sconto.client.call import AsyncSender, Call, Listing, S, Sender
from sconto.client.cart import CartPromotions
from sconto.client.catalog import Catalog
from sconto.client.checkout import Checkout
from sconto.client.events import Events
from sconto.client.exchange import (
    Attempt,
    Failure,
    Outcome,
    Pause,
    Renewal,
    Session,
    exchange,
)
from sconto.client.exports import Exports
from sconto.client.people import People
from sconto.client.promotions import Promotions
from sconto.client.subscriptions import Subscriptions

T = TypeVar("T")

RETRY_SECONDS: Final = 20.0
"""Seconds during which a request is tried again, where that is safe and may help."""

ATTEMPT_TIMEOUT: Final = 10.0
"""Seconds in which nothing arrives after which an attempt is given up."""


class _Apis(Generic[S]):
    """The APIs of Sconto, as attributes of a client."""

    def __init__(self, sender: S) -> None:
        self.checkout: Final[Checkout[S]] = Checkout(sender)
        self.catalog: Final[Catalog[S]] = Catalog(sender)
        self.promotions: Final[Promotions[S]] = Promotions(sender)
        self.cart_promotions: Final[CartPromotions[S]] = CartPromotions(sender)
        self.subscriptions: Final[Subscriptions[S]] = Subscriptions(sender)
        self.exports: Final[Exports[S]] = Exports(sender)
        self.people: Final[People[S]] = People(sender)
        self.events: Final[Events[S]] = Events(sender)


class Client(Sender, _Apis[Sender]):
    """A client of one Sconto, for one user or API key. Threads may share it.

    Give either `token`, which may be an API key, or `username` and `password`: then it signs in
    when needed. `http` is an httpx.Client of yours, for proxies or certificates; you close it.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        retry_seconds: float = RETRY_SECONDS,
        http: httpx.Client | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._session = Session(token, _describe_sign_in(token, username, password))
        self._retry_seconds = retry_seconds
        self._closes = http is None
        self._http = httpx.Client(timeout=ATTEMPT_TIMEOUT) if http is None else http
        self._renewing = threading.Lock()
        _Apis.__init__(self, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._closes:
            self._http.close()

    def send(self, call: Call[T]) -> T:
        """The answer to any call. Raises ScontoError."""
        return self._exchange(self._session, call)

    def iterate(self, wanted: Listing[T]) -> Iterator[T]:
        """The items of all pages; a page is requested when it is needed. Raises ScontoError."""
        call: Call[Any] | None = wanted.first
        while call is not None:
            page = self.send(call)
            yield from wanted.items(page)
            call = _next_call(call, wanted.cursor(page))

    def _exchange(self, session: Session, call: Call[T]) -> T:
        steps = exchange(session, call, self._retry_seconds, time.monotonic)
        outcome: Outcome | None = None
        try:
            while True:
                match steps.send(outcome):
                    case Attempt() as attempt:
                        outcome = self._try(attempt)
                    case Pause(seconds):
                        time.sleep(seconds)
                    case Renewal(stale):
                        self._renew(stale)
        except StopIteration as end:
            answer: T = end.value
            return answer

    def _try(self, attempt: Attempt) -> Outcome:
        try:
            return self._http.request(**_request_of(self._url, attempt))
        except Failure as failure:
            return failure

    def _renew(self, stale: str | None) -> None:
        sign_in = self._session.sign_in
        with self._renewing:
            if sign_in is not None and self._session.token == stale:
                answer = self._exchange(Session(None, None), sign_in)
                self._session.token = answer["token"]


class AsyncClient(AsyncSender, _Apis[AsyncSender]):
    """The client for asyncio: the same methods, to be awaited. Tasks of one loop may share it."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        retry_seconds: float = RETRY_SECONDS,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._session = Session(token, _describe_sign_in(token, username, password))
        self._retry_seconds = retry_seconds
        self._closes = http is None
        self._http = httpx.AsyncClient(timeout=ATTEMPT_TIMEOUT) if http is None else http
        self._renewing = asyncio.Lock()
        _Apis.__init__(self, self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._closes:
            await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """The answer to any call. Raises ScontoError."""
        return await self._exchange(self._session, call)

    async def iterate(self, wanted: Listing[T]) -> AsyncIterator[T]:
        """The items of all pages; a page is requested when it is needed. Raises ScontoError."""
        call: Call[Any] | None = wanted.first
        while call is not None:
            page = await self.send(call)
            for item in wanted.items(page):
                yield item
            call = _next_call(call, wanted.cursor(page))

    async def _exchange(self, session: Session, call: Call[T]) -> T:
        steps = exchange(session, call, self._retry_seconds, time.monotonic)
        outcome: Outcome | None = None
        try:
            while True:
                match steps.send(outcome):
                    case Attempt() as attempt:
                        outcome = await self._try(attempt)
                    case Pause(seconds):
                        await asyncio.sleep(seconds)
                    case Renewal(stale):
                        await self._renew(stale)
        except StopIteration as end:
            answer: T = end.value
            return answer

    async def _try(self, attempt: Attempt) -> Outcome:
        try:
            return await self._http.request(**_request_of(self._url, attempt))
        except Failure as failure:
            return failure

    async def _renew(self, stale: str | None) -> None:
        sign_in = self._session.sign_in
        async with self._renewing:
            if sign_in is not None and self._session.token == stale:
                answer = await self._exchange(Session(None, None), sign_in)
                self._session.token = answer["token"]


def _describe_sign_in(
    token: str | None, username: str | None, password: str | None
) -> Call[Any] | None:
    """The call that gets a token; None with one. Raises ValueError unless one of both is given."""
    if token is not None and username is None and password is None:
        return None
    if token is None and username is not None and password is not None:
        return Call("POST", "/v1/login_check", {"username": username, "password": password})
    raise ValueError("give either a token, or a username and a password")


def _request_of(url: str, attempt: Attempt) -> dict[str, Any]:
    """The arguments of httpx's `request`."""
    call = attempt.call
    headers = {"User-Agent": f"sconto-client/{__version__}", **call.headers}
    if attempt.token is not None:
        headers["Authorization"] = f"Bearer {attempt.token}"
    content = call.content
    if call.body is not None:
        content = json.dumps(call.body).encode()
        headers.setdefault("Content-Type", "application/json")
    query = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in call.query.items()
        if value is not None
    }
    return {
        "method": call.method,
        "url": f"{url}{call.path}",
        "params": query,
        "content": content,
        "headers": headers,
    }


def _next_call(call: Call[Any], cursor: str | None) -> Call[Any] | None:
    """The call for the next page; None after the last one."""
    return None if cursor is None else replace(call, query={**call.query, "cursor": cursor})
