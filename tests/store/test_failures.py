"""What the errors of PostgreSQL, Citus and asyncpg mean for a request."""

import asyncpg
import pytest
from asyncpg.exceptions import PostgresError

from sconto.store.availability import (
    DatabaseReadOnly,
    DatabaseUnavailable,
    StatementStopped,
    TransactionUndone,
)
from sconto.store.failures import is_away, meaning_of

LOST = DatabaseUnavailable
STOPPED = StatementStopped
UNDONE = TransactionUndone


def of_code(code: str, text: str = "") -> PostgresError:
    """The error that asyncpg makes of what a server sends."""
    error: PostgresError = PostgresError.new({"S": "ERROR", "C": code, "M": text})
    return error


CODES = {
    LOST: (
        "08000 08001 08003 08004 08006 08007 08P01 28000 28P01 3D000 40003 53000 53100 53200 53300"
        " 53400 57000 57P01 57P02 57P03 57P04 57P05 58000 58030 58P01 25P03 25P04 42P05 26000"
        " F0000 08ZZZ 57ZZZ"
    ),
    UNDONE: "40000 40001 40P01",
    STOPPED: "57014 55000 55006 55P03 25P02",
    DatabaseReadOnly: "25006",
    type(None): "22012 23505 0A000 25001 40002 42601 42P01 42883 XX000 XX001 XX002 P0001 SC001",
}


@pytest.mark.parametrize(
    ("code", "meaning"),
    [(code, meaning) for meaning, codes in CODES.items() for code in codes.split()],
)
def test_a_code_says_whether_the_server_or_the_program_is_at_fault(
    code: str, meaning: type[object]
) -> None:
    assert type(meaning_of(of_code(code))) is meaning


# As Citus 13.2 and libpq say it.
TEXTS = {
    ("XX000", "could not commit transaction for shard 102008 on at least one active node"): LOST,
    ("XX000", "could not connect to any active placements"): LOST,
    ("XX000", "cannot connect to 127.0.0.1:5433 to fetch intermediate results"): LOST,
    ("XX000", 'failed to read result "4_1" from node 127.0.0.1:5433'): LOST,
    ("XX000", "execution cannot recover from multiple connection failures. Last node failed"): LOST,
    ("XX000", "server closed the connection unexpectedly\n\tThis probably means the server"): LOST,
    ("XX000", "could not receive data from server: Connection reset by peer"): LOST,
    ("XX000", "SSL SYSCALL error: EOF detected"): LOST,
    ("XX000", "failure on connection marked as essential: 127.0.0.1:5433"): STOPPED,
    ("XX000", "failed to prepare transaction 'citus_0_1_2_3' on host 127.0.0.1:5433"): STOPPED,
    ("XX000", "could not find valid entry for shard 102008"): STOPPED,
    ("XX000", "could not find valid entry for shard placement 7"): STOPPED,
    ("XX000", "shard 102008 does not have any shard placements"): STOPPED,
    ("XX000", "node group 3 does not have a primary node"): STOPPED,
    ("XX000", "could not open relation with OID 16385"): STOPPED,
    ("XX000", "tuple concurrently updated"): STOPPED,
    ("0A000", "cached plan must not change result type"): STOPPED,
    ("25001", "cannot open new connections after the first modification command within a"): STOPPED,
    ("42P01", 'relation "public.orders_102008" does not exist'): UNDONE,
    ("42P01", 'relation "orders" does not exist'): type(None),
    ("0A000", "complex joins are only supported when all distributed tables are co-located"): (
        type(None)
    ),
    ("XX000", "could not create distributed plan"): type(None),
}


@pytest.mark.parametrize(("said", "meaning"), TEXTS.items())
def test_a_text_of_citus_says_it_if_the_code_does_not(
    said: tuple[str, str], meaning: type[object]
) -> None:
    assert type(meaning_of(of_code(*said))) is meaning


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (ConnectionResetError("Connection lost"), LOST),
        (TimeoutError(), LOST),
        (OSError(113, "No route to host"), LOST),
        (asyncpg.InternalClientError("cannot switch to state 12; another operation"), LOST),
        (asyncpg.InterfaceError("pool is closing"), LOST),
        (asyncpg.InterfaceError("the underlying connection is closed"), LOST),
        (asyncpg.InterfaceError("connection has been released back to the pool"), LOST),
        (asyncpg.InterfaceError("the server expects 2 arguments for this query"), type(None)),
        (asyncpg.DataError("invalid input for query argument $1"), type(None)),
        (KeyError("order"), type(None)),
    ],
)
def test_a_broken_connection_is_no_fault_of_the_request(
    error: Exception, meaning: type[object]
) -> None:
    assert type(meaning_of(error)) is meaning


def test_what_a_coordinator_says_of_a_node_that_is_away_is_known() -> None:
    away = [of_code(code) for code in ("08006", "57P01", "57P02", "57P03")]
    away.append(of_code("XX000", "server closed the connection unexpectedly"))
    assert all(map(is_away, away))
    here = of_code("53300"), of_code("57014"), of_code("XX000", "could not create distributed plan")
    assert not any(map(is_away, here))
