"""Reading a posted form, in short steps and within its limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from sconto.domain.problems import BodyEncoded, BodyTooLarge

TYPED_LIMIT: Final = 1024 * 1024
"""Most bytes of a field that is no file, and of a form that needs no turn."""

PLAIN_LIMIT: Final = 64 * 1024
"""Most bytes of a form that is not multipart: it is decoded in one step."""

_STEP: Final = 8 * 1024
"""Bytes of a step: parts of a multipart body are parsed byte by byte."""


@asynccontextmanager
async def open_form(
    request: Request, limit: int, *, max_fields: int, max_files: int
) -> AsyncIterator[FormData]:
    """Read the request's form; its files are closed when the block ends.

    Raises BodyEncoded before reading, BodyTooLarge, and HTTPException if the body is not a form.
    """
    for value in request.headers.getlist("content-encoding"):
        if value.strip().lower() not in ("", "identity"):
            raise BodyEncoded
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/x-www-form-urlencoded":
        most = min(limit, PLAIN_LIMIT)
        yield _decode(await _read(request, most), max_fields)
    elif content_type == "multipart/form-data":
        if announced_size(request, limit) > limit:
            raise BodyTooLarge(limit)
        limited = Request(request.scope, _in_steps(request.receive, limit))
        try:
            form = await limited.form(
                max_files=max_files, max_fields=max_fields, max_part_size=min(limit, TYPED_LIMIT)
            )
        except HTTPException as error:
            if error.detail.startswith("Part exceeded maximum size"):
                raise BodyTooLarge(TYPED_LIMIT) from error
            raise
        try:
            yield form
        finally:
            await form.close()
    else:
        yield FormData()


def announced_size(request: Request, otherwise: int) -> int:
    """The Content-Length of the request, or `otherwise` if there is none."""
    announced = request.headers.get("content-length", "")
    is_number = announced.isascii() and announced.isdecimal() and len(announced) < 19
    return int(announced) if is_number else otherwise


async def _read(request: Request, limit: int) -> bytes:
    if announced_size(request, 0) > limit:
        raise BodyTooLarge(limit)
    body = b""
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge(limit)
        more = message.get("more_body", False)
    return body


def _decode(body: bytes, max_fields: int) -> FormData:
    try:
        fields: list[tuple[str, str | UploadFile]] = [
            *parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=max_fields)
        ]
    except ValueError:
        raise HTTPException(400, "too many fields") from None
    return FormData(fields)


def _in_steps(receive: Receive, limit: int) -> Receive:
    """The body in small parts, up to the limit; other requests run between them."""
    size = 0
    rest = b""
    last: Message = {}

    async def receive_some() -> Message:
        nonlocal size, rest, last
        if rest:
            await asyncio.sleep(0)
        else:
            last = await receive()
            rest = last.get("body", b"")
            size += len(rest)
            if size > limit:
                raise BodyTooLarge(limit)
        if last["type"] != "http.request":
            return last
        part, rest = rest[:_STEP], rest[_STEP:]
        more = bool(rest) or last.get("more_body", False)
        return {"type": "http.request", "body": part, "more_body": more}

    return receive_some
