"""The routes for a promotion's codes: listed, added and removed, as JSON or as CSV."""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from typing import IO, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from sconto.api.access import caller_of, require
from sconto.api.bodies import (
    CODES,
    in_turn_if_large,
    parse_object,
    read_body,
    require_plain,
    run_parser,
)
from sconto.api.context import context_of
from sconto.api.long_answers import answer_in_parts, parts_of
from sconto.api.merchant.admission import admit
from sconto.api.merchant.codes_csv import CSV_HEADING, write_csv
from sconto.api.merchant.codes_wire import (
    read_codes_to_add,
    read_codes_to_remove,
    read_query,
    wants_csv,
    write_code,
)
from sconto.api.merchant.ids import id_in_path
from sconto.api.plain_route import PlainRoute
from sconto.domain.people import Action, Caller
from sconto.domain.problems import BodyTooLarge, UnsupportedMediaType
from sconto.operations import code_imports, codes
from sconto.operations.turns import in_short_turns

FILE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a CSV file: enough for a million codes of thirty letters."""

_KEPT_IN_MEMORY: Final = 1024 * 1024
_PIECE: Final = 8 * 1024
_CSV: Final = "text/csv"


async def list_codes(request: Request) -> Response:
    """Codes in the order they were added; all of them with `Accept: text/csv`."""
    caller = require(request, Action.READ_PROMOTIONS)
    context = context_of(request)
    promotion_id = id_in_path(request)
    if wants_csv(request.headers.get("accept", "")):
        parts = await codes.export_codes(context.database, caller, promotion_id)
        headers = {"Content-Disposition": f'attachment; filename="codes-{promotion_id}.csv"'}
        lines = in_short_turns(context.short_turns, caller.merchant_id, parts, write_csv)
        return StreamingResponse(_write_file(lines), media_type=_CSV, headers=headers)
    await codes.require_holder(context.database, caller, promotion_id)
    query = read_query(request.query_params.multi_items())
    page = await codes.list_codes(context.database, caller, promotion_id, query)
    listed = [write_code(code, context.zone) for code in page.codes]
    return JSONResponse({"codes": listed, "next_cursor": page.next_cursor})


async def add_codes(request: Request) -> Response:
    """Add codes after those that the promotion has: all of them, or none."""
    context = context_of(request)
    if _is_csv(request):
        caller = require(request, Action.WRITE_PROMOTIONS)
        promotion_id = id_in_path(request)
        await codes.require_holder(context.database, caller, promotion_id)
        async with in_turn_if_large(request):
            with tempfile.SpooledTemporaryFile(_KEPT_IN_MEMORY) as file:
                # A slow upload must not hold a connection to the database.
                await _spool(request, file)
                pieces = iter(lambda: file.read(_PIECE), b"")
                added = await code_imports.import_codes(
                    context.database, caller, promotion_id, pieces, context.now()
                )
        return JSONResponse({"added": added})
    caller = await admit(request, Action.WRITE_PROMOTIONS)
    async with in_turn_if_large(request):
        promotion_id, wanted = await _read_codes(request, caller, read_codes_to_add)
        added = await codes.add_codes(context.database, caller, promotion_id, wanted, context.now())
    return JSONResponse({"added": added})


async def remove_codes(request: Request) -> Response:
    """Remove codes; orders and statistics keep them. Unknown codes are listed, and no error."""
    caller = await admit(request, Action.WRITE_PROMOTIONS)
    context = context_of(request)
    async with in_turn_if_large(request):
        promotion_id, wanted = await _read_codes(request, caller, read_codes_to_remove)
        gone = await codes.remove_codes(
            context.database, caller, promotion_id, wanted, context.now()
        )
    return await answer_in_parts(parts_of({"removed": gone.removed, "not_found": gone.unknown}))


async def _read_codes(
    request: Request, caller: Caller, read: Callable[[Mapping[str, object]], tuple[str, ...]]
) -> tuple[int, tuple[str, ...]]:
    """The promotion in the path, which must exist, and the codes in the body."""
    sent = await read_body(request, CODES)
    body = await run_parser(request, sent, parse_object, sent)
    promotion_id = id_in_path(request)
    await codes.require_holder(context_of(request).database, caller, promotion_id)
    return promotion_id, await run_parser(request, sent, read, body)


def _is_csv(request: Request) -> bool:
    """Whether a caller sends CSV, which must be uncompressed and in UTF-8.

    Raises what `caller_of` raises, UnsupportedMediaType and BodyEncoded.
    """
    caller_of(request)
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    name, _, value = parameters.strip().lower().partition("=")
    if name == "charset" and value.strip('"') not in ("utf-8", "us-ascii"):
        raise UnsupportedMediaType
    require_plain(request)
    return media_type.strip().lower() == _CSV


async def _spool(request: Request, file: IO[bytes]) -> None:
    """Write the body to a file. Raises BodyTooLarge."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > FILE_LIMIT:
            raise BodyTooLarge(FILE_LIMIT)
        file.write(chunk)
    file.seek(0)


async def _write_file(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield CSV_HEADING
    async for some in lines:
        yield some


ROUTES: Final = (
    PlainRoute("/v1/promotion/{promotion_id}/codes", list_codes, methods=["GET"]),
    PlainRoute("/v1/promotion/{promotion_id}/codes", add_codes, methods=["POST"]),
    PlainRoute("/v1/promotion/{promotion_id}/codes", remove_codes, methods=["DELETE"]),
)
