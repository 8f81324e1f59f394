"""A connection for changes of the schema, and the meaning of its errors."""

import psycopg

from sconto.store.address import split_address
from sconto.store.database import DatabaseUnavailable


def connect(url: str, name: str) -> "psycopg.Connection[tuple[object, ...]]":
    """Connect under a name that administrators see. Raises DatabaseUnavailable."""
    try:
        return psycopg.connect(
            split_address(url)[0],
            connect_timeout=5,
            application_name=name,
            # A pooler would give prepared statements to the next client that connects.
            prepare_threshold=None,
        )
    except psycopg.Error as error:
        raise DatabaseUnavailable(one_line(error)) from error


def one_line(error: object) -> str:
    """The error's text without line breaks."""
    return " ".join(str(error).split())
