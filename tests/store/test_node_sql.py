"""The statements that run on the nodes of a distributed database name shards for all tables."""

import re

from sconto.store.database import Connection, Database
from sconto.store.distribution import LOCAL_TABLES
from sconto.store.node_calls import NodeFunction
from sconto.store.node_functions import FUNCTIONS, POLLS
from sconto.store.node_sql import Step, for_shards
from tests.store.test_citus import DISTRIBUTED

OWN = "newest_price_version("

STATEMENTS = {
    *(function.statement for function in FUNCTIONS),
    *(
        part.statement
        for function in FUNCTIONS
        for part in (*function.before, *function.after)
        if isinstance(part, Step)
    ),
    *(poll.listed for poll in POLLS),
}


def test_a_table_is_marked_and_keeps_its_name_as_an_alias() -> None:
    statement = "SELECT orders.status FROM orders JOIN codes AS code USING (merchant_id)"
    assert for_shards(statement, ["codes", "orders"]) == (
        "SELECT orders.status FROM <orders> AS orders JOIN <codes> AS code USING (merchant_id)"
    )


async def test_each_statement_for_shards_names_no_table_and_is_the_same(database: Database) -> None:
    async with database.read() as connection:
        rows = await connection.fetch(DISTRIBUTED, list(LOCAL_TABLES))
        tables = [row["name"] for row in rows]
        table = re.compile(rf"\b(FROM|JOIN|INTO|UPDATE|USING)\s+({'|'.join(tables)})\b")
        for statement in STATEMENTS:
            marked = for_shards(statement, tables)
            assert table.findall(marked) == []
            named = re.sub(rf"<({'|'.join(tables)})>", r"\1", marked)
            named = named.replace("<prefix>newest_price_version('timeline_versions', ", OWN)
            assert await signature(connection, named) == await signature(connection, statement)


async def signature(connection: Connection, statement: str) -> object:
    """The types of the parameters, and the columns."""
    prepared = await connection.prepare(statement)
    return prepared.get_parameters(), prepared.get_attributes()


def test_a_function_is_named_by_all_that_it_does() -> None:
    alone = NodeFunction("SELECT $1::bigint")
    more = NodeFunction("SELECT $1::bigint", after=("IF true THEN NULL; END IF;",))
    names = {alone.name, more.name, NodeFunction("SELECT $1::bigint", writes=True).name}
    assert len(names) == 3
