"""Several promotions of the list, switched, deleted or given another end together; and undo."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from sconto.domain.numbers import parse_id
from sconto.domain.people import Action
from sconto.operations import bulk
from sconto.operations.bulk import BulkOutcome, BulkStatus
from sconto.portal.language import Language
from sconto.portal.notices import Notice
from sconto.portal.pages import write
from sconto.portal.places import list_address
from sconto.portal.search import page_of
from sconto.portal.typed_times import read_end
from sconto.portal.visit import Visit
from sconto.portal.words import marked

_UNDO: Final = "/promotions/undo"
_LONGEST_UNDO: Final = 2_000
"""Letters of an address that a notice can carry; cookies are short."""

_EPOCH: Final = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NO_END: Final = "none"

REASONS: Final = {
    BulkStatus.UNCHANGED: marked("It already is."),
    BulkStatus.GONE: marked("It no longer exists."),
    BulkStatus.RISES: marked("It would raise prices."),
    BulkStatus.REVERSED: marked("The end is before the start."),
    BulkStatus.TOO_MANY: marked("There are already too many automatic cart promotions."),
    BulkStatus.BUSY: marked("Others are changing promotions. Try again."),
}


async def change(visit: Visit) -> Response:
    """Do what the button says with the chosen promotions; ask first if necessary."""
    chosen = _chosen(visit)
    if not chosen:
        text = visit.gettext("Choose promotions first.")
        return visit.redirect(list_address(visit), Notice(text))
    action, step = visit.field("action"), visit.field("step")
    database, caller, now = visit.context.database, visit.caller, visit.now
    accepted = step.endswith("anyway")
    match action:
        case "on" | "off":
            outcomes = await bulk.switch_all(
                database, caller, chosen, now, active=action == "on", accept_rises=accepted
            )
        case "delete" if step:
            outcomes = await bulk.delete_all(database, caller, chosen, now)
        case "end" if step:
            no_end = step.startswith("no-end")
            ends_at = None if no_end else read_end(visit.field("ends_at"), visit.context.zone, None)
            if ends_at is None and not no_end:
                return await _ask(visit, action, chosen, visit.gettext("Write a day and a time."))
            ends = dict.fromkeys(chosen, ends_at)
            outcomes = await bulk.move_ends(database, caller, ends, now, accept_rises=accepted)
        case "delete" | "end":
            return await _ask(visit, action, chosen)
        case _:
            raise HTTPException(400)
    return _answer(visit, action, outcomes)


async def undo(visit: Visit) -> Response:
    """Change promotions back; the address names them."""
    action, texts = (
        visit.request.path_params["action"],
        visit.request.path_params["what"].split("-"),
    )
    database, caller, now = visit.context.database, visit.caller, visit.now
    if action == "end":
        ends = {_id(one): _read_end(end) for one, end in zip(texts[::2], texts[1::2], strict=False)}
        outcomes = await bulk.move_ends(database, caller, ends, now, accept_rises=True)
    elif action in ("on", "off"):
        outcomes = await bulk.switch_all(
            database, caller, [_id(one) for one in texts], now, active=action == "on",
            accept_rises=True,
        )  # fmt: skip
    elif action == "restore":
        outcomes = await bulk.restore_all(database, caller, [_id(one) for one in texts], now)
    else:
        raise HTTPException(404)
    return _answer(visit, "undo", outcomes)


async def _ask(
    visit: Visit, action: str, chosen: Sequence[int], fault: str | None = None
) -> Response:
    found = await bulk.find_chosen(visit.context.database, visit.caller, chosen)
    return visit.render(
        "promotions/bulk_ask.html",
        status=200 if fault is None else 422,
        action=action,
        promotions=[found[one] for one in chosen if one in found],
        ends_at=visit.field("ends_at"),
        fault=fault,
        back=list_address(visit),
    )


def _answer(visit: Visit, action: str, outcomes: Sequence[BulkOutcome]) -> Response:
    """The list if everything went well, otherwise a page that names what failed."""
    done = [one for one in outcomes if one.status is BulkStatus.DONE]
    others = [one for one in outcomes if one.status is not BulkStatus.DONE]
    undo_path = _undo_path(action, done)
    said = done_words(visit.language, action, len(done))
    if not others and (undo_path is None or len(undo_path) <= _LONGEST_UNDO):
        return visit.redirect(list_address(visit), Notice(said, undo_path))
    return visit.render(
        "promotions/bulk_done.html",
        action=action,
        done=done,
        said=said,
        others=others,
        rising=[one for one in others if one.status is BulkStatus.RISES],
        reasons=REASONS,
        undo_path=undo_path,
        ends_at=visit.field("ends_at"),
        no_end=visit.field("step").startswith("no-end"),
        page_of=page_of,
        back=list_address(visit),
    )


def done_words(language: Language, action: str, number: int) -> str:
    """How many promotions were changed, and how."""
    ngettext = language.ngettext
    texts: Mapping[str, str] = {
        "on": ngettext(
            "%(number)s promotion is switched on.", "%(number)s promotions are switched on.", number
        ),
        "off": ngettext(
            "%(number)s promotion is switched off.",
            "%(number)s promotions are switched off.",
            number,
        ),
        "delete": ngettext(
            "%(number)s promotion is deleted.", "%(number)s promotions are deleted.", number
        ),
        "end": ngettext(
            "%(number)s promotion has a new end.", "%(number)s promotions have a new end.", number
        ),
        "undo": ngettext(
            "%(number)s promotion is as it was.", "%(number)s promotions are as they were.", number
        ),
    }
    return texts[action] % {"number": language.number(number)}


def _undo_path(action: str, done: Sequence[BulkOutcome]) -> str | None:
    """The address that changes them back; None if nothing can be undone."""
    opposites = {"on": "off", "off": "on", "delete": "restore", "end": "end"}
    if not done or action not in opposites:
        return None
    parts = [str(one.promotion_id) for one in done]
    if action == "end":
        parts = [
            f"{one.promotion_id}-{_written_end(one.before.period.ends_at)}"
            for one in done
            if one.before is not None
        ]
    return f"{_UNDO}/{opposites[action]}/{'-'.join(parts)}"


def _chosen(visit: Visit) -> list[int]:
    """The ids of the chosen promotions."""
    texts = [text for text in visit.form.getlist("chosen") if isinstance(text, str)]
    ids = [parse_id(text) for text in texts]
    return list(dict.fromkeys(one for one in ids if one is not None))[: bulk.MAX_CHOSEN]


def _id(text: str) -> int:
    number = parse_id(text)
    if number is None:
        raise HTTPException(404)
    return number


def _written_end(instant: datetime | None) -> str:
    return _NO_END if instant is None else str((instant - _EPOCH) // _MICROSECOND)


def _read_end(text: str) -> datetime | None:
    if text == _NO_END:
        return None
    try:
        return _EPOCH + _id(text) * _MICROSECOND
    except OverflowError as error:
        raise HTTPException(404) from error


PAGES: Final = (
    write("/promotions/bulk", change, Action.WRITE_PROMOTIONS),
    write("/promotions/undo/{action}/{what}", undo, Action.WRITE_PROMOTIONS),
)
