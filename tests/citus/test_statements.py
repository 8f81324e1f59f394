"""Citus can plan each statement of the store, and draws ids only on the coordinator."""

import asyncio
import datetime
import importlib
import pkgutil
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

import asyncpg
import pytest

import sconto.store
from sconto.store import products, staged_codes
from sconto.store.database import Database
from sconto.store.node_functions import FUNCTIONS
from sconto.store.session import find_missing_settings, find_node_faults
from sconto.store.shard_map import READ_MAP, ShardMap

pytestmark = pytest.mark.timeout(400)

_NOW: Final = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)

_VALUES: Final[dict[str, Any]] = {
    "bool": False, "bytea": b"x", "date": _NOW.date(), "int2": 1, "int4": 1, "int8": 7,
    "json": "[]", "numeric": Decimal(1), "text": "7", "timestamptz": _NOW, "uuid": uuid.UUID(int=7),
}  # fmt: skip

_BEGINS: Final = re.compile(r"\s*(--[^\n]*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")

# Parts of statements, and statements for psycopg.
_NOT_FOR_ASYNCPG: Final = re.compile(r"\{[a-z_]+\}|<[a-z_]+>|%s")


def find_statements() -> Iterator[tuple[str, str]]:
    """The constants of the store that look like whole statements, by their names."""
    for module in pkgutil.iter_modules(sconto.store.__path__, "sconto.store."):
        if not module.ispkg:
            for name, value in vars(importlib.import_module(module.name)).items():
                for text in texts_of(value):
                    if _BEGINS.match(text) and not _NOT_FOR_ASYNCPG.search(text):
                        yield f"{module.name}.{name}", text


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_of(each)


_NOT_TRIED: Final = {
    "sconto.store.session._READ": "asks for settings by their names",
}


async def test_citus_has_a_plan_for_each_statement(distributed: Database) -> None:
    refused = []
    tried = 0
    for name, statement in dict(find_statements()).items():
        if name in _NOT_TRIED:
            continue
        is_whole = False
        try:
            async with distributed.write() as connection:
                await connection.execute(staged_codes._STAGE)
                await connection.execute(products._STAGE)
                prepared = await connection.prepare(statement)
                types = prepared.get_parameters()
                is_whole = True
                await prepared.fetch(*map(value_of, types))
                tried += 1
                raise LookupError  # rolls back what it did
        except LookupError:
            pass
        except (asyncpg.FeatureNotSupportedError, asyncpg.InternalServerError) as error:
            if not re.search("violates (check|foreign key) constraint", str(error)):
                refused.append((name, str(error)))
        except asyncpg.SyntaxOrAccessError as error:
            # Of what Citus makes of a statement. Parts of statements cannot even be prepared.
            if is_whole:
                refused.append((name, str(error)))
        except asyncpg.PostgresError:
            pass  # Our value is refused, but only after the statement was planned.
    assert refused == []
    assert tried > 200
    # Sequences keep what was drawn of them, though everything else was rolled back.
    async with distributed.read() as connection:
        assert await find_node_faults(connection) == []


def value_of(type_: asyncpg.Type) -> Any:
    """A value of the type; an array has one element."""
    name = type_.name.removesuffix("[]")
    return _VALUES[name] if name == type_.name else [_VALUES[name]]


_DRAWN: Final = re.compile(r"nextval\('public\.(?!event_outbox)(\w+)")

_ASKS_ALL: Final = {"sconto.store.products._PUT_STAGED"}
"""For databases without the functions; with them it is not sent."""


async def test_a_statement_of_a_merchant_is_sent_to_the_merchants_node_alone(
    distributed: Database,
) -> None:
    """So a node that is away stops nobody else. Functions and polls have tests of their own."""
    async with distributed.read() as connection:
        places = ShardMap.of(await connection.fetch(READ_MAP))
    node = list(places.nodes.values())[-1]
    called = {function.statement for function in FUNCTIONS}
    astray: dict[str, set[str]] = {}
    asked = 0
    for name, statement in dict(find_statements()).items():
        if "$1" not in statement or statement in called or name in _ASKS_ALL:
            continue
        ports = await ports_asked(distributed, statement, node.representative)
        asked += bool(ports)
        if not ports <= {str(node.port)}:
            astray[name] = ports
    assert astray == {}
    assert asked > 100


async def test_ids_are_drawn_on_the_coordinator_alone(distributed: Database) -> None:
    """With rows to insert. Only the ids under which events wait are drawn on the nodes."""
    called = {function.statement for function in FUNCTIONS}
    drawing: dict[str, list[str]] = {}
    asked = 0
    for name, statement in dict(find_statements()).items():
        if "INSERT" not in statement or statement in called:
            continue
        sent = await commands_sent(distributed, statement, 7)
        asked += bool(sent)
        if ids := [drawn for command, _ in sent for drawn in _DRAWN.findall(command)]:
            drawing[name] = ids
    assert drawing == {}
    assert asked > 20


async def ports_asked(database: Database, statement: str, merchant_id: int) -> set[str]:
    """The ports of the nodes to which Citus sends something for the statement."""
    sent = await commands_sent(database, statement, merchant_id)
    return set(re.findall(r"@\S+:(\d+) ", " ".join(node for _, node in sent)))


async def commands_sent(
    database: Database, statement: str, merchant_id: int
) -> list[tuple[str, str]]:
    """What Citus sends to nodes for the statement, each with its node."""
    said: list[tuple[str, str]] = []

    def listen(_: object, message: asyncpg.PostgresLogMessage) -> None:
        said.append((message.message, str(message.detail)))

    with suppress(LookupError, asyncpg.PostgresError):
        async with database.write() as connection:
            await connection.execute(staged_codes._STAGE)
            await connection.execute(products._STAGE)
            prepared = await connection.prepare(statement)
            values = list(map(value_of, prepared.get_parameters()))
            if values[0] in (_VALUES["int8"], [_VALUES["int8"]]):
                values[0] = merchant_id if isinstance(values[0], int) else [merchant_id]
            await connection.execute("SET LOCAL client_min_messages = notice")
            await connection.execute("SET LOCAL citus.log_remote_commands = on")
            said.clear()
            connection.add_log_listener(listen)
            try:
                await prepared.fetch(*values)
            finally:
                await asyncio.sleep(0)  # asyncpg tells the listener a step later
                connection.remove_log_listener(listen)
            raise LookupError  # rolls back what it did
    return [(command, node) for command, node in said if command.startswith("issuing")]


async def test_a_session_has_its_settings_and_the_nodes_theirs(distributed: Database) -> None:
    async with distributed.read() as connection:
        assert await find_missing_settings(connection) == []
        assert await find_node_faults(connection) == []
