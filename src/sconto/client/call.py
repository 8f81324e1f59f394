"""The requests of the client's methods, written once for `Client` and `AsyncClient`.

A method describes its request as a `Call`, or as a `Listing` of several pages. The decorators
`operation` and `listing` turn that description into a method that sends it: it returns the answer
in a `Client`, and an awaitable of it in an `AsyncClient`.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload
from urllib.parse import quote
from uuid import uuid4

import httpx

T = TypeVar("T")
P = ParamSpec("P")


def read_json(answer: httpx.Response) -> Any:
    """The decoded body."""
    return answer.json()


def read_nothing(_: httpx.Response) -> None:
    """Ignore the body."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read.

    `repeatable` says that sending it twice does the same as once. `content` is a body that is not
    JSON.
    """

    method: str
    path: str
    body: Any = None
    query: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    repeatable: bool = True
    read: Callable[[httpx.Response], T] = read_json


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list that is answered in pages."""

    first: Call[Any]
    items: Callable[[Any], Sequence[T]]
    """The items of a page."""
    cursor: Callable[[Any], str | None]
    """The cursor of the next page; None on the last one."""


class Sender(ABC):
    """Sends calls and waits for their answers."""

    @abstractmethod
    def send(self, call: Call[T]) -> T:
        """The answer. Raises ScontoError."""

    @abstractmethod
    def iterate(self, wanted: Listing[T]) -> Iterator[T]:
        """The items of all pages; a page is requested when it is needed. Raises ScontoError."""


class AsyncSender(ABC):
    """The same for asyncio."""

    @abstractmethod
    async def send(self, call: Call[T]) -> T:
        """The answer. Raises ScontoError."""

    @abstractmethod
    def iterate(self, wanted: Listing[T]) -> AsyncIterator[T]:
        """The items of all pages; a page is requested when it is needed. Raises ScontoError."""


S = TypeVar("S", Sender, AsyncSender)


class Api(Generic[S]):
    """The methods of one API; `S` decides whether they return answers or awaitables."""

    def __init__(self, sender: S) -> None:
        self.sender: S = sender


class operation(Generic[P, T]):  # noqa: N801  # a decorator
    """Makes a method of a function that describes a call."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self._describe = describe

    @overload
    def __get__(self, api: Api[Sender], owner: Any) -> Callable[P, T]: ...

    @overload
    def __get__(self, api: Api[AsyncSender], owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, api: Any, owner: Any) -> Any:
        """The method of this API."""

        @functools.wraps(self._describe)
        def send(*args: P.args, **kwargs: P.kwargs) -> Any:
            return api.sender.send(self._describe(api, *args, **kwargs))

        return self._describe if api is None else send


class listing(Generic[P, T]):  # noqa: N801  # a decorator
    """Makes a method of a function that describes a listing."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Listing[T]]) -> None:
        self._describe = describe

    @overload
    def __get__(self, api: Api[Sender], owner: Any) -> Callable[P, Iterator[T]]: ...

    @overload
    def __get__(self, api: Api[AsyncSender], owner: Any) -> Callable[P, AsyncIterator[T]]: ...

    def __get__(self, api: Any, owner: Any) -> Any:
        """The method of this API."""

        @functools.wraps(self._describe)
        def iterate(*args: P.args, **kwargs: P.kwargs) -> Any:
            return api.sender.iterate(self._describe(api, *args, **kwargs))

        return self._describe if api is None else iterate


def pages_of(call: Call[Any], items: str) -> Listing[Any]:
    """A listing whose pages have their items under this name, and `next_cursor`."""
    return Listing(call, lambda page: page[items], lambda page: page["next_cursor"])


def with_key(key: str | None) -> dict[str, str]:
    """The header with an idempotency key; a new key for None."""
    return {"Idempotency-Key": uuid4().hex if key is None else key}


def segment(text: object) -> str:
    """A part of a path, whatever its characters."""
    return quote(str(text), safe="")
