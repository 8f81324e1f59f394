"""Reads the body of a request: its type, its size limit, and its turn."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from starlette.requests import ClientDisconnect, Request

from sconto.api.context import context_of
from sconto.api.headers import fields_of, find_header
from sconto.api.strict_json import NotJson, is_quick_to_parse, parse_json
from sconto.domain.people import Caller
from sconto.domain.problems import BodyEncoded, BodyTooLarge, UnsupportedMediaType
from sconto.operations.turns import in_thread

SMALL: Final = 64 * 1024
"""Bytes of a body without a list, such as a sign-in or a status."""

CART: Final = 1024 * 1024
"""Bytes of a cart of 500 lines, or of 1,000 prices, with every character escaped."""

LIST: Final = 4 * 1024 * 1024
"""Bytes of 1,000 products or subscription types, with every character of their names escaped."""

CODES: Final = 16 * 1024 * 1024
"""Bytes of a promotion with up to a million codes and products."""

_IN_TURN: Final = "in_turn"
_ENCODING: Final = b"content-encoding"
_MERGE_PATCH: Final = "application/merge-patch+json"

T = TypeVar("T")


async def read_object(request: Request, limit: int) -> dict[str, Any]:
    """The members of the JSON object in a request's body, in the order sent.

    Check first that the caller may send it. Raises UnsupportedMediaType and BodyEncoded before
    anything of the body is read, then BodyTooLarge, TooManyLargeRequests and NotJson.
    """
    sent = await read_json(request, limit)
    return await run_parser(request, sent, parse_object, sent)


async def read_json(request: Request, limit: int) -> bytes:
    """The body of a request, which should be JSON; it is not parsed yet.

    Raises UnsupportedMediaType and BodyEncoded before anything of the body is read, then
    BodyTooLarge.
    """
    require_json(request)
    return await read_body(request, limit)


async def run_parser(
    request: Request, sent: bytes, function: Callable[..., T], *arguments: object
) -> T:
    """The result of a function that parses a body; a large body is parsed in a thread, in turn."""
    if is_quick_to_parse(sent):
        return function(*arguments)
    async with in_turn(request):
        return await in_thread(function, *arguments)


def require_json(request: Request) -> None:
    """Raise UnsupportedMediaType or BodyEncoded unless the headers announce plain JSON."""
    if not is_json(request):
        raise UnsupportedMediaType
    require_plain(request)


def require_plain(request: Request) -> None:
    """Raise BodyEncoded if the headers announce a compressed body."""
    if _ENCODING not in fields_of(request.scope):
        return
    for name, value in request.scope["headers"]:
        if name == _ENCODING and value.strip().lower() not in (b"", b"identity"):
            raise BodyEncoded


async def read_merge_patch(request: Request, limit: int) -> bytes:
    """The body of a JSON merge patch (RFC 7386); plain JSON is accepted. Raises as `read_json`."""
    content_type = find_header(request, b"content-type") or ""
    if content_type.partition(";")[0].strip().lower() != _MERGE_PATCH:
        require_json(request)
    require_plain(request)
    return await read_body(request, limit)


def is_json(request: Request) -> bool:
    """Whether the content type is `application/json`, with any parameters."""
    content_type = find_header(request, b"content-type") or ""
    return content_type.partition(";")[0].strip().lower() == "application/json"


@asynccontextmanager
async def in_turn(request: Request) -> AsyncIterator[None]:
    """Run a large task in a turn of the caller's merchant. Raises TooManyLargeRequests.

    A request takes at most one turn, so that it cannot wait for itself.
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
    """Serve a request in turn unless its announced length shows that its body is small."""
    if _announced_size(request, CODES) <= CART:
        yield
        return
    async with in_turn(request):
        yield


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; at most `limit` bytes are kept in memory. Raises BodyTooLarge."""
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
    """The announced length of the body; `otherwise` if none is announced."""
    announced = find_header(request, b"content-length")
    is_number = announced is not None and announced.isascii() and announced.isdecimal()
    return int(announced) if is_number and announced and len(announced) < 19 else otherwise


def parse_object(body: bytes) -> dict[str, Any]:
    """The members of a JSON object. Raises NotJson, also for any other JSON value."""
    document = parse_json(body)
    if not isinstance(document, dict):
        raise NotJson
    return document
