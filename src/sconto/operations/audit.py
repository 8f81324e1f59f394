"""The audit log of a merchant: who did what, when, and to what."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from sconto.domain.audit_list import AuditEntry, AuditPage, AuditPlace, AuditQuery
from sconto.domain.history import Entry, Subject
from sconto.domain.people import Caller
from sconto.operations.exports import record_export
from sconto.store import audit as store
from sconto.store.database import Database, retried

_EXPORTED = 500
"""Entries of a batch of a file."""

_PEOPLE = (Subject.USER, Subject.SIGN_IN)


@retried
async def list_entries(database: Database, caller: Caller, query: AuditQuery) -> AuditPage:
    """A page of the audit log of the caller's merchant: two statements, however much is stored."""
    one_more = replace(query, limit=query.limit + 1)
    async with database.read(caller.merchant_id) as connection:
        found = await store.list_entries(connection, caller.merchant_id, one_more)
        shown = found[: query.limit]
        named = {(entry.change.subject, entry.change.subject_id) for entry, _, _ in shown}
        names = await store.find_names(
            connection,
            caller.merchant_id,
            {id_ for subject, id_ in named if subject in _PEOPLE},
            {id_ for subject, id_ in named if subject is Subject.API_KEY},
        )
    entries = tuple(
        AuditEntry(entry, name or names.get(_holder_of(entry)), is_cart)
        for entry, name, is_cart in shown
    )
    last = entries[-1].entry if len(found) > query.limit else None
    place = None if last is None else AuditPlace(last.recorded_at, last.id)
    return AuditPage(entries, place)


async def export_entries(
    database: Database, caller: Caller, query: AuditQuery
) -> AsyncIterator[Sequence[AuditEntry]]:
    """All entries that match the query, latest first, in batches; its limit is ignored."""
    conditions = {
        "since": None if query.since is None else query.since.isoformat(),
        "until": None if query.until is None else query.until.isoformat(),
    }
    await record_export(database, caller, "audit log", conditions)
    place: AuditPlace | None = query.before
    while place is not None:
        page = await list_entries(database, caller, replace(query, limit=_EXPORTED, before=place))
        yield page.entries
        place = page.next


def _holder_of(entry: Entry) -> tuple[Subject, int]:
    """The user whose name is looked up: a sign-in is about a user."""
    subject = entry.change.subject
    return (Subject.USER if subject in _PEOPLE else subject, entry.change.subject_id)
