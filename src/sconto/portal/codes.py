"""The codes of a promotion: list, add, remove, generate, download."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from sconto.domain.code_file import CodeLineFault, typed_lines
from sconto.domain.code_list import (
    CODE_COLUMNS,
    MAX_CODES_ADDED,
    MAX_CODES_COUNTED,
    CodeCounts,
    CodeQuery,
    CodeState,
    ListedCode,
    code_cells,
)
from sconto.domain.code_pattern import CodePattern
from sconto.domain.codes import CodeType
from sconto.domain.merchant_settings import fill_code_link
from sconto.domain.people import Action
from sconto.domain.problems import (
    CodeFileRefused,
    CursorRefused,
    NoCodesSent,
    PatternRefused,
)
from sconto.operations import code_generation, code_imports, codes
from sconto.operations.sheet_files import SheetRefused
from sconto.portal import code_uploads
from sconto.portal.csv_files import stream_csv
from sconto.portal.file_sentences import CODE_FAULTS, PATTERN_FAULTS
from sconto.portal.notices import Notice
from sconto.portal.pages import read, write
from sconto.portal.promotion import find_heading, show_page
from sconto.portal.sentences import CODE_STATES, ENDINGS
from sconto.portal.typed_values import choice_of
from sconto.portal.uploads import keep_text, say_refused
from sconto.portal.visit import Visit

FILE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a file: enough for a million codes of thirty letters."""

_LISTED: Final = 50
_NAMED_LINES: Final = 10
_PATTERN: Final = {"prefix": "", "groups": "2", "length": "4", "count": "100"}


async def show_codes(visit: Visit) -> Response:
    """The codes that were searched for, a page at a time, and running generations."""
    return await _show(visit)


async def add(visit: Visit) -> Response:
    """Show what is in a file, or add all codes of the field, or none if one is wrong."""
    promotion_id = visit.id_in_path("promotion_id")
    _ = visit.gettext
    file = visit.form.get("code_file")
    if isinstance(file, UploadFile) and file.size:
        try:
            return await code_uploads.take_file(visit, promotion_id, file)
        except SheetRefused as refused:
            return await _show(visit, {"codes": say_refused(visit, refused)})
    text = typed_lines(visit.field("codes"))
    try:
        added = await code_imports.import_codes(
            visit.context.database, visit.caller, promotion_id, [text], visit.now, typed=True
        )
    except NoCodesSent:
        return await _show(visit, {"codes": _("Write at least one code, or choose a file.")})
    except CodeFileRefused as problem:
        if any(line.fault is CodeLineFault.BLANKS for line in problem.lines):
            upload_id = await keep_text(visit, "", text)
            return code_uploads.show_upload(visit, promotion_id, upload_id)
        return await _show_refused(visit, problem)
    notice = code_uploads.codes_added(visit, added)
    return visit.redirect(f"/promotions/{promotion_id}/codes", notice)


async def _show_refused(visit: Visit, problem: CodeFileRefused) -> Response:
    _ = visit.gettext
    lines = [f"{line.line}: {_(CODE_FAULTS[line.fault])}" for line in problem.lines[:_NAMED_LINES]]
    more = visit.language.ngettext(
        "Nothing was added, for %(number)s line cannot be taken.",
        "Nothing was added, for %(number)s lines cannot be taken.",
        problem.total,
    )
    sentence = more % {"number": visit.language.number(problem.total)}
    return await _show(visit, {"codes": sentence}, lines)


async def remove(visit: Visit) -> Response:
    """Remove one code, after asking."""
    promotion_id = visit.id_in_path("promotion_id")
    code = visit.field("code")
    if visit.field("step") != "remove":
        heading = await find_heading(visit)
        return visit.render("promotions/remove_code.html", summary=heading.summary, code=code)
    gone = await codes.remove_codes(
        visit.context.database, visit.caller, promotion_id, [code], visit.now
    )
    _ = visit.gettext
    text = _("The code %(code)s is removed.") if gone.removed else _("There is no code %(code)s.")
    return visit.redirect(f"/promotions/{promotion_id}/codes", Notice(text % {"code": code}))


async def generate(visit: Visit) -> Response:
    """Start generating codes in the background."""
    promotion_id = visit.id_in_path("promotion_id")
    groups, length, count = (_number(visit.field(name)) for name in ("groups", "length", "count"))
    pattern = CodePattern(visit.field("prefix"), groups, length)
    try:
        await code_generation.start_generation(
            visit.context.database, visit.caller, promotion_id, pattern, count, visit.now
        )
    except PatternRefused as problem:
        return await _show(visit, {"generate": _pattern_words(visit, problem)})
    text = visit.gettext("The codes are being made. You can leave this page and come back.")
    return visit.redirect(f"/promotions/{promotion_id}/codes", Notice(text))


def _pattern_words(visit: Visit, problem: PatternRefused) -> str:
    number = visit.language.number
    return visit.gettext(PATTERN_FAULTS[problem.fault]) % {
        "most": number(MAX_CODES_ADDED),
        "possible": number(problem.possible),
        "generated": number(problem.generated),
    }


async def download(visit: Visit) -> Response:
    """Stream all codes as a CSV file."""
    promotion_id = visit.id_in_path("promotion_id")
    parts = await codes.export_codes(visit.context.database, visit.caller, promotion_id)
    cells = partial(code_cells, for_people=True)
    return stream_csv(visit, f"codes-{promotion_id}", CODE_COLUMNS, parts, cells)


async def _show(
    visit: Visit, faults: Mapping[str, str] | None = None, lines: Sequence[str] = ()
) -> Response:
    heading = await find_heading(visit)
    database, promotion_id = visit.context.database, heading.summary.id
    state = visit.query("state")
    query = CodeQuery(
        _LISTED,
        visit.query("after") or None,
        visit.query("search") or None,
        choice_of(CodeState, state),
        anywhere=True,
    )
    try:
        page = await codes.list_found_codes(database, visit.caller, heading, query)
    except CursorRefused:
        return visit.redirect(f"/promotions/{promotion_id}/codes")
    counts = await _count(visit, promotion_id)
    generations = await code_generation.list_generations(database, visit.caller, promotion_id)
    return show_page(
        visit,
        "promotions/codes.html",
        heading,
        status=422 if faults else 200,
        page=page,
        links=_links(visit, page.codes),
        counts=counts,
        is_one_time=heading.code_type is CodeType.ONE_TIME,
        query=query,
        states=CODE_STATES,
        endings=ENDINGS,
        generations=generations,
        running=any(generation.ending is None for generation in generations),
        faults=faults or {},
        lines=lines,
        typed=visit.field("codes"),
        pattern={name: visit.field(name) or value for name, value in _PATTERN.items()},
        most=MAX_CODES_ADDED,
        most_counted=MAX_CODES_COUNTED,
    )


def _links(visit: Visit, listed: Sequence[ListedCode]) -> dict[str, str]:
    """The shop's links that carry the codes, by code; none if no link is set."""
    pattern = visit.profile.code_link
    if pattern is None:
        return {}
    return {one.code: fill_code_link(pattern, one.code) for one in listed}


async def _count(visit: Visit, promotion_id: int) -> CodeCounts | None:
    """The promotion's codes; None if there are many, and the address does not ask for all."""
    database, caller = visit.context.database, visit.caller
    if visit.query("count") == "all":
        async with visit.context.short_turns.of(caller.merchant_id):
            return await codes.count_codes(database, caller, promotion_id)
    most = MAX_CODES_COUNTED + 1
    counts = await codes.count_codes(database, caller, promotion_id, most)
    return None if counts.total == most else counts


def _number(text: str) -> int:
    """The typed number; 0, which every pattern refuses, for other texts."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 0


PAGES: Final = (
    read("/promotions/{promotion_id}/codes", show_codes, Action.READ_PROMOTIONS),
    write(
        "/promotions/{promotion_id}/codes",
        add,
        Action.WRITE_PROMOTIONS,
        limit=FILE_LIMIT,
        files=1,
        again=show_codes,
    ),
    write("/promotions/{promotion_id}/codes/remove", remove, Action.WRITE_PROMOTIONS),
    write(
        "/promotions/{promotion_id}/codes/generate",
        generate,
        Action.WRITE_PROMOTIONS,
        again=show_codes,
    ),
    read("/promotions/{promotion_id}/codes.csv", download, Action.READ_PROMOTIONS),
)
