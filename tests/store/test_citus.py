"""The schema can be distributed by merchant."""

from sconto.store.database import Database
from sconto.store.distribution import LOCAL_TABLES

DISTRIBUTED = """
SELECT DISTINCT relname::text AS name
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname = 'merchant_id'
    AND relname <> ALL ($1::text[])
"""

# Citus refuses unique keys that two shards could both have.
UNIQUE = """
SELECT indrelid::regclass::text AS of, indexrelid::regclass::text AS name
FROM pg_index
WHERE indisunique AND indrelid = ANY ($1::text[]::regclass[]) AND NOT EXISTS (
    SELECT FROM pg_attribute AS field
    WHERE field.attrelid = indrelid AND field.attnum = ANY (indkey) AND attname = 'merchant_id'
)
"""

# A distributed table may name others by the merchant and a key, so that both are on one node.
ACROSS = """
SELECT conrelid::regclass::text AS of, confrelid::regclass::text AS other
FROM pg_constraint
WHERE contype = 'f' AND conrelid = ANY ($1::text[]::regclass[])
    AND confrelid <> 'merchants'::regclass
    AND (confrelid <> ALL ($1::text[]::regclass[]) OR NOT EXISTS (
        SELECT FROM pg_attribute AS field
        WHERE field.attrelid = conrelid AND field.attnum = conkey[1] AND attname = 'merchant_id'
    ))
"""

IDENTITIES = """
SELECT attrelid::regclass::text FROM pg_attribute
WHERE attidentity <> '' AND atttypid <> 'bigint'::regtype
    AND attrelid = ANY ($1::text[]::regclass[])
"""


async def test_every_key_of_a_distributed_table_has_the_merchant(database: Database) -> None:
    async with database.read() as connection:
        found = await connection.fetch(DISTRIBUTED, list(LOCAL_TABLES))
        names = [row["name"] for row in found]
        assert {"orders", "promotions", "codes", "history", "events"} <= set(names)
        assert await connection.fetch(UNIQUE, names) == []
        assert await connection.fetch(ACROSS, names) == []
        assert await connection.fetch(IDENTITIES, names) == []
