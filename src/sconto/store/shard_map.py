"""Which node of a distributed database has a merchant's rows.

Citus hashes the distribution column as PostgreSQL's hash partitions and hash indexes do, and gives
each shard a range of hash values. So a process that has read the ranges once knows the node of each
merchant. The map may be outdated; the node itself detects that (`node_sql`).
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

READ_MAP: Final = """
SELECT shardminvalue::int AS lowest, shardmaxvalue::int AS highest, groupid AS "group",
       nodename::text AS host, nodeport AS port, isactive AND metadatasynced AS is_informed
FROM pg_dist_shard
JOIN pg_dist_placement USING (shardid)
JOIN pg_dist_node USING (groupid)
WHERE logicalrelid = 'public.products'::regclass AND noderole = 'primary'
ORDER BY 1
"""
"""The fields of each `Shard`, and of the node that has it."""

_MASK: Final = 0xFFFF_FFFF

_MOST_KNOWN: Final = 100_000
"""Merchants whose groups are cached; they take 10 MB."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node with rows.

    `representative` is a number that Citus would look for on the node if it were a merchant's id.
    `is_informed` says whether Citus informs the node of each change of shards and nodes.
    """

    group: int
    host: str
    port: int
    representative: int
    is_informed: bool = True

    @property
    def address(self) -> str:
        """The host and port, as Citus knows them."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Shard:
    """A range of hash values, including both ends, and the group of its node."""

    lowest: int
    highest: int
    group: int


def hash_of(number: int) -> int:
    """PostgreSQL's `hashint8` of a 64-bit number: a signed 32-bit number."""
    low, high = number & _MASK, number >> 32 & _MASK
    low ^= high if number >= 0 else ~high & _MASK
    # Bob Jenkins's lookup3 for one word, as in `hash_bytes_uint32`.
    a = b = c = (0x9E37_79B9 + 4 + 3_923_095) & _MASK
    a = (a + low) & _MASK
    for turn in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _rotated(b, turn)) & _MASK
        a, b, c = b, c, a
    # Seven steps rotate the three names by one: the former c is now b.
    return b - (b >> 31 << 32)


def _rotated(word: int, turn: int) -> int:
    return (word << turn | word >> 32 - turn) & _MASK


class ShardMap:
    """The shards at one moment, and their nodes by group."""

    def __init__(self, shards: Iterable[Shard], nodes: Iterable[Node]) -> None:
        self._shards: Final = sorted(shards, key=lambda shard: shard.lowest)
        self._lowest: Final = [shard.lowest for shard in self._shards]
        self._groups: Final[dict[int, int | None]] = {}
        self.nodes: Final[Mapping[int, Node]] = {node.group: node for node in nodes}

    @classmethod
    def of(cls, rows: Iterable[Any]) -> "ShardMap":
        """The map from the rows of READ_MAP."""
        rows = list(rows)
        placements = Counter(row["lowest"] for row in rows)
        shards = [
            Shard(row["lowest"], row["highest"], row["group"])
            for row in rows
            # A shard with copies is on several nodes, and only Citus keeps them equal.
            if placements[row["lowest"]] == 1
        ]
        places = cls(shards, ())
        known = {row["group"]: (row["host"], row["port"], row["is_informed"]) for row in rows}
        numbers = _representatives(places, {shard.group for shard in shards})
        nodes = [
            Node(group, host, port, numbers[group], is_informed)
            for group, (host, port, is_informed) in known.items()
            if group in numbers
        ]
        return cls(shards, nodes)

    def group_of(self, merchant_id: int) -> int | None:
        """The group of the merchant's node; None if there is no shard for it."""
        try:
            return self._groups[merchant_id]
        except KeyError:
            pass
        if len(self._groups) >= _MOST_KNOWN:
            self._groups.clear()
        group = self._groups[merchant_id] = self._find(hash_of(merchant_id))
        return group

    def _find(self, value: int) -> int | None:
        place = bisect_right(self._lowest, value) - 1
        if place < 0:
            return None
        shard = self._shards[place]
        return shard.group if value <= shard.highest else None


def _representatives(places: ShardMap, groups: set[int]) -> dict[int, int]:
    """One number for each group. Hash values are spread evenly, so the search is short."""
    found: dict[int, int] = {}
    for number in count(1):
        if len(found) == len(groups):
            break
        group = places.group_of(number)
        if group is not None:
            found.setdefault(group, number)
    return found
