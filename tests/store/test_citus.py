"""The script that distributes the database by merchant, compared with the schema."""

import re
from pathlib import Path

from sconto.store.database import Database

SCRIPT = (Path(__file__).parents[2] / "docs" / "citus.sql").read_text()

DISTRIBUTED = re.findall(r"^SELECT create_distributed_table\('(\w+)', 'merchant_id'", SCRIPT, re.M)
COPIED = re.findall(r"^SELECT create_reference_table\('(\w+)'\);$", SCRIPT, re.M)

# Citus refuses unique keys that two shards could both have.
UNIQUE = """
SELECT indrelid::regclass::text AS of, indexrelid::regclass::text AS name
FROM pg_index
WHERE indisunique AND indrelid = ANY ($1::text[]::regclass[]) AND NOT EXISTS (
    SELECT FROM pg_attribute AS field
    WHERE field.attrelid = indrelid AND field.attnum = ANY (indkey) AND attname = 'merchant_id'
)
"""

REFERENCES = """
SELECT conrelid::regclass::text AS of, confrelid::regclass::text AS other
FROM pg_constraint WHERE contype = 'f'
"""


async def test_the_script_names_every_table(database: Database) -> None:
    async with database.read() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
    (remaining,) = re.findall(r"^-- On the coordinator stay, .*: (.*)\.$", SCRIPT, re.M)
    named = [*DISTRIBUTED, *COPIED, *remaining.split(", ")]
    assert sorted(named) == sorted(table["tablename"] for table in tables)


async def test_every_key_of_a_distributed_table_has_the_merchant(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.fetch(UNIQUE, DISTRIBUTED) == []


async def test_a_table_comes_after_those_that_it_references(database: Database) -> None:
    order = [*COPIED, *DISTRIBUTED]
    async with database.read() as connection:
        references = await connection.fetch(REFERENCES)
    distributed = [(row["of"], row["other"]) for row in references if row["of"] in DISTRIBUTED]
    assert distributed
    for table, other in distributed:
        assert order.index(other) < order.index(table)
