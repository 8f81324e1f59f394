"""A file of codes, or a typed text with a question: a preview before the codes are taken."""

from collections.abc import Mapping
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from sconto.domain.code_file import CODE_FIELD, CodeFile, CodeLineFault, RefusedCodeLine
from sconto.domain.encoding_guess import guess_encoding
from sconto.domain.file_preview import FilePreview
from sconto.domain.headings import CODE_WORDS, COUPON_CODE_WORDS
from sconto.domain.layout import Encoding, Layout, column_letter
from sconto.domain.people import Action
from sconto.domain.problems import CodeFileRefused, NoCodesSent
from sconto.operations import code_imports, uploads
from sconto.operations.file_previews import CodePreview, preview_codes
from sconto.operations.turns import in_thread
from sconto.portal.file_sentences import CODE_FAULTS
from sconto.portal.notices import Notice
from sconto.portal.pages import read, write
from sconto.portal.promotion import find_heading, show_page
from sconto.portal.uploads import (
    column_names,
    find_upload,
    layout_words,
    read_counts,
    read_layout,
    say_gone,
    store_upload,
    write_layout,
)
from sconto.portal.visit import Visit

_FIELDS: Final = {CODE_FIELD: "column"}
_IN_MEMORY: Final = 1024 * 1024
_PIECE: Final = 8 * 1024

_ASKS_FOR_COLUMN: Final = frozenset(
    {CodeLineFault.NOT_ONE_VALUE, CodeLineFault.MORE_VALUES, CodeLineFault.TWO_COLUMNS}
)


async def take_file(visit: Visit, promotion_id: int, file: UploadFile) -> Response:
    """Store the file, and show its preview."""
    upload_id, sample = await store_upload(visit, file)
    encoding = await in_thread(_guess, sample)
    return show_upload(visit, promotion_id, upload_id, Layout(encoding=encoding))


def show_upload(
    visit: Visit, promotion_id: int, upload_id: int, layout: Layout | None = None
) -> Response:
    """The address of the page that shows the upload."""
    query = {} if layout is None else write_layout(layout, _FIELDS)
    return visit.redirect(f"/promotions/{promotion_id}/codes/file/{upload_id}", **query)


async def show_file(visit: Visit) -> Response:
    """A page of the preview, and what can be said about the file."""
    return await _show(visit, read_layout(visit.query, _FIELDS))


async def take(visit: Visit) -> Response:
    """Add the codes of the file as they were shown, or none."""
    promotion_id = visit.id_in_path("promotion_id")
    layout = read_layout(visit.field, _FIELDS)
    upload = await find_upload(visit)
    if upload is None:
        return say_gone(visit, f"/promotions/{promotion_id}/codes")
    database, caller = visit.context.database, visit.caller
    try:
        async with visit.context.turns.of(caller.merchant_id):
            with SpooledTemporaryFile(_IN_MEMORY) as copy:
                async for part in uploads.read_upload(database, caller, upload):
                    copy.write(part)
                copy.seek(0)
                added = await code_imports.import_codes(
                    database,
                    caller,
                    promotion_id,
                    iter(lambda: copy.read(_PIECE), b""),
                    visit.now,
                    typed=upload.typed,
                    layout=layout,
                )
    except NoCodesSent:
        return await _show(visit, layout, fault=visit.gettext("There are no codes in this file."))
    except CodeFileRefused as problem:
        return await _show(visit, layout, problem.lines)
    await uploads.remove_upload(database, caller, upload)
    return visit.redirect(f"/promotions/{promotion_id}/codes", codes_added(visit, added))


def codes_added(visit: Visit, added: int) -> Notice:
    """The notice after codes were added."""
    words = visit.language.ngettext("%(number)s code added.", "%(number)s codes added.", added)
    return Notice(words % {"number": visit.language.number(added)})


async def _show(
    visit: Visit,
    layout: Layout,
    refused: tuple[RefusedCodeLine, ...] = (),
    fault: str | None = None,
) -> Response:
    heading = await find_heading(visit)
    upload = await find_upload(visit)
    if upload is None:
        return say_gone(visit, f"/promotions/{heading.summary.id}/codes")
    page = FilePreview[CodeLineFault](
        visit.id_in_query("after") or 0,
        bool(refused) or visit.query("rows") == "bad",
        {line.line: line.fault for line in refused},
        None if refused else read_counts(visit),
    )
    parts = uploads.read_upload(visit.context.database, visit.caller, upload)
    async with visit.context.turns.of(visit.caller.merchant_id):
        preview = await preview_codes(parts, layout, page, typed=upload.typed)
    return show_page(
        visit,
        "promotions/code_file.html",
        heading,
        status=422 if refused or fault else 200,
        fault=fault,
        upload=upload,
        layout=layout,
        given=write_layout(layout, _FIELDS),
        sentences=CODE_FAULTS,
        letter=column_letter,
        **layout_words(visit),
        **_found(preview),
    )


def _found(preview: CodePreview) -> Mapping[str, Any]:
    page, file = preview.page, preview.file
    example = next((row for row in page.rows if row.fault is CodeLineFault.BLANKS), None)
    columns = column_names(file.first_row)
    return {
        "page": page,
        "columns": columns,
        "column": file.column,
        "answers_for_column": [({"column": number}, name) for number, name in columns.items()],
        "asks_for_column": bool(_ASKS_FOR_COLUMN & page.faults.keys()),
        "asks_for_heading": CodeLineFault.UNCLEAR in page.faults,
        "asks_about_blanks": CodeLineFault.BLANKS in page.faults,
        "example": example.values[0].split() if example else ["SUMMER", "SALE"],
    }


def _guess(sample: bytes) -> Encoding | None:
    def count_bad(encoding: Encoding) -> int:
        file = CodeFile(layout=Layout(encoding=encoding))
        return sum(isinstance(line, RefusedCodeLine) for line in (*file.feed(sample), *file.end()))

    return guess_encoding(sample, count_bad, CODE_WORDS | COUPON_CODE_WORDS)


_PATH: Final = "/promotions/{promotion_id}/codes/file/{upload_id}"

PAGES: Final = (
    read(_PATH, show_file, Action.WRITE_PROMOTIONS),
    write(_PATH, take, Action.WRITE_PROMOTIONS),
)
