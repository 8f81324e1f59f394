"""What pages of uploaded files share: storing the file, and the layout in an address or a form."""

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from sconto.domain.layout import (
    Blanks,
    DecimalSign,
    Delimiter,
    Encoding,
    Layout,
    column_letter,
)
from sconto.domain.upload import Upload, UploadNotFound
from sconto.operations import uploads
from sconto.operations.sheet_files import MAGIC, SheetRefused, read_sheet
from sconto.operations.turns import in_thread
from sconto.portal.file_sentences import sheet_sentence
from sconto.portal.notices import Notice
from sconto.portal.typed_values import choice_of
from sconto.portal.visit import Visit
from sconto.portal.words import marked

SAMPLE: Final = 1024 * 1024
"""Bytes of a file by which its encoding is guessed."""

MAX_COLUMNS: Final = 50
"""Columns that a person can choose from."""

DELIMITERS: Final = {
    "comma": Delimiter.COMMA,
    "semicolon": Delimiter.SEMICOLON,
    "tab": Delimiter.TAB,
}

ENCODINGS: Final[Mapping[str, str]] = {
    Encoding.UTF_8: marked("UTF-8"),
    Encoding.WESTERN: marked("Western (Windows-1252)"),
    Encoding.CENTRAL: marked("Central European (Windows-1250)"),
    Encoding.CYRILLIC: marked("Cyrillic (Windows-1251)"),
}

DELIMITER_NAMES: Final = {
    "comma": marked("Comma"),
    "semicolon": marked("Semicolon"),
    "tab": marked("Tab"),
}

HEADINGS: Final = {"yes": marked("Yes"), "no": marked("No")}

_LONGEST_NAME: Final = 100


async def store_upload(visit: Visit, file: UploadFile) -> tuple[int, bytes]:
    """Store the file; returns the id of the upload, and its beginning. Raises SheetRefused."""
    content: BinaryIO = file.file
    if content.read(len(MAGIC)) == MAGIC:
        content.seek(0)
        content = io.BytesIO(await in_thread(read_sheet, content))
    content.seek(0)
    sample = content.read(SAMPLE)
    content.seek(0)
    name = "".join(letter for letter in file.filename or "" if letter.isprintable())
    upload_id = await uploads.keep_upload(
        visit.context.database,
        visit.caller,
        name[-_LONGEST_NAME:],
        iter(lambda: content.read(uploads.PART), b""),
        visit.now,
    )
    return upload_id, sample


def say_refused(visit: Visit, refused: SheetRefused) -> str:
    """Why a spreadsheet file cannot be read."""
    return visit.gettext(sheet_sentence(refused))


async def keep_text(visit: Visit, name: str, text: bytes) -> int:
    """Store a typed text; returns the id of the upload."""

    def parts() -> Iterator[bytes]:
        for start in range(0, len(text), uploads.PART):
            yield text[start : start + uploads.PART]

    return await uploads.keep_upload(
        visit.context.database, visit.caller, name, parts(), visit.now, typed=True
    )


async def find_upload(visit: Visit) -> Upload | None:
    """The upload that the address names; None if it is another user's, taken or over."""
    upload_id = visit.id_in_path("upload_id")
    try:
        return await uploads.find_upload(visit.context.database, visit.caller, upload_id, visit.now)
    except UploadNotFound:
        return None


def say_gone(visit: Visit, address: str) -> Response:
    """Go to the address, which says that there is no such upload."""
    return visit.redirect(
        address, Notice(visit.gettext("The file is no longer kept. Choose it again."))
    )


def read_layout(get: Callable[[str], str], fields: Mapping[str, str]) -> Layout:
    """The layout in an address or a form; `fields` are the names of columns in both.

    An invalid value is ignored, so the file decides.
    """
    columns = {}
    for field, name in fields.items():
        number = get(name)
        if number.isascii() and number.isdecimal() and len(number) < 4 and int(number):
            columns[field] = int(number) - 1
    encoding, heading, blanks, decimal = map(get, ("encoding", "heading", "blanks", "decimal"))
    return Layout(
        encoding=choice_of(Encoding, encoding),
        delimiter=DELIMITERS.get(get("delimiter")),
        heading={"yes": True, "no": False}.get(heading),
        columns=columns,
        decimal=choice_of(DecimalSign, decimal),
        blanks=choice_of(Blanks, blanks),
    )


def write_layout(layout: Layout, fields: Mapping[str, str]) -> dict[str, Any]:
    """The layout for an address or a form."""
    names = {delimiter: name for name, delimiter in DELIMITERS.items()}
    return {
        "encoding": layout.encoding,
        "delimiter": None if layout.delimiter is None else names[layout.delimiter],
        "heading": {True: "yes", False: "no", None: None}[layout.heading],
        "blanks": layout.blanks,
        "decimal": layout.decimal,
        **{
            name: layout.columns[field] + 1
            for field, name in fields.items()
            if field in layout.columns
        },
    }


def read_counts(visit: Visit) -> tuple[int, int] | None:
    """The good and bad rows that the previous page counted; they only affect what is shown."""
    good, _, bad = visit.query("counted").partition(".")
    if not all(text.isascii() and text.isdecimal() and len(text) < 9 for text in (good, bad)):
        return None
    return int(good), int(bad)


def column_names(first_row: list[str] | tuple[str, ...]) -> dict[str, str]:
    """The columns that a person can choose from: their numbers, letters and first values."""
    return {
        str(column + 1): f"{column_letter(column)}: {value[:30]}"
        for column, value in enumerate(first_row[:MAX_COLUMNS])
    }


def layout_words(visit: Visit) -> dict[str, Mapping[str, str]]:
    """What a person can say about a file, in their language."""
    _ = visit.gettext
    said: dict[str, Mapping[str, str]] = {
        "encodings": ENCODINGS,
        "delimiters": DELIMITER_NAMES,
        "headings": HEADINGS,
    }
    return {name: {value: _(text) for value, text in texts.items()} for name, texts in said.items()}
