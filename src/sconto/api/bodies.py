"""Reading a request's body: what it says it is, how much of it, and by whom."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from starlette.requests import ClientDisconnect, Request

from sconto.api.context import context_of
from sconto.api.headers import find_header
from sconto.api.strict_json import NotJson, is_quick_to_parse, parse_json
from sconto.domain.people import Caller
from sconto.domain.problems import BodyEncoded, BodyTooLarge, UnsupportedMediaType
from sconto.operations.turns import in_thread

SMALL: Final = 64 * 1024
"""Bytes of a body that has no list: a sign-in, a status, a question."""

CART: Final = 1024 * 1024
"""Bytes of a cart of 500 lines or of 1,000 prices, with every character escaped."""

LIST: Final = 4 * 1024 * 1024
"""Bytes of 1,000 products or subscription types, each character of their names escaped."""

CODES: Final = 16 * 1024 * 1024
"""Bytes of a promotion with its codes and products, of which there may be a million."""

_IN_TURN: Final = "in_turn"

T = TypeVar("T")


async def read_object(request: Request, limit: int) -> dict[str, Any]:
    """The members of the JSON object that a request sends, in the order sent.

    Call it once the caller is known to be allowed to send it. Raises UnsupportedMediaType and
    BodyEncoded before anything of the body is read, then BodyTooLarge, TooManyLargeRequests and
    NotJson.
    """
    sent = await read_json(request, limit)
    return await run_parser(request, sent, parse_object, sent)


async def read_json(request: Request, limit: int) -> bytes:
    """The JSON text that a request sends, not looked at yet.

    Raises UnsupportedMediaType and BodyEncoded before anything of the body is read, then
    BodyTooLarge.
    """
    require_json(request)
    return await read_body(request, limit)


async def run_parser(
    request: Request, sent: bytes, function: Callable[..., T], *arguments: object
) -> T:
    """What the function answers; where the body makes it take long, it has a thread and a turn."""
    if is_quick_to_parse(sent):
        return function(*arguments)
    async with in_turn(request):
        return await in_thread(function, *arguments)


def require_json(request: Request) -> None:
    """Refuse a body that is said to be no plain JSON: UnsupportedMediaType, BodyEncoded."""
    if not is_json(request):
        raise UnsupportedMediaType
    require_plain(request)


def require_plain(request: Request) -> None:
    """Refuse a body that is said to be compressed. Raises BodyEncoded."""
    for name, value in request.scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise BodyEncoded


def is_json(request: Request) -> bool:
    """Whether the request says that its body is `application/json`, with any parameters."""
    content_type = find_header(request, b"content-type") or ""
    return content_type.partition(";")[0].strip().lower() == "application/json"


@asynccontextmanager
async def in_turn(request: Request) -> AsyncIterator[None]:
    """Do something large in the turn of the caller's merchant. Raises TooManyLargeRequests.

    A request has one turn at most, so that none waits for itself.
    """
    caller: Caller | None = request.scope.get("caller")
    if caller is None or _IN_TURN in request.scope:
        yield
        return
    async with context_of(request).turns.of(caller.merchant_id):
        request.scope[_IN_TURN] = True
        try:
            yield
        finally:
            del request.scope[_IN_TURN]


@asynccontextmanager
async def in_turn_if_large(request: Request) -> AsyncIterator[None]:
    """Read and serve a request in turn unless it says that its body is small enough not to."""
    if _announced_size(request, CODES) <= CART:
        yield
        return
    async with in_turn(request):
        yield


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; no more of it is held than may be sent. Raises BodyTooLarge."""
    if _announced_size(request, 0) > limit:
        raise BodyTooLarge(limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _announced_size(request: Request, otherwise: int) -> int:
    """How long the request says that its body is; `otherwise` where it says nothing."""
    announced = find_header(request, b"content-length")
    is_number = announced is not None and announced.isascii() and announced.isdecimal()
    return int(announced) if is_number and announced and len(announced) < 19 else otherwise


def parse_object(body: bytes) -> dict[str, Any]:
    """The members of a JSON object. Raises NotJson, also for JSON that is something else."""
    document = parse_json(body)
    if not isinstance(document, dict):
        raise NotJson
    return document
