"""Which node has a merchant, by the map of the shards."""

import random
from typing import Any, Final

from sconto.store.database import Database
from sconto.store.shard_map import ShardMap, hash_of

_ENDS: Final = (0, 1, -1, 2**31, 2**32, -(2**32), 2**63 - 1, -(2**63))

_QUARTER: Final = 2**30


def rows_of(*groups: int) -> list[dict[str, Any]]:
    """Shards of equal size for the groups, as READ_MAP reads them."""
    size = 2**32 // len(groups)
    return [
        {
            "lowest": -(2**31) + number * size,
            "highest": -(2**31) + (number + 1) * size - 1,
            "group": group,
            "host": f"10.0.0.{group}",
            "port": 5432,
            "is_informed": group != 9,
        }
        for number, group in enumerate(groups)
    ]


async def test_the_hash_is_postgresqls_own(database: Database) -> None:
    numbers = [*_ENDS, *range(50), *(random.getrandbits(64) - 2**63 for _ in range(500))]
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT number, hashint8(number) AS hash FROM unnest($1::bigint[]) AS number", numbers
        )
    assert {row["number"]: row["hash"] for row in rows} == {one: hash_of(one) for one in numbers}


def test_a_merchant_is_on_the_node_whose_shard_has_its_hash() -> None:
    found = ShardMap.of(rows_of(1, 2, 1, 3))
    for merchant_id in range(1, 200):
        quarter = (hash_of(merchant_id) + 2**31) // _QUARTER
        assert found.group_of(merchant_id) == (1, 2, 1, 3)[quarter]


def test_each_node_has_its_address_and_a_number_that_is_looked_for_there() -> None:
    found = ShardMap.of(rows_of(1, 2, 9, 2))
    assert {node.group: (node.address, node.is_informed) for node in found.nodes.values()} == {
        1: ("10.0.0.1:5432", True),
        2: ("10.0.0.2:5432", True),
        9: ("10.0.0.9:5432", False),
    }
    for group, node in found.nodes.items():
        assert found.group_of(node.representative) == group


def test_a_shard_with_copies_is_on_no_node() -> None:
    copied, *others = rows_of(1, 2)
    found = ShardMap.of([copied, copied | {"group": 3}, *others])
    groups = {hash_of(number) < 0: found.group_of(number) for number in range(1, 50)}
    assert groups == {True: None, False: 2}


def test_nothing_is_found_in_an_empty_map() -> None:
    found = ShardMap.of([])
    assert (found.group_of(1), dict(found.nodes)) == (None, {})
