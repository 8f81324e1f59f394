"""Uploaded files that a person reviews before they are taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sconto.domain.problems import Problem

KEPT_FOR: Final = timedelta(hours=2)
"""How long a file waits for its user."""

MAX_OF_USER: Final = 4
"""Files of one user that wait; a new one removes the oldest."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits: its name, and its size in bytes. `typed` is a text from a field."""

    id: int
    name: str
    size: int
    typed: bool
    expires_at: datetime


class UploadNotFound(Problem):
    """The user has no such upload, or it was taken or has expired."""
