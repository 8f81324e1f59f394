"""Reading the audit log: which entries, page by page, and what they are about."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sconto.domain.history import Entry, Subject
from sconto.domain.numbers import MAX_INT64


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """A place in the audit log, which is sorted by time."""

    recorded_at: datetime
    entry_id: int


LATEST: Final = AuditPlace(datetime(9999, 12, 31, tzinfo=UTC), MAX_INT64)
"""The place before all entries."""

FIRST_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """Who did something, by their name at that time; None is the command line."""

    name: str | None


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """The latest entries after a place, of one kind, by one person, in a period without its end."""

    limit: int
    before: AuditPlace = LATEST
    kind: Subject | None = None
    person: Person | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry, and the present name of its subject; None if that has no name.

    `is_cart` tells cart promotions from product promotions.
    """

    entry: Entry
    name: str | None
    is_cart: bool = False


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, latest first, and the place of the next page."""

    entries: tuple[AuditEntry, ...]
    next: AuditPlace | None
