"""The audit log: who did what, when, and to what; by filters, page by page, and as a file."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from starlette.responses import Response

from sconto.domain.audit_list import LATEST, AuditEntry, AuditQuery, Person
from sconto.domain.history import Subject, Verb
from sconto.domain.names import is_name
from sconto.domain.people import Action
from sconto.domain.spreadsheet import shown_as_text
from sconto.operations import audit
from sconto.portal.cart_facts import cart_fact_words
from sconto.portal.csv_files import stream_csv
from sconto.portal.cursors import read_audit_cursor, write_audit_cursor
from sconto.portal.day_filters import read_day_filters
from sconto.portal.facts import fact_words
from sconto.portal.pages import read
from sconto.portal.promotion import differences
from sconto.portal.sentences import VERBS
from sconto.portal.typed_values import choice_of
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
        next=write_audit_cursor(page.next),
        command_line=_command_line(visit),
    )


async def download(visit: Visit) -> Response:
    """Stream all entries that match the filters as a CSV file."""
    asked = {name: visit.query(name) for name in _FIELDS}
    query, faults = _read_query(visit, asked)
    if faults:
        return visit.redirect("/audit", None, **asked)
    batches = audit.export_entries(visit.context.database, visit.caller, query)
    return stream_csv(visit, "audit-log", _COLUMNS, batches, _cells)


def _read_query(visit: Visit, asked: Mapping[str, str]) -> tuple[AuditQuery, list[str]]:
    """The query, and the faults in it; a faulty filter is ignored."""
    faults: list[str] = []
    since, until = read_day_filters(visit, asked, faults)
    kind = choice_of(Subject, asked["kind"])
    person = None
    if asked["person"] == _command_line(visit):
        person = Person(None)
    elif is_name(asked["person"]):
        person = Person(asked["person"])
    elif asked["person"]:
        faults.append(visit.gettext("Nobody has this name."))
    place = read_audit_cursor(visit.query("after"))
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


def _cells(one: AuditEntry) -> Sequence[object]:
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
