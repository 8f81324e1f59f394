"""Reading a request's body: how much of it, and what counts as JSON."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.requests import Request

from sconto.api.strict_json import DEPTH, NotJson
from sconto.domain.problems import BodyTooLarge, UnsupportedMediaType

BODY_LIMIT: Final = 16 * 1024 * 1024
"""Bytes that anybody may send."""


class Number(str):
    """A JSON number with a fraction or an exponent, as it was written: `12.50` stays "12.50"."""

    __slots__ = ()


_DECODER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Number)


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object that a request sends, read as `parse_json` reads it.

    Raises UnsupportedMediaType before anything of the body is read, then BodyTooLarge and NotJson.
    """
    if not is_json(request):
        raise UnsupportedMediaType
    return parse_json(await read_body(request))


async def read_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The whole body; no more of it is held than may be sent. Raises BodyTooLarge."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise BodyTooLarge(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def is_json(request: Request) -> bool:
    """Whether the request says that its body is `application/json`, with any parameters."""
    content_type = request.headers.get("content-type", "")
    return content_type.partition(";")[0].strip().lower() == "application/json"


def parse_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object as RFC 8259 defines it, and nothing that only resembles it.

    Whole numbers become int, however long, all other numbers `Number`. Of repeated names the last
    counts. Raises NotJson, also for what is nested deeper than 32, is not UTF-8, or has half a
    surrogate pair.
    """
    try:
        value = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise NotJson from error
    # Brackets in texts count too, so this only says when there is nothing to look for.
    if body.count(b"{") + body.count(b"[") > DEPTH and _is_deeper(value, DEPTH):
        raise NotJson
    return value


def _is_deeper(value: object, limit: int) -> bool:
    members: Iterable[Any]
    match value:
        case dict():
            members = value.values()
        case list():
            members = value
        case _:
            return False
    return limit == 0 or any(
        _is_deeper(member, limit - 1) for member in members if isinstance(member, dict | list)
    )
