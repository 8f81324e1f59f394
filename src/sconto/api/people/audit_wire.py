"""Reads the requests about the audit log and writes the answers, field by field."""

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.problem_json import find_unknown
from sconto.api.rfc3339 import RULE, read_instant, write_instant
from sconto.domain.audit_list import LATEST, AuditEntry, AuditPage, AuditPlace, AuditQuery, Person
from sconto.domain.history import Subject
from sconto.domain.names import is_name
from sconto.domain.numbers import MAX_INT64

MAX_ENTRIES: Final = 1000
"""The most entries of a page."""

PARAMETERS: Final = ("limit", "cursor", "kind", "username", "since", "until")

_LIMIT: Final = re.compile("[1-9][0-9]{0,3}")
_CURSOR: Final = re.compile("([^~]{1,40})~([1-9][0-9]{0,18})")


def read_query(parameters: Sequence[tuple[str, str]]) -> AuditQuery:
    """Which entries to list. Raises InvalidFields."""
    sent = dict(parameters)
    faults = find_unknown(sent, PARAMETERS)
    limit, kind, username = sent.get("limit", "100"), sent.get("kind"), sent.get("username")
    place = _read_cursor(sent["cursor"]) if "cursor" in sent else LATEST
    if not _LIMIT.fullmatch(limit) or int(limit) > MAX_ENTRIES:
        faults.append(FieldFault("/limit", f"must be a whole number from 1 to {MAX_ENTRIES}"))
    if place is None:
        faults.append(FieldFault("/cursor", "must be the next_cursor of an earlier answer"))
    if kind is not None and kind not in tuple(Subject):
        faults.append(FieldFault("/kind", f"must be one of {', '.join(Subject)}"))
    if username is not None and not is_name(username):
        faults.append(FieldFault("/username", "must be the name of a user"))
    period = []
    for name in ("since", "until"):
        # A + in an address is a blank.
        instant = read_instant(sent[name].replace(" ", "+")) if name in sent else None
        if name in sent and instant is None:
            faults.append(FieldFault(f"/{name}", RULE))
        period.append(instant)
    if faults or place is None:
        raise InvalidFields(faults)
    return AuditQuery(
        int(limit),
        place,
        None if kind is None else Subject(kind),
        None if username is None else Person(username),
        *period,
    )


def render_page(page: AuditPage) -> dict[str, object]:
    """A page of entries, and the cursor of the next one."""
    return {
        "entries": [_render(one) for one in page.entries],
        "next_cursor": None if page.next is None else _write_cursor(page.next),
    }


def _render(one: AuditEntry) -> dict[str, object]:
    entry, change = one.entry, one.entry.change
    return {
        "entry_id": entry.id,
        "recorded_at": write_instant(entry.recorded_at),
        "username": entry.username,
        "kind": change.subject.value,
        "action": change.verb.value,
        "id": change.subject_id or None,
        "name": one.name,
        "before": change.before,
        "after": change.after,
    }


def _write_cursor(place: AuditPlace) -> str:
    text = f"{place.recorded_at.isoformat()}~{place.entry_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> AuditPlace | None:
    """The place of a cursor; None if the text is no cursor."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        found = _CURSOR.fullmatch(plain)
        at = None if found is None else datetime.fromisoformat(found[1])
        if found is None or at is None or at.tzinfo is None or int(found[2]) > MAX_INT64:
            return None
        return AuditPlace(at.astimezone(UTC), int(found[2]))
    except (ValueError, OverflowError):
        return None
