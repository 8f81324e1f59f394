"""Which nodes of a distributed database are asked, and what the log says about them."""

import pytest

from sconto.store.nodes import Nodes
from sconto.store.shard_map import Node, Shard, ShardMap

ONE, TWO = Node(1, "10.0.0.1", 5432, 3), Node(2, "10.0.0.2", 5432, 5)


@pytest.fixture
def nodes() -> Nodes:
    nodes = Nodes()
    nodes.keep(a_map(ONE, TWO))
    return nodes


def a_map(*nodes: Node) -> ShardMap:
    return ShardMap([Shard(-(2**31), 2**31 - 1, nodes[0].group)], nodes)


def test_a_node_that_does_not_answer_is_logged_once_and_when_it_answers_again(
    nodes: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        nodes.note_silent(ONE, OSError("Connection\nrefused"))
    assert nodes.silent == ["10.0.0.1:5432"]
    for _ in range(3):
        nodes.note_answer(ONE)
        nodes.note_answer(TWO)
    assert nodes.silent == []
    gone, back = caplog.messages
    assert gone.startswith(f"node {ONE.address} does not answer")
    assert gone.endswith("Connection refused")
    assert back == f"node {ONE.address} answers again"


def test_a_silent_node_is_not_asked_for_work(nodes: Nodes) -> None:
    assert nodes.to_ask() == [ONE, TWO]
    nodes.note_silent(ONE, TimeoutError())
    assert nodes.to_ask() == [TWO]


def test_a_node_that_left_the_cluster_is_not_silent(nodes: Nodes) -> None:
    nodes.note_silent(ONE, OSError("gone"))
    assert nodes.is_silent(nodes.group_of(7))
    nodes.keep(a_map(TWO))
    assert nodes.silent == []
    assert nodes.group_of(7) == TWO.group


def test_a_map_in_which_a_merchant_was_not_found_is_doubtful_until_it_is_read_again(
    nodes: Nodes,
) -> None:
    nodes.invalidate()
    assert (nodes.is_doubtful, nodes.known) == (True, ())
    nodes.keep(a_map(TWO))
    assert (nodes.is_doubtful, nodes.known) == (False, (TWO,))
