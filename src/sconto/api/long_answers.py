"""Answers that may be long: written in short steps, and sent as fast as they are taken."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse

_JSON: Final = "application/json"

_STEP: Final = 64 * 1024
"""Bytes that are written in one step."""

_AT_ONCE: Final = 5_000
"""Elements of a list that are written in one step."""

_LONG: Final = 1024 * 1024
"""Bytes that are not put together any more before they are sent."""


async def answer_in_parts(parts: Iterable[bytes]) -> Response:
    """A JSON document of these parts; other requests are served while it is written.

    It is complete before it is sent, so that it can still fail, and its length is told.
    """
    written: list[bytes] = []
    length = in_step = 0
    for part in parts:
        written.append(part)
        length += len(part)
        in_step += len(part)
        if in_step > _STEP:
            in_step = 0
            await asyncio.sleep(0)
    if length <= _LONG:
        return Response(b"".join(written), media_type=_JSON)
    headers = {"Content-Length": str(length)}
    return StreamingResponse(_let_go(written), headers=headers, media_type=_JSON)


def parts_of(value: object) -> Iterator[bytes]:
    """The JSON of a value; that of a long list some elements at a time."""
    match value:
        case dict() if value:
            start = b"{"
            for name, member in value.items():
                yield start + msgspec.json.encode(name) + b":"
                yield from parts_of(member)
                start = b","
            yield b"}"
        case list() | tuple() if len(value) > _AT_ONCE:
            start = b"["
            for first in range(0, len(value), _AT_ONCE):
                yield start + msgspec.json.encode(value[first : first + _AT_ONCE])[1:-1]
                start = b","
            yield b"]"
        case _:
            yield msgspec.json.encode(value)


async def _let_go(written: list[bytes]) -> AsyncIterator[bytes]:
    """The parts in their order; each is forgotten once it is sent."""
    written.reverse()
    while written:
        yield written.pop()
