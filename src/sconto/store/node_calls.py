"""Calls of functions that run whole on the merchant's node of a distributed database.

Each function runs the same statement that a plain PostgreSQL gets, so there is one text, with one
proof. The name has a digest of everything that the function does. So several versions of Sconto
each call their own functions, and a version that finds none sends the statement.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from sconto.store.node_sql import FORMS, NOT_PASSED_ON, Script

PREFIX: Final = "sconto_"

FIND_FUNCTIONS: Final = f"""
SELECT proname::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND starts_with(proname::text, '{PREFIX}')
"""  # noqa: S608  # of our own constants
"""The names of the functions that the database has."""

NODE_TIMEOUT: Final = 5.0
"""Seconds for the answer of a node. The coordinator waits for it much longer."""

LONG_TIMEOUT: Final = 60.0
"""The same for what no shopper waits for."""

_NONE: Final[frozenset[str]] = frozenset()

_PARAMETER: Final = re.compile(r"\$(\d+)\b")


def digest(*texts: str) -> str:
    """The first letters of the SHA-256 of the texts and of the forms that they are put into."""
    return hashlib.sha256("\0".join((*FORMS, *texts)).encode()).hexdigest()[:20]


HELPERS: Final = f"{PREFIX}node_{digest()}_"
"""How the functions begin that others call."""


class NodeFunction:
    """A function with the parameters and columns of a statement, whose first one is the merchant.

    It may run more steps `before` and `after` the statement. `<result>` there is the statement's
    first column.
    """

    def __init__(
        self,
        statement: str,
        *,
        writes: bool = False,
        before: Script = (),
        after: Script = (),
        timeout: float = NODE_TIMEOUT,
    ) -> None:
        self.statement: Final = statement
        self.writes: Final = writes
        self.before: Final = before
        self.after: Final = after
        self._timeout = timeout
        numbers = range(1, count_parameters(statement) + 1)
        self.arguments: Final = [f"${number}" for number in numbers]
        script = [str(part) for part in (*before, "", *after)]
        self.name: Final = f"{PREFIX}{'write' if writes else 'read'}_{digest(statement, *script)}"
        self._call: Final = f"SELECT * FROM {self.name}({', '.join(self.arguments)})"  # noqa: S608  # of our own constants

    def is_on(self, connection: Any) -> bool:
        """Whether the merchant's node has the function, and calls reach it."""
        functions: frozenset[str] = getattr(connection, "node_functions", _NONE)
        return self.name in functions and (connection.is_direct or connection.nodes.get_calls)

    async def fetchval(self, connection: Any, *arguments: object) -> Any:
        """The first column, from the merchant's node if it has the function.

        A node that does not answer in time raises TimeoutError. Then the connection is closed, and
        it is unknown whether a write took place.
        """
        if not self.is_on(connection):
            return await connection.fetchval(self.statement, *arguments)
        row = await self._call_node(connection, arguments)
        return None if row is None else row[0]

    async def fetchrow(self, connection: Any, *arguments: object) -> Any:
        """The row; None if there is none, or if all its columns are null. Otherwise as `fetchval`.

        A function answers nulls where its statement has no row.
        """
        if not self.is_on(connection):
            return await connection.fetchrow(self.statement, *arguments)
        row = await self._call_node(connection, arguments)
        return row if row is not None and any(value is not None for value in row) else None

    async def _call_node(self, connection: Any, arguments: Sequence[object]) -> Any:
        try:
            return await connection.fetchrow(self._call, *arguments, timeout=self._timeout)
        except TimeoutError:
            connection.terminate()
            raise
        except (asyncpg.SerializationError, asyncpg.UndefinedTableError):
            if connection.is_direct:
                # The merchant is on another node now, and its shard perhaps dropped here. The retry
                # asks the coordinator.
                connection.nodes.invalidate()
            raise
        except asyncpg.PostgresError as error:
            if error.sqlstate != NOT_PASSED_ON:
                raise
            connection.close_on_release()
            connection.nodes.note_not_passed_on()
            if connection.is_in_transaction() or self.before or self.after:
                # A retry finds that no calls are passed on.
                raise asyncpg.SerializationError(str(error)) from error
        return await connection.fetchrow(self.statement, *arguments)


def count_parameters(statement: str) -> int:
    """How many parameters the statement has."""
    return max((int(number) for number in _PARAMETER.findall(statement)), default=0)


def is_of_citus(connection: Any) -> bool:
    """Whether the connection's database may be distributed."""
    return bool(getattr(connection, "is_of_citus", False))
