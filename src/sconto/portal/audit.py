"""The audit log: who did what, when, and to what; by filters, page by page, and as a file."""

import base64
import csv
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from starlette.responses import Response, StreamingResponse

from sconto.domain.audit_list import LATEST, AuditEntry, AuditPlace, AuditQuery, Person
from sconto.domain.history import Subject, Verb
from sconto.domain.names import is_name
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Action
from sconto.domain.spreadsheet import BYTE_ORDER_MARK, shown_as_text
from sconto.operations import audit
from sconto.operations.turns import in_short_turns
from sconto.portal.cart_facts import cart_fact_words
from sconto.portal.facts import fact_words
from sconto.portal.order_lists import start_of_day
from sconto.portal.pages import read
from sconto.portal.promotion import differences
from sconto.portal.sentences import VERBS
from sconto.portal.visit import Visit
from sconto.portal.words import marked

_LISTED: Final = 50

_FIELDS: Final = ("kind", "person", "first", "last")

KINDS: Final = {
    Subject.PROMOTION: marked("Promotions and codes"),
    Subject.SUBSCRIPTION_PROMOTION: marked("Subscription promotions"),
    Subject.USER: marked("People"),
    Subject.SIGN_IN: marked("Sign-in"),
    Subject.API_KEY: marked("API keys"),
    Subject.WEBHOOK: marked("Webhooks"),
    Subject.SETTINGS: marked("Settings"),
    Subject.EXPORT: marked("Exports"),
    Subject.RETENTION: marked("Retention"),
}

_ADDRESSES: Final = {
    Subject.PROMOTION: "/promotions/{}",
    Subject.SUBSCRIPTION_PROMOTION: "/subscriptions/{}",
    Subject.USER: "/people/{}",
    Subject.SIGN_IN: "/people/{}",
    Subject.API_KEY: "/keys/{}",
    Subject.WEBHOOK: "/webhooks/{}",
}

ACTIONS: Final = {
    **VERBS,
    Verb.REVOKED: marked("Revoked"),
    Verb.LINK_MADE: marked("Password link made"),
    Verb.EMAIL_SET: marked("E-mail address changed"),
    Verb.SIGNED_IN: marked("Signed in"),
    Verb.SIGN_IN_FAILED: marked("Sign-in failed"),
    Verb.SESSION_ENDED: marked("Session ended"),
    Verb.TWO_FACTOR_ON: marked("Two-factor sign-in switched on"),
    Verb.TWO_FACTOR_OFF: marked("Two-factor sign-in switched off"),
    Verb.TWO_FACTOR_RESET: marked("Two-factor sign-in reset"),
    Verb.CODE_REFUSED: marked("Wrong two-factor code"),
    Verb.RECOVERY_CODES_RENEWED: marked("Recovery codes renewed"),
    Verb.SECRET_RENEWED: marked("Secret renewed"),
    Verb.REPLAYED: marked("Events sent again"),
    Verb.RECORDING_SET: marked("Recording of events switched"),
    Verb.EXPORTED: marked("Downloaded"),
    Verb.PURGED: marked("Old records purged"),
    Verb.CUSTOMER_ERASED: marked("Customer erased"),
    Verb.CUSTOMER_EXPORTED: marked("Customer's data copied"),
}

_COLUMNS: Final = ("time", "person", "kind", "action", "id", "name", "before", "after")

_READER: Final = msgspec.json.Decoder(tuple[str, int])


async def show(visit: Visit) -> Response:
    """A page of the entries that match the filters."""
    asked = {name: visit.query(name) for name in _FIELDS}
    query, faults = _read_query(visit, asked)
    page = await audit.list_entries(visit.context.database, visit.caller, query)
    return visit.render(
        "audit.html",
        asked={name: text for name, text in asked.items() if text},
        faults=faults,
        entries=[_shown(visit, one) for one in page.entries],
        kinds=KINDS,
        verbs=ACTIONS,
        after=visit.query("after"),
        next=None if page.next is None else _write_place(page.next),
        command_line=_command_line(visit),
    )


async def download(visit: Visit) -> Response:
    """Stream all entries that match the filters as a CSV file."""
    asked = {name: visit.query(name) for name in _FIELDS}
    query, faults = _read_query(visit, asked)
    if faults:
        return visit.redirect("/audit", None, **asked)
    batches = audit.export_entries(visit.context.database, visit.caller, query)
    turns, merchant_id = visit.context.short_turns, visit.caller.merchant_id
    lines = in_short_turns(turns, merchant_id, batches, _write_lines)
    headers = {"Content-Disposition": 'attachment; filename="audit-log.csv"'}
    return StreamingResponse(_write_file(lines), media_type="text/csv", headers=headers)


def _read_query(visit: Visit, asked: Mapping[str, str]) -> tuple[AuditQuery, list[str]]:
    """The query, and the faults in it; a faulty filter is ignored."""
    faults: list[str] = []

    def day(name: str, days: int) -> datetime | None:
        try:
            return start_of_day(visit, asked[name], days)
        except (ValueError, OverflowError):
            faults.append(visit.gettext("Write a day like 2026-11-27."))
            return None

    since, until = day("first", 0), day("last", 1)
    kind = Subject(asked["kind"]) if asked["kind"] in tuple(Subject) else None
    person = None
    if asked["person"] == _command_line(visit):
        person = Person(None)
    elif is_name(asked["person"]):
        person = Person(asked["person"])
    elif asked["person"]:
        faults.append(visit.gettext("Nobody has this name."))
    place = _read_place(visit.query("after"))
    return AuditQuery(_LISTED, place or LATEST, kind, person, since, until), list(
        dict.fromkeys(faults)
    )


def _shown(visit: Visit, one: AuditEntry) -> dict[str, Any]:
    change = one.entry.change
    address = _ADDRESSES.get(change.subject)
    if one.is_cart:
        address = "/cart-promotions/{}"
    words = cart_fact_words if one.is_cart else fact_words
    return {
        "entry": one.entry,
        "name": one.name or _name_in(one),
        # Names are those of now, so a deleted thing has none.
        "address": address.format(change.subject_id)
        if address is not None and one.name is not None
        else None,
        "differences": differences(visit, one.entry, words),
    }


def _name_in(one: AuditEntry) -> str | None:
    """The name of a deleted thing, from the entry itself."""
    for facts in (one.entry.change.after, one.entry.change.before):
        for name in ("name", "url"):
            if facts is not None and isinstance(facts.get(name), str):
                return str(facts[name])
    return None


def _command_line(visit: Visit) -> str:
    return visit.gettext("command line")


def _write_place(place: AuditPlace) -> str:
    text = msgspec.json.encode([place.recorded_at.isoformat(), place.entry_id])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _read_place(text: str) -> AuditPlace | None:
    """The place; None if the text is no place."""
    try:
        moment, entry_id = _READER.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        at = datetime.fromisoformat(moment)
        is_place = at.tzinfo is not None and 0 < entry_id <= MAX_INT64
        return AuditPlace(at.astimezone(UTC), entry_id) if is_place else None
    except (ValueError, OverflowError):
        return None


async def _write_file(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield BYTE_ORDER_MARK + ",".join(_COLUMNS) + "\r\n"
    async for some in lines:
        yield some


def _write_lines(batch: Sequence[AuditEntry]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows(_write_line(one) for one in batch)
    return lines.getvalue()


def _write_line(one: AuditEntry) -> Sequence[object]:
    entry, change = one.entry, one.entry.change
    facts = [
        "" if part is None else json.dumps(part, ensure_ascii=False)
        for part in (change.before, change.after)
    ]
    return (
        entry.recorded_at.astimezone(UTC).isoformat(),
        shown_as_text(entry.username or ""),
        change.subject.value,
        change.verb.value,
        change.subject_id or "",
        shown_as_text(one.name or _name_in(one) or ""),
        *map(shown_as_text, facts),
    )


PAGES: Final = (
    read("/audit", show, Action.READ_AUDIT_LOG),
    read("/audit.csv", download, Action.READ_AUDIT_LOG),
)
