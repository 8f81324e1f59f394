"""Connections by node: shares, and what is done when a node cannot be reached itself."""

import asyncio

import pytest

from sconto.store.admissions import Admissions, NodeAdmissions
from sconto.store.database import Busy, DatabaseUnavailable
from sconto.store.loans import Loan
from sconto.store.node_pools import NodePool, NodePools
from sconto.store.nodes import Nodes
from sconto.store.pool import NodeSession, Pool
from sconto.store.shard_map import Node, Shard, ShardMap

NOBODY_LISTENS = 1
"""A port."""


def nodes_with(node: Node) -> Nodes:
    """A map in which all merchants are on the node."""
    nodes = Nodes()
    nodes.keep(ShardMap([Shard(-(2**31), 2**31 - 1, node.group)], [node]))
    return nodes


async def test_merchants_of_one_node_leave_connections_to_the_others(database_url: str) -> None:
    pool = await Pool.open(database_url, 4)
    lent = [await pool.acquire(1) for _ in range(3)]
    waiting = asyncio.create_task(pool.acquire(1))
    other = await pool.acquire(2)
    assert not waiting.done()
    await pool.release(lent.pop(), sound=True)
    lent.append(await waiting)
    for connection in (*lent, other):
        await pool.release(connection, sound=True)
    await pool.close()


async def test_a_cut_closes_the_connections_of_one_node(database_url: str) -> None:
    pool = await Pool.open(database_url, 2)
    one, two = await pool.acquire(1), await pool.acquire(2)
    pool.cut(1)
    assert await two.fetchval("SELECT 2") == 2
    await pool.release(one, sound=False)
    await pool.release(two, sound=True)
    await pool.release(await pool.acquire(1), sound=True)
    await pool.close()


async def test_edits_of_one_nodes_merchants_leave_slots_to_the_others() -> None:
    edits = Admissions(9).edits
    deadline = asyncio.get_running_loop().time() + 0.01
    for merchant_id in range(3):
        await edits.enter(merchant_id, 1, deadline)
    with pytest.raises(DatabaseUnavailable):
        await edits.enter(3, 1, deadline)
    await edits.enter(100, 2, deadline)
    edits.leave(0, 1)
    await edits.enter(3, 1, deadline)


async def test_a_merchant_of_a_silent_node_gets_no_connection(database_url: str) -> None:
    node = Node(3, "10.0.0.3", 5432, 1)
    nodes = nodes_with(node)
    pool = await Pool.open(database_url, 1)
    async with Loan(pool, nodes, 7) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    nodes.note_silent(node, TimeoutError())
    with pytest.raises(DatabaseUnavailable, match="the merchant's node does not answer"):
        async with Loan(pool, nodes, 7):
            pass
    assert pool.size[0] == pool.size[1]
    await pool.close()


async def test_a_node_that_cannot_be_reached_is_asked_through_the_coordinator(
    database_url: str,
) -> None:
    async def no_check(_: NodeSession) -> None:
        pass

    node = Node(3, "127.0.0.1", NOBODY_LISTENS, 1)
    nodes = nodes_with(node)
    coordinator = await Pool.open(database_url, 1)
    to_node = await Pool.open(database_url, 1, to_node=(node, no_check))
    pools = NodePools(database_url, 1, None, nodes)
    node_pool = pools._open[3] = NodePool(pools, node, to_node)
    assert pools.of(7) is node_pool
    async with Loan(coordinator, nodes, 7, node_pool) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    assert pools.of(7) is None
    assert pools.failed == {3}
    assert nodes.wake.is_set()
    async with Loan(coordinator, nodes, 7, node_pool):
        pass  # a task that had the pool already finds it closed
    await coordinator.close()


async def test_a_doubtful_map_is_not_used_for_connections(database_url: str) -> None:
    node = Node(3, "127.0.0.1", NOBODY_LISTENS, 1)
    nodes = nodes_with(node)
    pools = NodePools(database_url, 1, None, nodes)
    pools._open[3] = NodePool(pools, node, await Pool.open(database_url, 1))
    nodes.invalidate()
    assert pools.of(7) is None
    nodes.keep(nodes.map or ShardMap((), ()))
    assert pools.of(7) is pools.at(3)
    await pools.close_all()
    assert pools.nodes == []


async def test_subscription_codes_at_a_node_leave_slots_to_its_other_merchants() -> None:
    admissions = NodeAdmissions()
    deadline = asyncio.get_running_loop().time() + 0.01
    for admission in (admissions.applications, admissions.applications, admissions.reads):
        await admission.enter(1, 1, deadline)
    with pytest.raises(Busy):
        await admissions.reads.enter(1, 1, deadline)
    for _ in range(2):
        await admissions.applications.enter(2, 1, deadline)
    with pytest.raises(Busy):
        await admissions.reads.enter(3, 1, deadline)
    await admissions.orders.enter(3, 1, deadline)
