"""Long answers: written in short steps, and sent as fast as the client reads."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse

_JSON: Final = "application/json"

_BYTES_PER_STEP: Final = 64 * 1024
"""Bytes that are encoded in one step."""

_ELEMENTS_PER_STEP: Final = 5_000
"""Elements of a list that are encoded in one step."""

_LONG: Final = 1024 * 1024
"""Longer answers, in bytes, are not joined before they are sent."""


async def answer_in_parts(
    parts: Iterable[bytes], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON document of these parts; other requests run while it is encoded.

    It is encoded completely before it is sent: encoding may fail, and the length is sent first.
    """
    written: list[bytes] = []
    length = in_step = 0
    for part in parts:
        written.append(part)
        length += len(part)
        in_step += len(part)
        if in_step > _BYTES_PER_STEP:
            in_step = 0
            await asyncio.sleep(0)
    if length <= _LONG:
        return Response(b"".join(written), status, headers, media_type=_JSON)
    with_length = {**(headers or {}), "Content-Length": str(length)}
    return StreamingResponse(_send_and_free(written), status, with_length, media_type=_JSON)


def parts_of(value: object) -> Iterator[bytes]:
    """The JSON of a value; a long list comes some elements at a time."""
    match value:
        case dict() if value:
            start = b"{"
            for name, member in value.items():
                yield start + msgspec.json.encode(name) + b":"
                yield from parts_of(member)
                start = b","
            yield b"}"
        case list() | tuple() if len(value) > _ELEMENTS_PER_STEP:
            start = b"["
            for first in range(0, len(value), _ELEMENTS_PER_STEP):
                yield start + msgspec.json.encode(value[first : first + _ELEMENTS_PER_STEP])[1:-1]
                start = b","
            yield b"]"
        case _:
            yield msgspec.json.encode(value)


async def _send_and_free(written: list[bytes]) -> AsyncIterator[bytes]:
    """The parts in order; each is freed after it is sent."""
    written.reverse()
    while written:
        yield written.pop()
