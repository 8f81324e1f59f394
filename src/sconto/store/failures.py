"""What an error of PostgreSQL, Citus or asyncpg means for the request that met it.

A server that stops, starts, hangs or has no room is no fault of the request: it may be sent again.
Citus passes on what a node says with the node's code. What it says itself of a node or a shard, and
what libpq says of a connection to a node, has the code of an internal error, so the text decides.
Everything else is a fault of the program, and stays as it is.
"""

import re
from typing import Final

import asyncpg

from sconto.store.availability import (
    DatabaseReadOnly,
    DatabaseUnavailable,
    StatementStopped,
    TransactionUndone,
)

_UNAVAILABLE_CLASSES: Final = frozenset({
    "08",  # the connection, also that of Citus to a node
    "28",  # a name or password that is refused: wrong settings
    "3D",  # no such database: wrong settings, or a restore
    "53",  # no room on its disk, no memory, no connection left
    "57",  # the server is shut down, crashed, starts, or drops the database
    "58",  # an error of its system
    "F0",  # its files of settings
})  # fmt: skip
"""What the first two letters of PostgreSQL's code say: the server cannot serve now."""

_SHUT_DOWN: Final = frozenset({"57P01", "57P02", "57P03"})

_UNAVAILABLE_CODES: Final = frozenset({
    "25P03", "25P04",  # the session or the transaction was too long idle, or took too long
    "40003",  # it is unknown whether the statement was completed
})  # fmt: skip

_STOPPED_CODES: Final = frozenset({
    "57014",  # the database's administrator ended the statement, by hand or by a timeout
    "25P02",  # a statement before had failed, and the transaction with it
})  # fmt: skip

_STOPPED_CLASSES: Final = frozenset({
    "55",  # a lock is not available in time, or something is used by another
})  # fmt: skip

_STOPPED: Final = re.compile(
    # Citus, before it commits anything: a node has closed the connection that Citus had to it.
    "failure on connection marked as essential|failed to prepare transaction"
    # After such a failure in a transaction.
    "|cannot open new connections after the first modification"
    "|cannot perform query,? (because modifications|with placements|on placements)"
    # A shard or a node was moved, removed or added while the statement ran.
    "|could not find valid entry for (shard|partition|node|Citus table|citus table)"
    "|does not have any shard placements|shard for the given value does not exist"
    r"|node (group )?\d+ (could not be found|does not have a primary)|no nodes in that group"
    # A table, an index or a function was changed or dropped meanwhile.
    "|could not open relation with OID|cache lookup failed for|tuple concurrently "
    "|cached (statement )?plan "
)
"""In errors that undo the transaction, and that a repetition does not meet again."""

_MOVED_SHARD: Final = re.compile(r'relation "[^"]+_\d{5,}" does not exist')
"""The table of a shard, which is on another node now."""

_UNAVAILABLE: Final = re.compile(
    # Citus. If it loses a node while this commits, it is unknown whether it did.
    "could not commit transaction for shard|could not connect to any active placements"
    "|to fetch intermediate results|failed to read result|recover from multiple connection"
    "|recover from inconsistent state|postmaster was shut down"
    # libpq, of the connection to a node.
    "|server closed the connection|connection not open|no connection to the server"
    "|could not (receive data from|send data to|connect to|send startup packet)"
    "|connection to server|SSL (SYSCALL|error|connection)|lost synchronization with server"
    "|timeout expired"
)
"""In internal errors that say that a node is away."""

_INTERNAL: Final = "XX000"

_TEXTS_OF: Final = frozenset({_INTERNAL, "0A000", "25001"})
"""Codes that say nothing without the text: internal, not supported, in a transaction."""

_MIXED_UP: Final = frozenset({"42P05", "26000"})
"""A prepared statement is there already, or is not there."""

_BROKEN: Final = re.compile("clos(ed|ing)|released back to the pool|another operation")
"""What asyncpg says of a connection that broke before the statement; its pool takes it back."""

_LOST: Final = (
    asyncpg.InternalClientError,
    asyncpg.exceptions.ClientConfigurationError,
    OSError,  # ConnectionError and TimeoutError are such
)


def meaning_of(error: BaseException) -> DatabaseUnavailable | None:
    """The error that callers know for this one; None if it is a fault of the program."""
    if isinstance(error, asyncpg.PostgresError):
        return _meaning_of_code(error.sqlstate or "", str(error))
    if isinstance(error, _LOST):
        return DatabaseUnavailable(str(error) or type(error).__name__)
    if isinstance(error, asyncpg.InterfaceError) and _BROKEN.search(str(error)):
        return DatabaseUnavailable(str(error))
    return None


def is_away(error: asyncpg.PostgresError) -> bool:
    """Whether the coordinator, which answers, says that it cannot reach a node."""
    code = error.sqlstate or ""
    if code == _INTERNAL:
        return bool(_UNAVAILABLE.search(str(error)))
    return code[:2] == "08" or code in _SHUT_DOWN


def _meaning_of_code(code: str, text: str) -> DatabaseUnavailable | None:
    kind = code[:2]
    if code == "25006":
        return DatabaseReadOnly(text)
    if code in _UNAVAILABLE_CODES:
        return DatabaseUnavailable(text)
    if (kind == "40" and code != "40002") or (code == "42P01" and _MOVED_SHARD.search(text)):
        return TransactionUndone(text)
    if (
        code in _STOPPED_CODES
        or kind in _STOPPED_CLASSES
        or (code in _TEXTS_OF and _STOPPED.search(text))
    ):
        return StatementStopped(text)
    if code in _MIXED_UP:
        return DatabaseUnavailable(
            "a pooler stands in between that mixes up prepared statements: "
            "add prepared_statements=false to SCONTO_DATABASE_URL"
        )
    if kind in _UNAVAILABLE_CLASSES or (code == _INTERNAL and _UNAVAILABLE.search(text)):
        return DatabaseUnavailable(text)
    return None
