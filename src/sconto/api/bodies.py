"""Reading a request's body: what it says it is, and how much of it."""

from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from sconto.api.headers import find_header
from sconto.api.strict_json import NotJson, parse_json
from sconto.domain.problems import BodyTooLarge, UnsupportedMediaType

BODY_LIMIT: Final = 16 * 1024 * 1024
"""Bytes that anybody may send."""


async def read_object(request: Request, limit: int = BODY_LIMIT) -> dict[str, Any]:
    """The members of the JSON object that a request sends, in the order sent.

    Raises UnsupportedMediaType before anything of the body is read, then BodyTooLarge and NotJson.
    """
    return parse_object(await read_json(request, limit))


async def read_json(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The JSON text that a request sends, not looked at yet.

    Raises UnsupportedMediaType before anything of the body is read, then BodyTooLarge.
    """
    if not is_json(request):
        raise UnsupportedMediaType
    return await read_body(request, limit)


def is_json(request: Request) -> bool:
    """Whether the request says that its body is `application/json`, with any parameters."""
    content_type = find_header(request, b"content-type") or ""
    return content_type.partition(";")[0].strip().lower() == "application/json"


async def read_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The whole body; no more of it is held than may be sent. Raises BodyTooLarge."""
    announced = find_header(request, b"content-length") or ""
    if announced.isdecimal() and int(announced) > limit:
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


def parse_object(body: bytes) -> dict[str, Any]:
    """The members of a JSON object. Raises NotJson, also for JSON that is something else."""
    document = parse_json(body)
    if not isinstance(document, dict):
        raise NotJson
    return document
