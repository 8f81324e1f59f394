"""Reads the requests about the audit log and writes the answers, field by field."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sconto.api.cursors import decode, encode
from sconto.api.list_parameters import ListParameters, one_of, read_time
from sconto.api.rfc3339 import RULE, write_instant
from sconto.domain.audit_list import LATEST, AuditEntry, AuditPage, AuditPlace, AuditQuery, Person
from sconto.domain.history import Subject
from sconto.domain.names import is_name
from sconto.domain.numbers import MAX_INT64

MAX_ENTRIES: Final = 1000
"""The most entries of a page."""

PARAMETERS: Final = ("limit", "cursor", "kind", "username", "since", "until")

_CURSOR: Final = re.compile("([^~]{1,40})~([1-9][0-9]{0,18})")


def read_query(parameters: Sequence[tuple[str, str]]) -> AuditQuery:
    """Which entries to list. Raises InvalidFields."""
    # Of a parameter that is given twice the last one counts.
    query = ListParameters(dict(parameters).items(), PARAMETERS)
    limit, place = query.limit(MAX_ENTRIES), query.cursor(_read_cursor)
    kind, username = query.get("kind"), query.get("username")
    if kind is not None and kind not in tuple(Subject):
        query.note("kind", one_of(*Subject))
    if username is not None and not is_name(username):
        query.note("username", "must be the name of a user")
    period = []
    for name in ("since", "until"):
        text = query.get(name)
        instant = None if text is None else read_time(text)
        if text is not None and instant is None:
            query.note(name, RULE)
        period.append(instant)
    query.finish()
    return AuditQuery(
        limit,
        place or LATEST,
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
    return encode(f"{place.recorded_at.isoformat()}~{place.entry_id}")


def _read_cursor(text: str) -> AuditPlace | None:
    """The place of a cursor; None if the text is not a cursor."""
    found = _CURSOR.fullmatch(decode(text) or "")
    if found is None or int(found[2]) > MAX_INT64:
        return None
    try:
        at = datetime.fromisoformat(found[1])
        return AuditPlace(at.astimezone(UTC), int(found[2])) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
