"""Versions: a form saves only what nobody changed while it was open.

The version of a row is the time of its last change, and a later change has a later time
(`changed_at`). The statement that saves names the version that the form was made from. If two
people save the same version, the second is refused.
"""

from dataclasses import dataclass
from datetime import datetime

from sconto.domain.history import Subject
from sconto.domain.people import Caller
from sconto.store import history
from sconto.store.database import Database, retried


class ChangedMeanwhile(Exception):
    """Somebody made a change after the version that the caller has, so nothing is written."""

    def __init__(self) -> None:
        super().__init__("changed by somebody else meanwhile")


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who made the last change, and when; `username` is None at the command line."""

    username: str | None
    at: datetime


@retried
async def find_last_change(
    database: Database, caller: Caller, subject: Subject, subject_id: int
) -> LastChange | None:
    """The last change of a promotion in the history."""
    async with database.read(caller.merchant_id) as connection:
        page = await history.list_entries(
            connection, caller.merchant_id, subject, subject_id, limit=1
        )
    return next((LastChange(one.username, one.recorded_at) for one in page.entries), None)
